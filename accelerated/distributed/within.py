"""All rows within the radius of each query of a block: in one shard, and joined over all shards.

There may be any number of them, so they are the answer, and not scratch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from dask.delayed import delayed

from accelerated.search import Clock, Index, Queries, Within, search_within
from knn_inputs.among import Allowed


class Reached(NamedTuple):
    """Rows within the radius, in any order, or only their numbers."""

    query: np.ndarray  # int64 (n_pairs,), the place of the query in its block
    row: np.ndarray  # int64 (n_pairs,), the number among all rows
    reduced: np.ndarray  # float64 (n_pairs,)
    distance: np.ndarray  # float64 (n_pairs,)
    n_rows: np.ndarray  # int64 (n_queries,), how many of the rows each query has


@dataclass(frozen=True)
class WithinRadii:
    """The search for all rows within the radii, with ``scratch`` bytes."""

    counts_only: bool
    only_later: bool
    scratch: int

    def search(
        self, index: Index, queries: Queries, offset: int, own: np.ndarray | None, allowed: Allowed | None
    ) -> Reached:
        """Returns the rows of a shard whose first row is ``offset``, of those that a query may find."""
        parts: list[Reached] = []

        def take(numbers: np.ndarray, found: Within) -> None:
            n_rows = found.n_rows.numpy()
            query = numbers.repeat(n_rows) if len(found.row) else np.zeros(0, dtype=np.int64)
            of_all = np.zeros(len(queries.X), dtype=np.int64)
            of_all[numbers] = n_rows
            row, reduced, distance = found.row.numpy() + offset, found.reduced.numpy(), found.distance.numpy()
            parts.append(Reached(query, row, reduced, distance, of_all))

        counts_only = self.counts_only and own is None  # else rows are counted when each query's own is left out
        search_within(
            index,
            queries._replace(allowed=allowed),
            take,
            counts_only=counts_only,
            memory_limit=self.scratch,
            share=1,
            progress=False,
            clock=Clock(),
        )
        reached = _concatenate([self.nothing(len(queries.X)), *parts])
        return reached if own is None else self._without_own(reached, own)

    def _without_own(self, reached: Reached, own: np.ndarray) -> Reached:
        """Returns the rows without each query's own, and perhaps without those before it."""
        mine = own[reached.query]
        keep = reached.row > mine if self.only_later else reached.row != mine
        query, row, reduced, distance = (part[keep] for part in reached[:4])
        n_rows = np.bincount(query, minlength=len(own))
        if self.counts_only:
            return self.nothing(len(own))._replace(n_rows=n_rows)
        return Reached(query, row, reduced, distance, n_rows)

    def nothing(self, n_queries: int) -> Reached:
        """Returns what is found in a shard without rows."""
        none, numbers = np.zeros(0, dtype=np.int64), np.zeros(0)
        return Reached(none, none, numbers, numbers, np.zeros(n_queries, dtype=np.int64))

    def join(self, found: list[Any]) -> Any:
        """Returns a Delayed of the rows of all shards, sorted."""
        return delayed(_join, pure=False)(found, self.only_later)


def _join(found: Sequence[Reached], by_row: bool) -> Within:
    """Returns the rows of each query of a block, nearest first, or by their numbers."""
    query, row, reduced, distance, n_rows = _concatenate(found)
    order = np.lexsort((row, query) if by_row else (row, reduced, query))
    distances, rows, sums = (torch.from_numpy(part[order]) for part in (distance, row, reduced))
    certified = torch.ones(len(n_rows), dtype=torch.bool, device="cpu")
    return Within(distances, rows, sums, torch.from_numpy(n_rows), certified)


def _concatenate(found: Sequence[Reached]) -> Reached:
    query, row, reduced, distance, n_rows = zip(*found, strict=True)
    query, row, reduced, distance = map(np.concatenate, (query, row, reduced, distance))
    return Reached(query, row, reduced, distance, np.sum(n_rows, axis=0))
