"""With k = 1 each row rules a cell of the plane, and on the borders between cells two rows tie.

Eight rows and all queries are on a grid of whole numbers, whose squared distances are exact. A query that is equally
far from two rows goes to the row with the lower index, so that every implementation draws the same map.
"""

import argparse

import numpy as np

from accelerated import NearestNeighbors

ROWS = np.array([[2, 3], [8, 1], [15, 4], [5, 9], [11, 8], [1, 14], [8, 15], [14, 13]])
SIDE = 17
COLORS = ["#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#999999"]  # Okabe and Ito


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", metavar="FILE", help="draw the cells and the queries that tie")
    arguments = parser.parse_args(argv)
    model = NearestNeighbors(len(ROWS)).fit(ROWS)
    queries = np.array([[x, y] for y in range(SIDE) for x in range(SIDE)])
    _, found = model.kneighbors(queries)
    squares = np.sum((queries[:, None] - ROWS) ** 2, axis=2)  # whole numbers: (n_queries, n)
    is_nearest = squares == squares.min(axis=1, keepdims=True)
    n_nearest = is_nearest.sum(axis=1)

    print(f"{len(queries)} queries, {np.sum(n_nearest > 1)} of them as far from two rows")
    assert np.sum(n_nearest > 1) > 5
    assert np.array_equal(found[:, 0], np.argmax(is_nearest, axis=1))  # argmax takes the first, the lowest index
    if arguments.plot:
        plot(arguments.plot, model, queries[n_nearest > 1], found[n_nearest > 1, 0])


def plot(file, model, ties, winners):
    import matplotlib.pyplot as plt
    from matplotlib.colors import ListedColormap

    fine = np.linspace(-0.5, SIDE - 0.5, 340)
    plane = np.array([[x, y] for y in fine for x in fine])
    cells = model.kneighbors(plane, 1, return_distance=False).reshape(len(fine), -1)
    figure, ax = plt.subplots(figsize=(7, 6.6), layout="constrained")
    edges = [-0.5, SIDE - 0.5, -0.5, SIDE - 0.5]
    ax.imshow(cells, extent=edges, origin="lower", cmap=ListedColormap(COLORS), alpha=0.45)
    ax.scatter(*ROWS.T, s=260, c=COLORS, edgecolors="black", label="row, with its index", zorder=3)
    for i, row in enumerate(ROWS):
        ax.annotate(str(i), row, ha="center", va="center", weight="bold", zorder=4)
    ax.scatter(*ties.T, s=60, marker="s", c=[COLORS[i] for i in winners], edgecolors="black", label="query that ties")
    for tie, winner in zip(ties, winners, strict=True):
        ax.annotate(f"{winner}", tie, xytext=(6, 4), textcoords="offset points", fontsize=9)
    ax.set(title="Cells of 1-NN; a tie goes to the lower index", xlabel="first feature", ylabel="second feature")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=2, frameon=False)
    figure.savefig(file, dpi=90)
    plt.close(figure)


if __name__ == "__main__":
    main()
