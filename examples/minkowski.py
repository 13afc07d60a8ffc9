"""Minkowski's p leads from city blocks (1) to the straight line (2) and to the largest gap (infinity).

The larger p is, the more the largest gap decides, so the distance falls and another point may become the nearest.
For p below 1 a detour can be shorter than the direct way: the formula still works, but it is not a metric.
"""

import argparse

import numpy as np

from reference import NearestNeighbors

POWERS = (0.5, 1, 2, 4, np.inf)
POINTS = {"along an axis": (6, 0), "between": (5, 2), "diagonal": (4, 4)}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", metavar="FILE", help="draw the unit circles")
    arguments = parser.parse_args(argv)
    models = {p: NearestNeighbors(1, metric="minkowski", p=p).fit(list(POINTS.values())) for p in POWERS}
    lengths = [model.get_distance((0, 0), (3, 4)) for model in models.values()]
    nearest = [list(POINTS)[model.get_neighbors((0, 0))[0][0]] for model in models.values()]
    print("   p  (0, 0) to (3, 4)  nearest to (0, 0) of (6, 0), (5, 2), (4, 4)")
    for p, length, name in zip(POWERS, lengths, nearest, strict=True):
        print(f"{p:4}  {length:16.3f}  {name}")

    assert lengths == sorted(lengths, reverse=True)
    assert np.isclose(lengths[0], (3**0.5 + 4**0.5) ** 2)
    named = [NearestNeighbors(metric=m).get_distance((0, 0), (3, 4)) for m in ("manhattan", "euclidean", "chebyshev")]
    assert [lengths[1], lengths[2], lengths[4]] == named == [7.0, 5.0, 4.0]
    assert nearest[1:] == ["along an axis", "between", "diagonal", "diagonal"]

    corner, far = (1, 0), (1, 1)
    for p in POWERS:
        direct = models[p].get_distance((0, 0), far)
        detour = models[p].get_distance((0, 0), corner) + models[p].get_distance(corner, far)
        assert (direct <= detour) == (p >= 1)  # the triangle inequality
        print(f"p = {p:3}: to (1, 1) directly {direct:.3f}, by way of (1, 0) {detour:.3f}")
    if arguments.plot:
        plot(arguments.plot, models)


def plot(file, models):
    import matplotlib.pyplot as plt

    angles = np.linspace(0, 2 * np.pi, 361)
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    figure, axes = plt.subplots(1, len(models), figsize=(9, 2.3), sharey=True, layout="constrained")
    for ax, (p, model) in zip(axes, models.items(), strict=True):
        circle = [point / model.get_distance((0, 0), point) for point in directions]  # at distance 1 from (0, 0)
        ax.fill(*np.transpose(circle), facecolor="tab:blue", edgecolor="tab:blue", alpha=0.4)
        ax.set(title=f"p = {p}", aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    figure.savefig(file, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()
