"""The same data at every k from 1 to n: from a curve through every target to a line through their mean.

sin(x) is measured with noise at 40 places. k = 1 repeats each target with its noise; k = n averages all targets for
every query, so that the prediction no longer depends on the query.
"""

import argparse

import numpy as np

from accelerated import KNNRegressor

NEIGHBORS = (1, 2, 4, 7, 12, 20, 30, 40)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", metavar="FILE", help="draw the prediction at eight k")
    arguments = parser.parse_args(argv)
    rng = np.random.default_rng(3)
    X = np.sort(rng.uniform(0, 2 * np.pi, 40))[:, None]
    y = np.sin(X[:, 0]) + rng.normal(scale=0.35, size=len(X))
    between = np.linspace(0, 2 * np.pi, 500)[:, None]

    curves = {k: KNNRegressor(k).fit(X, y).predict(between) for k in range(1, len(X) + 1)}
    errors = {k: np.sqrt(np.mean((curve - np.sin(between[:, 0])) ** 2)) for k, curve in curves.items()}
    for k in NEIGHBORS:
        print(f"k = {k:2}: predictions differ by up to {np.ptp(curves[k]):.3f}, error {errors[k]:.3f}")

    best = min(errors, key=errors.get)
    print(f"smallest error: k = {best}, {errors[best]:.3f}")
    assert set(curves[1]) == set(y)  # every target, noise and all
    assert np.allclose(curves[len(X)], np.mean(y), rtol=1e-12)  # one number for every query
    assert 2 * errors[best] < min(errors[1], errors[len(X)])
    if arguments.plot:
        plot(arguments.plot, X, y, between, curves, errors)


def plot(file, X, y, between, curves, errors):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 4, figsize=(9, 4.6), sharex=True, sharey=True, layout="constrained")
    for ax, k in zip(axes.flat, NEIGHBORS, strict=True):
        ax.plot(between, np.sin(between), color="#999999", linewidth=3, alpha=0.7, label="sin(x)")
        ax.scatter(X, y, s=12, color="black", label="targets")
        ax.plot(between, curves[k], color="#D55E00", linewidth=1.6, label="mean of the k nearest targets")
        ax.set(title=f"k = {k}: off by {errors[k]:.2f}", yticks=[-1, 0, 1])
    for ax in axes[1]:
        ax.set(xlabel="x")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.savefig(file, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()
