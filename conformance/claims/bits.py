"""Level "bits": the two packages, and whoever says ``promises_bits = True``, answer alike to the last bit.

A target is compared with ``reference``, and ``reference`` itself with ``accelerated``: each is the other's oracle.
"""

from fractions import Fraction
from functools import cache

import numpy as np

from conformance.cases import Case
from conformance.oracle.bounds import minkowski_bounds
from conformance.oracle.exact import exact
from conformance.oracle.relations import assert_admissible, assert_same_bits
from conformance.targets import Target, load_target
from conformance.targets.adapters import Missing

oracle = cache(load_target)


def _pair(target: Target) -> tuple[Target, Target]:
    if not target.promises_bits:
        raise Missing("asked only of reference and accelerated: others are held to what rounding allows")
    return target, oracle("accelerated" if target.name == "reference" else "reference")


def same_neighbors(target: Target, case: Case) -> None:
    """Neighbours, and their distances to the last bit, are those of the readable loop.

    What is the same to the last bit is the same for everything that is made from it.
    """
    _assert_same_neighbors(target, case, case.Q, case.k)


def same_neighbors_without_the_row_itself(target: Target, case: Case) -> None:
    """With each training row left out of its own neighbours, the bits are those of the readable loop.

    Tiles of queries and of rows meet on a diagonal, which has corners.
    """
    if len(case.X) > 1:
        _assert_same_neighbors(target, case, None, min(case.k, len(case.X) - 1))


def _assert_same_neighbors(target: Target, case: Case, Q: np.ndarray | None, k: int) -> None:
    actual, expected = (t.search(case).neighbors(Q, k) for t in _pair(target))
    assert_same_bits(np.array(actual.indices), np.array(expected.indices), "neighbors")
    assert actual.distances is not None and expected.distances is not None
    if not is_rooted(case):
        assert_same_bits(actual.distances, expected.distances, "distances")
    else:  # two ``pow`` of the same number, each within 1 unit in the last place: 4 u, and as much again
        np.testing.assert_allclose(actual.distances, expected.distances, rtol=8 * 2.0**-53, atol=0)


def is_rooted(case: Case) -> bool:
    """Whether distances are p-th roots, whose last bits are not promised."""
    return case.metric == "minkowski" and case.p not in (1, 2, np.inf)


def same_neighbors_up_to_powers(target: Target, case: Case) -> None:
    """Minkowski with a p that goes through ``pow``: neighbours and distances up to its rounding.

    ``pow`` differs from library to library by a unit in the last place, and there is no more to promise.
    """
    actual, loop = (t.search(case) for t in _pair(target))
    found = actual.neighbors(case.Q)
    assert found.distances is not None
    for query, row, distances in zip(case.Q, found.indices, found.distances, strict=True):
        expected = np.array([loop.distance(query, x) for x in case.X])
        bounds = minkowski_bounds(expected, case.X.shape[1], case.p)
        assert_admissible(row, case.k, [exact(distance) for distance in expected.tolist()], bounds, "neighbors")
        for i, distance in zip(row, distances.tolist(), strict=True):
            if not abs(Fraction(distance) - Fraction(float(expected[i]))) <= bounds[i]:
                raise AssertionError(f"distance of row {i}={distance!r}, but should be {expected[i]!s}")


def same_votes(target: Target, case: Case) -> None:
    """Classes, and their shares of the votes to the last bit, are those of the readable loop.

    Votes are added in the order of the neighbours, one at a time: another order rounds otherwise.
    """
    actual, expected = (t.classifier(case) for t in _pair(target))
    shares, wanted = actual.shares(case.Q), expected.shares(case.Q)
    if not isinstance(wanted, list):
        shares, wanted = [shares], [wanted]
    for share, want in zip(shares, wanted, strict=True):
        _assert_same_average(case, share, want, 1.0)
    if case.weights == "uniform" or not is_rooted(case):
        np.testing.assert_array_equal(actual.predict(case.Q), expected.predict(case.Q))


def same_averages(target: Target, case: Case) -> None:
    """Averages are those of the readable loop to the last bit.

    Left to right in the order of the neighbours, then one division.
    """
    actual, expected = (t.regressor(case).predict(case.Q) for t in _pair(target))
    _assert_same_average(case, actual, expected, float(np.max(np.abs(np.asarray(case.y, dtype=np.float64)))))


def _assert_same_average(case: Case, actual: np.ndarray, expected: np.ndarray, largest: float) -> None:
    """The same bits, except where weights are made from p-th roots.

    Those are within 4 u of one another, and the weights made from them, with two roundings each, within 8 u. The
    quotient of sum w y and sum w then moves by at most 16 u max|y|; each side adds gamma_{2k+1} by its own rounding.
    As much again for the terms in u^2.
    """
    if case.weights == "uniform" or not is_rooted(case):
        assert_same_bits(actual, expected, "average")
    else:
        bound = 2 * (16 + 2 * (2 * case.k + 1)) * 2.0**-53 * largest
        np.testing.assert_allclose(actual, expected, rtol=0, atol=bound)
