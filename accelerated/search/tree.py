"""The filter for few features on a CPU: SciPy's k-d tree names rows, and up to rounding no other row is nearer.

The tree rounds distances in its own way, and of equally distant rows it may name any. So it is asked for one row more
than is needed: every row that it does not name is at least as far, in its arithmetic, as the last row that it does
name. The named rows are measured exactly, unless the tree's distances are known to have the same bits. If the last of
them is not clearly farther than the k-th nearest, as among equally distant rows, a row that is not named may be as
near. Then the query is not certified, and a tree that names more rows tries it.
"""

import functools
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from accelerated import distances
from accelerated.metrics import Metric
from accelerated.search.filter import Batch, Found
from accelerated.search.memory import tree_bytes
from accelerated.search.report import Clock

MOST_QUERIES = 8192  # in a batch, so that the progress bar moves
LEAF = 32  # rows in a leaf of the tree: `python -m benchmarks.constants LEAF`
WIDER = (8, 64)  # times as many rows, for queries not certified: `python -m benchmarks.constants WIDER`
RANGE = 2.0**64  # of the magnitudes in rows whose cells are halved, see ``halves_cells``
MEASURES = {1: distances.manhattan, 2: distances.euclidean, np.inf: distances.chebyshev}  # by the power of a tree


@dataclass(frozen=True)
class TreeFilter:
    """Certifies queries for euclidean, manhattan and chebyshev distances, and Minkowski with a whole p up to 16.

    For a metric that embeds rows (``accelerated/embeddings.py``) the tree is one of their points.
    """

    metric: Metric
    rows: Tensor  # (n_rows, n_features)
    tree: cKDTree
    times: int = 1  # the tree names so many times the rows that are needed

    @classmethod
    def make(cls, metric: Metric, rows: Tensor) -> "TreeFilter":
        """Builds the tree of the rows.

        A tree that halves cells takes half the time of one that halves the rows of each cell. Where rows are not spread
        evenly, a search takes up to 1.5 times as long in 3 features, but half as long in 6.
        """
        numbers = metric.embed(rows).numpy()
        return cls(metric, rows, cKDTree(numbers, LEAF, compact_nodes=False, balanced_tree=not halves_cells(numbers)))

    @property
    def name(self) -> str:
        """Returns the name by which ``search_report`` calls the filter."""
        return "tree" if self.times == 1 else f"tree, {self.times} times wider"

    @property
    def why(self) -> str:
        """Returns the reason for which the rule chooses the filter."""
        return f"{self.rows.shape[1]} features are few for {len(self.rows)} rows, so a tree finds them"

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
            points = self.metric.embed(batch.queries).numpy()
            tree_distances, named = self.tree.query(points, n_named, p=self.metric.tree_p)
            tree_distances, named = tree_distances.reshape(-1, n_named), named.reshape(-1, n_named)
            unnamed = torch.from_numpy(tree_distances[:, -1].copy())  # no unnamed row is nearer
            if n_named == len(self.rows):
                unnamed.fill_(np.inf)
        with clock.stage("refine"):
            reduced = tree_distances if self._tree_measures() else self._measure(batch.queries, named)
            if batch.n_self:
                reduced[named == batch.self_index.numpy()[:, None]] = np.inf
            sort_where_needed(reduced, named)
            of_nearest, indices = torch.from_numpy(reduced[:, :k]), torch.from_numpy(named[:, :k])
        certified = tree_reach(self.to_tree(of_nearest[:, -1], batch.queries)) < unnamed
        return Found(of_nearest, indices, certified, n_candidates=named.size)

    def to_tree(self, reduced: Tensor, queries: Tensor) -> Tensor:
        """Returns the distance in the tree of a row at a reduced distance, or of a point the most that it may be."""
        if self.metric.embeds_rows:
            assert self.metric.radius is not None
            return self.metric.radius(reduced, queries)
        return self.metric.to_tree(reduced)

    def _tree_measures(self) -> bool:
        """Tells whether the distances of the tree are the reduced distances, to the last bit."""
        assert self.metric.tree_p is not None
        return self.metric.reduces_as_tree and rounds_as_measured(self.metric.tree_p, self.rows.shape[1])

    def _measure(self, queries: Tensor, named: np.ndarray) -> np.ndarray:
        """Returns the reduced distances of each query to its named rows, (n_queries, n_named)."""
        assert self.metric.measure_pairs is not None
        rows = torch.from_numpy(self.rows.numpy().take(named, axis=0))  # (n_queries, n_named, n_features)
        return self.metric.measure_pairs(queries[:, None], rows).numpy()


def halves_cells(numbers: np.ndarray) -> bool:
    """Tells whether a tree of the numbers, (n, n_features), has few levels if it halves its cells.

    SciPy cuts a cell in the middle of its longest side, or beside a single row if all others are beyond the middle. So
    after each cut a cell with more than one row is at most half as long. Different numbers whose magnitudes are m or
    more differ by at least 2^-53 m. If none is above 2^64 m, a side is halved at most 118 times until all rows in the
    cell agree in that feature, and is then cut to nothing in two steps. So there are at most 121 levels for each
    feature. Without that limit there could be 2000, too many for the stack of a thread.

    >>> halves_cells(np.array([[0.0, 1.0, -(2.0**64)]])), halves_cells(np.array([[1.0, 2.0**65]]))
    (True, False)
    """
    magnitudes = np.abs(numbers)
    return float(magnitudes.max()) <= RANGE * float(magnitudes.min(initial=np.inf, where=magnitudes > 0))


@functools.cache
def rounds_as_measured(p: float, n_features: int) -> bool:
    """Tells whether the distances of a tree have the bits of measured ones; tried once, on numbers that round much.

    SciPy adds fewer than 8 features from left to right, as NumPy does, unless its compiler has fused products and sums.
    """
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal((128, n_features)) * np.exp2(rng.integers(-3, 4, (128, n_features)))
    queries, rows = numbers[:64], numbers[64:]
    tree_distances, named = cKDTree(rows).query(queries, len(rows), p=p)
    of_pairs = torch.from_numpy(rows[named]).movedim(-1, 0)  # (n_features, n_queries, n_rows)
    measured = MEASURES[p](torch.from_numpy(queries).T[:, :, None], of_pairs)
    return bool((measured.numpy() == tree_distances).all())


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

    A tree adds the squares, or magnitudes, of up to n_features gaps, and on its way down takes a step from the distance
    of one cell to that of the next at each of at most 121 n_features levels (``halves_cells``). A step has five
    roundings, each to 2^-53 of a number not above the result. In 20 features that is less than 2^-39 of a sum. Squares
    below 1e-308 lose digits, and so do distances below 1e-154. Together that is less than 2^-38 of the distance and
    1e-150. (The distance of points is a ``radius``, which pays for the roundings of measuring that are not relative.)
    A power by ``pow`` is off by some units of 2^-53, which its sum passes on and the root divides by p;
    ``Metric.to_tree`` pays for the digits that small powers lose in the measured sum. If the tree loses them, its
    distance is smaller, which is safe.

    It is also the most that ``few_features`` may compute for the bounding box of such a row: the gaps to the box,
    rounded in the same way, are not above those to the row, and only their sum and its square root are rounded
    differently, n_features + 2 times.
    """
    return distance * (1 + 2.0**-38) + 1e-150
