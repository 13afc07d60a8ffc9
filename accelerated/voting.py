"""From neighbours to an answer: how much each one counts, and how the counts become shares or an average.

Votes are added in the order of the neighbours, nearest first: a loop over the k places, for all queries at once.
``sum`` and ``mean`` choose an order of their own, which differs between devices; a test reads this file for them.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from accelerated.validation import check_returned_weights

Weights = str | Callable[[np.ndarray], Any]


def neighbor_weights(distances: Tensor, weights: Weights) -> Tensor:
    """How much each neighbour counts, shape (n_queries, k): all alike, or 1 / distance, or what ``weights`` returns.

    Inverse distance weighting is Shepard's (1968). A distance of 0 would count infinitely; so where 1 / distance is
    infinite, only those neighbours count, equally. Raises ValueError for returned weights that cannot be used.

    >>> neighbor_weights(torch.tensor([[1.0, 4.0], [0.0, 4.0]], dtype=torch.float64), "distance")
    tensor([[1.0000, 0.2500],
            [1.0000, 0.0000]], dtype=torch.float64)
    """
    if callable(weights):
        returned = check_returned_weights(weights(distances.cpu().contiguous().numpy()), tuple(distances.shape))
        return torch.from_numpy(returned).to(distances.device)
    if weights == "uniform":
        return torch.ones_like(distances)
    closeness = torch.ones_like(distances) / distances
    infinite = closeness.isinf()
    return torch.where(infinite.any(1, keepdim=True), infinite.to(closeness.dtype), closeness)


def vote_shares(codes: Tensor, weights: Tensor, n_classes: int, ks: Sequence[int]) -> Iterator[Tensor]:
    """Yields for each of the ascending ``ks`` the shares of the votes of the first k neighbours.

    Shares are (n_queries, n_classes), made from classes and weights, both (n_queries, max(ks)).

    >>> weights = torch.tensor([[1.0, 1.0, 2.0]], dtype=torch.float64)
    >>> [shares.tolist() for shares in vote_shares(torch.tensor([[2, 0, 2]]), weights, 3, ks=[1, 3])]
    [[[0.0, 0.0, 1.0]], [[0.25, 0.0, 0.75]]]
    """
    query = torch.arange(len(codes), device=codes.device)
    votes = torch.zeros((len(codes), n_classes), dtype=torch.float64, device=codes.device)
    total = torch.zeros((len(codes), 1), dtype=torch.float64, device=codes.device)
    for place in range(max(ks)):
        votes[query, codes[:, place]] += weights[:, place]
        total = total + weights[:, place, None]
        if place + 1 in ks:
            yield _divide(votes, total)


def average(targets: Tensor, indices: Tensor, weights: Tensor, ks: Sequence[int]) -> Iterator[Tensor]:
    """Yields for each of the ascending ``ks`` the weighted average of the targets of the first k neighbours.

    It is sum w y / sum w, shape (n_queries, n_outputs), from indices and weights, both (n_queries, max(ks)).
    """
    summed = torch.zeros((len(indices), targets.shape[1]), dtype=torch.float64, device=targets.device)
    total = torch.zeros((len(indices), 1), dtype=torch.float64, device=targets.device)
    for place in range(max(ks)):
        weight = weights[:, place, None]
        summed = summed + weight * targets[indices[:, place]]
        total = total + weight
        if place + 1 in ks:
            yield _divide(summed, total)


def _divide(summed: Tensor, total: Tensor) -> Tensor:
    """summed / total; ValueError where a sum of weights, or of weighted targets, is more than a float can hold."""
    wrong = ~(total.isfinite().all(1) & summed.isfinite().all(1))
    if bool(wrong.any()):
        sums = total[wrong][0].tolist(), summed[wrong][0].tolist()
        raise ValueError(f"the weights of a query's neighbors add up to {sums[0]}, with their targets to {sums[1]}")
    return summed / total
