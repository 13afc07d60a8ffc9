"""The search of all queries within their radii, in the batches and by the workers of ``search.batches``."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from accelerated.devices import without_autocast
from accelerated.metrics import Metric
from accelerated.progress import progress_bar
from accelerated.search.batches import in_batches, is_worth_its_time
from accelerated.search.filter import Batch, Index
from accelerated.search.memory import BYTES_OF_NEAR, least_bytes, too_little
from accelerated.search.queries import Queries
from accelerated.search.report import Clock
from accelerated.search.within.finders import finders_of
from accelerated.search.within.near import Finder, Reached, Within, by_distance, count, join
from accelerated.workers import count_workers


def search_within(
    index: Index,
    queries: Queries,
    take: Callable[[np.ndarray, Within], None],
    *,
    counts_only: bool,
    memory_limit: int,
    share: int,
    progress: bool,
    clock: Clock,
) -> None:
    """Finds all rows within the radius of each query, and hands them to ``take``, batch after batch.

    ``take`` gets the numbers of queries, int64 (n,), and their rows; it gets a query once with all of its rows, but it
    may also get it before, not certified and without rows. With ``counts_only`` it gets no rows, but their number.
    Queries that look for later rows alone get them by row, others by distance. A 1 / ``share`` of ``memory_limit``,
    bytes of scratch, is for the search. Raises ValueError if that is too little for one query and one row, or to sort
    the rows of one query.
    """
    n_queries, (n_rows, n_features), device = len(queries.X), index.rows.shape, index.rows.device
    if (needed := share * least_bytes(n_features, 1)) > memory_limit:
        raise ValueError(too_little(memory_limit, needed, "for one query and one row"))
    of_search = memory_limit // share
    finders = finders_of(index, queries.allowed)
    if len(finders) > 1 and n_queries * index.rows.numel() < index.smallest_search:
        finders = finders[-1:]
    remaining = np.arange(n_queries)
    with progress_bar(n_queries * n_rows, shown=progress) as advance, without_autocast(device):
        for finder in finders:
            chosen, is_certified = _Sorting(finder, counts_only, memory_limit, share), np.zeros(n_queries, dtype=bool)
            is_finer = finder is not finders[0] and finder is not finders[-1]
            if is_finer and not is_worth_its_time(chosen, queries, remaining, 1, of_search, clock):
                continue
            for numbers, found in in_batches(chosen, queries, remaining, 1, of_search, clock):
                is_certified[numbers] = certified = found.certified.cpu().numpy()
                take(numbers, found)
                advance(int(np.count_nonzero(certified)) * n_rows)
            remaining = remaining[~is_certified[remaining]]
            if not len(remaining):
                break


@dataclass(frozen=True)
class _Sorting:
    """A finder that sorts the rows it finds: in half of the scratch it finds them, in the other half it sorts."""

    finder: Finder
    counts_only: bool
    memory_limit: int
    share: int

    @property
    def metric(self) -> Metric:
        return self.finder.metric

    @property
    def name(self) -> str:
        return self.finder.name

    def batch_size(self, k: int, scratch: int) -> int:
        return self.finder.batch_size(scratch // 2)

    def search(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Within:
        n_queries, room = len(batch.queries), scratch // 2 // BYTES_OF_NEAR
        reached = self.finder.find(batch, room // n_queries, scratch // 2, clock)
        with clock.stage("sort"):
            return self._sort(reached, batch, room)

    def _sort(self, reached: Reached, batch: Batch, room: int) -> Within:
        parts, certified = reached
        n_near = count(parts, len(batch.queries), batch.queries.device).masked_fill_(~certified, 0)
        nothing = torch.empty(0, dtype=torch.float64, device=batch.queries.device)
        if self.counts_only or not parts:
            return Within(nothing, nothing.to(torch.int64), nothing, n_near, certified)
        if (n_found := int(n_near.sum())) > room:
            n_workers = count_workers(batch.queries.device)
            needed = self.share * (2 * BYTES_OF_NEAR * n_found * n_workers + 2**16)
            raise ValueError(too_little(self.memory_limit, needed, f"to sort the {n_found} rows within the radius"))
        (_, row), reduced = join(parts, certified)
        if not batch.only_later:
            order = by_distance(reduced, n_near)
            row, reduced = row[order], reduced[order]
        return Within(self.metric.to_distance(reduced), row, reduced, n_near, certified)
