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
from dataclasses import replace

import numpy as np
import torch

from accelerated.metrics import Metric
from accelerated.search.among_filters import AllowedPairs, Dropping, OfSome
from accelerated.search.batches import Neighbors, search
from accelerated.search.exhaustive import Exhaustive
from accelerated.search.filter import Index
from accelerated.search.queries import Queries
from accelerated.search.report import Clock
from accelerated.search.rule import SMALL_SEARCH, make_index
from accelerated.search.sizes import sizes_of
from accelerated.sparse_rows import Rows, SparseRows
from knn_inputs.among import Allowed

# Queries from which on it pays to make an index of the rows: `python -m benchmarks.constants FEWEST_FOR_AN_INDEX`
FEWEST_FOR_AN_INDEX = 64
FOUND_NEXT = 4  # times as many rows, if too few were allowed: `python -m benchmarks.constants FOUND_NEXT`
# Pairs that take as long to measure as one row to find for dropping: `python -m benchmarks.constants PAIRS_PER_FOUND`
PAIRS_PER_FOUND = 6
# Rows that dropping excludes while one pair is measured: `python -m benchmarks.constants EXCLUDED_PER_PAIR`
EXCLUDED_PER_PAIR = 64
BYTES_OF_ROW = 80  # to find groups of equal rows, and of what a filter keeps besides the numbers of a row


BYTES_OF_STORED = 80  # a number of a sparse row and its column, as copied and as kept, and the scratch of a fit


def search_among(
    index: Index,
    queries: Queries,
    query_range: range,
    allowed: Allowed,
    k: int,
    *,
    memory_limit: int,
    progress: bool,
    clock: Clock,
) -> Neighbors:
    """Finds the k nearest of the rows that each query in a range may choose.

    A query that may choose among fewer than k rows has infinity and -1 at the end. Raises as ``search`` does.
    """
    n_queries, device = len(query_range), index.rows.device
    reduced = torch.full((n_queries, k), torch.inf, dtype=torch.float64, device=device)
    indices = torch.full((n_queries, k), -1, device=device)
    k = min(k, max(1, int(allowed.counts().max())))
    queries = queries._replace(are_alike=allowed.is_shared)
    way, left = choose_way(index, allowed, k, queries.n_self, n_queries, memory_limit)
    found = search(way, queries, query_range, k, memory_limit=left, progress=progress, clock=clock)
    reduced[:, :k], indices[:, :k] = found.reduced, found.indices
    return Neighbors(reduced, indices.masked_fill_(reduced == torch.inf, -1), found.report)


def choose_way(
    index: Index, allowed: Allowed, k: int, n_self: int, n_queries: int, memory_limit: int
) -> tuple[Index, int]:
    """Returns an index that finds the k nearest of the allowed rows, and the bytes of scratch that it leaves."""
    metric, rows = index.metric, index.rows
    counts = allowed.counts()
    is_indexed = allowed.is_shared and metric.measure_pairs is not None and counts[0] > 0
    if is_indexed and n_queries >= FEWEST_FOR_AN_INDEX:
        needed = index_bytes(metric, rows, allowed)
        if 2 * needed <= memory_limit:
            return _index_of_some(metric, rows, allowed, k, n_self, n_queries), memory_limit - needed
    pairs = AllowedPairs.of(index, allowed)
    n_found = n_to_find(k, len(rows), int(np.median(counts)))
    if len(index.filters) == 1 or are_few(counts, n_found, len(rows)):
        return index._replace(filters=[pairs], fewest_queries=1), memory_limit
    dropping = [Dropping(some, allowed, n_found) for some in index.filters[:-1]]
    wider = [replace(dropping[0], n_found=n) for n in [FOUND_NEXT * n_found] if n < len(rows)]
    return index._replace(filters=[*dropping, *wider, pairs], fewest_queries=1), memory_limit


def index_bytes(metric: Metric, rows: Rows, allowed: Allowed) -> int:
    """Returns the bytes of an index of the rows that all queries may choose, and of the scratch in which it is made.

    The rows are copied, and copied again if many of them are equal. For each number a filter keeps up to 8 bytes, for
    manhattan 20, for hamming 4 for each of up to 8 values (see ``NearestNeighbors``). Of sparse rows the filter keeps
    another copy.
    """
    n_allowed = int(allowed.counts()[0])
    if isinstance(rows, SparseRows):
        stored = np.diff(rows.matrix.indptr)[allowed.rows(0, 0, len(rows))].sum()
        return int(stored) * BYTES_OF_STORED + n_allowed * BYTES_OF_ROW + 8 * rows.shape[1]
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


def _index_of_some(metric: Metric, rows: Rows, allowed: Allowed, k: int, n_self: int, n_queries: int) -> Index:
    """Returns an index of the allowed rows, whose filters name rows by their numbers among all.

    A small search needs no filter, and a filter needs k rows besides the query itself.
    """
    numbers = torch.from_numpy(allowed.rows(0, 0, len(rows))).to(rows.device)
    some = rows[numbers]
    if n_queries * some.numel() < SMALL_SEARCH or k + n_self > len(numbers):
        return Index(metric, some, [OfSome(Exhaustive(metric, some), numbers)], 0)
    index = make_index(metric, some, k)
    return index._replace(filters=[OfSome(of_some, numbers) for of_some in index.filters])
