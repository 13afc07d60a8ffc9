"""The filter protocol and its types: a batch of queries goes in; neighbours and the certified queries come out."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.report import Clock
from accelerated.search.room import Room
from accelerated.sparse_rows import Rows
from knn_inputs.among import Allowed


class Batch(NamedTuple):
    """Queries that are searched together."""

    queries: Any  # float64 (n_queries, n_features), prepared for the metric: a Tensor, or SparseRows if the rows are
    self_index: Tensor  # int64 (n_queries,): the number of the row that the query is, which is left out; -1 if none
    n_self: int  # rows left out for each query: 1 if the queries are rows themselves, else 0
    numbers: np.ndarray  # int64 (n_queries,), the numbers of the queries
    radii: Tensor | None = None  # float64 (n_queries,), in a search within a radius
    only_later: bool = False  # whether rows up to the query's own are left out, too
    allowed: Allowed | None = None  # the rows that each query, by its number, may find within its radius; None: all
    limits: Tensor | None = None  # float64 (n_queries,): only rows up to these reduced distances must be found
    room: Room | None = None  # memory that this thread used for an earlier batch of the search


class Found(NamedTuple):
    """The neighbours of a batch; those of a query that is not certified may be wrong.

    Where a batch has limits, rows beyond them may be missing, with infinity in their places at the end.
    """

    reduced: Tensor  # float64 (n_queries, k), in ascending order
    indices: Tensor  # int64 (n_queries, k), the numbers of the rows
    certified: Tensor  # bool (n_queries,)
    n_candidates: int = 0  # pairs that the filter left to be measured exactly


class Answer(Protocol):
    """Rows that were found for the queries of a batch."""

    @property
    def certified(self) -> Tensor: ...


Found_co = TypeVar("Found_co", bound=Answer, covariant=True)


class Searcher(Protocol[Found_co]):
    """Searches a batch, and says which queries are certified.

    It may name the queries that are worth a worker of their own, ``fewest_for_a_worker``, if they are more than usual.
    """

    @property
    def metric(self) -> Metric: ...

    @property
    def name(self) -> str: ...

    def batch_size(self, k: int, scratch: int) -> int:
        """The number of queries to search together within so many bytes of scratch; 0 if it cannot be used."""
        ...

    def search(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Found_co:
        """Searches at most ``batch_size(k, scratch)`` queries."""
        ...


class Filter(Searcher[Found], Protocol):
    """Finds the nearest rows of a batch."""

    @property
    def why(self) -> str:
        """The reason for which the rule chooses the filter."""
        ...

    def finer(self) -> Sequence["Filter"]:
        """All filters that follow this one if it is the first, the cheapest first."""
        ...


class Index(NamedTuple):
    """The rows, prepared for a metric, and the filters that search them."""

    metric: Metric
    rows: Rows  # (n_rows, n_features), float64, or float32 where the rows are kept as given and it holds them
    filters: list[Filter]  # in the order in which they take the queries; the last is exhaustive and certifies all
    smallest_search: int  # pairs x features: a search with fewer of them is exhaustive from the start
    fewest_queries: int = 1  # and so is a search with fewer queries

    def is_small(self, n_queries: int) -> bool:
        """Tells whether a search of so many queries is exhaustive from the start."""
        return n_queries < self.fewest_queries or n_queries * self.rows.numel() < self.smallest_search


class Pairs(NamedTuple):
    """Queries of a batch, each with a row to measure it against."""

    query: Tensor  # int64 (n_pairs,), the number of the query in the batch
    row: Tensor  # int64 (n_pairs,), the number of the row


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
