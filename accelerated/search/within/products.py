"""The finder by a product of matrices: a row whose bound is above the threshold for the radius is too far.

A query whose bounds leave too many rows is tried again with fewer queries at once, for which there is room for more
rows.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.multiply import above_thresholds, ceiling
from accelerated.search.bounds.protocol import EncodedQueries
from accelerated.search.filter import Batch, Measured, Pairs
from accelerated.search.memory import ProductPlan, most_kept
from accelerated.search.product_filter import ProductFilter
from accelerated.search.refine import measure
from accelerated.search.report import Clock
from accelerated.search.room import Room
from accelerated.search.within.near import Reached, count, keep_within, leave_out

MANY_SHARE = 16  # a query of a batch of fewer may keep four times 1 / 16 of the rows of a block


@dataclass(frozen=True)
class ProductFinder:
    """Certifies queries that have few rows within their radius."""

    of: ProductFilter
    k: int = 1  # memory is planned as for the k nearest

    @property
    def metric(self) -> Metric:
        """Returns the metric of the search."""
        return self.of.metric

    @property
    def name(self) -> str:
        """Returns the name of the filter, and whether its batches are small."""
        return self.of.name if self.k == 1 else f"{self.of.name}, many rows"

    def for_many(self) -> "ProductFinder":
        """Returns a finder for queries that have many rows within their radius, in smaller batches."""
        return replace(self, k=max(1, len(self.of.rows) // MANY_SHARE))

    def batch_size(self, scratch: int) -> int:
        """Returns the number of queries whose bounds fit the limit; 0 if products are not as precise as promised."""
        return self.of.batch_size(self.k, scratch)

    def find(self, batch: Batch, most: int, scratch: int, clock: Clock) -> Reached:
        """Searches block after block."""
        assert batch.radii is not None
        n_queries, device = len(batch.queries), self.of.rows.device
        plan, parts = self.of.plan_for(n_queries, self.k, scratch), []
        if n_queries > plan.n_queries:  # torch's settings were changed since ``batch_size``
            return Reached([], torch.zeros(n_queries, dtype=torch.bool, device=device))
        with clock.stage("encode"):
            encoded = self.of.encode_queries(batch.queries)
            threshold = self._thresholds(batch, encoded, plan)
        certified = encoded.certifiable & (threshold < above_thresholds(plan.out_dtype))
        room = batch.room or Room(device)
        for start in range(0, len(self.of.rows), plan.block_rows):
            if not bool(certified.any()):
                break
            part, certified = self._find_in_block(start, certified, threshold, batch, encoded, plan, room, clock)
            parts.append(part)
            certified &= count(parts, n_queries, device) <= most
        return Reached(parts, certified)

    def _thresholds(self, batch: Batch, encoded: EncodedQueries, plan: ProductPlan) -> Tensor:
        """Returns thresholds in the type of the bounds: a row with a bound above is farther than the radius."""
        assert batch.radii is not None
        limit = self.metric.to_reduced(batch.radii)
        return ceiling(self.of.bound.threshold(limit, batch.queries, encoded), plan.out_dtype)

    def _find_in_block(
        self,
        start: int,
        certified: Tensor,
        threshold: Tensor,
        batch: Batch,
        encoded: EncodedQueries,
        plan: ProductPlan,
        room: Room,
        clock: Clock,
    ) -> tuple[Measured, Tensor]:
        """Returns the pairs within the radius in the block of rows from ``start``, and which queries have all."""
        minima = self.of.multiply_block(start, encoded, plan, room, clock)
        with clock.stage("exclude"):
            kept = minima.descend(threshold, certified & minima.is_precise, most_kept(plan.block_rows, self.k))
            pairs = leave_out(Pairs(kept.pairs.query, kept.pairs.row + start), batch)
        with clock.stage("refine"):
            reduced = measure(self.metric, self.of.rows, batch, pairs, plan.most_gaps)
            within = keep_within(self.metric, batch, Measured(pairs, reduced))
        return within, certified & minima.is_precise & kept.is_complete
