"""No straight line separates two rings; the nearest neighbours do, without any model of a ring.

A line is right for about half of the points, like a coin. Neighbours depend only on the rows near the query.
"""

import argparse

from sklearn.datasets import make_circles
from sklearn.linear_model import LogisticRegression

from accelerated import KNNClassifier

COLORS = ("#0072B2", "#D55E00")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", metavar="FILE", help="draw the two borders")
    arguments = parser.parse_args(argv)
    X, y = make_circles(200, noise=0.08, factor=0.5, random_state=0)
    X_test, y_test = make_circles(2000, noise=0.08, factor=0.5, random_state=1)

    line = LogisticRegression().fit(X, y)
    neighbors = KNNClassifier(n_neighbors=5).fit(X, y)
    by_line, by_neighbors = line.score(X_test, y_test), neighbors.score(X_test, y_test)
    print("accuracy on 2,000 new points")
    print(f"a line               {by_line:.3f}")
    print(f"5 nearest neighbours {by_neighbors:.3f}")

    assert abs(by_line - 0.5) < 0.1  # chance
    assert by_neighbors > 0.98
    if arguments.plot:
        plot(arguments.plot, {f"A line: {by_line:.1%}": line, f"5-NN: {by_neighbors:.1%}": neighbors}, X, y)


def plot(file, models, X, y):
    import matplotlib.pyplot as plt
    from matplotlib.colors import ListedColormap
    from sklearn.inspection import DecisionBoundaryDisplay

    figure, axes = plt.subplots(1, 2, figsize=(7, 3.6), layout="constrained", sharey=True)
    for ax, (title, model) in zip(axes, models.items(), strict=True):
        options = {"ax": ax, "response_method": "predict", "eps": 0.2, "grid_resolution": 300}
        DecisionBoundaryDisplay.from_estimator(model, X, alpha=0.4, cmap=ListedColormap(COLORS), **options)
        DecisionBoundaryDisplay.from_estimator(model, X, plot_method="contour", levels=[0.5], colors="k", **options)
        for label, (color, marker) in enumerate(zip(COLORS, "o^", strict=True)):
            ax.scatter(*X[y == label].T, s=16, color=color, marker=marker)
        ax.set(title=title, xlabel="first feature", aspect="equal")
    axes[0].set(ylabel="second feature")
    figure.savefig(file, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()
