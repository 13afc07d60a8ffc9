"""The exhaustive search, right by construction: it measures every pair, block by block, and keeps the k nearest.

The full matrix of distances never exists. Each query carries its k nearest rows so far, sorted by (reduced distance,
training index). The distances of the next block of rows are appended to them, and the k least of both are kept. Blocks
come in order, so of equal distances the leftmost has the lowest training index: keeping the leftmost is the tie rule.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.filter import Batch, Filter, Found
from accelerated.search.memory import block_shape, one_query_bytes
from accelerated.search.near_rows import NearRows
from accelerated.search.report import Clock
from accelerated.search.smallest import smallest, smallest_of_line
from accelerated.sparse_rows import Rows, SparseRows, to_dense

MOST_ONE_BY_ONE = 4  # queries that are measured in NumPy: `python -m benchmarks.constants MOST_ONE_BY_ONE`
GAPS_IN_CACHE = 2**16  # differences in one feature at once, for them: `python -m benchmarks.constants GAPS_IN_CACHE`
MOST_QUERIES = 2**14  # in a batch, so that the progress bar moves; on a CPU ``block_shape`` mostly allows fewer


@dataclass(frozen=True)
class Exhaustive:
    """Certifies every query, for every metric."""

    metric: Metric
    rows: Rows  # (n_rows, n_features), prepared
    why: str = "every pair is measured"
    near: NearRows | None = None  # excludes rows of few queries
    name = "exhaustive"

    def batch_size(self, k: int, scratch: int) -> int:
        """Returns the number of queries to measure together against a block of rows."""
        return self._block_shape(MOST_QUERIES, k, scratch)[0]

    def _block_shape(self, n_queries: int, k: int, scratch: int) -> tuple[int, int]:
        n_rows, n_features = self.rows.shape
        return block_shape(n_queries, n_rows, n_features, k, scratch, self.rows.device.type)

    def search(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Found:
        """Measures each query against all rows, or few queries against the rows that may be near."""
        if self.near is not None and len(batch.queries) <= self.near.most_queries:
            found = self._search_near(self.near, batch, k, scratch, clock)
            if found is not None:
                return found
        if self._may_go_one_by_one(batch.queries.shape[0], scratch):
            with clock.stage("exhaustive"):
                return self._search_one_by_one(batch, k)
        queries, n_rows = to_dense(batch.queries), len(self.rows)
        _, block_rows = self._block_shape(len(queries), k, scratch)
        reduced = torch.empty((len(queries), 0), dtype=torch.float64, device=queries.device)
        indices = reduced.to(torch.int64)
        with clock.stage("exhaustive"):
            for start in range(0, n_rows, block_rows):
                stop = min(start + block_rows, n_rows)
                rows, first = self.open_block(start, stop)
                of_block = self.metric.measure_block(queries, rows, start - first, stop - first)
                if batch.n_self:
                    of_block = _without_self(of_block, batch.self_index, start)
                reduced, indices = _merge(reduced, indices, of_block, start, k)
        return Found(reduced, indices, torch.ones(len(queries), dtype=torch.bool, device=queries.device))

    def _search_near(self, near: NearRows, batch: Batch, k: int, scratch: int, clock: Clock) -> Found | None:
        """Searches few queries, and measures those that are not certified alone; returns None if none is certified."""
        with clock.stage("exclude"):
            found = near.search(batch, k, scratch)
        left = (~found.certified).nonzero()[:, 0]
        if not len(left):
            return found
        if len(left) == len(batch.queries):
            return None
        some = batch._replace(queries=batch.queries[left], self_index=batch.self_index[left])
        measured = replace(self, near=None).search(some, k, scratch, clock)
        reduced = found.reduced.index_copy(0, left, measured.reduced)
        indices = found.indices.index_copy(0, left, measured.indices)
        return Found(reduced, indices, torch.ones_like(found.certified), found.n_candidates)

    def open_block(self, start: int, stop: int) -> tuple[Tensor, int]:
        """Returns a tensor that holds the rows from start to stop, and the number of its first row."""
        if isinstance(self.rows, SparseRows):
            return to_dense(self.rows[start:stop]), start
        return self.rows, 0

    def _may_go_one_by_one(self, n_queries: int, scratch: int) -> bool:
        n_rows, n_features = self.rows.shape
        return (
            n_queries <= MOST_ONE_BY_ONE
            and self.metric.measure_in_numpy is not None
            and isinstance(self.rows, Tensor)
            and self.rows.device.type == "cpu"
            and one_query_bytes(n_rows, n_features, GAPS_IN_CACHE) <= scratch
        )

    @np.errstate(under="ignore")  # torch does not heed NumPy's settings either
    def _search_one_by_one(self, batch: Batch, k: int) -> Found:
        """Measures one query after the other against all rows, in NumPy and in this thread."""
        assert isinstance(self.rows, Tensor)
        queries, rows, own = batch.queries.numpy(), self.rows.numpy(), batch.self_index.numpy()
        reduced, indices = np.empty((len(queries), k)), np.empty((len(queries), k), dtype=np.int64)
        for i, query in enumerate(queries):
            of_query = self._measure_one(query, rows)
            if own[i] >= 0:
                of_query[own[i]] = np.inf
            indices[i] = nearest = smallest_of_line(of_query, k)
            reduced[i] = of_query[nearest]
        certified = torch.from_numpy(np.ones(len(queries), dtype=bool))
        return Found(torch.from_numpy(reduced), torch.from_numpy(indices), certified)

    def _measure_one(self, query: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Returns the reduced distances of a query to all rows, (n_rows,), some of which are measured at once."""
        assert self.metric.measure_in_numpy is not None
        n_at_once = max(1, GAPS_IN_CACHE // len(query))
        if n_at_once >= len(rows):
            return self.metric.measure_in_numpy(query, rows)
        parts = range(0, len(rows), n_at_once)
        return np.concatenate([self.metric.measure_in_numpy(query, rows[start : start + n_at_once]) for start in parts])

    def finer(self) -> list[Filter]:
        """Returns nothing, because all queries are certified."""
        return []


def _without_self(reduced: Tensor, self_index: Tensor, first_row: int) -> Tensor:
    """Sets each query's distance to itself to infinity, in place, and returns the distances, (n_queries, n_rows)."""
    column = self_index - first_row
    in_block = (column >= 0) & (column < reduced.shape[1])
    column = column.clamp(0, reduced.shape[1] - 1)[:, None]
    unchanged = reduced.gather(1, column)
    return reduced.scatter_(1, column, torch.where(in_block[:, None], torch.inf, unchanged))


def _merge(reduced: Tensor, indices: Tensor, of_block: Tensor, first_row: int, k: int) -> tuple[Tensor, Tensor]:
    """Returns the k nearest rows of those so far, (n_queries, up to k), and of a block that starts at ``first_row``."""
    if not first_row:
        positions = smallest(of_block, min(k, of_block.shape[1]))
        return of_block.gather(1, positions), positions
    block_indices = torch.arange(first_row, first_row + of_block.shape[1], device=reduced.device).expand_as(of_block)
    reduced = torch.cat([reduced, of_block], 1)
    indices = torch.cat([indices, block_indices], 1)
    positions = smallest(reduced, min(k, reduced.shape[1]))
    return reduced.gather(1, positions), indices.gather(1, positions)
