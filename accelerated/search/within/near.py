"""The pairs of a query and a row within its radius, as a finder keeps them, and as the caller gets them."""

from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.filter import Batch, Measured, Pairs
from accelerated.search.report import Clock


class Reached(NamedTuple):
    """The pairs that a finder has found for a batch: for each certified query all within its radius."""

    parts: list[Measured]  # each sorted by (query, row), of rows that come before the next one's; also not certified
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
    reduced: Tensor  # float64 (n_pairs,)
    n_rows: Tensor  # int64 (n_queries,), how many of them belong to each query; 0 if it is not certified
    certified: Tensor  # bool (n_queries,)


def leave_out(pairs: Pairs, batch: Batch) -> Pairs:
    """Returns the pairs without those to be left out: of a query and its own row, or one that it may not find."""
    if not batch.n_self and batch.allowed is None:
        return pairs
    keep = is_wanted(pairs, batch)
    return Pairs(pairs.query[keep], pairs.row[keep])


def is_wanted(pairs: Pairs, batch: Batch) -> Tensor:
    """Tells which pairs are not to be left out, bool (n_pairs,)."""
    own = batch.self_index[pairs.query]
    is_other = pairs.row > own if batch.only_later else pairs.row != own
    if batch.allowed is None:
        return is_other
    query, row = (part.cpu().numpy() for part in pairs)
    return is_other & torch.from_numpy(batch.allowed.contains_each(batch.numbers[query], row)).to(own.device)


def keep_within(metric: Metric, batch: Batch, measured: Measured) -> Measured:
    """Returns the pairs whose distance is not above the radius of their query; it is compared after the root.

    >>> from accelerated.metrics import METRICS
    >>> batch = Batch(torch.zeros((1, 1)), torch.tensor([-1]), 0, np.zeros(1), torch.tensor([2.0]))
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
    """Returns the pairs of the certified queries, sorted by (query, row).

    The pairs of each part are in that order, and the rows of a part come before those of the next one. So a stable sort
    by query is enough, and NumPy merges parts that are in order already.
    """
    query = torch.cat([part.pairs.query for part in parts])
    row = torch.cat([part.pairs.row for part in parts])
    reduced = torch.cat([part.reduced for part in parts])
    order = _stable_order(query)
    order = order[certified[query[order]]]
    return Measured(Pairs(query[order], row[order]), reduced[order])


def by_distance(reduced: Tensor, n_rows: Tensor) -> Tensor:
    """Returns the places of the rows of each query, one after the other, sorted by (reduced distance, row), (n_pairs,).

    A query has ``n_rows`` of them, in the order of their numbers, so a stable sort is the tie rule. On a CPU each query
    is sorted alone, because its numbers fit a cache.

    >>> by_distance(torch.tensor([2.0, 1.0, 1.0, 7.0, 0.0]), torch.tensor([3, 0, 2]))
    tensor([1, 2, 0, 4, 3])
    """
    if reduced.device.type != "cpu":
        query = torch.arange(len(n_rows), device=reduced.device).repeat_interleave(n_rows)
        of_all = reduced.argsort(stable=True)
        return of_all[query[of_all].argsort(stable=True)]
    numbers, order = reduced.numpy(), np.empty(len(reduced), dtype=np.int64)
    start = 0
    for stop in n_rows.cumsum(0).tolist():
        order[start:stop] = numbers[start:stop].argsort(kind="stable") + start
        start = stop
    return torch.from_numpy(order)


def _stable_order(keys: Tensor) -> Tensor:
    if keys.device.type != "cpu":
        return keys.argsort(stable=True)
    return torch.from_numpy(keys.numpy().argsort(kind="stable"))
