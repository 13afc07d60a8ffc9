"""The graph of a search: a task for each shard and block of queries, and a tree of merges for each block.

    shard 0 --> search --+
    shard 1 --> search --+--> merge --+
      ...                |            +--> merge --> the neighbours of the block
    shard 7 --> search --+            |
    shard 8 --> search -----> merge --+

A task returns the neighbours of its block in its shard, which take little room. So rows never leave the worker that
reads them, and the client holds queries and answers alone.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from dask.delayed import delayed

from accelerated.calling_thread import in_calling_thread
from accelerated.distributed.blocks import Block
from accelerated.distributed.opening import Recipe, open_shard
from accelerated.distributed.schedulers import Scheduler, report_from_worker
from accelerated.distributed.shards import Shard, Shards, once
from accelerated.search import Index, Queries
from knn_inputs.among import Allowed


@dataclass(frozen=True)
class ShardedIndex:
    """The shards of a model, each as it is searched: a Delayed of its index if it stays in memory, else the shard."""

    rows: Shards
    recipe: Any  # a Delayed of a Recipe
    opened: tuple[Any, ...]
    client: Any = None  # on whose workers the shards stay in memory; None: in this process

    @classmethod
    def make(cls, rows: Shards, recipe: Recipe, scheduler: Scheduler, is_resident: bool) -> "ShardedIndex":
        """Reads and indexes all shards now if they stay in memory. Raises as ``opening.read_rows`` does."""
        shared = once(recipe)
        if not is_resident:
            return cls(rows, shared, rows.shards)
        n_workers = scheduler.count_workers(len(rows.shards))
        opening = [delayed(_open, pure=False)(shard, shared, n_workers) for shard in rows.shards]
        return cls(rows, shared, tuple(scheduler.persist(opening)), scheduler.client)

    def opened_for(self, scheduler: Scheduler) -> tuple[Any, ...]:
        """Returns the shards as a scheduler's tasks get them: from their sources if they are in memory elsewhere."""
        return self.opened if scheduler.has(self.opened, self.client) else self.rows.shards


class Work(Protocol):
    """A search in one shard, and how the results of all shards are joined: ``nearest`` and ``within``."""

    def search(
        self, index: Index, queries: Queries, offset: int, own: np.ndarray | None, allowed: Allowed | None
    ) -> Any:
        """The result of a block of queries in a shard whose first row has the number ``offset`` among all rows.

        ``own`` has the numbers of queries that are rows, each of which is left out of its own neighbours.
        """
        ...

    def nothing(self, n_queries: int) -> Any:
        """The result in a shard without rows."""
        ...

    def join(self, found: list[Any]) -> Any:
        """A Delayed of the result in all shards."""
        ...


@dataclass(frozen=True)
class Search:
    """A search of blocks of queries, as a graph."""

    tasks: list[Any]  # a Delayed for each block, of its neighbours in all shards
    sizes: dict[str, int]  # the number of pairs that a task measures or excludes, by the key of the task
    topic: str  # by which tasks on workers report that they are done


def plan_search(
    index: ShardedIndex, blocks: Sequence[Block], work: Work, allowed: Allowed | None, scheduler: Scheduler, shown: bool
) -> Search:
    """Returns the graph of the work for each block in all shards; if a bar is shown, tasks on workers report."""
    token = str(uuid.uuid4())
    shards = index.opened_for(scheduler)
    n_workers = scheduler.count_workers(len(blocks) * len(shards))
    topic = f"verified-knn-{token}" if shown and scheduler.client is not None else ""
    search, tasks, sizes, shared_work = delayed(_search, pure=False), [], {}, once(work)
    for i, block in enumerate(blocks):
        shared, found = delayed(block, name=f"queries-{token}-{i}"), []
        for j, (opened, shard) in enumerate(zip(shards, index.rows.shards, strict=True)):
            key, last = f"search-{token}-{i}-{j}", shard.offset + len(shard)
            some = None if allowed is None else allowed.part(block.numbers, shard.offset, last)
            settings = (shared_work, shard.offset, some, n_workers, topic)
            found.append(search(opened, shared, index.recipe, *settings, dask_key_name=key))
            sizes[key] = len(block.numbers) * len(shard)
        tasks.append(work.join(found))
    return Search(tasks, sizes, topic)


def _open(shard: Shard, recipe: Recipe, n_workers: int) -> Index | None:
    with in_calling_thread(n_workers):
        return open_shard(shard, recipe)


def _search(
    opened: Index | Shard | None,
    block: Block,
    recipe: Recipe,
    work: Work,
    offset: int,
    allowed: Allowed | None,
    n_workers: int,
    topic: str,
) -> Any:
    with in_calling_thread(n_workers):
        index = open_shard(opened, recipe) if isinstance(opened, Shard) else opened
        X = block.read(recipe)
        if index is None or not len(X):
            found = work.nothing(len(X))
        else:
            queries = Queries.given(X, recipe.metric, index.rows)
            queries = queries if block.radii is None else queries.within(block.radii)
            found = work.search(index, queries, offset, block.own, allowed)
    if topic:
        report_from_worker(topic, len(X) * (0 if index is None else len(index.rows)))
    return found
