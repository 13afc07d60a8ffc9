"""The filter protocol and its types: a batch of queries goes in; neighbours and the certified queries come out."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.report import Clock


class Batch(NamedTuple):
    """Queries that are searched together."""

    queries: Tensor  # float64 (n_queries, n_features), prepared for the metric
    self_index: Tensor  # int64 (n_queries,): the row that the query itself is, never its own neighbour; -1 if none
    n_self: int  # rows left out for each query: 1 if the queries are training rows, else 0


class Found(NamedTuple):
    """The neighbours of a batch; those of a query that is not certified may be wrong."""

    reduced: Tensor  # float64 (n_queries, k), in ascending order
    rows: Tensor  # int64 (n_queries, k)
    certified: Tensor  # bool (n_queries,)
    n_candidates: int = 0  # pairs that the filter left to be measured exactly


class Filter(Protocol):
    """Finds the nearest rows of a batch, and says which queries are certified."""

    @property
    def name(self) -> str: ...

    def batch_size(self, k: int, memory_limit: int) -> int:
        """The number of queries to search together within so many bytes of scratch; 0 if the filter cannot be used."""
        ...

    def search(self, batch: Batch, k: int, memory_limit: int, clock: Clock) -> Found:
        """Finds the k nearest rows of at most ``batch_size(k, memory_limit)`` queries."""
        ...

    def finer(self) -> Sequence["Filter"]:
        """The filters for the queries that this one does not certify, the cheapest first."""
        ...


class Index(NamedTuple):
    """The training rows, prepared for a metric, and the filters that search them."""

    metric: Metric
    rows: Tensor  # (n_rows, n_features)
    filters: list[Filter]  # in the order in which they take the queries; the last is exhaustive and certifies all
    smallest_search: int  # pairs x features: a search with fewer of them is exhaustive from the start


class Pairs(NamedTuple):
    """Queries of a batch, each with a row to measure it against."""

    query: Tensor  # int64 (n_pairs,)
    row: Tensor  # int64 (n_pairs,)


class Measured(NamedTuple):
    """Pairs and their reduced distances."""

    pairs: Pairs
    reduced: Tensor  # float64 (n_pairs,)


def nothing_found(n_queries: int, k: int, device: torch.device) -> Found:
    """Returns infinite distances for queries none of which is certified."""
    return Found(
        torch.full((n_queries, k), float("inf"), dtype=torch.float64, device=device),
        torch.zeros((n_queries, k), dtype=torch.int64, device=device),
        torch.zeros(n_queries, dtype=torch.bool, device=device),
    )
