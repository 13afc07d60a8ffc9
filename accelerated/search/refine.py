"""Refine: measures pairs exactly, bit for bit as the exhaustive search does, and keeps the k nearest of each query.

Filters by products and by bitmaps do both here; ``few_features`` measures whole blocks itself, and a group of equal
rows needs no measuring.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.filter import Batch, Measured, Pairs
from accelerated.sparse_rows import Rows, SparseRows, to_dense

# Pairs are sorted first if their matrix would have so many places for each pair:
MOSTLY_EMPTY = 8  # `python -m benchmarks.constants MOSTLY_EMPTY`


def measure(metric: Metric, rows: Rows, batch: Batch, pairs: Pairs, most_gaps: int) -> Tensor:
    """Returns the reduced distances of the pairs, float64 (n_pairs,); infinity where the row is the query itself.

    At most ``most_gaps`` differences of a query and a row in one feature are held at once.
    """
    if isinstance(rows, Tensor) and rows.device.type == "cpu" and metric.measure_in_numpy is not None:
        numbers = rows.numpy(), batch.queries.numpy(), pairs.query.numpy(), pairs.row.numpy()
        reduced = torch.from_numpy(measure_in_numpy(metric, *numbers, most_gaps))
    else:
        reduced = torch.empty(len(pairs.query), dtype=torch.float64, device=rows.device)
        n_at_once = max(1, most_gaps // rows.shape[1])
        measure_some = _choose_way(metric, rows)
        for start in range(0, len(reduced), n_at_once):
            some = slice(start, start + n_at_once)
            reduced[some] = measure_some(metric, rows, batch.queries, Pairs(pairs.query[some], pairs.row[some]))
    return reduced.masked_fill_(batch.self_index[pairs.query] == pairs.row, float("inf"))


@np.errstate(under="ignore")  # torch does not heed NumPy's settings either
def measure_in_numpy(
    metric: Metric, rows: np.ndarray, queries: np.ndarray, query: np.ndarray, row: np.ndarray, most_gaps: int
) -> np.ndarray:
    """Returns the reduced distances of pairs of a query and a row, by their numbers, float64 (n_pairs,).

    NumPy takes half the time of torch, because it adds up numbers that lie side by side, and less for each call.
    """
    assert metric.measure_in_numpy is not None
    reduced, n_at_once = np.empty(len(row)), max(1, most_gaps // queries.shape[1])
    for start in range(0, len(row), n_at_once):
        some = slice(start, start + n_at_once)
        reduced[some] = metric.measure_in_numpy(queries.take(query[some], axis=0), rows.take(row[some], axis=0))
    return reduced


def _choose_way(metric: Metric, rows: Rows) -> Callable[[Metric, Any, Any, Pairs], Tensor]:
    if isinstance(rows, SparseRows):
        return _measure_made_dense if metric.measure_sparse is None else _measure_sparse
    return _measure


def _measure(metric: Metric, rows: Tensor, queries: Tensor, pairs: Pairs) -> Tensor:
    assert metric.measure_pairs is not None
    return metric.measure_pairs(queries.index_select(0, pairs.query), rows.index_select(0, pairs.row))


@np.errstate(under="ignore")
def _measure_sparse(metric: Metric, rows: SparseRows, queries: SparseRows, pairs: Pairs) -> Tensor:
    assert metric.measure_sparse is not None
    query, row = queries[pairs.query.numpy()], rows[pairs.row.numpy()]
    return torch.from_numpy(metric.measure_sparse(query.matrix, row.matrix))


def _measure_made_dense(metric: Metric, rows: SparseRows, queries: SparseRows, pairs: Pairs) -> Tensor:
    assert metric.measure_pairs is not None
    return metric.measure_pairs(to_dense(queries[pairs.query]), to_dense(rows[pairs.row]))


def measure_unknown(
    metric: Metric, rows: Rows, batch: Batch, pairs: Pairs, most_gaps: int, known: Measured | None
) -> Tensor:
    """Returns the reduced distances of the pairs as ``measure`` does, but does not measure the known ones again.

    The pairs must be sorted by (query, row); the known ones, if there are any, may be in any order.
    """
    if known is None:
        return measure(metric, rows, batch, pairs, most_gaps)
    reduced, is_new = _look_up(pairs, known, len(rows))
    reduced[is_new] = measure(metric, rows, batch, Pairs(pairs.query[is_new], pairs.row[is_new]), most_gaps)
    return reduced


def _look_up(pairs: Pairs, known: Measured, n_rows: int) -> tuple[Tensor, Tensor]:
    """Returns distances, (n_pairs,), set only for the known pairs, and a mask of the pairs that are not known."""
    keys, known_keys = (some.query * n_rows + some.row for some in (pairs, known.pairs))
    place = torch.searchsorted(keys, known_keys).clamp_(max=len(keys) - 1)
    is_found = keys[place] == known_keys if len(keys) else torch.zeros_like(known_keys, dtype=torch.bool)
    reduced = known.reduced.new_empty(len(keys))
    reduced[place[is_found]] = known.reduced[is_found]
    is_new = torch.ones_like(keys, dtype=torch.bool)
    is_new[place[is_found]] = False
    return reduced, is_new


def all_pairs(indices: Tensor) -> Pairs:
    """Returns each query paired with each of the rows in its line of ``indices``, (n_queries, n)."""
    query = torch.arange(len(indices), device=indices.device).repeat_interleave(indices.shape[1])
    return Pairs(query, indices.reshape(-1))


def within(measured: Measured, kth: Tensor) -> Measured:
    """Returns the pairs that are not farther than the distance ``kth`` of their query, (n_queries,), in the same order.

    Where k rows are known to be as near, none of the others is a neighbour, and the matrix of ``nearest`` is narrow.

    >>> pairs = Pairs(torch.tensor([0, 0, 1]), torch.tensor([3, 5, 4]))
    >>> within(Measured(pairs, torch.tensor([2.0, 1.0, 7.0])), torch.tensor([1.0, torch.inf])).reduced
    tensor([1., 7.])
    """
    pairs, reduced = measured
    keep = (~(reduced > kth[pairs.query])).nonzero()[:, 0]
    return Measured(Pairs(pairs.query[keep], pairs.row[keep]), reduced[keep])


def kth_distance(reduced: Tensor, k: int) -> Tensor:
    """Returns the k-th least of the reduced distances along the last axis."""
    return reduced.topk(k, largest=False, sorted=False).values.amax(-1)


def nearest(
    measured: Measured, n_queries: int, k: int, earlier: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, Tensor]:
    """Returns the k nearest rows of each query, sorted by (reduced distance, row): distances, indices (n_queries, k).

    ``earlier`` holds the k nearest of earlier rows. A query with fewer than k pairs has infinite distances at the end.
    The pairs must be sorted by (query, row). Those of a query become one line of a matrix, so a stable sort by distance
    leaves equal distances in the order of the rows: that is the tie rule. Where a few queries have most of the pairs,
    the matrix would be nearly empty, and take more memory than was planned for the pairs: then these are sorted first.

    >>> pairs = Pairs(torch.tensor([0, 0, 0, 1]), torch.tensor([3, 5, 8, 4]))
    >>> nearest(Measured(pairs, torch.tensor([2.0, 1.0, 1.0, 7.0])), n_queries=2, k=2)
    (tensor([[1., 1.],
            [7., inf]]), tensor([[5, 8],
            [4, 0]]))
    """
    pairs, reduced = measured
    place = _places(pairs, n_queries)
    width = max(k, 1 + int(place.max())) if len(place) else k
    if n_queries * width > MOSTLY_EMPTY * (len(place) + n_queries * k):
        return nearest(_k_first(measured, n_queries, k), n_queries, k, earlier)
    matrix = torch.full((n_queries, width), float("inf"), dtype=reduced.dtype, device=reduced.device)
    matrix[pairs.query, place] = reduced
    indices = torch.zeros((n_queries, width), dtype=torch.int64, device=reduced.device)
    indices[pairs.query, place] = pairs.row
    if earlier is not None:
        matrix, indices = torch.cat([earlier[0], matrix], 1), torch.cat([earlier[1], indices], 1)
    matrix, order = matrix.sort(dim=1, stable=True)
    return matrix[:, :k], indices.gather(1, order[:, :k])


def _places(pairs: Pairs, n_queries: int) -> Tensor:
    """Returns the place of each pair among those of its query, int64 (n_pairs,); pairs are sorted by query."""
    first = torch.searchsorted(pairs.query, torch.arange(n_queries, device=pairs.query.device))
    return torch.arange(len(pairs.query), device=pairs.query.device) - first[pairs.query]


def _k_first(measured: Measured, n_queries: int, k: int) -> Measured:
    """Returns the first k pairs of each query by (reduced distance, row), in that order."""
    pairs, reduced = measured
    order = reduced.argsort(stable=True)
    order = order[pairs.query[order].argsort(stable=True)]
    order = order[_places(pairs, n_queries) < k]  # as many pairs of each query are before and after the sort
    return Measured(Pairs(pairs.query[order], pairs.row[order]), reduced[order])
