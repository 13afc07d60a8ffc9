"""Level "numerics": data on which floating-point arithmetic goes wrong, judged by rational arithmetic.

Nothing is asked beyond the precision of float64 differences: see ``difference_bounds``.
"""

import numpy as np

from conformance.cases import Case, data
from conformance.cases.strategies import lattice_cases, made_cases, small_numbers, typed_cases
from conformance.claims.averages import assert_all_averages
from conformance.claims.claim import BITS, BOUND, claim
from conformance.claims.distance import assert_first_distances
from conformance.oracle.relations import assert_nearest
from conformance.targets import Target


@claim(made_cases(*data.DATA, metrics=data.COMMON_METRICS), BOUND, effort=3)
def nearest_of_any_numbers(target: Target, case: Case) -> None:
    """The neighbours are right up to the rounding of differences, on ordinary numbers and on hostile ones.

    A tolerance, a rounding or a narrower type makes ties of rows that were not equally far.
    """
    _assert_nearest(target, case)


@claim(made_cases(data.large_offset, metrics=data.COMMON_METRICS), BOUND)
def nearest_far_from_the_origin(target: Target, case: Case) -> None:
    """The neighbours are right where all numbers are large and near to one another.

    |x|^2 + |q|^2 - 2 x.q is a small difference of large numbers: at 1e8 it has lost all its digits.
    """
    _assert_nearest(target, case)


@claim(made_cases(data.far_clusters), BOUND)
def nearest_in_far_clusters(target: Target, case: Case) -> None:
    """The neighbours are right in tight clusters that are far apart.

    Subtracting the mean, the usual cure, leaves all clusters far from the origin.
    """
    _assert_nearest(target, case)


@claim(made_cases(data.gaussian), BOUND)
def nearest_beside_an_outlier(target: Target, case: Case) -> None:
    """The neighbours are right though one row lies far from all others.

    The outlier moves the mean, and subtracting that mean spoils rows that were right before.
    """
    outlier = np.full((1, case.X.shape[1]), 1e12)
    _assert_nearest(target, Case(np.concatenate([case.X, outlier]), case.Q, case.k))


@claim(made_cases(data.huge_column), BOUND)
def nearest_beside_a_huge_feature(target: Target, case: Case) -> None:
    """The neighbours are right where one feature is huge, like seconds since 1970 beside numbers of 1.

    The square of the huge feature rounds away the digits that hold the other features.
    """
    _assert_nearest(target, case)


@claim(made_cases(data.near_ties, data.permuted_gaps), BOUND)
def nearest_of_near_ties(target: Target, case: Case) -> None:
    """Rows that differ in their last digit are ranked as their distances are, up to rounding.

    A comparison with a tolerance makes ties of them.
    """
    _assert_nearest(target, case)


@claim(made_cases(data.mixed_scales), BOUND)
def nearest_at_mixed_scales(target: Target, case: Case) -> None:
    """The neighbours are right where features have scales a million apart.

    Features must not be standardised unless the caller asks for it.
    """
    _assert_nearest(target, case)


@claim(made_cases(data.extreme), BOUND)
def nearest_of_huge_and_tiny_numbers(target: Target, case: Case) -> None:
    """The neighbours are right up to where squares overflow, and down to where they underflow.

    A detour by float32 makes infinities of huge numbers and zeros of tiny ones.
    """
    _assert_nearest(target, case)


@claim(made_cases(data.offset, dtype="float32"), BOUND)
def nearest_of_float32_rows(target: Target, case: Case) -> None:
    """The neighbours of float32 rows are those of the numbers that are stored, far from the origin too.

    Rows in float32 are not a reason to compute in float32.
    """
    _assert_nearest(target, case)


@claim(typed_cases(*data.SMALL_TYPES), BOUND)
def nearest_of_small_types(target: Target, case: Case) -> None:
    """The neighbours of rows of small integers, half floats or truth values are those of the numbers.

    Where subtraction wraps around in uint8, a picture's nearest pixels are hardly ever found.
    """
    _assert_nearest(target, case)


@claim(typed_cases(*data.SMALL_TYPES), BOUND)
def distance_of_small_types(target: Target, case: Case) -> None:
    """Pixels, counts, half floats and truth values do not wrap or overflow when they are subtracted and squared.

    10 - 20 is 246 in uint8, and 300 squared is infinite in float16.
    """
    assert_first_distances(target, case)


@claim(lattice_cases(y=small_numbers))
def averages_of_small_types(target: Target, case: Case) -> None:
    """Targets of small integer types are averaged without wrapping around.

    The average of 255 and 255 is 255, though uint8 cannot hold their sum.
    """
    assert_all_averages(target.regressor(case), case)


@claim(made_cases(data.duplicates, max_features=40), BITS)
def equal_rows_are_equally_far(target: Target, case: Case) -> None:
    """Rows that are equal are at the same distance, to the last bit.

    A matrix product may round a column by its place, and then orders twins by their rounding errors.
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
