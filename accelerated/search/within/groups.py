"""The finder for groups of equal rows: their first rows are searched, and each that is found stands for its group."""

from dataclasses import dataclass

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.filter import Batch, Measured, Pairs
from accelerated.search.groups import Groups
from accelerated.search.report import Clock
from accelerated.search.within.near import Finder, Reached, is_wanted, join


@dataclass(frozen=True)
class GroupFinder:
    """Finds the groups by a finder of their first rows, and certifies the queries that this one certifies."""

    of_groups: Finder
    groups: Groups

    @property
    def metric(self) -> Metric:
        """Returns the metric of the finder."""
        return self.of_groups.metric

    @property
    def name(self) -> str:
        """Returns the name of the finder, of distinct rows."""
        return f"{self.of_groups.name} of distinct rows"

    def batch_size(self, scratch: int) -> int:
        """Returns the number of queries that the finder of the groups takes."""
        return self.of_groups.batch_size(scratch)

    def find(self, batch: Batch, most: int, scratch: int, clock: Clock) -> Reached:
        """Finds the groups of each query, and names their rows. Rows are left out at the end."""
        n_queries = len(batch.queries)
        itself = torch.full_like(batch.self_index, -1)
        of_groups = batch._replace(self_index=itself, n_self=0, only_later=False, allowed=None)
        parts, certified = self.of_groups.find(of_groups, most, scratch, clock)
        n_rows = torch.zeros(n_queries, dtype=torch.int64, device=batch.queries.device)
        for part in parts:
            n_rows.index_add_(0, part.pairs.query, self.groups.size[part.pairs.row])
        certified = certified & (n_rows <= most)
        with clock.stage("expand"):
            return Reached([self._expand(parts, certified, batch)] if parts else [], certified)

    def _expand(self, parts: list[Measured], certified: Tensor, batch: Batch) -> Measured:
        """Returns the pairs of all rows in the groups, for the certified queries, sorted by (query, row)."""
        pairs, reduced = join(parts, certified)
        size = self.groups.size[pairs.row]
        place = torch.arange(len(size), device=size.device).repeat_interleave(size)  # of a group among the pairs
        in_group = torch.arange(len(place), device=size.device) - (size.cumsum(0) - size)[place]
        row = self.groups.members[self.groups.start[pairs.row[place]] + in_group]
        of_rows = Pairs(pairs.query[place], row)
        order = (of_rows.query * len(self.groups.members) + row).argsort()
        order = order[is_wanted(of_rows, batch)[order]]
        return Measured(Pairs(of_rows.query[order], row[order]), reduced[place[order]])
