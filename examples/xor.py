"""XOR: with one point per corner the nearest neighbour is always wrong; with 25 per corner it is right.

If one of four corners is left out, its nearest corners are of the other class. Neighbours help only if near points
have the same label, which takes more than one example per corner. A straight line is about as good as a coin.
"""

import argparse

import numpy as np
from sklearn.linear_model import LogisticRegression

from accelerated import KNNClassifier

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
LABELS = np.array([0, 1, 1, 0])  # one or the other, not both


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", metavar="FILE", help="draw the corners, the clouds and the borders")
    arguments = parser.parse_args(argv)
    X = np.repeat(CORNERS, 25, axis=0) + np.random.default_rng(0).normal(scale=0.15, size=(100, 2))
    y = np.repeat(LABELS, 25)

    lone = KNNClassifier(n_neighbors=1).fit(CORNERS, LABELS)
    crowd = KNNClassifier(n_neighbors=5).fit(X, y)
    line = LogisticRegression().fit(X, y)
    alone, together = np.mean(lone.predict(None) == LABELS), np.mean(crowd.predict(None) == y)  # leave-one-out
    print(f"1-NN,   4 corners, leave-one-out  {alone:.2f}")
    print(f"5-NN, 100 points,  leave-one-out  {together:.2f}")
    print(f"line, 100 points,  as fitted      {line.score(X, y):.2f}")

    assert alone == 0.0
    assert together >= 0.98
    assert abs(line.score(X, y) - 0.5) < 0.15
    if arguments.plot:
        plot(arguments.plot, lone, {"5-NN: 25 points per corner": crowd, "A line: the same points": line}, X, y)


def plot(file, lone, models, X, y):
    import matplotlib.pyplot as plt
    from sklearn.inspection import DecisionBoundaryDisplay

    figure, axes = plt.subplots(1, 3, figsize=(9, 3.3), layout="constrained", sharex=True, sharey=True)
    for corner, i in zip(CORNERS, lone.kneighbors(return_distance=False)[:, 0], strict=True):
        arrow = {"arrowstyle": "->", "shrinkA": 8, "shrinkB": 8, "connectionstyle": "arc3,rad=0.15"}
        axes[0].annotate("", xy=CORNERS[i], xytext=corner, arrowprops=arrow)
    axes[0].plot(*CORNERS[LABELS == 0].T, "C0o", *CORNERS[LABELS == 1].T, "C3^", markersize=10)
    axes[0].set(title="1-NN: asks the wrong class", xlabel="a", ylabel="b", xlim=(-0.6, 1.6), ylim=(-0.6, 1.6))
    for ax, (title, model) in zip(axes[1:], models.items(), strict=True):
        DecisionBoundaryDisplay.from_estimator(model, X, ax=ax, response_method="predict", alpha=0.4, cmap="coolwarm")
        ax.plot(*X[y == 0].T, "C0o", *X[y == 1].T, "C3^", markersize=4)
        ax.set(title=title, xlabel="a")
    figure.savefig(file, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()
