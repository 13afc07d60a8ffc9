r"""The filter for sparse rows: lower bounds for all pairs by a product of sparse matrices, few exact distances.

The product passes over entries that are not stored, so it takes few operations for each pair. It is made in float64,
and a single bound is enough:

    guess    measure the rows with the lowest bounds exactly: no neighbour is farther than the k-th nearest of these
    exclude  a row whose bound is above that distance is not a neighbour
    refine   measure the remaining pairs exactly, and keep the k nearest

The bound. Let q be a query and x a row, embedded (``Metric``), u = 2^-53, and n the most entries that one of them
stores. Then |q - x|^2 = |q|^2 + |x|^2 - 2 q.x, of which the parts are sums of at most n products, added in any order,
with or without fused operations. With g(m) = m u / (1 - m u) such a sum is off by at most g(n) of the sum of the
magnitudes of its terms (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1). So with
S = |q|^2 + |x|^2:

    |q|^2 and |x|^2, as computed and added, are at most S (1 + g(n + 1));
    2 q.x is off by at most 2 g(n) sum |q_j x_j| <= 2 g(n) |q| |x| <= g(n) S, and doubling it is exact;
    the product with f = 1 - e takes one rounding more: f S (1 + g(n + 2));
    the difference of the two, at most 2.01 S in magnitude, is rounded by at most 2.01 u S.

The result is at most |q - x|^2 if (1 + g(n + 2)) f + g(n) + 2.01 u <= 1, so if e >= g(n + 2) + g(n) + 2.01 u. As
g(m) <= 1.01 m u for m <= 2^46, e = (3 n + 8) u is enough, with the rounding of f.

Products and sums below 2^-1022 lose at most 2^-1022 each, even if they become 0. There are fewer than 8 (n + 1) of
them, counted twice where they are doubled, so (n + 1) 2^-1018 pays for all, and the threshold is raised by it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.utils.extmath import safe_sparse_dot
from torch import Tensor

from accelerated.in_sparse import add_in_order, has_direction, row_of_each
from accelerated.metrics import Metric
from accelerated.search.bounds.frame import Frame, reach
from accelerated.search.bounds.multiply import U
from accelerated.search.filter import Batch, Filter, Found, Measured, Pairs
from accelerated.search.memory import BYTES_OF_PAIR, most_kept
from accelerated.search.refine import all_pairs, kth_distance, measure, measure_unknown, nearest, within
from accelerated.search.report import Clock
from accelerated.sparse_rows import SparseRows

MOST_CELLS = 2**20  # bounds of a batch, of 8 bytes each, so that the progress bar moves and memory stays small
MOST_PAIRS = 2**12  # that are measured at once: so many that a call of NumPy costs little for each
BYTES_OF_CELL = 6 * 8  # a bound: its stored product and place, the product, the bound, and the copies of a selection
BYTES_OF_ENTRY = 16 * 8  # a stored number of a pair that is measured: its copies, the gap, and places and sums of parts
IN_PLACE = Frame(torch.zeros(0), scale=1.0, near=0.0)


@dataclass(frozen=True)
class SparseProductFilter:
    """Certifies queries by bounds for all pairs, for metrics whose distance limits |q - x|."""

    metric: Metric
    rows: SparseRows
    columns: Any  # csr_array (n_features, n_rows): the rows, transposed
    squared: np.ndarray  # |x|^2, (n_rows,)
    most_stored: int  # entries of one row
    name = "sparse"
    why = "products of sparse rows take few operations, and are precise enough to exclude most rows"

    @classmethod
    @np.errstate(all="ignore")
    def make(cls, metric: Metric, rows: SparseRows) -> "SparseProductFilter":
        """Transposes the rows, and keeps both."""
        return cls(metric, rows, rows.matrix.T.tocsr(), _squared(metric, rows), rows.most_stored)

    def finer(self) -> list[Filter]:
        """Returns nothing: the bounds are as precise as distances in float64 that are expanded."""
        return []

    def batch_size(self, k: int, scratch: int) -> int:
        """Returns the number of queries whose bounds take half of the scratch; pairs to be measured take the rest."""
        n_rows, n_features = self.rows.shape
        of_pair = BYTES_OF_ENTRY * (self.most_stored + n_features)
        of_query = BYTES_OF_CELL * n_rows + BYTES_OF_PAIR * most_kept(n_rows, k)
        fits = scratch // 2 >= of_pair
        return min(max(1, MOST_CELLS // n_rows), scratch // 2 // of_query) if fits else 0

    def search(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Found:
        """Measures the rows with low bounds."""
        n_queries, n_rows = len(batch.queries), len(self.rows)
        most_gaps = self.most_gaps(batch.queries, scratch)
        with clock.stage("multiply"):
            bounds = self.bounds(batch.queries)
        with clock.stage("guess"):
            pairs = all_pairs(bounds.topk(min(n_rows, k + batch.n_self), dim=1, largest=False, sorted=False).indices)
        with clock.stage("refine"):
            guess = Measured(pairs, measure(self.metric, self.rows, batch, pairs, most_gaps))
        with clock.stage("exclude"):
            kth = kth_distance(guess.reduced.view(n_queries, -1), k)
            is_left = bounds <= self.threshold(kth, batch.queries)[:, None]
            certified = is_left.sum(1) <= most_kept(n_rows, k)
            pairs = Pairs(*(is_left & certified[:, None]).nonzero(as_tuple=True))
        with clock.stage("refine"):
            reduced = measure_unknown(self.metric, self.rows, batch, pairs, most_gaps, guess)
            closest = nearest(within(Measured(pairs, reduced), kth), n_queries, k)
        return Found(*closest, certified, len(pairs.query))

    def most_gaps(self, queries: SparseRows, scratch: int) -> int:
        """Returns how many differences in one feature, most of which are 0, half of the scratch has room for."""
        return pairs_at_once(self.most_stored, queries, scratch // 2) * self.rows.shape[1]

    @np.errstate(all="ignore")  # the threshold pays for numbers that vanish, and infinite bounds exclude nothing
    def bounds(self, queries: SparseRows) -> Tensor:
        """Returns lower bounds on |q - x|^2, (n_queries, n_rows), but for numbers that vanish."""
        product = safe_sparse_dot(queries.matrix, self.columns, dense_output=True)
        if self.metric.n_embedded:
            product += np.logical_and.outer(_is_apart(queries), _is_apart(self.rows))
        bounds = np.add.outer(_squared(self.metric, queries), self.squared)
        bounds *= 1 - self._error(queries)
        product *= 2
        bounds -= product
        if not np.isfinite(bounds.max()):  # some lengths are too large for a float, and exclude nothing
            bounds[~np.isfinite(bounds)] = -np.inf
        return torch.from_numpy(bounds)

    def _error(self, queries: SparseRows) -> float:
        return (3 * max(self.most_stored, queries.most_stored) + 8) * U

    def threshold(self, reduced: Tensor, queries: Any) -> Tensor:
        """Returns bounds, (n_queries,): a row with a bound above has a measured distance above ``reduced``."""
        lost = (max(self.most_stored, queries.most_stored) + 1) * 2.0**-1018
        squared = reach(self.metric, reduced, queries, torch.zeros_like(reduced), IN_PLACE)
        return (squared + lost) * (1 + 4 * U)


def pairs_at_once(most_stored: int, queries: SparseRows, scratch: int) -> int:
    """Returns how many pairs of a query and a row of at most ``most_stored`` entries to measure in so many bytes."""
    stored = max(1, most_stored + queries.most_stored)
    return max(1, min(MOST_PAIRS, scratch // (BYTES_OF_ENTRY * stored)))


def _squared(metric: Metric, rows: SparseRows) -> np.ndarray:
    """Returns the squared lengths of the embedded rows, (n,)."""
    squared = add_in_order(row_of_each(rows.matrix), rows.matrix.data**2, len(rows))
    return squared + _is_apart(rows) if metric.n_embedded else squared


def _is_apart(rows: SparseRows) -> np.ndarray:
    """Tells which rows are zero, (n,): if the metric embeds rows, these have 1 in a feature more, and all others 0."""
    return ~has_direction(rows.matrix)
