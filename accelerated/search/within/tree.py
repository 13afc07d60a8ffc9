"""The finder by SciPy's k-d tree: the tree names the rows within a radius that its own rounding cannot exceed.

Named rows are measured exactly. A row that is not named is farther than that radius in the tree's arithmetic, and so
farther than the query's radius (``tree_reach``). SciPy compares powers of the distance with the power of the radius:
both are rounded once or twice more, which ``tree_reach`` allows for, too.
"""

from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import torch

from accelerated.metrics import Metric
from accelerated.search.filter import Batch, Measured, Pairs
from accelerated.search.memory import BYTES_OF_GAP, BYTES_OF_NAMED
from accelerated.search.refine import measure
from accelerated.search.report import Clock
from accelerated.search.tree import TreeFilter, tree_reach
from accelerated.search.within.near import Reached, keep_within, leave_out

MOST_QUERIES = 1024  # in a batch
FEW_QUERIES = 16  # in a batch, for queries with many rows within their radius
MOST_GAPS = 2**17  # differences held at once when pairs are measured


@dataclass(frozen=True)
class TreeFinder:
    """Certifies queries for the metrics that a tree knows."""

    of: TreeFilter
    n_queries: int = MOST_QUERIES

    @property
    def metric(self) -> Metric:
        """Returns the metric of the search."""
        return self.of.metric

    @property
    def name(self) -> str:
        """Returns the name of the filter, and whether its batches are small."""
        return "tree" if self.n_queries == MOST_QUERIES else "tree, many rows"

    def for_many(self) -> "TreeFinder":
        """Returns a finder for queries that have many rows within their radius, in smaller batches."""
        return replace(self, n_queries=FEW_QUERIES)

    def batch_size(self, scratch: int) -> int:
        """Returns the number of queries that may have some rows each; 0 if a row does not fit."""
        return min(self.n_queries, scratch // (2 * (BYTES_OF_NAMED + BYTES_OF_GAP * self.of.rows.shape[1])))

    def find(self, batch: Batch, most: int, scratch: int, clock: Clock) -> Reached:
        """Counts the rows that the tree would name, and measures those of the queries that have not too many."""
        assert batch.radii is not None
        with clock.stage("tree"):
            queries, p = self.metric.embed(batch.queries).numpy(), self.metric.tree_p
            reach = tree_reach(self.of.to_tree(self.metric.to_reduced(batch.radii), batch.queries)).numpy()
            n_named = self.of.tree.query_ball_point(queries, reach, p=p, return_length=True)
            certified = n_named <= min(most, scratch // 2 // BYTES_OF_NAMED // len(queries))
            few = np.flatnonzero(certified)
            named = self.of.tree.query_ball_point(queries[few], reach[few], p=p, return_sorted=True)
            row = np.fromiter(chain.from_iterable(named), dtype=np.int64, count=int(n_named[few].sum()))
        with clock.stage("refine"):
            query = torch.from_numpy(few.repeat(n_named[few]))
            pairs = leave_out(Pairs(query, torch.from_numpy(row)), batch)
            most_gaps = max(1, min(MOST_GAPS, scratch // (2 * BYTES_OF_GAP)))
            measured = Measured(pairs, measure(self.metric, self.of.rows, batch, pairs, most_gaps))
            return Reached([keep_within(self.metric, batch, measured)], torch.from_numpy(certified))
