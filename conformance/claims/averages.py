"""Level "averages": what a regressor makes of the neighbours, judged where they are determined."""

import numpy as np

from conformance.cases import Case, closeness
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
from conformance.targets.adapters import Fitted


def averages_of_targets(target: Target, case: Case) -> None:
    """A prediction is the average of the targets of the k nearest.

    Not their median, nor their sum, nor divided by another number than k.
    """
    _assert_averages(target.regressor(case), case)


def averages_of_whole_numbers(target: Target, case: Case) -> None:
    """Whole targets, of any small type, are averaged without wrapping around and without being cut off.

    0 and 1 make 0.5, and 255 and 255 make 255 though uint8 cannot hold their sum.
    """
    _assert_averages(target.regressor(case), case)


def averages_of_far_numbers(target: Target, case: Case) -> None:
    """Targets far from 0 keep their digits, in float64.

    Half of the digits are gone if they pass through float32.
    """
    predicted = target.regressor(case).predict(case.Q).astype(np.float64)  # whose bound is asked of every type
    assert_averages(predicted, averages_of(case), case, "prediction")


def averages_of_each_output(target: Target, case: Case) -> None:
    """Each of several outputs is averaged by itself.

    The mean over all axes is one number that looks like an average.
    """
    _assert_averages(target.regressor(case), case)


def averages_of_everything_when_k_is_n(target: Target, case: Case) -> None:
    """With k = n every prediction is the mean of all targets, whatever the query.

    It needs no distance at all, so that what fails here is the average.
    """
    full = Case(case.X, case.Q, len(case.X), case.y)
    _assert_averages(target.regressor(full), full)


def averages_by_inverse_distance(target: Target, case: Case) -> None:
    """With weights 1 / distance a prediction is the weighted average.

    Weights by 1 / distance squared, by rank, or that are not divided by their sum, look alike on a plot.
    """
    _assert_averages(target.regressor(case), case)


def an_exact_match_counts_alone(target: Target, case: Case) -> None:
    """With weights 1 / distance, neighbours at distance 0 count alone and alike; other queries are not concerned.

    1 / 0 is infinite: divided by itself NaN, and with a small number added to every distance not quite alone.
    """
    _assert_averages(target.regressor(case), case)


def a_tiny_distance_is_an_exact_match(target: Target, case: Case) -> None:
    """A distance so small that 1 / distance overflows counts as 0 does.

    Infinite divided by infinite is NaN, and a test for 0 does not see it coming.
    """
    tiny = Case(case.X * 5e-324, case.Q * 5e-324, case.k, case.y, "manhattan", weights="distance")
    expected = averages_of(case, [[1.0] * case.k for _ in case.Q])
    assert_averages(target.regressor(tiny).predict(tiny.Q), expected, case, "prediction")


def averages_by_given_weights(target: Target, case: Case) -> None:
    """A function for weights is given the distances, and its weights are used.

    Whoever calls it on indices, or on squared distances, gets numbers too.
    """
    weights = [[float(closeness(d)) for d in row] for row in nearest_distances(case)]
    fitted = target.predictor("regressor", case, closeness)
    expected = averages_of(case, weights)
    assert_averages(fitted.predict(case.Q), expected, case, "prediction", WEIGHT_ROUNDINGS)


def averages_without_the_row_itself(target: Target, case: Case) -> None:
    """``predict(None)`` predicts each training row from the others.

    The honest error of a model on its own training data, twins included.
    """
    k = min(case.k, len(case.X) - 1)
    fitted = target.regressor(Case(case.X, case.Q, k, case.y))
    predicted = fitted.predict(None)
    for i in range(len(case.X)):
        alone = Case(np.delete(case.X, i, 0), case.X[i : i + 1], k, np.delete(targets_of(case), i, 0))
        if _is_determined(alone):
            assert_averages(predicted[i : i + 1], averages_of(alone), alone, f"prediction[{i}]")


def the_score_is_r_squared(target: Target, case: Case) -> None:
    """``score`` is R^2: 1 less the squared errors' share of the squared deviations from the mean.

    The mean is that of the given targets, not of the training targets, and not of the predictions.
    """
    target.need("regressor", "score")
    fitted = target.regressor(case)
    y = np.arange(len(case.X), dtype=np.float64)
    predicted = fitted.predict(case.X)
    expected = 1 - np.sum((y - predicted) ** 2) / np.sum((y - y.mean()) ** 2)
    # n squares, their sum, and the deviations' likewise: a relative 2 n + 10 roundings of the share that is subtracted
    bound = 2 * (2 * len(y) + 10) * (2 - expected)
    assert_score(fitted.call("score", case.X, y), float(expected), bound)


def _assert_averages(fitted: Fitted, case: Case) -> None:
    """Of each query whose neighbours are determined."""
    predicted = fitted.predict(case.Q)
    expected = np.array(averages_of(case))
    if predicted.shape != expected.shape:
        raise AssertionError(f"prediction has shape {predicted.shape}, but should have {expected.shape}")
    determined = [i for i, row in enumerate(exact_of_all(case)) if is_determined(row, case.k)]
    roundings = 0 if case.weights == "uniform" else WEIGHT_ROUNDINGS
    assert_averages(predicted[determined], expected[determined], case, "prediction", roundings)


def _is_determined(case: Case) -> bool:
    return all(is_determined(row, case.k) for row in exact_of_all(case))
