"""The search: the filter answers what it can prove, finer filters what is left, and the rest is measured pair by pair.

The answer does not depend on which of them gave it; only the time does.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from tqdm import tqdm

from accelerated.exhaustive import scratch_bytes, search_all
from accelerated.filters import Filter, choose_filter
from accelerated.metrics import Metric
from accelerated.report import Report

SMALL = 2**20  # features of pairs: below, measuring all takes less than a filter's preparations
FEW = 4  # queries: below, measuring all pairs of the rest takes less than another filter
SOME = 16  # queries on which a finer filter is tried first
BLOCK = 2048  # queries that are read at once, so that what a filter leaves is worth another


class Index(NamedTuple):
    """The training rows, prepared for a metric, and what finds most neighbours among them."""

    metric: Metric
    rows: Tensor
    filter: Filter | None
    worth: int = SMALL  # features of pairs: below, all pairs are measured


def make_index(metric: Metric, rows: Tensor, filter_name: str | None = None) -> Index:
    """The rows with the filter that the rule chooses, or with the one called so, which is then always asked."""
    return Index(metric, rows, choose_filter(metric, rows, filter_name), SMALL if filter_name is None else 0)


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
    reduced = torch.empty((n_queries, k), dtype=torch.float64, device=index.rows.device)
    indices = torch.empty((n_queries, k), dtype=torch.int64, device=index.rows.device)
    block = max(1, min(BLOCK, memory_limit // (8 * 4 * (2 * n_features + 6 * k))))  # a quarter of the limit for
    scratch = memory_limit - 8 * block * (2 * n_features + 6 * k)  # queries, as read and prepared, and their answers
    if (needed := scratch_bytes(1, 1, n_features, k)) > scratch:
        needed += memory_limit - scratch
        raise ValueError(f"memory_limit={memory_limit} is less than the {needed} bytes for one query and one row")
    with tqdm(total=n_queries * n_train, unit="pair", unit_scale=True, disable=not progress) as bar:
        for start in query_range[::block]:
            stop = min(start + block, query_range.stop)
            with report.stage("read"):
                queries = read_queries(start, stop)
            own = torch.arange(start, stop, device=queries.device) if leave_one_out else None
            some = slice(start - query_range.start, stop - query_range.start)
            reduced[some], indices[some] = _answer(index, queries, own, k, scratch, report)
            bar.update(len(queries) * n_train)
    return reduced, indices


def _answer(
    index: Index, queries: Tensor, own: Tensor | None, k: int, memory_limit: int, report: Report
) -> tuple[Tensor, Tensor]:
    """Asks the filter, then finer ones about what it leaves, and measures all pairs of the rest."""
    report.n_queries += len(queries)
    reduced = torch.empty((len(queries), k), dtype=torch.float64, device=queries.device)
    indices = torch.empty((len(queries), k), dtype=torch.int64, device=queries.device)
    left = torch.arange(len(queries), device=queries.device)
    filters: list[Filter] = []
    if index.filter is not None and len(queries) * index.rows.numel() >= index.worth:
        filters = [index.filter, *index.filter.finer()]
        report.filter = index.filter.name
    for tried in filters:
        if tried is not index.filter:
            if len(left) < FEW or not _is_worth(tried, queries, own, left, k, memory_limit):
                continue
            report.fall_back(tried.name, len(left))
        own_left = None if own is None else own[left]
        reduced[left], indices[left], answered = tried.search(queries[left], own_left, k, memory_limit, report)
        if tried is index.filter:
            report.certified += int(answered.count_nonzero())
        left = left[~answered]
    if len(left):
        if filters:
            report.fall_back("exhaustive", len(left))
        with report.stage("exhaustive"):
            own_left = None if own is None else own[left]
            reduced[left], indices[left] = search_all(
                index.metric, index.rows, queries[left], own_left, k, memory_limit
            )
    return reduced, indices


def _is_worth(tried: Filter, queries: Tensor, own: Tensor | None, left: Tensor, k: int, memory_limit: int) -> bool:
    """Whether the filter answers at least half of some of the queries that are left."""
    some = left[:: max(1, len(left) // SOME)]
    own_some = None if own is None else own[some]
    return int(tried.search(queries[some], own_some, k, memory_limit, Report())[2].count_nonzero()) * 2 >= len(some)
