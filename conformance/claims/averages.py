"""Level "averages": a regressor's predictions, judged where the neighbours are determined."""

from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.cases import Case, closeness, inverse
from conformance.cases.strategies import (
    distinct_cases,
    far_numbers,
    lattice_cases,
    numbers,
    ranked_cases,
    several_numbers,
    whole_numbers,
)
from conformance.claims.claim import BOUND, claim
from conformance.claims.questions import each_offered
from conformance.oracle.exact import is_determined
from conformance.oracle.expected import (
    WEIGHT_ROUNDINGS,
    assert_score,
    averages_of,
    exact_of_all,
    nearest_distances,
    targets_of,
)
from conformance.oracle.relations import assert_averages
from conformance.targets import Target
from conformance.targets.fitted import Fitted

TINY = (2.0**-40, 2.0**-500)  # the squares of such distances are tiny too, and still exact


@claim(st.one_of(distinct_cases(y=numbers), ranked_cases(numbers)))
def averages_of_targets(target: Target, case: Case) -> None:
    """A prediction is the average of the targets of the k nearest.

    It is not their median, nor their sum, nor their sum divided by another number than k.
    """
    assert_all_averages(target.regressor(case), case)


@claim(lattice_cases(y=whole_numbers))
def averages_of_whole_numbers(target: Target, case: Case) -> None:
    """Whole targets have averages that are not whole.

    The average of 0 and 1 is 0.5; a division of integers, or an array of the targets' type, makes it 0.
    """
    assert_all_averages(target.regressor(case), case)


@claim(distinct_cases(y=far_numbers), BOUND)
def averages_of_far_numbers(target: Target, case: Case) -> None:
    """Targets far from 0 keep their digits, in float64.

    Half of the digits are lost if the targets pass through float32.
    """
    predicted = target.regressor(case).predict(case.Q).astype(np.float64)  # the bound of float64 is asked of every type
    assert_averages(predicted, averages_of(case), case, "prediction")


@claim(distinct_cases(y=several_numbers))
def averages_of_each_output(target: Target, case: Case) -> None:
    """Each of several outputs is averaged by itself.

    The mean over all axes is a single number that looks like an average.
    """
    assert_all_averages(target.regressor(case), case)


@claim(lattice_cases(y=numbers))
def averages_of_everything_when_k_is_n(target: Target, case: Case) -> None:
    """With k = n every prediction is the mean of all targets, for any query.

    No distance is needed here, so that a failure is a failure of the average.
    """
    full = Case(case.X, case.Q, len(case.X), case.y)
    assert_all_averages(target.regressor(full), full)


@claim(distinct_cases(y=numbers, weights="distance", nearest=(2, 1)), BOUND)  # from 1 on, ranks are distances
def averages_by_inverse_distance(target: Target, case: Case) -> None:
    """With weights 1 / distance a prediction is the weighted average.

    Weights by 1 / distance squared, by rank, or without division by their sum look alike on a plot.
    """
    assert_all_averages(target.regressor(case), case)


@claim(lattice_cases(y=numbers, weights="distance"), BOUND)
def an_exact_match_counts_alone(target: Target, case: Case) -> None:
    """With weights 1 / distance, neighbours at distance 0 count alone and alike; other queries are not concerned.

    1 / 0 is infinite: divided by itself it is NaN, and a small number added to every distance lets other rows count.
    """
    assert_all_averages(target.regressor(case), case)


@claim(distinct_cases(y=numbers, weights="distance", nearest=(1,)), BOUND)
def a_tiny_distance_is_an_exact_match(target: Target, case: Case) -> None:
    """A distance so small that 1 / distance overflows counts as 0 does.

    Infinity divided by infinity is NaN, and a test for distance 0 does not prevent it.
    """
    tiny = Case(case.X * 5e-324, case.Q * 5e-324, case.k, case.y, "manhattan", weights="distance")
    expected = averages_of(case, [[1.0] * case.k for _ in case.Q])
    assert_averages(target.regressor(tiny).predict(tiny.Q), expected, case, "prediction")


@claim(distinct_cases(y=numbers, weights="distance", nearest=(1,)), BOUND)
def tiny_distances_weigh_alike(target: Target, case: Case) -> None:
    """With weights 1 / distance, predictions stay where all data are multiplied by a tiny power of two.

    1 / (distance + 1e-8) has no infinity, but weighs all rows alike where distances are smaller than 1e-8.
    """

    def assert_weighs(small: float, weights: Any) -> None:
        tiny = replace(case, X=case.X * small, Q=case.Q * small)
        predicted = target.predictor("regressor", tiny, weights).predict(tiny.Q)
        assert_averages(predicted, averages_of(case), case, "prediction", WEIGHT_ROUNDINGS)

    each_offered(partial(assert_weighs, *tried) for tried in product(TINY, ("distance", inverse)))


@claim(distinct_cases(y=numbers), BOUND)
def averages_by_given_weights(target: Target, case: Case) -> None:
    """A function for weights is given the distances, and its weights are used.

    A function that is called on indices, or on squared distances, returns numbers too.
    """
    weights = [[float(closeness(d)) for d in row] for row in nearest_distances(case)]
    fitted = target.predictor("regressor", case, closeness)
    expected = averages_of(case, weights)
    assert_averages(fitted.predict(case.Q), expected, case, "prediction", WEIGHT_ROUNDINGS)


@claim(lattice_cases(y=numbers, min_rows=2))
def averages_without_the_row_itself(target: Target, case: Case) -> None:
    """``predict(None)`` predicts each training row from the others.

    This is the honest error of a model on its own training data, also where rows have twins.
    """
    k = min(case.k, len(case.X) - 1)
    fitted = target.regressor(Case(case.X, case.Q, k, case.y))
    predicted = fitted.predict(None)
    for i in range(len(case.X)):
        alone = Case(np.delete(case.X, i, 0), case.X[i : i + 1], k, np.delete(targets_of(case), i, 0))
        if _is_determined(alone):
            assert_averages(predicted[i : i + 1], averages_of(alone), alone, f"prediction[{i}]")


@claim(lattice_cases(y=numbers, min_rows=2), BOUND)
def the_score_is_r_squared(target: Target, case: Case) -> None:
    """``score`` is R^2: 1 less the squared errors' share of the squared deviations from the mean.

    The mean is that of the given targets, not of the training targets, and not of the predictions.
    """
    target.need("regressor", "score")
    fitted = target.regressor(case)
    y = np.arange(len(case.X), dtype=np.float64)
    predicted = fitted.predict(case.X)
    expected = 1 - np.sum((y - predicted) ** 2) / np.sum((y - y.mean()) ** 2)
    # n squares and their sum, for errors and deviations: a relative 2 n + 10 roundings of the share that is subtracted
    bound = 2 * (2 * len(y) + 10) * (2 - expected)
    assert_score(fitted.call("score", case.X, y), float(expected), bound)


def assert_all_averages(fitted: Fitted, case: Case) -> None:
    """Raises AssertionError unless each query whose neighbours are determined gets their average."""
    predicted = fitted.predict(case.Q)
    expected = np.array(averages_of(case))
    if predicted.shape != expected.shape:
        raise AssertionError(f"prediction has shape {predicted.shape}, but should have {expected.shape}")
    determined = [i for i, row in enumerate(exact_of_all(case)) if is_determined(row, case.k)]
    roundings = 0 if case.weights == "uniform" else WEIGHT_ROUNDINGS
    assert_averages(predicted[determined], expected[determined], case, "prediction", roundings)


def _is_determined(case: Case) -> bool:
    return all(is_determined(row, case.k) for row in exact_of_all(case))
