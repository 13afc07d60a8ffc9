"""Scores of predictions: the share that is right, or the share of the variance that is explained."""

from typing import Any

import numpy as np

from accelerated.validation import check_targets
from knn_inputs.sample_weight import read_sample_weight
from knn_inputs.targets import compare_labels, read_answers


def accuracy(y: Any, predicted: np.ndarray, sample_weight: Any = None) -> float:
    """Returns the share of queries whose labels are all right. Raises ValueError for y or weights of another shape."""
    right = compare_labels(predicted, y)
    weights = _check_sample_weight(sample_weight, len(right))
    return float(np.average(right.all(axis=1), weights=weights))


@np.errstate(over="ignore", divide="ignore", invalid="ignore")  # a score that is not finite raises ValueError
def r_squared(y: Any, predicted: np.ndarray, sample_weight: Any = None) -> float:
    """Returns R^2 = 1 - sum w (y - predicted)^2 / sum w (y - mean of y)^2, the mean over the outputs.

    1 is perfect, 0 is as good as the mean. If y is constant, the quotient divides by 0: then R^2 is 1 if all
    predictions are right, else 0. Queries of weight 0 do not count. Raises ValueError for y of another shape, for
    weights that are no weights, for a single query, which has no variance to explain, and if R^2 is not finite. (In
    ``sklearn.metrics.r2_score`` the squares of large y overflow, those of small y vanish, and a constant y whose mean
    is rounded is not constant.)

    >>> r_squared([0, 1, 2], np.array([0.0, 1.0, 1.0]))
    0.5
    """
    y, _ = check_targets(read_answers(y, predicted.shape), len(predicted))
    predicted = np.array(predicted, order="C").reshape(y.shape)  # the order of memory decides that of additions
    if len(y) < 2:
        advice = "score several at once; for leave-one-out, a KNNRegressor has score(None, y)"
        raise ValueError(f"R^2 needs at least 2 queries, but there is {len(y)}: {advice}")
    weights = _check_sample_weight(sample_weight, len(y))
    y, predicted, weights = (values[weights > 0] for values in (y, predicted, weights))
    constant, right = (y == y[0]).all(axis=0), (y == predicted).all(axis=0)  # (n_outputs,)
    weights, root = weights[:, None], np.sqrt(weights)[:, None]
    heaviest = int(weights.argmax())  # the mean is near it, so the difference from it is precise
    gap, unit = _scaled_difference(y, y[heaviest : heaviest + 1])
    missed, missed_unit = _scaled_difference(y, predicted)

    mean = np.sum(weights * gap, axis=0) / np.sum(weights)
    deviation, weighted_unit = _scaled(root * (gap - mean))
    error, error_unit = _scaled(root * missed)
    exponent = 2 * (missed_unit + error_unit - unit - weighted_unit)
    quotient = np.ldexp(np.sum(error**2, axis=0) / np.sum(deviation**2, axis=0), exponent)
    score = float(np.mean(np.where(constant | right, right, 1 - quotient)))
    if not np.isfinite(score):
        raise ValueError(f"R^2 is {score}: targets or predictions are too large to be squared")
    return score


def _scaled_difference(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns (a - b) / 2^e, (n_queries, n_outputs), and e, (n_outputs,), as ``_scaled`` does."""
    huge = np.maximum(np.abs(a).max(axis=0), np.abs(b).max(axis=0)) > 2.0**1022
    half = np.where(huge, 0.5, 1)  # a - b could overflow
    difference, exponent = _scaled(half * a - half * b)
    return difference, exponent + huge


def _scaled(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns x / 2^e and e for each output, such that the largest is from 1/2 to 1; powers of two do not round.

    So squares of tiny numbers do not vanish, and those of huge ones do not overflow.

    >>> _scaled(np.array([[0.0], [6.0]]))
    (array([[0.  ],
           [0.75]]), array([3], dtype=int32))
    """
    exponent = np.frexp(np.abs(x).max(axis=0))[1]
    return np.ldexp(x, -exponent), exponent


def _check_sample_weight(sample_weight: Any, n_queries: int) -> np.ndarray:
    """Returns the weights of the queries, the largest scaled to about 2^1000: so no sum of them overflows or vanishes.

    Raises ValueError unless they are of shape (n_queries,), finite, at least 0 and not all 0.
    """
    weights = read_sample_weight(sample_weight, n_queries, "queries")
    return weights if sample_weight is None else np.ldexp(weights, 1000 - np.frexp(weights.max())[1])
