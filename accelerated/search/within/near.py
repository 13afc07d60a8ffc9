"""The pairs of a query and a row within its radius, as a finder keeps them, and as the caller gets them."""

from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.filter import Batch, Measured, Pairs
from accelerated.search.report import Clock


class Reached(NamedTuple):
    """What a finder has found for a batch: for each certified query all pairs within its radius, in any order."""

    parts: list[Measured]  # also of queries that are not certified
    certified: Tensor  # bool (n_queries,)


class Finder(Protocol):
    """Finds the pairs of a batch that lie within the radius."""

    @property
    def metric(self) -> Metric: ...

    @property
    def name(self) -> str: ...

    def batch_size(self, scratch: int) -> int:
        """The number of queries to search together within so many bytes of scratch; 0 if it cannot be used."""
        ...

    def find(self, batch: Batch, most: int, scratch: int, clock: Clock) -> Reached:
        """Finds the pairs; a query with more than ``most`` of them is not certified, unless it is the only one."""
        ...


class Within(NamedTuple):
    """The rows within the radius of the certified queries of a batch, one query after the other, nearest first."""

    distance: Tensor  # float64 (n_pairs,)
    row: Tensor  # int64 (n_pairs,)
    n_rows: Tensor  # int64 (n_queries,), how many of them belong to each query; 0 if it is not certified
    certified: Tensor  # bool (n_queries,)


def without_self(pairs: Pairs, batch: Batch) -> Pairs:
    """Returns the pairs without those that are to be left out, of a query and its own row, or one up to its own."""
    if not batch.n_self:
        return pairs
    keep = is_other(pairs, batch)
    return Pairs(pairs.query[keep], pairs.row[keep])


def is_other(pairs: Pairs, batch: Batch) -> Tensor:
    """Tells which pairs are not to be left out, bool (n_pairs,)."""
    own = batch.self_index[pairs.query]
    return pairs.row > own if batch.only_later else pairs.row != own


def keep_within(metric: Metric, batch: Batch, measured: Measured) -> Measured:
    """Returns the pairs whose distance is not above the radius of their query: the root decides, not what is under it.

    >>> from accelerated.metrics import METRICS
    >>> batch = Batch(torch.zeros((1, 1)), torch.tensor([-1]), 0, torch.tensor([2.0]))
    >>> pairs = Pairs(torch.tensor([0, 0, 0]), torch.tensor([4, 5, 6]))
    >>> keep_within(METRICS["euclidean"], batch, Measured(pairs, torch.tensor([2.0, 3.0, 1.0]))).pairs.row
    tensor([4, 6])
    """
    assert batch.radii is not None
    pairs, reduced = measured
    keep = metric.to_distance(reduced) <= batch.radii[pairs.query]
    return Measured(Pairs(pairs.query[keep], pairs.row[keep]), reduced[keep])


def count(parts: list[Measured], n_queries: int, device: torch.device) -> Tensor:
    """Returns how many pairs each query has, int64 (n_queries,)."""
    total = torch.zeros(n_queries, dtype=torch.int64, device=device)
    for part in parts:
        total += torch.bincount(part.pairs.query, minlength=n_queries)
    return total


def join(parts: list[Measured], certified: Tensor) -> Measured:
    """Returns the pairs of the certified queries."""
    query = torch.cat([part.pairs.query for part in parts])
    keep = certified[query]
    row = torch.cat([part.pairs.row for part in parts])
    reduced = torch.cat([part.reduced for part in parts])
    return Measured(Pairs(query[keep], row[keep]), reduced[keep])


def order_of(measured: Measured, by_row: bool = False) -> Tensor:
    """Returns the places of the pairs in the order (query, reduced distance, row), or (query, row), int64 (n_pairs,).

    >>> pairs = Pairs(torch.tensor([1, 0, 0, 0]), torch.tensor([7, 9, 8, 6]))
    >>> order_of(Measured(pairs, torch.tensor([0.0, 1.0, 1.0, 2.0])))
    tensor([2, 1, 3, 0])
    """
    (query, row), reduced = measured
    keys = (row, query) if by_row else (row, reduced, query)
    if query.device.type == "cpu":
        return torch.from_numpy(np.lexsort([key.numpy() for key in keys]))
    order = torch.arange(len(query), device=query.device)
    for key in keys:
        order = order[key[order].argsort(stable=True)]
    return order
