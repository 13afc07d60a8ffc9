"""Chooses k by 5-fold cross-validation: the best score, and the elbow after which more neighbours hardly help.

Every k from 1 to 40 is scored on five folds that its model has not seen. One search per fold is enough for every k,
because the k nearest neighbours are the first k of any longer list.
"""

import argparse

from sklearn.datasets import make_moons

from accelerated import KNNClassifier, select_n_neighbors


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", metavar="FILE", help="draw the error over k")
    arguments = parser.parse_args(argv)
    X, y = make_moons(4000, noise=0.35, random_state=0)
    X_test, y_test = make_moons(2000, noise=0.35, random_state=1)

    selection = select_n_neighbors(KNNClassifier(), X, y, range(1, 41), cv=5)
    means = dict(zip(selection.candidates, selection.scores.mean(axis=1), strict=True))
    on_new_points = {k: KNNClassifier(k).fit(X, y).score(X_test, y_test) for k in (1, selection.elbow, selection.best)}
    for name, k in [("the smallest", 1), ("the elbow", selection.elbow), ("the best", selection.best)]:
        print(f"{name:12} k = {k:2}: accuracy {means[k]:.3f} in cross-validation, {on_new_points[k]:.3f} on new points")

    assert means[selection.best] == max(means.values())
    assert selection.elbow < selection.best  # fewer neighbours, hardly worse
    assert means[selection.elbow] > means[1] + 0.8 * (means[selection.best] - means[1])
    assert on_new_points[selection.best] > on_new_points[1] + 0.02
    if arguments.plot:
        plot(arguments.plot, selection)


def plot(file, selection):
    import matplotlib.pyplot as plt

    errors = 1 - selection.scores  # (n_candidates, n_folds)
    mean = errors.mean(axis=1)
    figure, ax = plt.subplots(figsize=(7, 3.5), layout="constrained")
    ax.plot(selection.candidates, errors, color="lightgrey", linewidth=1)
    ax.plot(selection.candidates, mean, color="black", label="mean of five folds")
    ax.plot([1, 40], mean[[0, -1]], color="black", linestyle=":", label="chord")
    for name, k, color in [("elbow", selection.elbow, "tab:orange"), ("best", selection.best, "tab:blue")]:
        ax.scatter(k, mean[k - 1], color=color, zorder=3, label=f"{name}: k = {k}")
    ax.set(xlabel="k", ylabel="share of wrong answers")
    ax.legend()
    figure.savefig(file, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()
