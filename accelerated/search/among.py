"""The search among some rows: those that a query is allowed to choose.

No filter knows which rows are allowed, and no bound depends on it. So there are three ways to search:

index    If all queries share one set of rows, an index of these rows alone is made for the call, and searched.
dropping More than k neighbours are searched among all rows, and those that are not allowed are dropped. The first k of
         the others are certified: a row that was not found comes after all that were found, and so after these k.
pairs    Each query is measured to each row that it may choose.

``choose_way`` chooses by the numbers of queries and rows; it changes the time of a search, not its answer. Pairs take
the queries that dropping does not certify.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.batches import search
from accelerated.search.exhaustive import Exhaustive
from accelerated.search.filter import Batch, Filter, Found, Index, Measured, Pairs, nothing_found
from accelerated.search.memory import BYTES_OF_ALLOWED, BYTES_OF_FOUND, BYTES_OF_GAP
from accelerated.search.product_filter import sizes_of
from accelerated.search.queries import Queries
from accelerated.search.refine import kth_distance, measure, nearest
from accelerated.search.report import Clock
from accelerated.search.rule import SMALL_SEARCH, make_index
from knn_inputs.among import Allowed

# Queries from which on it pays to make an index of the rows: `python -m benchmarks.constants FEWEST_FOR_AN_INDEX`
FEWEST_FOR_AN_INDEX = 64
FOUND_NEXT = 4  # times as many rows, if too few were allowed: `python -m benchmarks.constants FOUND_NEXT`
# Pairs that take as long to measure as one row to find for dropping: `python -m benchmarks.constants PAIRS_PER_FOUND`
PAIRS_PER_FOUND = 6
# Rows that dropping excludes while one pair is measured: `python -m benchmarks.constants EXCLUDED_PER_PAIR`
EXCLUDED_PER_PAIR = 64
BYTES_OF_ROW = 80  # to find groups of equal rows, and of what a filter keeps besides the numbers of a row
MOST_QUERIES = 2**12  # in a batch, so that the progress bar moves


def search_among(
    index: Index, queries: Queries, allowed: Allowed | None, k: int, *, memory_limit: int, progress: bool, clock: Clock
) -> tuple[Tensor, Tensor]:
    """Returns the k nearest of the rows that each query may choose, reduced distances and indices (n_queries, k).

    None allows all rows. A query that may choose among fewer than k rows has infinity and -1 at the end. Raises as
    ``search`` does.
    """
    n_queries, n_rows = len(queries.X), len(index.rows)
    reduced = torch.full((n_queries, k), torch.inf, dtype=torch.float64, device=index.rows.device)
    indices = torch.full((n_queries, k), -1, device=index.rows.device)
    allowed = Allowed(np.ones((1, n_rows), dtype=bool), n_rows) if allowed is None else allowed
    k = min(k, int(allowed.counts().max()))
    if k:
        queries = queries._replace(are_alike=allowed.is_shared)
        way, left = choose_way(index, allowed, k, queries.n_self, n_queries, memory_limit)
        found = search(way, queries, range(n_queries), k, memory_limit=left, progress=progress, clock=clock)
        reduced[:, :k], indices[:, :k] = found.reduced, found.indices
    return reduced, indices.masked_fill_(reduced == torch.inf, -1)


def choose_way(
    index: Index, allowed: Allowed, k: int, n_self: int, n_queries: int, memory_limit: int
) -> tuple[Index, int]:
    """Returns an index that finds the k nearest of the allowed rows, and the bytes of scratch that it leaves."""
    metric, rows = index.metric, index.rows
    assert isinstance(rows, Tensor)  # sparse ones are refused before
    counts = allowed.counts()
    if allowed.is_shared and metric.measure_pairs is not None and n_queries >= FEWEST_FOR_AN_INDEX:
        needed = index_bytes(metric, int(counts[0]), rows)
        if 2 * needed <= memory_limit:
            return _index_of_some(metric, rows, allowed, k, n_self, n_queries), memory_limit - needed
    pairs = AllowedPairs.of(index, allowed)
    n_found = n_to_find(k, len(rows), int(np.median(counts)))
    if len(index.filters) == 1 or are_few(counts, n_found, len(rows)):
        return index._replace(filters=[pairs]), memory_limit
    dropping = [Dropping(some, allowed, n_found) for some in index.filters[:-1]]
    wider = [replace(dropping[0], n_found=n) for n in [FOUND_NEXT * n_found] if n < len(rows)]
    return index._replace(filters=[*dropping, *wider, pairs]), memory_limit


def index_bytes(metric: Metric, n_allowed: int, rows: Tensor) -> int:
    """Returns the bytes of an index of so many rows, and of the scratch in which it is made.

    The rows are copied, and copied again if many of them are equal. For each number a filter keeps up to 8 bytes, for
    manhattan 20, for hamming 4 for each of up to 8 values (see ``NearestNeighbors``).
    """
    kept = 8 if metric.radius is not None else 32
    return 2 * sizes_of(rows.device).encoding + n_allowed * (rows.shape[1] * (2 * rows.itemsize + kept) + BYTES_OF_ROW)


def are_few(counts: np.ndarray, n_found: int, n_rows: int) -> bool:
    """Tells whether measuring all allowed rows takes less time than finding ``n_found`` of all rows.

    Finding none is to exclude rows by bounds alone, as a search within a radius does.
    """
    return float(np.median(counts)) <= PAIRS_PER_FOUND * n_found + n_rows / EXCLUDED_PER_PAIR


def n_to_find(k: int, n_rows: int, n_allowed: int) -> int:
    """Returns how many of all rows to find, so that k of them are probably allowed, at most all but one.

    If a share s is allowed, whatever their distance, n rows have n s allowed ones on average, with a variance of
    n s (1 - s). For n = (k + 3 sqrt(k (1 - s)) + 1) / s that is more than three times the standard deviation above k.

    >>> n_to_find(10, n_rows=1000, n_allowed=990), n_to_find(10, n_rows=1000, n_allowed=300)
    (13, 64)
    """
    share = max(1, n_allowed) / n_rows
    return min(n_rows - 1, math.ceil((k + 3 * math.sqrt(k * (1 - share)) + 1) / share))


def _index_of_some(metric: Metric, rows: Tensor, allowed: Allowed, k: int, n_self: int, n_queries: int) -> Index:
    """Returns an index of the allowed rows, whose filters name rows by their numbers among all.

    A small search needs no filter, and a filter needs k rows besides the query itself.
    """
    numbers = torch.from_numpy(allowed.rows(0, 0, len(rows))).to(rows.device)
    some = rows[numbers]
    if n_queries * some.numel() < SMALL_SEARCH or k + n_self > len(numbers):
        return Index(metric, some, [OfSome(Exhaustive(metric, some), numbers)], 0)
    index = make_index(metric, some, k)
    return index._replace(filters=[OfSome(of_some, numbers) for of_some in index.filters])


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
    rows: Tensor  # (n_rows, n_features), prepared
    allowed: Allowed
    most_allowed: int  # rows of a query
    name = "exhaustive"
    why = "every query is measured to the rows that it may choose"

    @classmethod
    def of(cls, index: Index, allowed: Allowed) -> "AllowedPairs":
        """Returns the filter for the rows of an index."""
        assert isinstance(index.rows, Tensor)  # sparse ones are refused before
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
        most_gaps = max(1, min(sizes_of(self.rows.device).gaps, scratch // (4 * BYTES_OF_GAP)))
        for start in range(0, n_rows, n_at_once):
            pairs = self._pairs(batch.numbers, start, min(start + n_at_once, n_rows))
            yield Measured(pairs, self._measure(batch, pairs, most_gaps))

    def _pairs(self, numbers: np.ndarray, start: int, stop: int) -> Pairs:
        """Returns each query, by its number, with the rows from start to stop that it may choose, ascending."""
        rows = [self.allowed.rows(i, start, stop) for i in numbers]
        query = np.repeat(np.arange(len(rows)), [len(some) for some in rows])
        return Pairs(*(torch.from_numpy(part).to(self.rows.device) for part in (query, np.concatenate(rows))))

    def _measure(self, batch: Batch, pairs: Pairs, most_gaps: int) -> Tensor:
        if self.metric.measure_pairs is not None:
            return measure(self.metric, self.rows, batch, pairs, most_gaps)
        each = torch.arange(len(batch.queries) + 1, device=self.rows.device)
        first = torch.searchsorted(pairs.query, each).tolist()
        reduced = torch.empty(len(pairs.query), dtype=torch.float64, device=self.rows.device)
        for i, (start, stop) in enumerate(pairwise(first)):
            query, some = batch.queries[i : i + 1], pairs.row[start:stop]
            reduced[start:stop] = self.metric.measure_rows(query, self.rows, some)[0]
        return reduced.masked_fill_(batch.self_index[pairs.query] == pairs.row, torch.inf)


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
    keep = reduced <= kth_distance(matrix, k)[pairs.query]
    return Measured(Pairs(pairs.query[keep], pairs.row[keep]), reduced[keep])
