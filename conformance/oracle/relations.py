"""Decides whether an answer agrees with the right one: in every bit, or up to a rounding error that was derived.

The comparers raise AssertionError and return nothing, so that a result cannot be ignored.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.cases import Case
from conformance.oracle.bounds import average_bound, coarseness, difference_bounds
from conformance.oracle.exact import Number, exact, exact_distances
from conformance.oracle.found import Found

POWERS = {"euclidean": 2, "minkowski": 3}  # the power of a distance that ``exact_distances`` returns


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
    return (
        np.ascontiguousarray(array).view(f"u{array.itemsize}")
        if array.dtype.kind == "f" and array.itemsize <= 8
        else array
    )


def assert_admissible(
    indices: Sequence[int], k: int, exact: Sequence[Number], bounds: Sequence[Number], name: str, power: int = 1
) -> None:
    """Raises AssertionError unless the indices are k sorted neighbours for some table of distances within the bounds.

    ``exact[j]`` is the distance of row j in exact arithmetic, and an implementation may be wrong about it by
    ``bounds[j]``, at least 0. Write D for exact, E for bounds, and L for the largest D - E among the answers up to and
    including it. There is a table D' with |D' - D| <= E for which the answer is right if and only if

    * order: every answer has D + E >= its L;
    * completeness: every row that is not an answer has D + E >= the L of the last answer.

    If: give each answer its L as D', which the order allows (it is at least its own D - E), and every other row its
    D + E; then D' does not fall along the answers, and no other row is nearer. Only if: let i be an answer or another
    row, and j an answer that is i or comes before it; then D_i + E_i >= D'_i >= D'_j >= D_j - E_j. So an implementation
    that computes within E and then selects correctly, with any rule for ties, is never accused, and every other is.

    Messages show distances: the ``power``-th roots of D.

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
                f"{name}={answer}, but row {i} at {_shown(exact[i], power)} "
                f"should come before row {farthest} at {_shown(exact[farthest], power)}"
            )
    for i in set(range(len(exact))) - set(answer):
        if exact[i] + bounds[i] < exact[farthest] - bounds[farthest]:
            raise AssertionError(
                f"{name}={answer}, but row {i} at {_shown(exact[i], power)} is left out "
                f"and nearer than row {farthest} at {_shown(exact[farthest], power)}"
            )


def _shown(distance: Number, power: int) -> str:
    return f"{float(distance) ** (1 / power):.17g}"


def assert_nearest(
    found: Found, case: Case, *, Q: np.ndarray | None = None, k: int | None = None, rounds: bool = True
) -> None:
    """Raises AssertionError unless every query's neighbours are admissible; Q and k default to the case's.

    The bounds are ``difference_bounds``, or 0 where ``rounds`` is false because all arithmetic is exact, on a lattice.
    Neighbours without an order are judged as a set.
    """
    __tracebackhide__ = True
    Q, k = case.Q if Q is None else Q, case.k if k is None else k
    if len(found.indices) != len(Q):
        raise AssertionError(f"neighbors of {len(found.indices)} queries, but should be of {len(Q)}")
    for i, (query, answer) in enumerate(zip(Q, found.indices, strict=True)):
        distances = exact_distances(case.X, query, case.metric)
        bounds = (
            difference_bounds(distances, case.X.shape[1], case.metric, found.roundoff)
            if rounds
            else [0] * len(distances)
        )
        if not found.ordered and all(0 <= j < len(distances) for j in answer):
            answer = sorted(answer, key=lambda j: distances[j] - bounds[j])
        assert_admissible(answer, k, distances, bounds, f"{found.name}[{i}]", POWERS.get(case.metric, 1))


def assert_distance(distance: Any, expected: Number, n_features: int, metric: str, name: str) -> None:
    """Raises AssertionError unless a distance is the expected one, see ``exact_distances``, up to its own rounding.

    The bound is that of float64, times the ratio of the roundoffs of the distance's type and of float64. The given
    distance rounds once more than the number that ``difference_bounds`` is about, and a root may be off by a unit in
    the last place, which is 4 u of the square: the bound is doubled for both.
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
    """Neighbours among some of the rows, as indices of all rows; raises AssertionError for an index out of range."""
    for answer in found.indices:
        if not all(0 <= j < len(rows) for j in answer):
            raise AssertionError(f"neighbors={answer}, but should be indices below {len(rows)}")
    return replace(found, indices=[[int(rows[j]) for j in answer] for answer in found.indices])
