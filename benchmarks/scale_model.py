"""A model of how long a search over shards takes on many workers, from the costs of its stages.

The stages, for q queries, k neighbours, shards of r rows, and w workers of one thread each:

1. the client sends the queries to each worker, and its scheduler hands out tasks one at a time
2. a worker reads a shard, makes its index, and searches it: seconds that grow with r, and with r q
3. a worker gets the neighbours of seven others for every eight shards, and merges: bytes and seconds grow with q k
4. the client gets the k nearest rows of each query

``simulate`` gives each task to the worker that is free first, as Dask does. The network carries ``bytes_a_second`` to
each machine; the client has one such line for all that it sends and gets.
"""

import heapq
from dataclasses import dataclass

from accelerated.distributed.nearest import FAN_IN

N_FEATURES = 96  # of the rows that the costs are for, float32


@dataclass(frozen=True)
class Costs:
    """Seconds of one thread, for rows of ``N_FEATURES`` float32 numbers."""

    read: float  # a row, from the cache of the file system
    index: float  # a row
    search: tuple[float, float, float, float]  # once, a query, a row, a row and a query
    merge: float  # a query and a neighbour, of two shards
    task: float  # of the scheduler and the client, for each task
    bytes_a_second: float


@dataclass(frozen=True)
class Plan:
    """A search over shards."""

    n_rows: int
    n_queries: int
    k: int
    shard_rows: int
    n_workers: int
    is_resident: bool  # whether the workers keep the index of each shard between searches

    @property
    def n_shards(self) -> int:
        """The number of shards."""
        return -(-self.n_rows // self.shard_rows)


@dataclass(frozen=True)
class Forecast:
    """The seconds of a search, and of them those in which each part was busy; the longest of the parts is the limit."""

    total: float
    worker: float  # the mean
    scheduler: float
    client_line: float  # queries out, answers in
    merging: float  # the mean of the workers, with the transfers


def shard_seconds(costs: Costs, plan: Plan) -> float:
    """Returns the seconds of the task of one shard: reading, making the index, searching."""
    once, of_query, of_row, of_pair = costs.search
    rows, queries = plan.shard_rows, plan.n_queries
    search = once + of_query * queries + of_row * rows + of_pair * rows * queries
    return search if plan.is_resident else search + (costs.read + costs.index) * rows


def simulate(costs: Costs, plan: Plan) -> Forecast:
    """Returns a forecast: tasks are handed out one at a time, each to the worker that is free first."""
    found_bytes = 16 * plan.n_queries * plan.k
    query_bytes = 4 * plan.n_queries * N_FEATURES
    sending = query_bytes * plan.n_workers / costs.bytes_a_second
    of_shard = shard_seconds(costs, plan)
    free = [(sending, worker) for worker in range(plan.n_workers)]
    busy, merging, handed_out = 0.0, 0.0, 0.0

    def run(ready: float, seconds: float) -> float:
        """Returns when a task ends that is ready at some time."""
        nonlocal handed_out, busy
        handed_out = max(handed_out, ready) + costs.task
        start, worker = heapq.heappop(free)
        end = max(start, handed_out) + seconds
        heapq.heappush(free, (end, worker))
        busy += seconds
        return end

    level = [run(sending, of_shard) for _ in range(plan.n_shards)]
    while len(level) > 1:
        groups = [level[start : start + FAN_IN] for start in range(0, len(level), FAN_IN)]
        level = []
        for group in groups:
            moved = found_bytes * (len(group) - 1) * (plan.n_workers > 1) / costs.bytes_a_second
            seconds = moved + costs.merge * plan.n_queries * plan.k * (len(group) - 1)
            merging += seconds
            level.append(run(max(group), seconds))
    receiving = found_bytes / costs.bytes_a_second
    return Forecast(
        level[0] + receiving,
        busy / plan.n_workers,
        costs.task * (plan.n_shards * FAN_IN / (FAN_IN - 1)),
        sending + receiving,
        merging / plan.n_workers,
    )
