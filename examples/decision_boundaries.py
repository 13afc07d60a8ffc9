"""The border between two classes at k = 1, 7 and 50, from ragged to flat.

k = 1 follows every example and its noise; k = 50 smooths the moons away; k = 7 is better than both.
"""

import argparse

from sklearn.datasets import make_moons

from accelerated import KNNClassifier

NEIGHBORS = (1, 7, 50)
COLORS = ("#0072B2", "#D55E00")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", metavar="FILE", help="draw the three borders")
    arguments = parser.parse_args(argv)
    X, y = make_moons(100, noise=0.3, random_state=0)
    X_test, y_test = make_moons(2000, noise=0.3, random_state=1)

    models = [KNNClassifier(k).fit(X, y) for k in NEIGHBORS]
    train, test = ([model.score(*data) for model in models] for data in [(X, y), (X_test, y_test)])
    for k, seen, unseen in zip(NEIGHBORS, train, test, strict=True):
        print(f"k = {k:2}: accuracy {seen:.3f} on the examples, {unseen:.3f} on new points")

    assert train[0] == 1.0  # each example is its own nearest neighbour
    assert max(test) == test[1]
    if arguments.plot:
        plot(arguments.plot, models, X, y, (X_test, y_test))


def plot(file, models, X, y, new):
    import matplotlib.pyplot as plt
    from matplotlib.colors import ListedColormap
    from sklearn.inspection import DecisionBoundaryDisplay

    figure, axes = plt.subplots(1, len(models), figsize=(9, 3.2), layout="constrained")
    for ax, model in zip(axes, models, strict=True):
        DecisionBoundaryDisplay.from_estimator(
            model, X, ax=ax, response_method="predict", alpha=0.4, cmap=ListedColormap(COLORS), grid_resolution=300
        )
        for label, (color, marker) in enumerate(zip(COLORS, "o^", strict=True)):
            ax.scatter(*X[y == label].T, s=16, color=color, marker=marker)
        ax.set(title=f"k = {model.n_neighbors}: {model.score(*new):.1%} right", xticks=[], yticks=[])
    figure.savefig(file, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()
