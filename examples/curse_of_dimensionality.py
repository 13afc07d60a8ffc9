"""In many dimensions the farthest point is hardly farther than the nearest.

A distance is a sum over independent gaps, and sums of many terms differ little (Beyer et al., When is "nearest
neighbor" meaningful?, 1999). Real data are affected less, because their features depend on one another.
"""

import argparse

import numpy as np

from accelerated import NearestNeighbors

DIMENSIONS = (2, 5, 10, 30, 100, 300, 1000)
DRAWN = {2: "#0072B2", 10: "#E69F00", 100: "#009E73", 1000: "#D55E00"}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", metavar="FILE", help="draw histograms of the distances")
    arguments = parser.parse_args(argv)
    rng = np.random.default_rng(0)
    found, ratios = {}, []
    print("farthest over nearest of 1,000 points, median of 50 queries, uniform in the unit cube")
    for d in DIMENSIONS:
        X, queries = rng.random((1000, d)), rng.random((50, d))
        found[d], _ = NearestNeighbors(1000).fit(X).kneighbors(queries)  # nearest first
        ratios.append(np.median(found[d][:, -1] / found[d][:, 0]))
        print(f"{d:5} dimensions  {ratios[-1]:6.2f}")

    assert ratios == sorted(ratios, reverse=True)
    assert ratios[0] > 30
    assert ratios[-1] < 1.3
    if arguments.plot:
        plot(arguments.plot, found, dict(zip(DIMENSIONS, ratios, strict=True)))


def plot(file, found, ratios):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(len(DRAWN), 1, figsize=(7, 6), sharex=True, layout="constrained")
    for ax, (d, color) in zip(axes, DRAWN.items(), strict=True):
        shares = found[d] / found[d].mean(axis=1, keepdims=True)  # of the query's mean distance
        ax.hist(shares.ravel(), bins=np.linspace(0, 2.5, 126), color=color)
        ax.axvspan(np.median(shares[:, 0]), np.median(shares[:, -1]), color=color, alpha=0.15)
        ax.set(title=f"{d} dimensions: the farthest is {ratios[d]:.1f} times as far as the nearest", yticks=[])
    axes[-1].set(xlabel="distance / mean distance (shaded: from the nearest to the farthest)", xlim=(0, 2.5))
    figure.savefig(file, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()
