"""How much each process may hold, for a limit of M bytes, T tasks at a time and P processes:

    resident     M / 2         the shards that stay in memory between queries
    a task       M / 2 T       of which
      shard      M / 4 T       its rows as read, as kept and as encoded
      queries    M / 8 T       a block of them, and their neighbours before and after a merge
      scratch    M / 8 T       of the search

A row of d numbers, read in b bytes each, takes at most d (b + 2 c + e) + 80 bytes, where c = 4 if float32 holds the
numbers and 8 otherwise: the rows are copied once more if many of them are equal. A filter keeps e = 8 bytes for each
number, but 32 for metrics that have no radius, such as manhattan and hamming (``NearestNeighbors``), and 80 are for
what it keeps of a row. So a task takes M / 4 T divided by that many rows, and all shards are resident if the rows, at
that many bytes, take at most P M / 2. If they take more, none is: each is read again for each block of queries.

An array in memory, the answers and the client's copy of the queries do not count; nor do the tens of MiB in which
``fit`` of ``accelerated`` looks at a sample and encodes rows.
"""

from typing import NamedTuple

from accelerated.distributed.shards import Shards
from accelerated.metrics import Metric
from accelerated.search.memory import least_bytes, too_little

BYTES_OF_ROW = 80  # what a filter keeps of a row beside its numbers, and what finds groups of equal rows
COPIES_OF_NEIGHBOR = 8  # a task holds the neighbours of two shards, joined, ordered and taken


class Shares(NamedTuple):
    """The bytes that are allowed: of all resident shards together, and of one task."""

    memory_limit: int
    n_processes: int
    n_threads: int

    @property
    def resident(self) -> int:
        return self.memory_limit // 2 * self.n_processes

    @property
    def of_shard(self) -> int:
        return self.memory_limit // (4 * self.n_threads)

    @property
    def of_queries(self) -> int:
        return self.memory_limit // (8 * self.n_threads)

    @property
    def scratch(self) -> int:
        return self.memory_limit // (8 * self.n_threads)

    def shard_rows(self, metric: Metric, n_features: int, itemsize: int) -> int:
        """Returns how many rows a task may hold, 1 at least."""
        return max(1, self.of_shard // bytes_of_row(metric, n_features, itemsize))

    def holds_all(self, metric: Metric, rows: Shards) -> bool:
        """Tells whether all shards stay in memory."""
        return len(rows) * bytes_of_row(metric, rows.n_features, rows.itemsize) <= self.resident

    def block_rows(self, n_features: int, k: int) -> int:
        """Returns how many queries a task may take; raises ValueError if the limit is too low for one."""
        scratch, of_query = least_bytes(n_features, k), 8 * n_features + 16 * k * COPIES_OF_NEIGHBOR
        needed = 8 * self.n_threads * max(scratch, of_query)
        if needed > self.memory_limit:
            raise ValueError(
                too_little(self.memory_limit, needed, f"for {self.n_threads} tasks at a time, of one query and one row")
            )
        return self.of_queries // of_query


def bytes_of_row(metric: Metric, n_features: int, itemsize: int) -> int:
    """Returns the most bytes that a row takes in a task: as read, as kept and as encoded."""
    kept = 4 if metric.keeps_rows and itemsize <= 4 else 8
    return n_features * (itemsize + 2 * kept + (8 if metric.radius is not None else 32)) + BYTES_OF_ROW
