"""The search: the filter answers what it can prove, finer filters what is left, and the rest is measured pair by pair.

The answer does not depend on which of them gave it; only the time does.
"""

import warnings
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from tqdm import tqdm

from accelerated.arrays import is_out_of_memory
from accelerated.metrics import Metric
from accelerated.search.exhaustive import scratch_bytes, search_all
from accelerated.search.report import Report
from accelerated.search.rule import Filter, choose_filter

SMALL = 2**20  # features of pairs: below, measuring all takes less than a filter's preparations
FEW = 4  # queries: below, measuring all pairs of the rest takes less than another filter
SOME = 16  # queries on which a finer filter is tried first
SHOWN, SHOWN_ON_GPU = 64, 2**14  # queries whose pairs are all measured before progress is shown


class Index(NamedTuple):
    """The training rows, prepared for a metric, and what finds most neighbours among them."""

    metric: Metric
    rows: Tensor
    filter: Filter | None
    worth: int = SMALL  # features of pairs: below, all pairs are measured


def make_index(metric: Metric, rows: Tensor, filter_name: str | None = None) -> Index:
    """The rows with the filter that the rule chooses, or with the one called so, which is then always asked."""
    try:
        with torch.autocast(rows.device.type, enabled=False):
            chosen = choose_filter(metric, rows, filter_name)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        warnings.warn(f"{rows.device} has no memory left for a fast search: all pairs are measured", stacklevel=4)
        chosen = None
    return Index(metric, rows, chosen, SMALL if filter_name is None else 0)


def search(
    index: Index,
    read_queries: Callable[[int, int], Tensor],  # (start, stop) -> (stop - start, n_features), prepared
    query_range: range,
    k: int,
    *,
    leave_one_out: bool,
    memory_limit: int,
    progress: bool,
    report: Report,
) -> tuple[Tensor, Tensor]:
    """Reduced distances (float64) and indices (int64) of the k nearest rows of the queries in a range.

    Both have shape (n_queries, k). With ``leave_one_out`` query i is training row i and is never its own neighbour.
    Raises ValueError where ``memory_limit``, bytes of scratch, is too small for one query and one row.
    """
    n_queries, (n_train, n_features) = len(query_range), index.rows.shape
    if n_queries * index.rows.numel() < index.worth:
        index = index._replace(filter=None)
    reduced = torch.empty((n_queries, k), dtype=torch.float64, device=index.rows.device)
    indices = torch.empty((n_queries, k), dtype=torch.int64, device=index.rows.device)
    per_query = 8 * (2 * n_features + 6 * k)  # bytes: as read, as prepared, and the answer on its way
    shown = SHOWN if index.rows.device.type == "cpu" else SHOWN_ON_GPU
    n_at_once = shown if index.filter is None else index.filter.n_at_once
    block = max(1, min(n_at_once, memory_limit // 4 // per_query))
    scratch = memory_limit - block * per_query
    least = scratch_bytes(1, 1, n_features, k)
    if least > scratch:
        needed = least + memory_limit - scratch
        raise ValueError(f"memory_limit={memory_limit} is less than the {needed} bytes for one query and one row")
    with tqdm(total=n_queries * n_train, unit="pair", unit_scale=True, disable=not progress) as bar:
        for start in query_range[::block]:
            stop = min(start + block, query_range.stop)
            with report.stage("read"):
                queries = read_queries(start, stop)
            own = torch.arange(start, stop, device=queries.device) if leave_one_out else None
            some = slice(start - query_range.start, stop - query_range.start)
            answer = partial(_answer, index, queries, own, k)
            with torch.autocast(queries.device.type, enabled=False):  # in this thread
                reduced[some], indices[some], scratch = _with_what_there_is(answer, scratch, least, report)
            bar.update(len(queries) * n_train)
    return reduced, indices


def _with_what_there_is(
    answer: Callable[[int, Report], tuple[Tensor, Tensor]], memory_limit: int, least: int, report: Report
) -> tuple[Tensor, Tensor, int]:
    """The answer within the limit; while a device runs out of memory, within half of it, which is the limit from then.

    Raises torch's error where there is not even enough for one query and one row.
    """
    while True:
        attempt = Report(device=report.device)
        try:
            found = answer(memory_limit, attempt)
        except RuntimeError as error:
            if not is_out_of_memory(error) or memory_limit // 2 < least:
                raise
        else:
            report.add(attempt)
            return *found, memory_limit
        memory_limit //= 2  # not where the error still holds what was made before it


def _answer(
    index: Index, queries: Tensor, own: Tensor | None, k: int, memory_limit: int, report: Report
) -> tuple[Tensor, Tensor]:
    """Asks the filter, then finer ones about what it leaves, and measures all pairs of the rest."""
    report.n_queries += len(queries)
    if index.filter is None:
        with report.stage("exhaustive"):
            return search_all(index.metric, index.rows, queries, own, k, memory_limit)
    report.filter = index.filter.name
    reduced, indices, answered = index.filter.search(queries, own, k, memory_limit, report)
    report.certified += int(answered.count_nonzero())
    left = (~answered).nonzero()[:, 0]
    for finer in index.filter.finer():
        own_left = None if own is None else own[left]
        with report.stage("try"):
            is_worth = len(left) >= FEW and _is_worth(finer, queries[left], own_left, k, memory_limit)
        if is_worth:
            report.fall_back(finer.name, len(left))
            reduced[left], indices[left], answered = finer.search(queries[left], own_left, k, memory_limit, report)
            left = left[~answered]
    if len(left):
        report.fall_back("exhaustive", len(left))
        with report.stage("exhaustive"):
            own_left = None if own is None else own[left]
            reduced[left], indices[left] = search_all(
                index.metric, index.rows, queries[left], own_left, k, memory_limit
            )
    return reduced, indices


def _is_worth(finer: Filter, queries: Tensor, own: Tensor | None, k: int, memory_limit: int) -> bool:
    """Whether the filter answers at least half of some of the queries."""
    step = max(1, len(queries) // SOME)
    answered = finer.search(queries[::step], None if own is None else own[::step], k, memory_limit, Report())[2]
    return 2 * int(answered.count_nonzero()) >= len(answered)
