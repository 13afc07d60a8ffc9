"""The graph of a search: a task for each shard and block of queries, and a tree of merges for each block.

    shard 0 --> search --+
    shard 1 --> search --+--> merge --+
      ...                |            +--> merge --> the neighbours of the block
    shard 7 --> search --+            |
    shard 8 --> search -----> merge --+

A task returns the neighbours of its block in its shard, which take little room. So rows never leave the worker that
reads them, and the client holds queries and answers alone.
"""

import functools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from dask import delayed
from torch import Tensor

from accelerated.calling_thread import in_calling_thread
from accelerated.distributed.opening import Recipe, open_shard, read_rows
from accelerated.distributed.schedulers import Scheduler, report_from_worker
from accelerated.distributed.shards import Shard, Shards
from accelerated.search import Clock, Index, Queries, search_among
from accelerated.shards import Found, merge, name_rows, nothing, search_shard
from knn_inputs.among import Allowed

FAN_IN = 8  # neighbours of so many shards are merged by one task


@dataclass(frozen=True)
class ShardedIndex:
    """The shards of a model, each as it is searched: a Delayed of its index if it stays in memory, else the shard."""

    rows: Shards
    recipe: Any  # a Delayed of a Recipe
    opened: tuple[Any, ...]

    @classmethod
    def make(cls, rows: Shards, recipe: Recipe, scheduler: Scheduler, is_resident: bool) -> "ShardedIndex":
        """Reads and indexes all shards now if they stay in memory. Raises as ``opening.read_rows`` does."""
        shared = delayed(recipe, name=f"recipe-{uuid.uuid4()}", traverse=False)
        if not is_resident:
            return cls(rows, shared, rows.shards)
        n_workers = scheduler.count_workers(len(rows.shards))
        opening = [delayed(_open, pure=False)(shard, shared, n_workers) for shard in rows.shards]
        return cls(rows, shared, tuple(scheduler.persist(opening)))


@dataclass(frozen=True)
class Block:
    """Queries that are searched together: a matrix, or rows of a shard that a task reads."""

    X: Any  # a checked matrix, a Delayed of one, or a list of shards, whose rows a task reads
    numbers: range  # of its queries
    n_self: int = 0  # 1 if each query is left out of its own neighbours

    def read(self, recipe: Recipe) -> tuple[Any, np.ndarray | None]:
        """Returns the queries, and their numbers among all rows if each is left out of its own neighbours."""
        if not isinstance(self.X, list):
            return self.X, None
        own = np.array(self.numbers) if self.n_self else None
        return np.concatenate([read_rows(shard, recipe) for shard in self.X]), own


def cut_queries(queries: Queries, query_range: range, most: int) -> list[Block]:
    """Returns the queries in a range in blocks of at most ``most``; rows that are queries are read by the tasks."""
    X, n_self = queries.X, queries.n_self
    parts = [query_range[start : start + most] for start in range(0, len(query_range), most)]
    if not isinstance(X, Shards):
        return [Block(_to_cpu(X[part.start : part.stop]), part) for part in parts]
    return [_block_of_rows(X, numbers, n_self) for numbers in parts]


def _block_of_rows(rows: Shards, numbers: range, n_self: int) -> Block:
    """Returns rows as queries, which may lie in several shards."""
    of_shards = []
    for shard in rows.shards:
        start, stop = (min(max(n - shard.first, 0), shard.stop - shard.start) for n in (numbers.start, numbers.stop))
        if start < stop:
            of_shards.append(shard.some(start, stop))
    return Block(of_shards, numbers, n_self)


def _to_cpu(X: Any) -> Any:
    return X.cpu() if isinstance(X, Tensor) else X


@dataclass(frozen=True)
class Search:
    """A search of blocks of queries, as a graph."""

    tasks: list[Any]  # a Delayed for each block, of its neighbours in all shards
    sizes: dict[str, int]  # the number of pairs that a task measures or excludes, by the key of the task
    topic: str  # by which tasks on workers report that they are done


def plan_search(
    index: ShardedIndex,
    blocks: Sequence[Block],
    k: int,
    allowed: Sequence[Sequence[Allowed | None]] | None,
    scratch: int,
    scheduler: Scheduler,
    reports: bool,
) -> Search:
    """Returns the graph that finds the k nearest rows of each block.

    ``allowed`` has for each block and each shard the rows that its queries may choose. With ``reports`` tasks on the
    workers of a cluster tell the client that they are done.
    """
    token = str(uuid.uuid4())
    n_workers = scheduler.count_workers(len(blocks) * len(index.opened))
    topic = f"verified-knn-{token}" if reports and scheduler.client is not None else ""
    search, tasks, sizes = delayed(_search, pure=False), [], {}
    for i, block in enumerate(blocks):
        shared, found = delayed(block, name=f"queries-{token}-{i}"), []
        for j, (opened, shard) in enumerate(zip(index.opened, index.rows.shards, strict=True)):
            key = f"search-{token}-{i}-{j}"
            some = None if allowed is None else allowed[i][j]
            settings = (k, shard.offset, some, scratch, n_workers, topic)
            found.append(search(opened, shared, index.recipe, *settings, dask_key_name=key))
            sizes[key] = len(block.numbers) * len(shard)
        tasks.append(_merge_all(found))
    return Search(tasks, sizes, topic)


def _merge_all(found: list[Any]) -> Any:
    while len(found) > 1:
        found = [delayed(_merge, pure=False)(found[i : i + FAN_IN]) for i in range(0, len(found), FAN_IN)]
    return found[0]


def _open(shard: Shard, recipe: Recipe, n_workers: int) -> Index | None:
    with in_calling_thread(n_workers):
        return open_shard(shard, recipe)


def _search(
    opened: Index | Shard | None,
    block: Block,
    recipe: Recipe,
    k: int,
    offset: int,
    allowed: Allowed | None,
    scratch: int,
    n_workers: int,
    topic: str,
) -> Found:
    with in_calling_thread(n_workers):
        index = open_shard(opened, recipe) if isinstance(opened, Shard) else opened
        X, own = block.read(recipe)
        if index is None or not len(X):
            found = nothing(len(X), k)
        else:
            queries = Queries.given(X, recipe.metric, index.rows)
            if allowed is None:
                found = search_shard(index, queries, k, offset, own=own, memory_limit=scratch)
            else:
                found = _search_allowed(index, queries, k, offset, own, allowed, scratch)
    if topic:
        report_from_worker(topic, len(X) * (0 if index is None else len(index.rows)))
    return found


def _search_allowed(
    index: Index, queries: Queries, k: int, offset: int, own: np.ndarray | None, allowed: Allowed, scratch: int
) -> Found:
    """Returns the k nearest of the rows of a shard that each query may choose."""
    n_queries, n_found = len(queries.X), min(k + (own is not None), len(index.rows))
    found = search_among(
        index, queries, range(n_queries), allowed, n_found, memory_limit=scratch, progress=False, clock=Clock()
    )
    return name_rows(found, k, offset, own)


def _merge(found: Sequence[Found]) -> Found:
    return functools.reduce(merge, found)
