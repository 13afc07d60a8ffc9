"""Level "distance": the distance between two examples."""

import numpy as np

from conformance.cases import Case, data
from conformance.cases.strategies import lattice_cases, made_cases
from conformance.claims.claim import BEHAVIOUR, BOUND, CHANGED, claim
from conformance.oracle.bounds import coarseness
from conformance.oracle.exact import exact_distances
from conformance.oracle.relations import assert_distance
from conformance.targets import Target


@claim(lattice_cases(metrics=("euclidean",)))
def euclidean_distance(target: Target, case: Case) -> None:
    """The euclidean distance is the root of the sum of squares.

    A forgotten root leaves the neighbours unchanged, and changes every weight 1 / distance.
    """
    assert_first_distances(target, case)


@claim(lattice_cases(metrics=("sqeuclidean",)))
def sqeuclidean_distance(target: Target, case: Case) -> None:
    """The squared euclidean distance has no root.

    Squaring a computed root rounds twice, and breaks ties between whole numbers.
    """
    assert_first_distances(target, case)


@claim(lattice_cases(metrics=("manhattan",)))
def manhattan_distance(target: Target, case: Case) -> None:
    """The Manhattan distance is the sum of the absolute gaps.

    Without the absolute value, gaps of opposite sign cancel; a test with a single feature does not show it.
    """
    assert_first_distances(target, case)


@claim(lattice_cases(metrics=("chebyshev",)))
def chebyshev_distance(target: Target, case: Case) -> None:
    """The Chebyshev distance is the largest absolute gap.

    The largest gap and the largest absolute gap differ wherever the query has the smaller numbers.
    """
    assert_first_distances(target, case)


@claim(lattice_cases(metrics=("minkowski",)), BOUND)
def minkowski_distance(target: Target, case: Case) -> None:
    """The Minkowski distance with p = 3 is the cube root of the sum of the cubed absolute gaps.

    An odd power keeps the sign: without the absolute value, gaps cancel, which p = 2 never shows.
    """
    assert_first_distances(target, case)


@claim(lattice_cases(metrics=("cosine",)), BOUND)
def cosine_distance(target: Target, case: Case) -> None:
    """The cosine distance is 1 minus the cosine of the angle.

    A similarity that is taken for a distance finds the farthest rows. Zero vectors have a claim of their own.
    """
    if np.any(case.Q[0]) and np.all(np.any(case.X[:3], axis=1)):
        assert_first_distances(target, case)


@claim(lattice_cases(metrics=("hamming",)))
def hamming_distance(target: Target, case: Case) -> None:
    """The Hamming distance is the share of features that differ.

    The number of such features ranks rows alike, but gives other weights.
    """
    assert_first_distances(target, case)


@claim(lattice_cases(metrics=("jaccard",)))
def jaccard_distance(target: Target, case: Case) -> None:
    """The Jaccard distance is, of the features that either has, the share that only one has; 0 where neither has any.

    Counting the features that neither example has makes it another measure, simple matching.
    """
    assert_first_distances(target, case)


@claim(lattice_cases(metrics=("cosine",)))
def zero_vectors_have_a_cosine_distance(target: Target, case: Case) -> None:
    """A zero vector is at cosine distance 1 from any other vector, and not at NaN.

    A zero vector has no direction: dividing by its length gives NaN, which sorts anywhere.
    """
    zeros = np.zeros(case.X.shape[1])
    expected = int(np.any(case.X[0]))
    distance = target.search(case).distance(zeros, case.X[0])
    if expected or not np.isfinite(distance):
        assert_distance(distance, expected, len(zeros), "cosine", "distance")


@claim(made_cases(data.large_offset, metrics=data.COMMON_METRICS), BEHAVIOUR)
def distance_to_itself_is_zero(target: Target, case: Case) -> None:
    """An example is at distance 0 from itself, exactly, wherever it lies.

    With 1e-8 instead of 0 the row is no longer an exact match, and its weight of 1e8 no longer the only one.
    """
    for row in case.X[:3]:
        distance = target.search(case).distance(row, row)
        if distance != 0:
            raise AssertionError(f"distance of a row to itself={distance!s}, but should be 0.0")


@claim(made_cases(*data.DATA, metrics=data.COMMON_METRICS), CHANGED)
def distance_is_symmetric(target: Target, case: Case) -> None:
    """The distance from a to b is the distance from b to a.

    A subtraction of unsigned numbers is not symmetric, and neither is a feature that one side alone weighs.
    """
    there, back = (target.search(case).distance(*pair) for pair in ((case.X[0], case.Q[0]), (case.Q[0], case.X[0])))
    if not (np.isfinite(there) and np.isfinite(back)):
        raise AssertionError(f"distance(a, b)={there!s} and distance(b, a)={back!s}, but should be finite numbers")
    if there != back:
        raise AssertionError(f"distance(b, a)={back!s}, but should be {there!s}, as distance(a, b)")


@claim(lattice_cases(metrics=data.COMMON_METRICS), CHANGED, effort=2)
def no_way_is_shorter_than_the_distance(target: Target, case: Case) -> None:
    """A detour by a third example is not shorter: d(a, c) <= d(a, b) + d(b, c).

    A squared distance is not a metric: trees that prune by this inequality lose neighbours.
    """
    a, b, c = case.Q[0], case.X[0], case.X[-1]
    ab, bc, ac = (target.search(case).distance(*pair) for pair in ((a, b), (b, c), (a, c)))
    roundings = 2 * (case.X.shape[1] + 8)  # of each distance, see ``difference_bounds``, on either side
    if ac > (ab + bc) * (1 + roundings * 2.0**-53 * coarseness(ac)):
        raise AssertionError(f"d(a, c)={ac!s}, but should be at most d(a, b) + d(b, c)={ab + bc!s}")


@claim(made_cases(*data.DATA, metrics=data.COMMON_METRICS), BOUND)
def distance_of_any_numbers(target: Target, case: Case) -> None:
    """Distances between any numbers are right up to the rounding of differences.

    A cast to float32, or a comparison with a tolerance, shows only where numbers are not small and whole.
    """
    assert_first_distances(target, case)


def assert_first_distances(target: Target, case: Case) -> None:
    """Raises AssertionError unless the first query is at the right distance from each of the first three rows."""
    d = case.X.shape[1]
    for row, expected in zip(case.X[:3], exact_distances(case.X[:3], case.Q[0], case.metric), strict=True):
        distance = target.search(case).distance(case.Q[0], row)
        assert_distance(distance, expected, d, case.metric, "distance")
