"""The filter by products in short blocks, for queries with limits from the search of other rows.

Nothing is guessed there, and no block has to be measured before the next one is multiplied. So blocks are so short that
their bounds are still in a core's cache when the low ones are looked up, and the pairs that many blocks leave are
measured together: when there are as many as neighbours are wanted, because then the k-th distances may come down.

A query whose limit leaves too many rows of a block is not certified: the next filter, by the same bounds, guesses.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.block_minima import LANES, product_width
from accelerated.search.bounds.multiply import above_thresholds, ceiling, has_witness
from accelerated.search.bounds.protocol import EncodedQueries
from accelerated.search.filter import Batch, Filter, Found, Measured, Pairs, nothing_found
from accelerated.search.memory import ProductPlan, most_kept, product_bytes
from accelerated.search.product_filter import ProductFilter
from accelerated.search.refine import measure, nearest
from accelerated.search.report import Clock
from accelerated.search.room import Room
from accelerated.search.sizes import CPU_SIZES

SHORT_BLOCK = 2**13  # rows: `python -m benchmarks.constants SHORT_BLOCK`


@dataclass(frozen=True)
class ShortBlocks:
    """Certifies queries with limits by the bounds of ``of``, on a CPU."""

    of: ProductFilter

    @property
    def metric(self) -> Metric:
        """Returns the metric of the filter."""
        return self.of.metric

    @property
    def name(self) -> str:
        """Returns the name by which ``search_report`` calls the filter."""
        return self.of.name

    @property
    def why(self) -> str:
        """Returns the reason for which the rule chooses the filter."""
        return self.of.why

    def finer(self) -> Sequence[Filter]:
        """Returns the filters that follow: the first of them makes the same bounds, and guesses."""
        return [self.of, *self.of.finer()]

    def batch_size(self, k: int, scratch: int) -> int:
        """Returns the number of queries whose bounds fit the limit; 0 if the filter may not be used."""
        return self._plan(k, scratch).n_queries if self.of.batch_size(k, scratch) else 0

    def _plan(self, k: int, scratch: int) -> ProductPlan:
        """Returns how much to do at once within the scratch.

        It counts as for blocks of ``CPU_SIZES.rows``. When a block is multiplied, fewer than k pairs for each query
        wait, and these take less than the bounds and pairs that a longer block would have.
        """
        plan, width = self.of.plan_for(1, k, scratch), CPU_SIZES.queries
        while n_queries := width - has_witness(self.of.bound.dtype):
            plan = plan._replace(n_queries=n_queries, block_rows=CPU_SIZES.rows)
            width_of_product = product_width(n_queries, self.of.bound.dtype, self.of.rows.device)
            if product_bytes(plan, k, width_of_product, n_queries, self.of.bound.encoding_bytes) <= scratch:
                break
            width = width // 2 if width > LANES else 0
        return plan._replace(n_queries=max(0, n_queries), block_rows=SHORT_BLOCK)

    def search(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Found:
        """Searches block after block; pairs are measured when there are many, and at the end.

        Certifies nothing without limits, and gives up when no query is certified any more.
        """
        plan, n_queries, n_rows = self._plan(k, scratch), len(batch.queries), len(self.of.rows)
        nothing = nothing_found(n_queries, k, self.of.rows.device)
        if batch.limits is None or n_queries > plan.n_queries:
            return nothing
        with clock.stage("encode"):
            encoded = self.of.encode_queries(batch.queries)
        found = nothing._replace(certified=encoded.certifiable)
        threshold = self._threshold(found, batch, encoded, plan)
        room, waiting = batch.room or Room(self.of.rows.device), list[Pairs]()
        most_tied = None if encoded.is_exact is None else torch.where(encoded.is_exact, k + batch.n_self, SHORT_BLOCK)
        for start in range(0, n_rows, SHORT_BLOCK):
            minima = self.of.multiply_block(start, encoded, plan, room, clock)
            with clock.stage("exclude"):
                certified = found.certified & minima.is_precise & (threshold < above_thresholds(plan.out_dtype))
                kept = minima.descend(threshold, certified, most_kept(CPU_SIZES.rows, k), most_tied)
                found = found._replace(certified=certified & kept.is_complete)
                waiting.append(Pairs(kept.pairs.query, kept.pairs.row + start))
            if not bool(found.certified.any()):
                return nothing
            if start + SHORT_BLOCK >= n_rows or sum(len(pairs.row) for pairs in waiting) >= k * n_queries:
                found, waiting = self._measure(waiting, found, batch, plan, clock), []
                threshold = self._threshold(found, batch, encoded, plan)
        return found

    def _threshold(self, found: Found, batch: Batch, encoded: EncodedQueries, plan: ProductPlan) -> Tensor:
        """Returns the threshold of each query for its limit, or for its k-th distance so far if that is lower."""
        assert batch.limits is not None
        kth = found.reduced[:, -1].minimum(batch.limits)
        return ceiling(self.of.bound.threshold(kth, batch.queries, encoded), plan.out_dtype)

    def _measure(self, waiting: list[Pairs], found: Found, batch: Batch, plan: ProductPlan, clock: Clock) -> Found:
        """Returns the nearest rows of those found so far and of the pairs that wait, which are in the order of rows."""
        with clock.stage("refine"):
            query, row = (torch.cat(some) for some in zip(*waiting, strict=True))
            query, order = query.sort(stable=True)
            pairs = Pairs(query, row[order])
            measured = Measured(pairs, measure(self.metric, self.of.rows, batch, pairs, plan.most_gaps))
            closest = nearest(measured, len(batch.queries), found.reduced.shape[1], (found.reduced, found.indices))
        return Found(*closest, found.certified, found.n_candidates + len(query))


def in_short_blocks(filters: Sequence[Filter]) -> list[Filter]:
    """Returns the filters, after one in short blocks if the first makes products with rows that it keeps, on a CPU."""
    first = filters[0]
    if isinstance(first, ProductFilter) and first.kept is not None and first.rows.device.type == "cpu":
        return [ShortBlocks(first), *filters]
    return list(filters)
