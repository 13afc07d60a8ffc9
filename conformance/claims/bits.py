"""Level "bits": the two packages, and classes with ``promises_bits = True``, answer alike to the last bit.

A target is compared with ``reference``, and ``reference`` itself with ``accelerated``: each is the other's oracle.
"""

from fractions import Fraction

import numpy as np

from conformance.cases import Case
from conformance.cases.strategies import cases, predicting_cases
from conformance.claims.claim import BITS, BOUND, claim
from conformance.oracle.bounds import minkowski_bounds
from conformance.oracle.exact import exact
from conformance.oracle.relations import assert_admissible, assert_same_bits
from conformance.targets import Target, other_package
from conformance.targets.errors import Missing


@claim(cases(), BITS, effort=5)
def same_neighbors(target: Target, case: Case) -> None:
    """Neighbours, and their distances to the last bit, are the same as those of the readable loop.

    If these bits are the same, so is everything that is computed from them in the same way.
    """
    assert_same_neighbors(target, case, case.Q, case.k)


@claim(cases(max_rows=40), BITS)
def same_neighbors_without_the_row_itself(target: Target, case: Case) -> None:
    """With each training row left out of its own neighbours, the bits are those of the readable loop.

    Blocks of queries and of rows meet on a diagonal, and its corners are easily missed.
    """
    if len(case.X) > 1:
        assert_same_neighbors(target, case, None, min(case.k, len(case.X) - 1))


@claim(cases(metrics=("minkowski",), powers=(0.5, 1.5, 2.5, 17, 1000), max_rows=40), BOUND)
def same_neighbors_up_to_powers(target: Target, case: Case) -> None:
    """Minkowski with a p that goes through ``pow``: neighbours and distances up to its rounding.

    ``pow`` differs between libraries by a unit in the last place, so that no more can be promised.
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


@claim(predicting_cases("labels"), BITS)
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


@claim(predicting_cases("numbers"), BITS)
def same_averages(target: Target, case: Case) -> None:
    """Averages are those of the readable loop to the last bit.

    Targets are added from left to right in the order of the neighbours, then divided once.
    """
    actual, expected = (t.regressor(case).predict(case.Q) for t in _pair(target))
    _assert_same_average(case, actual, expected, float(np.max(np.abs(np.asarray(case.y, dtype=np.float64)))))


def assert_same_neighbors(target: Target, case: Case, Q: np.ndarray | None, k: int) -> None:
    """Raises AssertionError unless both packages find the same neighbours, at distances of the same bits."""
    actual, expected = (t.search(case).neighbors(Q, k) for t in _pair(target))
    assert_same_bits(np.array(actual.indices), np.array(expected.indices), "neighbors")
    assert actual.distances is not None and expected.distances is not None
    if not is_rooted(case):
        assert_same_bits(actual.distances, expected.distances, "distances")
    else:  # two ``pow`` of one number, each within 1 unit in the last place: 4 u, and twice that is allowed
        np.testing.assert_allclose(actual.distances, expected.distances, rtol=8 * 2.0**-53, atol=0)


def is_rooted(case: Case) -> bool:
    """Whether distances are p-th roots, whose last bits are not promised."""
    return case.metric == "minkowski" and case.p not in (1, 2, np.inf)


def _assert_same_average(case: Case, actual: np.ndarray, expected: np.ndarray, largest: float) -> None:
    """The same bits, except where weights are made from p-th roots.

    The roots of the two packages are within 4 u of one another, and the weights made from them, with two roundings
    each, within 8 u. The quotient of sum w y and sum w then moves by at most 16 u max|y|; each package adds
    gamma_{2k+1} by its own rounding. The bound is doubled for the terms in u^2.
    """
    if case.weights == "uniform" or not is_rooted(case):
        assert_same_bits(actual, expected, "average")
    else:
        bound = 2 * (16 + 2 * (2 * case.k + 1)) * 2.0**-53 * largest
        np.testing.assert_allclose(actual, expected, rtol=0, atol=bound)


def _pair(target: Target) -> tuple[Target, Target]:
    """The target and its oracle; raises Missing for a target that does not promise the same bits."""
    if not target.promises_bits:
        raise Missing("claimed only for reference and accelerated: others are held to what rounding allows")
    return target, other_package(target)
