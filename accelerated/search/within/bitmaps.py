"""The finder by bitmaps, for Chebyshev distances in many features: the radius is the limit of every block."""

from dataclasses import dataclass

import torch

from accelerated.metrics import Metric
from accelerated.search.bitmaps import BitmapFilter, most_gaps, most_in_block, rows_of
from accelerated.search.filter import Batch, Measured, Pairs
from accelerated.search.refine import measure
from accelerated.search.report import Clock
from accelerated.search.within.near import Reached, count, keep_within, leave_out


@dataclass(frozen=True)
class BitmapFinder:
    """Certifies queries that have few rows within their radius."""

    of: BitmapFilter
    name = "bitmaps"

    @property
    def metric(self) -> Metric:
        """Returns the metric of the search."""
        return self.of.metric

    def batch_size(self, scratch: int) -> int:
        """Returns the number of queries whose words and rows fit the limit."""
        return self.of.batch_size(1, scratch)

    def find(self, batch: Batch, most: int, scratch: int, clock: Clock) -> Reached:
        """Searches block after block; bitmaps tell which rows are nearer than the next number above the radius."""
        assert batch.radii is not None
        n_queries, device = len(batch.queries), self.of.rows.device
        limit, parts = torch.nextafter(batch.radii, torch.full_like(batch.radii, torch.inf)), []
        certified = torch.ones(n_queries, dtype=torch.bool, device=device)
        for block in self.of.blocks:
            with clock.stage("exclude"):
                words = self.of.combine(block, batch.queries, limit)
                words[~certified] = 0
                pairs, is_complete = rows_of(words, most_in_block(block.n_rows, 1))
                pairs = leave_out(Pairs(pairs.query, pairs.row + block.start), batch)
            with clock.stage("refine"):
                reduced = measure(self.metric, self.of.rows, batch, pairs, most_gaps(scratch))
                parts.append(keep_within(self.metric, batch, Measured(pairs, reduced)))
            certified &= is_complete & (count(parts, n_queries, device) <= most)
        return Reached(parts, certified)
