"""Scores of predictions: the share that is right, or the share of the variance that is explained."""

from typing import Any

import numpy as np

from accelerated.validation import check_targets
from knn_inputs.targets import read_answers, read_right_labels


def accuracy(y: Any, predicted: np.ndarray, sample_weight: Any = None) -> float:
    """Returns the share of queries whose labels are all right. Raises ValueError for y or weights of another shape."""
    right = predicted == read_right_labels(y, predicted.shape)
    weights = _check_sample_weight(sample_weight, len(right))
    return float(np.average(right.reshape(len(right), -1).all(axis=1), weights=weights))


@np.errstate(over="ignore", invalid="ignore")  # an overflow raises ValueError at the end
def r_squared(y: Any, predicted: np.ndarray, sample_weight: Any = None) -> float:
    """Returns R^2 = 1 - sum w (y - predicted)^2 / sum w (y - mean of y)^2, the mean over the outputs.

    1 is perfect, 0 is as good as the mean. If y is constant, the quotient divides by 0: then R^2 is 1 if all
    predictions are right, else 0. Raises ValueError for y or weights of another shape, for a single query, which has no
    variance to explain, and if R^2 is not finite. (In ``sklearn.metrics.r2_score`` the squares of large y overflow,
    those of small y vanish, and a constant y whose mean is rounded is not constant.)

    >>> r_squared([0, 1, 2], np.array([0.0, 1.0, 1.0]))
    0.5
    """
    y, _ = check_targets(read_answers(y, predicted.shape), len(predicted))
    if len(y) < 2:
        raise ValueError(f"R^2 needs at least 2 queries, but there is {len(y)}")
    weights = _check_sample_weight(sample_weight, len(y))
    # as differences from the first y, in units of the largest: a constant y becomes 0, other squares do not vanish
    gap, missed = y - y[0], y - predicted.reshape(y.shape)  # (n_queries, n_outputs)
    unit = np.abs(gap).max(axis=0)
    constant = unit == 0
    gap, missed = gap / np.where(constant, 1, unit), missed / np.where(constant, 1, unit)

    spread = np.average((gap - np.average(gap, axis=0, weights=weights)) ** 2, axis=0, weights=weights)
    constant |= spread == 0  # the y that have a weight are equal
    quotient = np.average(missed**2, axis=0, weights=weights) / np.where(constant, 1, spread)
    score = float(np.where(constant, quotient == 0, 1 - quotient).mean())
    if not np.isfinite(score):
        raise ValueError(f"R^2 is {score}: targets or predictions are too large to be squared")
    return score


def _check_sample_weight(sample_weight: Any, n_queries: int) -> np.ndarray | None:
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != (n_queries,):
        raise ValueError(f"sample_weight has shape {weights.shape}, but there are {n_queries} queries")
    return weights
