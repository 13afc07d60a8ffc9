"""The finder that measures all pairs, block by block, and certifies every query, for every metric."""

from dataclasses import dataclass

import torch

from accelerated.metrics import Metric
from accelerated.search.exhaustive import Exhaustive
from accelerated.search.filter import Batch, Measured, Pairs
from accelerated.search.memory import BYTES_OF_NEAR, block_shape
from accelerated.search.report import Clock
from accelerated.search.within.near import Reached, keep_within, leave_out
from accelerated.sparse_rows import to_dense


@dataclass(frozen=True)
class ExhaustiveFinder:
    """Takes so few queries at once that all rows may lie within the radius of each."""

    of: Exhaustive
    name = "exhaustive"

    @property
    def metric(self) -> Metric:
        """Returns the metric of the search."""
        return self.of.metric

    def batch_size(self, scratch: int) -> int:
        """Returns the number of queries to measure together; one query may have more rows than there is room for."""
        most = max(1, scratch // (BYTES_OF_NEAR * len(self.of.rows)))
        return min(most, self.of.batch_size(1, scratch))

    def find(self, batch: Batch, most: int, scratch: int, clock: Clock) -> Reached:
        """Measures each query against all rows."""
        assert batch.radii is not None
        (n_rows, n_features), device = self.of.rows.shape, self.of.rows.device
        queries = to_dense(batch.queries)
        _, block_rows = block_shape(len(queries), n_rows, n_features, 1, scratch, device.type)
        limit, parts = self.metric.to_reduced(batch.radii)[:, None], []
        with clock.stage("exhaustive"):
            for start in range(0, n_rows, block_rows):
                stop = min(start + block_rows, n_rows)
                rows, first = self.of.open_block(start, stop)
                reduced = self.metric.measure_block(queries, rows, start - first, stop - first)
                query, row = (reduced <= limit).nonzero(as_tuple=True)
                pairs = leave_out(Pairs(query, row + start), batch)
                of_pairs = reduced[pairs.query, pairs.row - start]
                parts.append(keep_within(self.metric, batch, Measured(pairs, of_pairs)))
        return Reached(parts, torch.ones(len(queries), dtype=torch.bool, device=device))
