"""What it means for two answers to agree: the same bits, or the same up to a rounding that was derived.

The comparers raise AssertionError and return nothing, so that a result cannot be ignored.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.cases import Case
from conformance.oracle.bounds import average_bound, coarseness, difference_bounds
from conformance.oracle.exact import Number, exact, exact_distances
from conformance.targets.answers import Found


def assert_same_bits(actual: np.ndarray, expected: np.ndarray, name: str) -> None:
    """Raises AssertionError unless shape, dtype and every bit are the same; 0.0 and -0.0 are not.

    >>> assert_same_bits(np.array([0.1 + 0.2]), np.array([0.3]), "sums")
    Traceback (most recent call last):
    AssertionError: sums[0]=0.30000000000000004, but should be 0.3
    """
    __tracebackhide__ = True
    if actual.dtype != expected.dtype or actual.shape != expected.shape:
        raise AssertionError(
            f"{name} has dtype {actual.dtype} and shape {actual.shape}, "
            f"but should have {expected.dtype} and {expected.shape}"
        )
    different = np.argwhere(_bits(actual) != _bits(expected))
    if len(different):
        where = tuple(different[0].tolist())
        place = ", ".join(map(str, where))
        raise AssertionError(f"{name}[{place}]={actual[where]!s}, but should be {expected[where]!s}")


def _bits(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array).view(f"u{array.itemsize}") if array.dtype.kind == "f" else array


def assert_admissible(
    indices: Sequence[int], k: int, exact: Sequence[Number], bounds: Sequence[Number], name: str
) -> None:
    """Raises AssertionError unless the indices are k sorted neighbours for some table of distances within the bounds.

    ``exact[j]`` is the distance of row j in exact arithmetic, and an implementation may be wrong about it by
    ``bounds[j]``, at least 0. Write D for exact, E for bounds, and L for the largest D - E among the answers up to and
    including one. There is a table D' with |D' - D| <= E for which the answer is right if and only if

    * order: every answer has D + E >= its L;
    * completeness: every row left out has D + E >= the L of the last answer.

    If: give each answer its L as D', which the order allows (it is at least its own D - E), and every other row its
    D + E; then D' does not fall along the answers, and nobody left out is nearer. Only if: let i be an answer or a row
    left out, and j an answer that comes before it or is it; then D_i + E_i >= D'_i >= D'_j >= D_j - E_j. So nobody who
    computes within E and then selects correctly, with any rule for ties, is accused, and nothing more can be asked.

    >>> assert_admissible([2, 0], 2, [5, 4, 1], [0, 0, 0], "neighbors")
    Traceback (most recent call last):
    AssertionError: neighbors=[2, 0], but row 1 at 4 is left out and nearer than row 0 at 5
    """
    __tracebackhide__ = True
    answer = [int(i) for i in indices]
    if len(answer) != k:
        raise AssertionError(f"{name}={answer}, but should be {k} indices")
    if len(set(answer)) < k or not all(0 <= i < len(exact) for i in answer):
        raise AssertionError(f"{name}={answer}, but should be different indices from 0 to {len(exact) - 1}")
    farthest = answer[0]
    for i in answer:
        farthest = max(farthest, i, key=lambda j: exact[j] - bounds[j])
        if exact[i] + bounds[i] < exact[farthest] - bounds[farthest]:
            raise AssertionError(
                f"{name}={answer}, but row {i} at {float(exact[i]):.17g} "
                f"should come before row {farthest} at {float(exact[farthest]):.17g}"
            )
    for i in set(range(len(exact))) - set(answer):
        if exact[i] + bounds[i] < exact[farthest] - bounds[farthest]:
            raise AssertionError(
                f"{name}={answer}, but row {i} at {float(exact[i]):.17g} is left out "
                f"and nearer than row {farthest} at {float(exact[farthest]):.17g}"
            )


def assert_nearest(
    found: Found, case: Case, *, Q: np.ndarray | None = None, k: int | None = None, rounds: bool = True
) -> None:
    """Raises AssertionError unless every query's neighbours are admissible; of Q and k, or else of the case's.

    Up to the rounding of differences, see ``difference_bounds``; where nothing ``rounds``, on a lattice, exactly, up to
    true ties. Neighbours in no order are judged as a set.
    """
    __tracebackhide__ = True
    Q, k = case.Q if Q is None else Q, case.k if k is None else k
    if len(found.indices) != len(Q):
        raise AssertionError(f"neighbors of {len(found.indices)} queries, but should be of {len(Q)}")
    for i, (query, answer) in enumerate(zip(Q, found.indices, strict=True)):
        distances = exact_distances(case.X, query, case.metric)
        bounds = difference_bounds(distances, case.X.shape[1], case.metric) if rounds else [0] * len(distances)
        if not found.ordered and all(0 <= j < len(distances) for j in answer):
            answer = sorted(answer, key=lambda j: distances[j] - bounds[j])
        assert_admissible(answer, k, distances, bounds, f"neighbors[{i}]")


POWERS = {"euclidean": 2, "minkowski": 3}  # of a distance, to give what rows are ranked by


def assert_distance(distance: Any, expected: Number, n_features: int, metric: str, name: str) -> None:
    """Raises AssertionError unless a distance is the expected one, see ``exact_distances``, up to its own rounding.

    Bounds are those of float64, times the ratio of its precision to that of the distance's type. The given distance
    rounds once more than what ``difference_bounds`` ranks by, and a root may be off by a unit in the last place, which
    is 4 u of the square: as much again is allowed.
    """
    __tracebackhide__ = True
    value = float(distance)
    power = POWERS.get(metric, 1)
    bound = 2 * coarseness(distance) * difference_bounds([expected], n_features, metric)[0]
    if not np.isfinite(value) or value < 0 or abs(exact(value) ** power - expected) > bound:
        raise AssertionError(f"{name}={value!r}, but should be {float(expected) ** (1 / power)!r}")


def assert_averages(predicted: np.ndarray, expected: Any, case: Case, name: str, weight_roundings: int = 0) -> None:
    """Raises AssertionError unless predictions are the expected averages of k targets, up to ``average_bound``."""
    __tracebackhide__ = True
    wanted = np.array(expected, dtype=np.float64)
    if predicted.shape != wanted.shape or predicted.dtype.kind not in "fiu":
        raise AssertionError(
            f"{name} has dtype {predicted.dtype} and shape {predicted.shape}, "
            f"but should be real numbers of shape {wanted.shape}"
        )
    largest = float(np.max(np.abs(np.asarray(case.y, dtype=np.float64))))
    bound = average_bound(case.k, largest, 2.0**-53 * coarseness(predicted), weight_roundings)
    for place in np.argwhere(~(np.abs(predicted.astype(np.float64) - wanted) <= bound)).tolist():
        where = ", ".join(map(str, place))
        raise AssertionError(f"{name}[{where}]={predicted[tuple(place)]!s}, but should be {wanted[tuple(place)]!s}")


def renumbered(found: Found, rows: np.ndarray) -> Found:
    """Neighbours among some rows, as indices of all; raises AssertionError for an index that is none of them."""
    for answer in found.indices:
        if not all(0 <= j < len(rows) for j in answer):
            raise AssertionError(f"neighbors={answer}, but should be indices below {len(rows)}")
    return replace(found, indices=[[int(rows[j]) for j in answer] for answer in found.indices])
