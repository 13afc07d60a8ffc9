"""From neighbours to an answer: the weight of each neighbour, and the vote shares or the average made with them.

Votes are counted for the classes of a query's own neighbours, k at most, because no other class gets any. They are
added in the order of the neighbours, nearest first: a loop over the k places, for all queries at once. ``sum`` and
``mean`` choose an order of their own, which differs between devices; a test reads this file for them.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from knn_inputs.callables import call_weights, refuse_sums, refuse_weightless

Weights = str | Callable[[np.ndarray], Any]


def neighbor_weights(distances: Tensor, weights: Weights) -> Tensor:
    """Returns the weight of each neighbour, (n_queries, k): 1, or 1 / distance, or the result of a function.

    Inverse distance weighting is due to Shepard (1968). A neighbour at distance 0 would have infinite weight; so if
    1 / distance is infinite for some neighbours, only those count, equally. Raises ValueError if the function returns
    weights that cannot be used.

    >>> neighbor_weights(torch.tensor([[1.0, 4.0], [0.0, 4.0]], dtype=torch.float64), "distance")
    tensor([[1.0000, 0.2500],
            [1.0000, 0.0000]], dtype=torch.float64)
    """
    if callable(weights):
        returned = call_weights(weights, distances.cpu().contiguous().numpy())
        return torch.from_numpy(returned).to(distances.device)
    if weights == "uniform":
        return torch.ones_like(distances)
    if bool(distances.isinf().any()):
        refuse_weightless(distances.cpu().numpy())
    closeness = torch.ones_like(distances) / distances
    infinite = closeness.isinf()
    return torch.where(infinite.any(1, keepdim=True), infinite.to(closeness.dtype), closeness)


def rank_classes(codes: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the classes of each query's neighbours, sorted, and the column there of each neighbour's class.

    All are (n_queries, k). Of the columns of a class that several neighbours share, the first is used.

    >>> rank_classes(torch.tensor([[7, 2, 7]]))
    (tensor([[2, 7, 7]]), tensor([[1, 0, 1]]))
    """
    classes = codes.sort(1).values
    return classes, torch.searchsorted(classes, codes)


def vote_shares(columns: Tensor, weights: Tensor, ks: Collection[int]) -> Iterator[Tensor]:
    """Yields the share of the votes in each column, (n_queries, k), of the first k neighbours for each k in ``ks``.

    Each neighbour votes for the column of its class, with its weight, both (n_queries, k).

    >>> weights = torch.tensor([[1.0, 1.0, 2.0]], dtype=torch.float64)
    >>> [shares.tolist() for shares in vote_shares(torch.tensor([[1, 0, 1]]), weights, [2, 3])]
    [[[0.5, 0.5, 0.0]], [[0.25, 0.75, 0.0]]]
    """
    votes = torch.zeros(columns.shape, dtype=torch.float64, device=columns.device)
    total = torch.zeros((len(columns), 1), dtype=torch.float64, device=columns.device)
    for place in range(columns.shape[1]):
        weight = weights[:, place, None]
        column = columns[:, place, None]
        votes.scatter_(1, column, votes.gather(1, column) + weight)
        total = total + weight
        if place + 1 in ks:
            yield divide(votes, total)


def write_shares(shares: Tensor, codes: Tensor, weights: Tensor) -> None:
    """Writes the shares of the votes, for the classes ``codes`` (n, k), to the columns of these classes."""
    _, columns = rank_classes(codes)
    (of_columns,) = vote_shares(columns, weights, [codes.shape[1]])
    query = torch.arange(len(codes), device=codes.device)[:, None]
    shares[query, codes] = of_columns.gather(1, columns)  # neighbours of one class write the same number


def are_tied(codes: Tensor, votes: Tensor) -> Tensor:
    """Tells for each query whether several classes have the largest share, (n_queries,)."""
    _, columns = rank_classes(codes)
    (shares,) = vote_shares(columns, votes, [codes.shape[1]])  # 0 in the columns that no class uses
    return (shares == shares.amax(1, keepdim=True)).count_nonzero(1) > 1


def largest_class(codes: Tensor, weights: Tensor, ks: Collection[int]) -> Iterator[Tensor]:
    """Yields the class with the largest share, (n,), of the first k neighbours' classes ``codes``, for each k."""
    classes, columns = rank_classes(codes)
    place = torch.arange(codes.shape[1], device=codes.device)
    for shares in vote_shares(columns, weights, ks):
        is_largest = shares == shares.amax(1, keepdim=True)
        first = place.expand_as(shares).masked_fill(~is_largest, len(place)).amin(1, keepdim=True)  # the smallest class
        yield classes.gather(1, first)[:, 0]


def average(targets: Tensor, indices: Tensor, weights: Tensor) -> Tensor:
    """Returns the weighted average of the neighbours' targets, sum w y / sum w, (n_queries, n_outputs).

    The neighbours have ``indices`` among the targets, and ``weights``, both (n_queries, k).
    """
    return divide(*_last(running_sums(targets, indices, weights)))


def running_sums(targets: Tensor, indices: Tensor, weights: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yields the weighted sum of targets and the total of weights, (n_queries, 1), after each neighbour."""
    summed = torch.zeros((len(indices), targets.shape[1]), dtype=torch.float64, device=targets.device)
    total = torch.zeros((len(indices), 1), dtype=torch.float64, device=targets.device)
    for place in range(indices.shape[1]):
        weight = weights[:, place, None]
        summed = summed + weight * targets[indices[:, place]]
        total = total + weight
        yield summed, total


def _last(sums: Iterator[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    return deque(sums, maxlen=1).pop()


def divide(summed: Tensor, total: Tensor) -> Tensor:
    """Returns summed / total; raises ValueError if a sum of weights is 0, or a sum of these or of targets overflows."""
    wrong = ~((total.isfinite() & (total != 0)).all(1) & summed.isfinite().all(1))
    if bool(wrong.any()):
        refuse_sums(summed[wrong][0].cpu().numpy(), total[wrong][0].item())
    return summed / total
