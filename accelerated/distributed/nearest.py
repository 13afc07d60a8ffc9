"""The k nearest rows of a block of queries: in one shard, and merged over all shards in a tree."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from dask.delayed import delayed

from accelerated.search import Clock, Index, Queries, search_among
from accelerated.shards import Found, merge, name_rows, nothing, search_shard
from knn_inputs.among import Allowed

FAN_IN = 8  # the neighbours in so many shards are merged by one task


@dataclass(frozen=True)
class Nearest:
    """The search for k rows, with ``scratch`` bytes."""

    k: int
    scratch: int

    def search(
        self, index: Index, queries: Queries, offset: int, own: np.ndarray | None, allowed: Allowed | None
    ) -> Found:
        """Returns the nearest rows that each query may choose in a shard, whose first row has the number ``offset``."""
        if allowed is None:
            return search_shard(index, queries, self.k, offset, own=own, memory_limit=self.scratch)
        n_queries, n_found = range(len(queries.X)), min(self.k + (own is not None), len(index.rows))
        scratch, clock = self.scratch, Clock()
        found = search_among(
            index, queries, n_queries, allowed, n_found, memory_limit=scratch, progress=False, clock=clock
        )
        return name_rows(found, self.k, offset, own)

    def nothing(self, n_queries: int) -> Found:
        """Returns what is found in a shard without rows."""
        return nothing(n_queries, self.k)

    def join(self, found: list[Any]) -> Any:
        """Returns a Delayed that merges the neighbours found in each shard, in a tree."""
        while len(found) > 1:
            found = [delayed(_merge, pure=False)(found[i : i + FAN_IN]) for i in range(0, len(found), FAN_IN)]
        return found[0]


def _merge(found: Sequence[Found]) -> Found:
    return functools.reduce(merge, found)
