"""Other numbers than the average from the targets of a query's neighbours: median, deviation, or that of a function.

As in ``voting``, numbers are added in a stated order, by a loop over the k places for all queries at once.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from accelerated.square_root import correct_sqrt
from accelerated.voting import average, divide
from knn_inputs.callables import call_aggregate, refuse_sums

Aggregate = str | Callable[[np.ndarray, np.ndarray], Any]


def aggregate(how: Aggregate, targets: Tensor, indices: Tensor, weights: Tensor) -> Tensor:
    """Returns what ``how`` makes of the neighbours' targets, (n_queries, n_outputs).

    ``how`` is "mean", "median" or a function. The neighbours have ``indices`` among the targets, and ``weights``, both
    (n_queries, k).
    """
    if how == "mean":
        return average(targets, indices, weights)
    return call_each(how, targets, indices, weights) if callable(how) else medians(targets, indices, weights)


def medians(targets: Tensor, indices: Tensor, weights: Tensor) -> Tensor:
    """Returns for each query and output the smallest target up to which the weights reach half of their sum.

    If they reach exactly half, it is the mean of that target and the next larger one that weighs anything. The proof
    that rounding changes no comparison is in ``reference.aggregates.weighted_median``.

    >>> targets = torch.tensor([[5.0], [1.0], [2.0]], dtype=torch.float64)
    >>> weights = torch.tensor([[1, 1, 1], [3, 1, 1], [2, 1, 1]], dtype=torch.float64)
    >>> medians(targets, torch.tensor([[0, 1, 2]] * 3), weights).flatten()
    tensor([2.0000, 5.0000, 3.5000], dtype=torch.float64)
    """
    shape = (len(indices), targets.shape[1])
    middle, total = (torch.empty(shape, dtype=torch.float64, device=targets.device) for _ in range(2))
    for output in range(targets.shape[1]):
        values, order = targets[:, output][indices].sort(dim=1, stable=True)
        up_to = weights.gather(1, order)  # becomes the weight of each target and all smaller ones
        for place in range(1, up_to.shape[1]):
            up_to[:, place] = up_to[:, place - 1] + up_to[:, place]
        total[:, output] = up_to[:, -1]
        beyond = up_to[:, -1:] - up_to
        n_below = (up_to < beyond).count_nonzero(1)[:, None]
        n_to_half = (up_to <= beyond).count_nonzero(1)[:, None].clamp(max=up_to.shape[1] - 1)
        low, high = values.gather(1, n_below), values.gather(1, n_to_half)
        middle[:, output] = torch.where(low == high, low, (low + high) * 0.5)[:, 0]
    wrong = (~(total.isfinite() & middle.isfinite()) | (total == 0)).nonzero()
    if len(wrong):
        query, output = wrong[0].tolist()
        refuse_sums(np.array(middle[query, output].item()), total[query, output].item())
    return middle


def call_each(
    function: Callable[[np.ndarray, np.ndarray], Any], targets: Tensor, indices: Tensor, weights: Tensor
) -> Tensor:
    """Returns the numbers that a function makes of each query's targets, output by output, and weights."""
    found, of_queries = targets.cpu().numpy()[indices.cpu().numpy()], weights.cpu().numpy()
    made = [
        [call_aggregate(function, column, its_weights) for column in its_targets.T]
        for its_targets, its_weights in zip(found, of_queries, strict=True)
    ]
    return torch.tensor(made, dtype=torch.float64, device=targets.device)


def deviations(targets: Tensor, indices: Tensor, weights: Tensor, means: Tensor) -> Tensor:
    """Returns the standard deviation of the neighbours' targets, sqrt(sum w (y - mean)^2 / sum w), as ``means``.

    ``means``, (n_queries, n_outputs), are their averages.

    >>> targets = torch.tensor([[0.0], [4.0]], dtype=torch.float64)
    >>> weights = torch.tensor([[3.0, 1.0]], dtype=torch.float64)
    >>> deviations(targets, torch.tensor([[0, 1]]), weights, torch.tensor([[1.0]], dtype=torch.float64))
    tensor([[1.7321]], dtype=torch.float64)
    """
    summed, total = torch.zeros_like(means), torch.zeros_like(means[:, :1])
    for place in range(indices.shape[1]):
        weight, gap = weights[:, place, None], targets[indices[:, place]] - means
        summed = summed + weight * (gap * gap)
        total = total + weight
    return correct_sqrt(divide(summed, total))
