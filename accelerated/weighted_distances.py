"""Distances with a number for each feature, or for each pair of features; shapes and rules are those of ``distances``.

The gap is made first and then weighted, because scaled rows break ties. A parameter is a NumPy array, which moves to
the device of the rows.
"""

from functools import partial

import numpy as np
import torch
from torch import Tensor

from accelerated.distances import minkowski_sum, of_features, sum_features
from accelerated.square_root import correct_sqrt


def weighted_euclidean(queries: Tensor, rows: Tensor, w: np.ndarray) -> Tensor:
    """Returns sqrt(sum w (q - x)^2)."""
    return correct_sqrt(minkowski_sum(queries, rows, 2, w))


def weighted_chebyshev(queries: Tensor, rows: Tensor, w: np.ndarray) -> Tensor:
    """Returns max |q - x| of the features with a weight above 0."""
    first, *others = np.nonzero(w)[0].tolist()
    largest = (queries[first] - rows[first]).abs_()
    for i in others:
        torch.maximum(largest, (queries[i] - rows[i]).abs_(), out=largest)
    return largest


def seuclidean(queries: Tensor, rows: Tensor, V: np.ndarray) -> Tensor:
    """Returns sqrt(sum (q - x)^2 / V)."""

    def terms(i: int, j: int) -> Tensor:
        gap = queries[i:j] - rows[i:j]  # (j - i, ...)
        return gap.mul_(gap).div_(of_features(V[i:j], gap))

    return correct_sqrt(sum_features(terms, len(queries)))


def mahalanobis(queries: Tensor, rows: Tensor, VI: np.ndarray) -> Tensor:
    """Returns sqrt((q - x)^T VI (q - x)); a sum below 0, by rounding, stands for 0.

    The gaps are made again for each row of VI: those of all features at once would take too much memory.
    """

    def terms(i: int, j: int) -> Tensor:
        gap = queries[i:j] - rows[i:j]
        for place, weights in enumerate(VI[i:j]):
            gap[place] *= sum_features(partial(weigh, weights), len(queries))
        return gap

    def weigh(weights: np.ndarray, i: int, j: int) -> Tensor:
        gap = queries[i:j] - rows[i:j]
        return gap.mul_(of_features(weights[i:j], gap))

    return correct_sqrt(sum_features(terms, len(queries)).clamp_(min=0).add_(0.0))  # 0.0 also for -0.0
