"""The finders for sparse rows: by bounds from products of sparse matrices, and by counts, which are the distances.

Memory is planned for all pairs of a batch, since a radius may reach every row. So no query has too many rows.
"""

from dataclasses import dataclass

import torch

from accelerated.metrics import Metric
from accelerated.search.filter import Batch, Measured, Pairs
from accelerated.search.refine import measure
from accelerated.search.report import Clock
from accelerated.search.sparse_counts import BYTES_OF_COUNT, SparseCountFilter
from accelerated.search.sparse_products import BYTES_OF_CELL, BYTES_OF_ENTRY, MOST_CELLS, SparseProductFilter
from accelerated.search.within.near import Reached, keep_within, leave_out

BYTES_OF_LEFT = 12 * 8  # a pair that is not excluded: its numbers, the query's own, distance and radius, and copies


@dataclass(frozen=True)
class SparseProductFinder:
    """Certifies all queries: a row whose bound is above the threshold for the radius is too far."""

    of: SparseProductFilter
    name = "sparse"

    @property
    def metric(self) -> Metric:
        """Returns the metric of the search."""
        return self.of.metric

    def batch_size(self, scratch: int) -> int:
        """Returns the number of queries whose pairs take half of the scratch; to measure some takes the rest."""
        n_rows, n_features = self.of.rows.shape
        if scratch // 2 < BYTES_OF_ENTRY * (self.of.most_stored + n_features):
            return 0
        return min(max(1, MOST_CELLS // n_rows), scratch // 2 // ((BYTES_OF_CELL + BYTES_OF_LEFT) * n_rows))

    def find(self, batch: Batch, most: int, scratch: int, clock: Clock) -> Reached:
        """Measures the rows with low bounds."""
        assert batch.radii is not None
        with clock.stage("multiply"):
            bounds = self.of.bounds(batch.queries)
        with clock.stage("exclude"):
            threshold = self.of.threshold(self.metric.to_reduced(batch.radii), batch.queries)
            pairs = leave_out(Pairs(*(bounds <= threshold[:, None]).nonzero(as_tuple=True)), batch)
        with clock.stage("refine"):
            reduced = measure(self.metric, self.of.rows, batch, pairs, self.of.most_gaps(batch.queries, scratch))
            within = keep_within(self.metric, batch, Measured(pairs, reduced))
        return Reached([within], torch.ones(len(batch.queries), dtype=torch.bool, device=bounds.device))


@dataclass(frozen=True)
class SparseCountFinder:
    """Certifies all queries of 0 and 1, for jaccard and hamming."""

    of: SparseCountFilter
    name = "sparse"

    @property
    def metric(self) -> Metric:
        """Returns the metric of the search."""
        return self.of.metric

    def batch_size(self, scratch: int) -> int:
        """Returns the number of queries whose distances to all rows fit the scratch."""
        n_rows = len(self.of.rows)
        return min(max(1, MOST_CELLS // n_rows), scratch // ((BYTES_OF_COUNT + BYTES_OF_LEFT) * n_rows))

    def find(self, batch: Batch, most: int, scratch: int, clock: Clock) -> Reached:
        """Counts, divides, and compares."""
        assert batch.radii is not None
        with clock.stage("multiply"):
            reduced = torch.from_numpy(self.of.distances(batch.queries))
        with clock.stage("exclude"):
            limit = self.metric.to_reduced(batch.radii)[:, None]
            pairs = leave_out(Pairs(*(reduced <= limit).nonzero(as_tuple=True)), batch)
            within = keep_within(self.metric, batch, Measured(pairs, reduced[pairs.query, pairs.row]))
        return Reached([within], self.of.is_counted(batch.queries))
