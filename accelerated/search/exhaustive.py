"""The exhaustive search, right by construction: it measures every pair, block by block, and keeps the k nearest.

The full matrix of distances never exists. Each query carries its k nearest rows so far, sorted by (reduced distance,
training index). The distances of the next block of rows are appended to them, and the k least of both are kept. Blocks
come in order, so of equal distances the leftmost has the lowest training index: keeping the leftmost is the tie rule.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.filter import Batch, Filter, Found
from accelerated.search.memory import block_shape
from accelerated.search.report import Clock

MOST_QUERIES = 2**14  # in a batch, so that the progress bar moves; on a CPU ``block_shape`` mostly allows fewer


@dataclass(frozen=True)
class Exhaustive:
    """Certifies every query, for every metric."""

    metric: Metric
    rows: Tensor  # (n_rows, n_features), prepared
    name = "exhaustive"

    def batch_size(self, k: int, scratch: int) -> int:
        """Returns the number of queries to measure together against a block of rows."""
        return self._block_shape(MOST_QUERIES, k, scratch)[0]

    def _block_shape(self, n_queries: int, k: int, scratch: int) -> tuple[int, int]:
        n_rows, n_features = self.rows.shape
        return block_shape(n_queries, n_rows, n_features, k, scratch, self.rows.device.type)

    def search(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Found:
        """Measures each query against all rows."""
        queries, n_rows = batch.queries, len(self.rows)
        _, block_rows = self._block_shape(len(queries), k, scratch)
        reduced = torch.empty((len(queries), 0), dtype=torch.float64, device=queries.device)
        indices = reduced.to(torch.int64)
        with clock.stage("exhaustive"):
            for start in range(0, n_rows, block_rows):
                of_block = self.metric.measure_block(queries, self.rows, start, min(start + block_rows, n_rows))
                if batch.n_self:
                    of_block = _without_self(of_block, batch.self_index, start)
                reduced, indices = _merge(reduced, indices, of_block, start, k)
        return Found(reduced, indices, torch.ones(len(queries), dtype=torch.bool, device=queries.device))

    def finer(self) -> list[Filter]:
        """Returns nothing, because all queries are certified."""
        return []


def _without_self(reduced: Tensor, self_index: Tensor, first_row: int) -> Tensor:
    """Sets each query's distance to itself to infinity, in place, and returns the distances, (n_queries, n_rows)."""
    column = self_index - first_row
    in_block = (column >= 0) & (column < reduced.shape[1])
    column = column.clamp(0, reduced.shape[1] - 1)[:, None]
    unchanged = reduced.gather(1, column)
    return reduced.scatter_(1, column, torch.where(in_block[:, None], torch.inf, unchanged))


def _merge(reduced: Tensor, indices: Tensor, of_block: Tensor, first_row: int, k: int) -> tuple[Tensor, Tensor]:
    """Returns the k nearest rows of those so far, (n_queries, up to k), and of a block that starts at ``first_row``."""
    block_indices = torch.arange(first_row, first_row + of_block.shape[1], device=reduced.device).expand_as(of_block)
    reduced = torch.cat([reduced, of_block], 1)
    indices = torch.cat([indices, block_indices], 1)
    positions = smallest(reduced, min(k, reduced.shape[1]))
    return reduced.gather(1, positions), indices.gather(1, positions)


def smallest(values: Tensor, k: int) -> Tensor:
    """Returns the positions of the k smallest values of each line of (n, width), sorted by (value, position), (n, k).

    ``torch.topk`` returns any of several equal entries, but the k-th value that it finds is right. So all entries up to
    that value are taken, in order of position, and only these few are sorted, twice and stably: first by value, then by
    line. That leaves the entries of each line together, in the order (value, position).

    >>> smallest(torch.tensor([[2.0, 1.0, 2.0, 0.0], [7.0, 7.0, 7.0, 7.0]]), 3)
    tensor([[3, 1, 0],
            [0, 1, 2]])
    """
    kth = torch.topk(values, k, largest=False).values.amax(1, keepdim=True)
    line, position = (values <= kth).nonzero(as_tuple=True)  # at least k in each line, line after line
    order = values[line, position].argsort(stable=True)
    order = order[line[order].argsort(stable=True)]
    first = torch.searchsorted(line, torch.arange(len(values), device=line.device))  # where each line begins
    return position[order[first[:, None] + torch.arange(k, device=line.device)]]
