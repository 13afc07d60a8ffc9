"""The filter for few features: SciPy's k-d tree finds near rows; what it leaves out is farther, up to rounding.

The tree's distances round otherwise than ours, and of equal ones it may find any. So it is asked for one neighbour more
than is needed: every row that it does not name is at least as far, in its arithmetic, as the last that it does. What it
names is measured exactly; where the last is too near to be sure, as among equals, a wider search may answer.
"""

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.refine import Found, nothing_found
from accelerated.search.report import Report

ONE_THREAD = 2**15  # numbers: torch gives more to several threads, which wait busily and slow the tree's threads down
LEAF = 32  # rows: measured faster than SciPy's 10 to 16 from 3 to 8 features


class TreeFilter:
    """Answers for euclidean, manhattan and chebyshev distances."""

    n_at_once = 2048

    def __init__(self, metric: Metric, rows: Tensor, tree: cKDTree | None = None, width: int = 1):
        """With more ``width`` it asks for so many times more neighbours, for ties."""
        self.metric, self.rows, self.width = metric, rows, width
        self.tree = cKDTree(rows.numpy(), leafsize=LEAF) if tree is None else tree
        self.name = "tree" if width == 1 else f"tree, {width} times wider"

    def finer(self) -> list["TreeFilter"]:
        """The same tree, asked for more."""
        return [TreeFilter(self.metric, self.rows, self.tree, width) for width in (8, 64)]

    def search(self, queries: Tensor, own: Tensor | None, k: int, memory_limit: int, report: Report) -> Found:
        """Reduced distances and rows of the k nearest, both (n_queries, k), and which queries are answered."""
        n_named = min(self.width * (k + 1 if own is None else k + 2), len(self.rows))
        per_query = 8 * n_named * (10 + 4 * queries.shape[1])  # bytes: what is named, its order, its gaps
        batch = memory_limit // per_query
        if not batch:
            return nothing_found(len(queries), k, queries.device)
        parts = []
        for start in range(0, len(queries), batch):
            some = slice(start, start + batch)
            parts.append(self._search_batch(queries[some], None if own is None else own[some], k, n_named, report))
        best, indices, answered = (torch.cat(part) for part in zip(*parts, strict=True))
        return best, indices, answered

    def _search_batch(self, queries: Tensor, own: Tensor | None, k: int, n_named: int, report: Report) -> Found:
        with report.stage("tree"):
            p, n_threads = self.metric.tree_p, torch.get_num_threads()
            far, named = self.tree.query(queries.numpy(), n_named, p=p, workers=n_threads)
            far, named = far.reshape(-1, n_named), named.reshape(-1, n_named)
        with report.stage("refine"):
            reduced = self._measure(queries.numpy(), named)
            if own is not None:
                reduced[named == own.numpy()[:, None]] = np.inf
            sort_where_needed(reduced, named)
            best, indices = torch.from_numpy(reduced[:, :k].copy()), torch.from_numpy(named[:, :k].copy())
            report.candidates += named.size
        left_out = torch.from_numpy(far[:, -1]) if n_named < len(self.rows) else torch.full_like(best[:, -1], torch.inf)
        answered = tree_reach(self.metric.to_tree(best[:, -1])) < left_out
        return best, indices, answered

    def _measure(self, queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The reduced distances of each query to its rows, both (n_queries, n)."""
        assert self.metric.pairs is not None
        reduced = np.empty(rows.shape)
        batch = max(1, ONE_THREAD // (rows.shape[1] * queries.shape[1]))
        for start in range(0, len(queries), batch):
            some = slice(start, start + batch)
            one = torch.from_numpy(np.repeat(queries[some], rows.shape[1], axis=0))
            other = torch.from_numpy(self.rows.numpy()[rows[some].ravel()])
            reduced[some] = self.metric.pairs(one, other).numpy().reshape(-1, rows.shape[1])
        return reduced


def sort_where_needed(reduced: np.ndarray, rows: np.ndarray) -> None:
    """Sorts each line of both, (n_queries, n), by (distance, row), in place; most come sorted from the tree.

    >>> reduced, rows = np.array([[1.0, 1.0, 0.0]]), np.array([[7, 4, 9]])
    >>> sort_where_needed(reduced, rows)
    >>> rows
    array([[9, 4, 7]])
    """
    unsorted = ~(reduced[:, 1:] > reduced[:, :-1]).all(axis=1)
    lines = reduced[unsorted], rows[unsorted]
    order = np.lexsort(lines[::-1], axis=1)
    reduced[unsorted], rows[unsorted] = (np.take_along_axis(part, order, axis=1) for part in lines)


def tree_reach(distance: Tensor) -> Tensor:
    """The most that a tree may call a row that is not farther than ``distance``, as measured.

    A tree adds the squares, or magnitudes, of up to n_features gaps, and on its way down takes at most some hundreds of
    steps from the distance of one box to that of the next, each rounded to 2^-53 of a number not above the result.
    Squares below 1e-308 lose digits, and so do distances below 1e-154.

    It is also the most that ``boxes`` may call a box with such a row in it: its gaps, rounded in the same way, are not
    above those of the row, and only their sum and its root are rounded otherwise, n_features + 2 times.
    """
    return distance * (1 + 2.0**-40) + 1e-150
