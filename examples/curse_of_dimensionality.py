"""In many dimensions the farthest point is hardly farther than the nearest.

A distance is a sum over independent gaps, and sums of many terms differ little (Beyer et al., When is "nearest
neighbor" meaningful?, 1999). Real data are affected less, because their features depend on one another.
"""

import argparse

import numpy as np

from accelerated import NearestNeighbors

DIMENSIONS = (2, 5, 10, 30, 100, 300, 1000)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", metavar="FILE", help="draw the ratio over the dimensions")
    arguments = parser.parse_args(argv)
    rng = np.random.default_rng(0)
    ratios = []
    print("farthest over nearest of 1,000 points, median of 50 queries, uniform in the unit cube")
    for d in DIMENSIONS:
        X, queries = rng.random((1000, d)), rng.random((50, d))
        distances, _ = NearestNeighbors(1000).fit(X).kneighbors(queries)  # nearest first
        ratios.append(np.median(distances[:, -1] / distances[:, 0]))
        print(f"{d:5} dimensions  {ratios[-1]:6.2f}")

    assert ratios == sorted(ratios, reverse=True)
    assert ratios[0] > 30
    assert ratios[-1] < 1.3
    if arguments.plot:
        plot(arguments.plot, ratios)


def plot(file, ratios):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
    ax.loglog(DIMENSIONS, ratios, "o-")
    ax.axhline(1, color="grey", linestyle=":")
    ax.set(xlabel="dimensions", ylabel="farthest / nearest")
    ax.set_xticks(DIMENSIONS, labels=DIMENSIONS)
    ax.set_yticks([1, 3, 10, 30, 100], labels=[1, 3, 10, 30, 100])
    ax.minorticks_off()
    figure.savefig(file, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()
