"""How a search skips rows and stays exact: lower bounds from a cheap product, a guess, and a threshold.

1. bound: |q - x|^2 >= |q|^2 + |x|^2 - 2 q~.x~ - 2 |q| |x - x~| - 2 |q - q~| |x~|, where ~ rounds to bfloat16, by Cauchy
   and Schwarz. One product makes all of it (``accelerated/search/bounds/squared.py``); here float64 adds it up.
2. guess: the k rows with the lowest bounds are measured exactly. No neighbour is farther than the k-th of them.
3. exclude: a row whose bound is above that distance cannot be a neighbour. The other rows are measured exactly.
"""

import argparse

import numpy as np
import torch

from accelerated.metrics import METRICS
from accelerated.search.bounds.frame import choose_frame
from accelerated.search.bounds.squared import SquaredBound

K, QUERY = 5, 286  # a query whose k lowest bounds are not its k nearest
RED, BLUE = "#D55E00", "#0072B2"


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plot", metavar="FILE", help="draw bounds, distances and the threshold")
    arguments = parser.parse_args(argv)
    rows, queries = (torch.from_numpy(np.random.default_rng(i).normal(size=(2000, 1000))) for i in range(2))
    bound = SquaredBound.make(METRICS["euclidean"], frame := choose_frame(rows), torch.bfloat16)
    code = bound.encode_queries(queries[[QUERY]])
    low = (bound.encode_rows(rows).columns.double() @ code.columns[0].double() + code.offset).numpy() / frame.scale**2
    square = (rows - queries[QUERY]).square().sum(1).numpy()
    measured = np.flatnonzero(low <= (threshold := square[np.argsort(low)[:K]].max()))
    found = measured[np.argsort(square[measured], kind="stable")[:K]]
    print(f"{len(measured)} of {len(rows)} rows are measured exactly, the others are excluded by their bounds")
    assert np.all(low <= square) and np.array_equal(found, np.argsort(square, kind="stable")[:K])
    assert set(found) != set(np.argsort(low)[:K]) and len(measured) < len(rows) / 100
    if arguments.plot:
        plot(arguments.plot, low, square, threshold, found)


def plot(file, low, square, threshold, found):
    import matplotlib.pyplot as plt

    order = np.argsort(low)[:40]
    far, near = low[order] > threshold, np.isin(order, found)
    figure, ax = plt.subplots(figsize=(7.5, 4.6), layout="constrained")
    ax.plot(range(1, 41), low[order], "k.-", label="lower bound, from the product")
    kinds = {("neighbour", "*", RED): near, ("measured", "o", BLUE): ~far & ~near, ("excluded", "x", "grey"): far}
    for (name, style, color), some in kinds.items():
        ax.plot(1 + np.flatnonzero(some), square[order][some], style, color=color, markersize=8, label=name)
    ax.axhline(threshold, color="#009E73", linestyle="--", label=f"threshold: the farthest of the first {K}")
    ax.axvspan((~far).sum() + 0.5, 40.5, color="#999999", alpha=0.15)
    ax.set(xlabel="rows, by their bounds (the first 40 of 2,000)", ylabel="squared distance", xlim=(0, 40.5))
    ax.legend(loc="lower right")
    figure.savefig(file, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()
