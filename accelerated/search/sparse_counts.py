"""The filter for sparse rows of 0 and 1: the distances of all pairs from the sizes of intersections, which are exact.

A product of two such rows counts the features that both have. With the sizes of both it gives the features that either
has and those that only one has, all whole numbers below 2^53. So a division is the only step that rounds, and it is the
one that ``distances`` makes of the same two numbers: the bits are those of measuring each pair.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.utils.extmath import safe_sparse_dot
from torch import Tensor

from accelerated.in_sparse import row_of_each
from accelerated.metrics import Metric
from accelerated.search.filter import Batch, Filter, Found
from accelerated.search.report import Clock
from accelerated.search.smallest import smallest
from accelerated.search.sparse_products import MOST_CELLS
from accelerated.sparse_rows import SparseRows

BYTES_OF_COUNT = (
    20 * 8
)  # the counts of a pair, as stored and not, the distance, and its copies when the least are found


@dataclass(frozen=True)
class SparseCountFilter:
    """Certifies all queries of 0 and 1, for jaccard and hamming."""

    metric: Metric
    rows: SparseRows
    columns: Any  # csr_array (n_features, n_rows): the rows, transposed
    name = "sparse"
    why = "products of sparse rows of 0 and 1 count their common features exactly"

    @classmethod
    def make(cls, metric: Metric, rows: SparseRows) -> "SparseCountFilter":
        """Transposes the rows, and keeps both."""
        return cls(metric, rows, rows.matrix.T.tocsr())

    def finer(self) -> list[Filter]:
        """Returns nothing: distances of 0 and 1 are exact, and no count tells how far other queries are."""
        return []

    def batch_size(self, k: int, scratch: int) -> int:
        """Returns the number of queries whose distances to all rows fit the scratch."""
        return min(max(1, MOST_CELLS // len(self.rows)), scratch // (BYTES_OF_COUNT * (len(self.rows) + k)))

    def search(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Found:
        """Counts, divides, and keeps the k least distances, of equal ones those of the lowest rows."""
        with clock.stage("multiply"):
            reduced = torch.from_numpy(self.distances(batch.queries))
            is_row = (batch.self_index >= 0).nonzero()[:, 0]  # a query may be none of the rows that are searched
            reduced[is_row, batch.self_index[is_row]] = torch.inf
        with clock.stage("exclude"):
            nearest = smallest(reduced, k)
        return Found(reduced.gather(1, nearest), nearest, self.is_counted(batch.queries))

    def distances(self, queries: SparseRows) -> np.ndarray:
        """Returns the distances, (n_queries, n_rows)."""
        common = safe_sparse_dot(queries.matrix, self.columns, dense_output=True)
        either = np.add.outer(_size(queries), _size(self.rows)) - common
        only_one = either - common
        if self.metric.counts == "differing":
            return only_one / self.rows.shape[1]
        return only_one / np.where(either == 0, 1.0, either)

    def is_counted(self, queries: SparseRows) -> Tensor:
        """Tells which queries are 0 and 1, as all are that were prepared for jaccard."""
        is_other = (queries.matrix.data != 0) & (queries.matrix.data != 1)
        return torch.from_numpy(np.bincount(row_of_each(queries.matrix)[is_other], minlength=len(queries)) == 0)


def _size(rows: SparseRows) -> np.ndarray:
    """Returns the number of ones in each row, (n,)."""
    return rows.matrix.sum(axis=1)


def has_only_0_and_1(rows: SparseRows) -> bool:
    """Tells whether all numbers are 0 or 1."""
    return bool(np.isin(rows.matrix.data, (0, 1)).all())
