"""How good predictions are: the share that is right, or the share of the spread that is explained."""

from typing import Any

import numpy as np
from sklearn.metrics import r2_score

from accelerated.validation import check_answers, check_targets


def accuracy(y: Any, predicted: np.ndarray, sample_weight: Any = None) -> float:
    """The share of the queries whose labels are all right. Raises ValueError for y of another shape."""
    right = predicted == check_answers(y, predicted.shape)
    return float(np.average(right.reshape(len(right), -1).all(axis=1), weights=sample_weight))


def r_squared(y: Any, predicted: np.ndarray, sample_weight: Any = None) -> float:
    """R^2, the mean over the outputs (``sklearn.metrics.r2_score``).

    Raises ValueError for y of another shape and for a single query, which has no spread to explain.
    """
    y, _ = check_targets(check_answers(y, predicted.shape), len(predicted))
    if len(y) < 2:
        raise ValueError(f"R^2 needs at least 2 queries, but there is {len(y)}")
    return float(r2_score(y, predicted.reshape(y.shape), sample_weight=sample_weight))
