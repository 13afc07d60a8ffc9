"""The filter for few features on a CPU: SciPy's k-d tree names rows, and up to rounding no other row is nearer.

The tree rounds its distances differently, and of equally distant rows it may name any. So it is asked for one row more
than is needed: every row that it does not name is at least as far, in its arithmetic, as the last row that it does
name. The named rows are measured exactly. If the last of them is not clearly farther than the k-th nearest, as among
equally distant rows, the query is not certified, and a tree that names more rows may certify it.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.filter import Batch, Found
from accelerated.search.memory import tree_bytes
from accelerated.search.report import Clock

MOST_QUERIES = 2048  # in a batch, so that the progress bar moves
# More gaps at once wake torch's threads, whose busy waiting slows down the tree's threads.
GAPS_FOR_ONE_THREAD = 2**15  # `python -m benchmarks.constants GAPS_FOR_ONE_THREAD`
LEAF = 32  # rows in a leaf of the tree: `python -m benchmarks.constants LEAF`
WIDER = (8, 64)  # times as many rows, for queries not certified: `python -m benchmarks.constants WIDER`


@dataclass(frozen=True)
class TreeFilter:
    """Certifies queries for euclidean, manhattan and chebyshev distances, and Minkowski with a whole p up to 16."""

    metric: Metric
    rows: Tensor  # (n_rows, n_features)
    tree: cKDTree
    times: int = 1  # the tree names so many times the rows that are needed

    @classmethod
    def make(cls, metric: Metric, rows: Tensor) -> "TreeFilter":
        """Builds the tree of the rows."""
        return cls(metric, rows, cKDTree(rows.numpy(), leafsize=LEAF))

    @property
    def name(self) -> str:
        """Returns the name by which ``search_report`` calls the filter."""
        return "tree" if self.times == 1 else f"tree, {self.times} times wider"

    def finer(self) -> list["TreeFilter"]:
        """Returns the same tree, asked to name more rows."""
        return [replace(self, times=times) for times in WIDER]

    def batch_size(self, k: int, scratch: int) -> int:
        """Returns the number of queries whose named rows fit the limit."""
        return min(MOST_QUERIES, scratch // tree_bytes(self._n_named(k, n_self=1), self.rows.shape[1]))

    def _n_named(self, k: int, n_self: int) -> int:
        return min(self.times * (k + 1 + n_self), len(self.rows))

    def search(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Found:
        """Measures the rows that the tree names."""
        n_named = self._n_named(k, batch.n_self)
        with clock.stage("tree"):
            p, n_threads = self.metric.tree_p, torch.get_num_threads()
            tree_distances, named = self.tree.query(batch.queries.numpy(), n_named, p=p, workers=n_threads)
            tree_distances, named = tree_distances.reshape(-1, n_named), named.reshape(-1, n_named)
        with clock.stage("refine"):
            reduced = self._measure(batch.queries.numpy(), named)
            reduced[named == batch.self_index.numpy()[:, None]] = np.inf
            sort_where_needed(reduced, named)
            of_nearest, indices = torch.from_numpy(reduced[:, :k].copy()), torch.from_numpy(named[:, :k].copy())
        kth = of_nearest[:, -1]
        unnamed = torch.from_numpy(tree_distances[:, -1]) if n_named < len(self.rows) else torch.full_like(kth, np.inf)
        certified = tree_reach(self.metric.to_tree(kth)) < unnamed  # no unnamed row is nearer than ``unnamed``
        return Found(of_nearest, indices, certified, n_candidates=named.size)

    def _measure(self, queries: np.ndarray, named: np.ndarray) -> np.ndarray:
        """Returns the reduced distances of each query to its named rows, (n_queries, n_named)."""
        assert self.metric.measure_pairs is not None
        reduced = np.empty(named.shape)
        n_at_once = max(1, GAPS_FOR_ONE_THREAD // (named.shape[1] * queries.shape[1]))
        for start in range(0, len(queries), n_at_once):
            some = slice(start, start + n_at_once)
            repeated = torch.from_numpy(np.repeat(queries[some], named.shape[1], axis=0))
            rows = torch.from_numpy(self.rows.numpy()[named[some].ravel()])
            reduced[some] = self.metric.measure_pairs(repeated, rows).numpy().reshape(-1, named.shape[1])
        return reduced


def sort_where_needed(reduced: np.ndarray, indices: np.ndarray) -> None:
    """Sorts the rows of each query by (distance, index), in place, (n_queries, n); most come sorted from the tree.

    >>> reduced, indices = np.array([[1.0, 1.0, 0.0]]), np.array([[7, 4, 9]])
    >>> sort_where_needed(reduced, indices)
    >>> indices
    array([[9, 4, 7]])
    """
    unsorted = ~(reduced[:, 1:] > reduced[:, :-1]).all(axis=1)
    order = np.lexsort((indices[unsorted], reduced[unsorted]), axis=1)
    reduced[unsorted] = np.take_along_axis(reduced[unsorted], order, axis=1)
    indices[unsorted] = np.take_along_axis(indices[unsorted], order, axis=1)


def tree_reach(distance: Tensor) -> Tensor:
    """Returns the most that a tree may compute for a row that is not farther than ``distance``, as measured.

    A tree adds the squares, or magnitudes, of up to n_features gaps, and on its way down takes at most some hundreds of
    steps from the distance of one box to that of the next, each rounded to 2^-53 of a number not above the result.
    Squares below 1e-308 lose digits, and so do distances below 1e-154. Together that is less than 2^-40 of the distance
    and 1e-150. A power by ``pow`` is off by some units of 2^-53, which its sum passes on and the root divides by p;
    ``Metric.to_tree`` pays for the digits that small powers lose in the measured sum. A tree that loses them itself
    computes less.

    It is also the most that ``few_features`` may compute for the bounding box of such a row: the gaps to the box,
    rounded in the same way, are not above those to the row, and only their sum and its square root are rounded
    differently, n_features + 2 times.
    """
    return distance * (1 + 2.0**-40) + 1e-150
