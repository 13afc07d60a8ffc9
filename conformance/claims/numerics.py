"""Level "numerics": data on which floating-point arithmetic goes wrong, judged by rational arithmetic.

Nobody is asked for more than float64 differences can do: see ``difference_bounds``.
"""

import numpy as np

from conformance.cases import Case
from conformance.oracle.relations import assert_nearest
from conformance.targets import Target


def nearest_of_any_numbers(target: Target, case: Case) -> None:
    """The neighbours are right to the rounding of differences, on numbers that are nothing special.

    A tolerance, a rounding or a narrower type decides between rows that were not equally far.
    """
    _assert_nearest(target, case)


def nearest_far_from_the_origin(target: Target, case: Case) -> None:
    """The neighbours are right where all numbers are large and near to one another.

    |x|^2 + |q|^2 - 2 x.q is a small difference of large numbers: at 1e8 none of its digits is left.
    """
    _assert_nearest(target, case)


def nearest_in_far_clusters(target: Target, case: Case) -> None:
    """The neighbours are right in tight clusters that are far apart.

    Subtracting the mean, the usual cure, leaves all of them far from the origin.
    """
    _assert_nearest(target, case)


def nearest_beside_an_outlier(target: Target, case: Case) -> None:
    """The neighbours are right though one row lies far from all others.

    It takes the mean with it, and with it what was right before it was subtracted.
    """
    outlier = np.full((1, case.X.shape[1]), 1e12)
    _assert_nearest(target, Case(np.concatenate([case.X, outlier]), case.Q, case.k))


def nearest_beside_a_huge_feature(target: Target, case: Case) -> None:
    """The neighbours are right where one feature is huge, like seconds since 1970 beside numbers of 1.

    The other features are in the digits that its square rounds away.
    """
    _assert_nearest(target, case)


def nearest_of_near_ties(target: Target, case: Case) -> None:
    """Rows that differ in their last digit are ranked as their distances are, to rounding.

    Comparing with a tolerance makes ties of them.
    """
    _assert_nearest(target, case)


def nearest_at_mixed_scales(target: Target, case: Case) -> None:
    """The neighbours are right where features have scales a million apart.

    Nobody asked for them to be standardised.
    """
    _assert_nearest(target, case)


def nearest_of_huge_and_tiny_numbers(target: Target, case: Case) -> None:
    """The neighbours are right up to where squares overflow, and down to where they underflow.

    A float32 in between makes infinities of the one and zeros of the other.
    """
    _assert_nearest(target, case)


def nearest_of_float32_rows(target: Target, case: Case) -> None:
    """The neighbours of float32 rows are those of the numbers that are stored, far from the origin too.

    float32 in is no reason to compute in float32.
    """
    _assert_nearest(target, case)


def nearest_of_small_types(target: Target, case: Case) -> None:
    """The neighbours of rows of small integers, half floats or truth values are those of the numbers.

    The nearest pixels of a picture in uint8 are hardly ever the nearest when subtraction wraps around.
    """
    _assert_nearest(target, case)


def equal_rows_are_equally_far(target: Target, case: Case) -> None:
    """Rows that are equal are at the same distance, to the last bit.

    A matrix product rounds a column by its place; twins then come in an order of its own.
    """
    found = target.search(case).neighbors(case.Q)
    assert_nearest(found, case)
    if found.distances is not None:
        for i, answer in enumerate(found.indices):
            seen: dict[bytes, object] = {}
            for row, distance in zip(answer, found.distances[i].tolist(), strict=True):
                expected = seen.setdefault(case.X[row].tobytes(), distance)
                if distance != expected:
                    raise AssertionError(
                        f"distance of row {row}={distance!r}, but should be {expected!r}, as its twin's"
                    )


def _assert_nearest(target: Target, case: Case) -> None:
    assert_nearest(target.search(case).neighbors(case.Q), case)
