"""The search that is right by construction: measure every pair, a tile at a time, and keep the k best.

The full matrix of distances never exists. Each query carries its k best so far, sorted by (reduced distance, training
index); a tile is put behind them, and the k best of both are kept. Training tiles come in order, so whoever stands
further left has the lower index, and taking equals from left to right is the tie rule.
"""

import torch
from torch import Tensor

from accelerated.metrics import Metric

CPU_PAIRS = 2**15  # a tile's gaps, 8 features x 32,768 pairs x 8 bytes = 2 MiB, stay in a core's cache
TILE_ROWS = 2048  # enough that the k best carried from tile to tile cost little


def search_all(
    metric: Metric,
    rows: Tensor,  # (n_train, n_features), prepared
    queries: Tensor,  # (n_queries, n_features), prepared
    own: Tensor | None,  # (n_queries,), the training row that each query is, which is not its neighbour
    k: int,
    memory_limit: int,
) -> tuple[Tensor, Tensor]:
    """Reduced distances (float64) and indices (int64) of the k nearest rows, both (n_queries, k).

    Raises ValueError where ``memory_limit``, bytes of scratch, is too small for one query and one row.
    """
    n_queries, (n_train, n_features) = len(queries), rows.shape
    n_tile_queries, n_tile_rows = tile_shape(n_queries, n_train, n_features, k, memory_limit, rows.device.type)
    reduced = torch.empty((n_queries, k), dtype=torch.float64, device=rows.device)
    indices = torch.empty((n_queries, k), dtype=torch.int64, device=rows.device)
    for start in range(0, n_queries, n_tile_queries):
        some = slice(start, min(start + n_tile_queries, n_queries))
        best = torch.empty((some.stop - start, 0), dtype=torch.float64, device=rows.device)
        best_indices = best.to(torch.int64)
        for row_start in range(0, n_train, n_tile_rows):
            row_stop = min(row_start + n_tile_rows, n_train)
            tile = metric.reduced(queries[some], rows, row_start, row_stop)  # (a, b)
            if own is not None:
                tile = _without_self(tile, own[some], row_start)
            best, best_indices = _merge(best, best_indices, tile, row_start, k)
        reduced[some], indices[some] = best, best_indices
    return reduced, indices


def tile_shape(
    n_queries: int, n_train: int, n_features: int, k: int, memory_limit: int, device_type: str
) -> tuple[int, int]:
    """Queries and training rows per tile: small enough for a CPU's cache, and for ``memory_limit`` everywhere."""
    n_tile_rows = min(n_train, max(TILE_ROWS, k))
    n_tile_queries = n_queries
    if device_type == "cpu":
        n_tile_queries = min(n_queries, max(1, CPU_PAIRS // n_tile_rows))
        n_tile_rows = min(n_train, max(n_tile_rows, CPU_PAIRS // n_tile_queries))
    while (needed := scratch_bytes(n_tile_queries, n_tile_rows, n_features, k)) > memory_limit:
        if n_tile_queries == n_tile_rows == 1:
            raise ValueError(f"memory_limit={memory_limit} is less than the {needed} bytes for one query and one row")
        if n_tile_queries >= n_tile_rows:
            n_tile_queries = (n_tile_queries + 1) // 2
        else:
            n_tile_rows = (n_tile_rows + 1) // 2
    return n_tile_queries, n_tile_rows


def scratch_bytes(n_tile_queries: int, n_tile_rows: int, n_features: int, k: int) -> int:
    """An upper estimate of what a tile allocates, in float64 or int64 numbers of 8 bytes.

    For each pair 8 features of gaps, of what is made of them and of running sums, and as much again for their partial
    sums, masks and roots; for each candidate of the merge, if all of them tie, a dozen values, positions and orders;
    and the rows read, as they are, prepared, and feature first.
    """
    pairs, candidates = n_tile_queries * n_tile_rows, n_tile_queries * (k + n_tile_rows)
    return 8 * (40 * pairs + 12 * candidates + 4 * n_features * (n_tile_queries + n_tile_rows))


def _without_self(tile: Tensor, own: Tensor, first_row: int) -> Tensor:
    """A copy of the tile (a, b) with infinity where a training row is the query itself."""
    row_indices = torch.arange(first_row, first_row + tile.shape[1], device=tile.device)
    return tile.masked_fill(own[:, None] == row_indices, float("inf"))


def _merge(best: Tensor, best_indices: Tensor, tile: Tensor, first_row: int, k: int) -> tuple[Tensor, Tensor]:
    """The k best of those so far, (a, up to k), and a tile (a, b) of the rows from ``first_row``."""
    new_indices = torch.arange(first_row, first_row + tile.shape[1], device=tile.device).expand_as(tile)
    reduced = torch.cat([best, tile], 1)
    indices = torch.cat([best_indices, new_indices], 1)
    positions = smallest(reduced, min(k, reduced.shape[1]))
    return reduced.gather(1, positions), indices.gather(1, positions)


def smallest(values: Tensor, k: int) -> Tensor:
    """Positions of the k smallest of each row of (a, w), sorted by (value, position), shape (a, k).

    ``torch.topk`` names any of several equal entries, but the k-th value that it finds is right. So take all entries
    up to that value, in order of position, and sort these few: two stable sorts, by value and then by row, leave each
    row's entries together in the order (value, position). Sorting whole rows would do too, and is slower for few k.

    >>> smallest(torch.tensor([[2.0, 1.0, 2.0, 0.0], [7.0, 7.0, 7.0, 7.0]]), 3)
    tensor([[3, 1, 0],
            [0, 1, 2]])
    """
    kth = torch.topk(values, k, largest=False).values.amax(1, keepdim=True)
    row, position = (values <= kth).nonzero(as_tuple=True)  # at least k a row, row after row
    order = values[row, position].argsort(stable=True)
    order = order[row[order].argsort(stable=True)]
    first = torch.searchsorted(row, torch.arange(len(values), device=row.device))  # where each row begins
    return position[order[first[:, None] + torch.arange(k, device=row.device)]]
