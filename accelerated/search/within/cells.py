"""The finder by cells, for rows in clusters: a cell whose rows are all farther than the radius is not looked at."""

from dataclasses import dataclass

from accelerated.metrics import Metric
from accelerated.search.cells import CellFilter
from accelerated.search.filter import Batch, Measured
from accelerated.search.refine import measure
from accelerated.search.report import Clock
from accelerated.search.within.near import Reached, count, keep_within, leave_out


@dataclass(frozen=True)
class CellFinder:
    """Certifies queries that have few rows within their radius."""

    of: CellFilter
    name = "cells"

    @property
    def metric(self) -> Metric:
        """Returns the metric of the search."""
        return self.of.metric

    @property
    def fewest_for_a_worker(self) -> int:
        """Returns the number of queries that are worth a worker of their own."""
        return self.of.fewest_for_a_worker

    def batch_size(self, scratch: int) -> int:
        """Returns the number of queries whose pairs fit the limit; 0 if products are not as precise as promised."""
        return self.of.batch_size(1, scratch)

    def find(self, batch: Batch, most: int, scratch: int, clock: Clock) -> Reached:
        """Measures the pairs that no bound excludes."""
        assert batch.radii is not None
        limit = self.metric.to_reduced(batch.radii)
        with clock.stage("encode"):
            bounded = self.of.bounds_of(batch.queries)
        with clock.stage("exclude"):
            kept = self.of.pairs_within(limit, batch.queries, bounded, 1, scratch)
            pairs = leave_out(kept.pairs, batch)
        with clock.stage("refine"):
            reduced = measure(self.metric, self.of.rows, batch, pairs, self.of.most_gaps(scratch))
            parts = [keep_within(self.metric, batch, Measured(pairs, reduced))]
        n_found = count(parts, len(batch.queries), pairs.row.device)
        return Reached(parts, kept.is_complete & (n_found <= most))
