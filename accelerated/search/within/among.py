"""The finder that measures each query to the rows that it may find, and certifies every query, for every metric."""

from dataclasses import dataclass

import torch

from accelerated.metrics import Metric
from accelerated.search.among_filters import AllowedPairs
from accelerated.search.filter import Batch, Measured, Pairs
from accelerated.search.report import Clock
from accelerated.search.within.near import Reached, keep_within


@dataclass(frozen=True)
class AllowedFinder:
    """Takes so few queries at once that all rows that they may find may lie within their radius."""

    of: AllowedPairs
    name = "exhaustive"

    @property
    def metric(self) -> Metric:
        """Returns the metric of the search."""
        return self.of.metric

    def batch_size(self, scratch: int) -> int:
        """Returns the number of queries to measure together; one query may have more rows than there is room for."""
        return self.of.batch_size(1, scratch)

    def find(self, batch: Batch, most: int, scratch: int, clock: Clock) -> Reached:
        """Measures the pairs with some rows after those with earlier ones."""
        parts = []
        with clock.stage("exhaustive"):
            for (query, row), reduced in self.of.measured(batch, scratch):
                others = row != batch.self_index[query]
                measured = Measured(Pairs(query[others], row[others]), reduced[others])
                parts.append(keep_within(self.metric, batch, measured))
        return Reached(parts, torch.ones(len(batch.queries), dtype=torch.bool, device=batch.self_index.device))
