"""Queries in blocks, each of which is searched in one shard by one task."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from accelerated.distributed.opening import Recipe, read_rows
from accelerated.distributed.shards import Shards
from accelerated.search import Queries


@dataclass(frozen=True)
class Block:
    """Queries that are searched together: a matrix, or rows of the model that a task reads."""

    X: Any  # a checked matrix, a Delayed of one, or a list of shards
    numbers: range  # of the queries
    n_self: int = 0  # 1 if each query is left out of its own neighbours
    radii: np.ndarray | None = None  # float64 (n_queries,), in a search within a radius

    def read(self, recipe: Recipe) -> Any:
        """Returns the queries, a checked matrix; in a task only."""
        if not isinstance(self.X, list):
            return self.X
        return np.concatenate([read_rows(shard, recipe) for shard in self.X])

    @property
    def own(self) -> np.ndarray | None:
        """The number of each query among all rows, if it is left out of its own neighbours."""
        return np.array(self.numbers) if self.n_self else None


def cut_queries(queries: Queries, query_range: range, most: int) -> list[Block]:
    """Returns the queries in a range in blocks of at most ``most``."""
    X, n_self = queries.X, queries.n_self
    radii = None if queries.radii is None else queries.radii.numpy()
    blocks = []
    for start in range(0, len(query_range), most):
        numbers = query_range[start : start + most]
        some = _some_rows(X, numbers) if isinstance(X, Shards) else X[numbers.start : numbers.stop]
        some = some.cpu() if isinstance(some, Tensor) else some
        blocks.append(Block(some, numbers, n_self, None if radii is None else radii[numbers.start : numbers.stop]))
    return blocks


def _some_rows(rows: Shards, numbers: range) -> list[Any]:
    """Returns the shards of consecutive rows."""
    shards = []
    for shard in rows.shards:
        start, stop = (min(max(n - shard.first, 0), shard.stop - shard.start) for n in (numbers.start, numbers.stop))
        if start < stop:
            shards.append(shard.some(start, stop))
    return shards
