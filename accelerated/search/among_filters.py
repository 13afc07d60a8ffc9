"""The filters of a search among some rows, one for each of the ways that ``among`` chooses from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.filter import Batch, Filter, Found, Index, Measured, Pairs, nothing_found
from accelerated.search.memory import BYTES_OF_ALLOWED, BYTES_OF_FOUND, BYTES_OF_GAP
from accelerated.search.refine import kth_distance, measure, nearest, within
from accelerated.search.report import Clock
from accelerated.search.sizes import sizes_of
from accelerated.search.sparse_products import pairs_at_once
from accelerated.sparse_rows import Rows, SparseRows, to_dense
from knn_inputs.among import Allowed

MOST_QUERIES = 2**12  # in a batch, so that the progress bar moves


@dataclass(frozen=True)
class OfSome:
    """A filter of some rows, which are numbered as among all rows, ascending."""

    of_some: Filter
    numbers: Tensor  # int64 (n_allowed,)

    @property
    def metric(self) -> Metric:
        """Returns the metric of the filter."""
        return self.of_some.metric

    @property
    def name(self) -> str:
        """Returns the name of the filter."""
        return self.of_some.name

    @property
    def why(self) -> str:
        """Returns the reason for which the rule chooses the filter."""
        return self.of_some.why

    def finer(self) -> Sequence[Filter]:
        """Returns the finer filters of the same rows."""
        return [OfSome(finer, self.numbers) for finer in self.of_some.finer()]

    def batch_size(self, k: int, scratch: int) -> int:
        """Returns the number of queries that the filter takes."""
        return self.of_some.batch_size(k, scratch)

    def search(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Found:
        """Finds the nearest of the rows; ascending numbers keep the order of equal distances."""
        place = torch.searchsorted(self.numbers, batch.self_index.contiguous()).clamp_(max=len(self.numbers) - 1)
        place = torch.where(self.numbers[place] == batch.self_index, place, -1)
        found = self.of_some.search(batch._replace(self_index=place), k, scratch, clock)
        return found._replace(indices=self.numbers[found.indices])


@dataclass(frozen=True)
class Dropping:
    """Finds the nearest of all rows, and drops those that are not allowed."""

    of_all: Filter
    allowed: Allowed
    n_found: int  # rows to find for each query

    @property
    def metric(self) -> Metric:
        """Returns the metric of the filter."""
        return self.of_all.metric

    @property
    def name(self) -> str:
        """Returns the name of the filter of all rows, and how many it finds."""
        return f"{self.n_found} found by {self.of_all.name}"

    @property
    def why(self) -> str:
        """Returns the reason for which the rule chooses the filter."""
        return f"many rows are allowed, and {self.of_all.why}"

    def finer(self) -> Sequence[Filter]:
        """Returns nothing: ``choose_way`` has the filters that follow."""
        return []

    def batch_size(self, k: int, scratch: int) -> int:
        """Returns the number of queries that the filter takes in half of the bytes, if the other half holds answers."""
        if self.n_found < k:
            return 0
        half = scratch // 2
        return min(self.of_all.batch_size(self.n_found, half), half // (BYTES_OF_FOUND * self.n_found))

    def search(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Found:
        """Certifies a query if k of the rows that are found are allowed."""
        found = self.of_all.search(batch, self.n_found, scratch // 2, clock)
        reduced, indices, *_ = nothing_found(len(batch.queries), k, batch.queries.device)
        with clock.stage("drop"):
            is_allowed = torch.from_numpy(self._is_allowed(batch.numbers, found.indices.cpu().numpy()))
            is_allowed = is_allowed.to(batch.queries.device)
            so_far = is_allowed.cumsum(1)
            certified = found.certified & (so_far[:, -1] >= k)
            chosen = is_allowed & (so_far <= k) & certified[:, None]
            reduced[certified] = found.reduced[chosen].view(-1, k)
            indices[certified] = found.indices[chosen].view(-1, k)
        return Found(reduced, indices, certified, found.n_candidates)

    def _is_allowed(self, numbers: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Returns for each of the rows, (n_queries, n_found), whether the query in its line may choose it."""
        return self.allowed.contains_each(numbers.repeat(rows.shape[1]), rows.ravel()).reshape(rows.shape)


