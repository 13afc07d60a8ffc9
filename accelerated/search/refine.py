"""From candidates to neighbours: the exact distance of each pair, and the k best of each query's.

Pairs come sorted by (query, row). The distances have the bits that the exhaustive search gives them.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from accelerated.metrics import Metric


class Pairs(NamedTuple):
    """Which queries (p,) to measure to which training rows (p,)."""

    query: Tensor
    row: Tensor


Found = tuple[Tensor, Tensor, Tensor]  # reduced distances and rows (n_queries, k), and which queries are answered


def nothing_found(n_queries: int, k: int, device: torch.device) -> Found:
    """No query is answered."""
    reduced = torch.full((n_queries, k), float("inf"), dtype=torch.float64, device=device)
    return (
        reduced,
        torch.zeros_like(reduced, dtype=torch.int64),
        torch.zeros(n_queries, dtype=torch.bool, device=device),
    )


def measure(
    metric: Metric,
    queries: Tensor,
    rows: Tensor,
    pairs: Pairs,
    own: Tensor | None,
    gaps: int,
    known: tuple[Pairs, Tensor] | None = None,
) -> Tensor:
    """The reduced distances of the pairs, float64 (p,); infinity where a training row is the query itself.

    About ``gaps`` differences are held at once. ``known`` are pairs that are measured already, in any order within a
    query, and their reduced distances.
    """
    if known is not None:
        reduced, is_new = _look_up(pairs, *known, len(rows))
        reduced[is_new] = measure(metric, queries, rows, Pairs(pairs.query[is_new], pairs.row[is_new]), own, gaps)
        return reduced
    assert metric.pairs is not None
    reduced = torch.empty(len(pairs.query), dtype=torch.float64, device=rows.device)
    chunk = max(1, gaps // rows.shape[1])
    for start in range(0, len(reduced), chunk):
        some = slice(start, start + chunk)
        reduced[some] = metric.pairs(queries.index_select(0, pairs.query[some]), rows.index_select(0, pairs.row[some]))
    if own is not None:
        reduced.masked_fill_(own[pairs.query] == pairs.row, float("inf"))
    return reduced


def _look_up(pairs: Pairs, known: Pairs, values: Tensor, n_rows: int) -> tuple[Tensor, Tensor]:
    """The values of those pairs that are known, (p,), and which are not."""
    keys, known_keys = (some.query * n_rows + some.row for some in (pairs, known))
    place = torch.searchsorted(keys, known_keys).clamp_(max=len(keys) - 1)
    found = keys[place] == known_keys if len(keys) else torch.zeros_like(known_keys, dtype=torch.bool)
    reduced = values.new_empty(len(keys))
    reduced[place[found]] = values[found]
    is_new = torch.ones_like(keys, dtype=torch.bool)
    is_new[place[found]] = False
    return reduced, is_new


def all_pairs(rows: Tensor) -> Pairs:
    """Each query with each of its rows, (n_queries, n)."""
    query = torch.arange(len(rows), device=rows.device).repeat_interleave(rows.shape[1])
    return Pairs(query, rows.reshape(-1))


def nearest(
    pairs: Pairs, reduced: Tensor, n_queries: int, k: int, best: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, Tensor]:
    """The k best of each query, sorted by (reduced distance, row): distances and rows, both (n_queries, k).

    ``best`` are those of earlier rows. A query with fewer than k pairs ends in infinities. The pairs are laid out as a
    matrix, a line for each query in the order of the rows, so that a stable sort by distance leaves equals in order.

    >>> pairs = Pairs(torch.tensor([0, 0, 0, 1]), torch.tensor([3, 5, 8, 4]))
    >>> nearest(pairs, torch.tensor([2.0, 1.0, 1.0, 7.0]), n_queries=2, k=2)
    (tensor([[1., 1.],
            [7., inf]]), tensor([[5, 8],
            [4, 0]]))
    """
    first = torch.searchsorted(pairs.query, torch.arange(n_queries, device=reduced.device))
    place = torch.arange(len(pairs.query), device=reduced.device) - first[pairs.query]
    width = max(k, 1 + int(place.max())) if len(place) else k
    matrix = torch.full((n_queries, width), float("inf"), dtype=reduced.dtype, device=reduced.device)
    matrix[pairs.query, place] = reduced
    rows = torch.zeros((n_queries, width), dtype=torch.int64, device=reduced.device)
    rows[pairs.query, place] = pairs.row
    if best is not None:
        matrix, rows = torch.cat([best[0], matrix], 1), torch.cat([best[1], rows], 1)
    matrix, order = matrix.sort(dim=1, stable=True)
    return matrix[:, :k], rows.gather(1, order[:, :k])
