"""The search of all queries, and the one loop over batches.

The neighbours do not depend on which filter certified a query; only the time does.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from accelerated.devices import is_out_of_memory, without_autocast
from accelerated.progress import progress_bar
from accelerated.search.filter import Found_co, Index, Searcher
from accelerated.search.memory import check_memory_limit, compared_at_once, least_bytes, split_memory
from accelerated.search.queries import Queries, as_index
from accelerated.search.report import Clock, Report
from accelerated.search.room import Rooms
from accelerated.workers import count_workers, in_order

# `python -m benchmarks.constants NAME` measures these five:
FEWEST_FOR_A_WORKER = 32  # queries; fewer are not worth a worker of their own, unless the filter names another number
FEWEST_FOR_A_FILTER = 16  # queries; fewer are not worth a finer filter
N_TRIED = 16  # queries on which a finer filter is tried before it gets all of them
POOR = 16  # a batch is poor if the filter certifies fewer than 1 in 16 of its queries
N_SKIPPED = 7  # batches that a filter misses after a poor one, so that it wastes time on at most 1 batch in 8


class Neighbors(NamedTuple):
    """The k nearest rows of each query, nearest first, and how the search went."""

    reduced: Tensor  # float64 (n_queries, k)
    indices: Tensor  # int64 (n_queries, k)
    report: Report


class Step(NamedTuple):
    """The work of one filter."""

    filter: str
    n_queries: int
    n_certified: int
    n_candidates: int


def search(
    index: Index, queries: Queries, query_range: range, k: int, *, memory_limit: int, progress: bool, clock: Clock
) -> Neighbors:
    """Finds the k nearest rows of the queries in a range.

    Each filter takes the queries that no filter before it certified, of equal queries only the first, unless a trial
    finds it useless for them; the last filter, which is exhaustive, certifies all. Raises ValueError if
    ``memory_limit``, bytes of scratch, is too small for one query and one row.
    """
    n_queries, (n_rows, n_features), device = len(query_range), index.rows.shape, index.rows.device
    check_memory_limit(memory_limit, n_features, k)
    is_small = len(index.filters) > 1 and index.is_small(n_queries)
    filters = index.filters[-1:] if is_small else index.filters
    reduced = torch.empty((n_queries, k), dtype=torch.float64, device=device)
    indices = torch.empty((n_queries, k), dtype=torch.int64, device=device)
    remaining = np.arange(query_range.start, query_range.stop)
    steps: list[Step] = []
    repeated, firsts = remaining[:0], remaining[:0]  # queries that equal earlier ones, and those
    with (
        progress_bar(n_queries * n_rows, shown=progress) as advance,
        without_autocast(device),
    ):
        for chosen in filters:
            is_finer = chosen is not filters[0] and chosen is not filters[-1]
            if is_finer and not is_worth_its_time(chosen, queries, remaining, k, memory_limit, clock):
                continue
            is_certified, n_certified, n_candidates = np.zeros(n_queries, dtype=bool), 0, 0
            for numbers, found in in_batches(chosen, queries, remaining, k, memory_limit, clock):
                places = as_index(numbers - query_range.start)
                if len(numbers) == n_queries:  # a single batch, which needs no copy
                    reduced, indices = found.reduced.contiguous(), found.indices.contiguous()
                else:
                    reduced[places], indices[places] = found.reduced, found.indices  # a later filter may write again
                is_certified[places] = certified = found.certified.cpu().numpy()
                n_more = int(np.count_nonzero(certified))
                n_certified, n_candidates = n_certified + n_more, n_candidates + found.n_candidates
                advance(n_more * n_rows)
            steps.append(Step(chosen.name, len(remaining), n_certified, n_candidates))
            if n_certified == len(remaining):
                break
            remaining = remaining[~is_certified[remaining - query_range.start]]
            if chosen is filters[0]:
                of_equals = queries.first_of_equals(remaining, compared_at_once(n_features, memory_limit), clock)
                is_first = of_equals == remaining
                repeated, firsts, remaining = remaining[~is_first], of_equals[~is_first], remaining[is_first]
                advance(len(repeated) * n_rows)
        if len(repeated):
            places, of_firsts = repeated - query_range.start, firsts - query_range.start
            reduced[places], indices[places] = reduced[of_firsts], indices[of_firsts]
    return Neighbors(reduced, indices, _report(steps, _why(index, n_queries, is_small, steps), clock))


def is_worth_its_time(
    finer: Searcher[Any], queries: Queries, remaining: np.ndarray, k: int, memory_limit: int, clock: Clock
) -> bool:
    """Tells whether a finer filter certifies at least half of a few of the remaining queries."""
    if len(remaining) < FEWEST_FOR_A_FILTER:
        return False
    sample = remaining[:: max(1, len(remaining) // N_TRIED)]
    with clock.stage("try"):
        batches = in_batches(finer, queries, sample, k, memory_limit, Clock())
        return 2 * sum(int(found.certified.count_nonzero()) for _, found in batches) >= len(sample)


def in_batches(
    chosen: Searcher[Found_co], queries: Queries, numbers: np.ndarray, k: int, memory_limit: int, clock: Clock
) -> Iterator[tuple[np.ndarray, Found_co]]:
    """Yields the numbers of the queries of each batch, and the rows that the filter found for them.

    Workers search batches at the same time. The loop passes over some batches after a poor one, and over all queries if
    the filter cannot be used. If a device runs out of memory, the loop halves the limit and repeats the batch, and
    raises torch's error if one query and one row do not fit.
    """
    next_one, answered, n_features = 0, 0, queries.X.shape[1]  # places in ``numbers``

    def take(size: int) -> Iterator[range]:
        nonlocal next_one
        while next_one < len(numbers):
            start, next_one = next_one, min(next_one + size, len(numbers))
            yield range(start, next_one)

    while next_one < len(numbers):
        n_left, least = len(numbers) - next_one, least_bytes(n_features, k)
        n_workers = _count_workers(chosen, queries.device, n_left, memory_limit // least)
        try:
            size, scratch = split_memory(chosen, n_left, n_features, k, memory_limit // n_workers, n_workers)
            if not size:
                return

            rooms = Rooms(queries.device)  # new ones after a device ran out of memory

            def search_batch(some: range, scratch: int = scratch, rooms: Rooms = rooms) -> Found_co:
                batch = queries.read(numbers[some.start : some.stop], clock)._replace(room=rooms.here)
                return chosen.search(batch, k, scratch, clock)

            for some, found in in_order(search_batch, take(size), n_workers):
                yield numbers[some.start : some.stop], found
                answered = some.stop
                if POOR * int(found.certified.count_nonzero()) < len(some):
                    next_one += size * N_SKIPPED
        except RuntimeError as error:
            if not is_out_of_memory(error) or memory_limit // 2 < least:
                raise
            memory_limit //= 2
            next_one = answered
            continue  # leaves this clause, and so frees the tensors that its error holds


def _count_workers(chosen: Searcher[Any], device: torch.device, n_queries: int, most: int) -> int:
    """Returns the number of workers for so many queries, at most ``most``; a single one for functions in Python."""
    if chosen.metric.measure_pairs is None:
        return 1
    fewest = getattr(chosen, "fewest_for_a_worker", FEWEST_FOR_A_WORKER)
    return max(1, min(count_workers(device), n_queries // fewest, most))


def _why(index: Index, n_queries: int, is_small: bool, steps: list[Step]) -> str:
    """Returns the reason for the first filter."""
    if is_small:
        n_rows, n_features = index.rows.shape
        of_search = f"{n_queries} x {n_rows} x {n_features} queries, rows and features"
        return f"a search of {of_search} takes less time without a filter"
    but = ", but it certified no query, or k and memory_limit do not allow it" if len(steps) > 1 else ""
    return index.filters[0].why + (but if not steps[0].n_certified else "")


def _report(steps: list[Step], why: str, clock: Clock) -> Report:
    first, *others = steps
    return Report(
        n_queries=first.n_queries,
        filter=first.filter,
        why=why,
        certified=first.n_certified if first.filter != "exhaustive" else 0,
        candidates=sum(step.n_candidates for step in steps),
        fallbacks={step.filter: step.n_queries for step in others},
        seconds=clock.seconds,
    )