@dataclass(frozen=True)
class AllowedPairs:
    """Certifies every query, for every metric: measures it to all rows that it may choose."""

    metric: Metric
    rows: Rows  # (n_rows, n_features), prepared
    allowed: Allowed
    most_allowed: int  # rows of a query
    name = "exhaustive"
    why = "every query is measured to the rows that it may choose"

    @classmethod
    def of(cls, index: Index, allowed: Allowed) -> "AllowedPairs":
        """Returns the filter for the rows of an index."""
        return cls(index.metric, index.rows, allowed, int(allowed.counts().max()))

    def finer(self) -> Sequence[Filter]:
        """Returns nothing, because all queries are certified."""
        return []

    def batch_size(self, k: int, scratch: int) -> int:
        """Returns the number of queries whose pairs fit half of the bytes, at least one: its pairs may be divided."""
        return max(1, min(MOST_QUERIES, self._n_at_once(scratch) // max(1, self.most_allowed)))

    def _n_at_once(self, scratch: int) -> int:
        """Returns the number of pairs to measure and sort at once, which takes half of the bytes."""
        return max(1, scratch // 2 // BYTES_OF_ALLOWED)

    def search(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Found:
        """Measures the pairs; each query keeps its k nearest so far."""
        n_queries = len(batch.queries)
        reduced, indices, certified, _ = nothing_found(n_queries, k, self.rows.device)
        with clock.stage("exhaustive"):
            for measured in self.measured(batch, scratch):
                reduced, indices = nearest(_nearest_only(measured, n_queries, k), n_queries, k, (reduced, indices))
        return Found(reduced, indices, torch.ones_like(certified))

    def measured(self, batch: Batch, scratch: int) -> Iterator[Measured]:
        """Yields the pairs with some rows after those with earlier ones, each time sorted by (query, row)."""
        n_queries, n_rows, most = len(batch.queries), len(self.rows), self._n_at_once(scratch)
        n_at_once = n_rows if n_queries * self.most_allowed <= most else max(1, most // n_queries)
        most_gaps = self._most_gaps(batch, scratch)
        for start in range(0, n_rows, n_at_once):
            pairs = self._pairs(batch.numbers, start, min(start + n_at_once, n_rows))
            yield Measured(pairs, self._measure(batch, pairs, most_gaps))

    def _pairs(self, numbers: np.ndarray, start: int, stop: int) -> Pairs:
        """Returns each query, by its number, with the rows from start to stop that it may choose, ascending."""
        rows = [self.allowed.rows(i, start, stop) for i in numbers]
        query = np.repeat(np.arange(len(rows)), [len(some) for some in rows])
        return Pairs(*(torch.from_numpy(part).to(self.rows.device) for part in (query, np.concatenate(rows))))

    def _most_gaps(self, batch: Batch, scratch: int) -> int:
        """Returns how many differences of a query and a row in one feature to hold, in a quarter of the bytes."""
        if isinstance(self.rows, SparseRows) and self.metric.measure_sparse is not None:
            return pairs_at_once(self.rows.most_stored, batch.queries, scratch // 4) * self.rows.shape[1]
        return max(1, min(sizes_of(self.rows.device).gaps, scratch // (4 * BYTES_OF_GAP)))

    def _measure(self, batch: Batch, pairs: Pairs, most_gaps: int) -> Tensor:
        if self.metric.measure_pairs is not None:
            return measure(self.metric, self.rows, batch, pairs, most_gaps)
        each = torch.arange(len(batch.queries) + 1, device=self.rows.device)
        first = torch.searchsorted(pairs.query, each).tolist()
        reduced = torch.empty(len(pairs.query), dtype=torch.float64, device=self.rows.device)
        for i, (start, stop) in enumerate(pairwise(first)):
            query = to_dense(batch.queries[i : i + 1])
            for some in pairs.row[start:stop].split(self._rows_at_once(most_gaps)):
                reduced[start : start + len(some)] = self._measure_query(query, some)
                start += len(some)
        return reduced.masked_fill_(batch.self_index[pairs.query] == pairs.row, torch.inf)

    def _rows_at_once(self, most_gaps: int) -> int:
        """Returns how many rows a query is measured to at once: all of them, if they need not be made dense."""
        return len(self.rows) if isinstance(self.rows, Tensor) else max(1, most_gaps // self.rows.shape[1])

    def _measure_query(self, query: Tensor, numbers: Tensor) -> Tensor:
        """Returns the distances of a query, (1, n_features), to some rows, where only blocks are measured, (n,)."""
        if self.metric.select is not None:
            return self.metric.select(query, numbers)[0]
        return self.metric.measure_block(query, to_dense(self.rows[numbers]), 0, len(numbers))[0]


def _nearest_only(measured: Measured, n_queries: int, k: int) -> Measured:
    """Returns the pairs that are not farther than the k-th nearest of their query, in the same order."""
    pairs, reduced = measured
    first = torch.searchsorted(pairs.query, torch.arange(n_queries, device=reduced.device))
    place = torch.arange(len(reduced), device=reduced.device) - first[pairs.query]
    width = 1 + int(place.max()) if len(place) else 0
    if width <= k:
        return measured
    matrix = torch.full((n_queries, width), torch.inf, dtype=torch.float64, device=reduced.device)
    matrix[pairs.query, place] = reduced
    return within(measured, kth_distance(matrix, k))
