"""The rows that may be among the k nearest of few queries: a product with the rows as they are excludes the others.

A product filter encodes, bounds and sorts for many queries at once, and its calls take milliseconds however few these
are. Few queries need less: their product with all rows, and the squared length of each row.

|q - x|^2 = |x|^2 + |q|^2 - 2 x.q. Let u be the rounding unit of the rows' type and e = (4 n_features + 16) u, at most
1/2. To subtract the products x_i q_i from a number s with |s| <= |x|^2, in whatever order, takes up to n_features + 3
roundings of sums that are no larger than |x|^2 + 2 |x| |q|, the query's own rounding to that type included; e allows
for twice as many. By 2 |x| |q| <= |x|^2 + |q|^2 the result is off by at most e (2 |x|^2 + |q|^2). So for an s of at
most (1 - 2 e) |x|^2

    computed s - 2 x.q  <=  |x|^2 - 2 x.q + e |q|^2  =  |q - x|^2 - (1 - e) |q|^2 :

a row is farther than R if that number is above R^2 - (1 - e) |q|^2. Numbers that vanish, because they are below the
least of the type, add an error of less than ``VANISHING`` for each feature, or of less than u (|x|^2 + |q|^2).
"""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import torch
from torch import Tensor

from accelerated import radii
from accelerated.metrics import Metric
from accelerated.search.bounds.accumulation import product_keeps_error_limit
from accelerated.search.bounds.frame import UNSHIFTED, reach
from accelerated.search.bounds.multiply import U, product_dtype
from accelerated.search.filter import Batch, Found, nothing_found
from accelerated.search.memory import BYTES_OF_GAP
from accelerated.search.refine import measure_in_numpy
from accelerated.search.smallest import smallest

FEWEST_FOR_NEAR = 2**14  # numbers in the rows: `python -m benchmarks.constants FEWEST_FOR_NEAR`
MOST_FOR_NEAR = 2**26  # bytes of the rows, for each query anew: `python -m benchmarks.constants MOST_FOR_NEAR`
MOST_BOUNDS = 2**18  # at once: `python -m benchmarks.constants MOST_BOUNDS`
LITTLE = 2.0**-6  # of the squared distance of a neighbour: a bound that is too low by more excludes too few rows
MOST_OF_SOME, N_COMPARED_OF_SOME = 32, 8  # rows that are looked at, of which these are compared with all of them
NUMBERS_OF_SOME = 2**18  # at most, unless four rows have more
MOST_LEFT = 1 / 4  # of the rows, for one query; it takes no longer to measure all if more are left
MOST_GAPS = 2**17  # differences held at once when pairs are measured
BYTES_OF_BOUND = 64  # of a bound, a copy and a mask, and of a quarter of the pairs: numbers, distances and order
UNIT = {torch.float64: U, torch.float32: 2.0**-24}
VANISHING = {torch.float64: 2.0**-1000, torch.float32: 2.0**-120}
LARGEST = {torch.float64: 1e300, torch.float32: 1e37}  # squared lengths: no sum or product of them overflows


@dataclass(frozen=True)
class NearRows:
    """The rows, by whose squared lengths those are found that may be near a query."""

    metric: Metric
    rows: Tensor  # (n_rows, n_features), prepared, on the CPU
    computed: list[Tensor | None] = field(default_factory=list, repr=False)  # ``squared``, once it is needed

    @classmethod
    def for_few_queries(cls, metric: Metric, rows: Tensor) -> Self | None:
        """Returns the rows; None if there are too few or too many for it to save time, or if they do not suit."""
        return cls.suited(metric, rows) if rows.numel() >= FEWEST_FOR_NEAR and rows.nbytes <= MOST_FOR_NEAR else None

    @classmethod
    def suited(cls, metric: Metric, rows: Tensor) -> Self | None:
        """Returns the rows as ``make`` does; None if some of them show that bounds exclude few rows.

        If |q| is near |x|, a bound is too low by 8 e |x|^2. That must be little beside the squared distance of a
        neighbour.
        """
        near = cls.make(metric, rows)
        if near is None or product_dtype(rows.dtype, rows.device) is None:
            return None
        length, distance = _compare_some(rows.numpy())
        return near if 8 * near.error * length < LITTLE * distance else None

    @classmethod
    def make(cls, metric: Metric, rows: Tensor) -> Self | None:
        """Returns the rows; None unless the metric limits |q - x|, and products of the rows can be bounds."""
        limits_gap = metric.radius is not None and (not metric.embeds_rows or metric.embed is radii.with_zero_apart)
        if not limits_gap or metric.measure_in_numpy is None or rows.device.type != "cpu" or rows.dtype not in UNIT:
            return None
        near = cls(metric, rows)
        return near if near.error <= 1 / 2 else None

    @property
    def squared(self) -> Tensor | None:
        """The numbers s, (n_rows,), in the type of the rows; None if sums or products could overflow.

        The first search computes them, because not each model is asked for few queries.
        """
        if not self.computed:  # ``cached_property`` would hold a lock, which a process forked meanwhile would wait for
            self.computed.append(self._square())
        return self.computed[0]

    def _square(self) -> Tensor | None:
        X = self.rows.numpy()
        with np.errstate(under="ignore"):
            squared = np.einsum("ij,ij->i", X, X, dtype=np.float64)
            if squared.max() > LARGEST[self.rows.dtype]:
                return None
            squared *= 1 - 3 * self.error  # one e is more than the roundings of this sum and of its factor
        return torch.from_numpy(squared).to(self.rows.dtype)

    @property
    def error(self) -> float:
        """Returns e."""
        return (4 * self.rows.shape[1] + 16) * UNIT[self.rows.dtype]

    @property
    def most_queries(self) -> int:
        """Returns the number of queries up to which this takes less time than a product filter."""
        return min(MOST_BOUNDS // len(self.rows), MOST_FOR_NEAR // self.rows.nbytes)

    @property
    def bytes_of_query(self) -> int:
        """Returns the bytes of a query's bounds and of its pairs, which are a quarter of all at most."""
        return len(self.rows) * BYTES_OF_BOUND

    @property
    def bytes_of_gaps(self) -> int:
        """Returns the bytes to measure pairs."""
        return BYTES_OF_GAP * max(MOST_GAPS, self.rows.shape[1])

    @np.errstate(under="ignore")  # torch does not heed NumPy's settings either
    def search(self, batch: Batch, k: int, scratch: int) -> Found:
        """Finds the nearest rows; certifies no query of which few rows are excluded."""
        queries, n_queries, n_rows = batch.queries.numpy(), len(batch.queries), len(self.rows)
        lengths = np.vecdot(queries, queries)
        is_precise = product_keeps_error_limit(self.rows.dtype, self.rows.device)
        is_precise &= self.squared is not None and lengths.max() <= LARGEST[self.rows.dtype]
        if n_queries * self.bytes_of_query + self.bytes_of_gaps > scratch or not is_precise:
            return nothing_found(n_queries, k, self.rows.device)
        bounds = self._bounds(batch)
        guess = smallest(torch.from_numpy(bounds), k).numpy()
        guessed = self._measure(queries, np.arange(n_queries).repeat(k), guess.ravel()).reshape(-1, k)
        kth, least = guessed.max(1), k
        if batch.limits is not None:
            kth, least = np.minimum(kth, batch.limits.numpy()), 0
            guessed[guessed > kth[:, None]] = np.inf
        is_near = bounds <= self._limits(batch.queries, kth, lengths)
        n_near = np.count_nonzero(is_near, axis=1)
        certified = (least <= n_near) & (n_near <= max(k, MOST_LEFT * n_rows))
        if not certified.any():
            return nothing_found(n_queries, k, self.rows.device)
        is_near[~certified] = False
        np.put_along_axis(is_near, guess, False, axis=1)  # these are measured
        query, row = np.divmod(np.flatnonzero(is_near), n_rows)
        reduced, rows = _beside(guessed, guess, query, row, self._measure(queries, query, row))
        order = np.lexsort((rows, reduced), axis=1)[:, :k]
        nearest = np.take_along_axis(reduced, order, 1), np.take_along_axis(rows, order, 1)
        closest = torch.from_numpy(nearest[0]), torch.from_numpy(nearest[1])
        return Found(*closest, torch.from_numpy(certified), n_queries * k + len(query))

    def _measure(self, queries: np.ndarray, query: np.ndarray, row: np.ndarray) -> np.ndarray:
        """Returns the reduced distances of pairs of a query and a row, by their numbers, (n_pairs,)."""
        return measure_in_numpy(self.metric, self.rows.numpy(), queries, query, row, MOST_GAPS)

    def _bounds(self, batch: Batch) -> np.ndarray:
        """Returns s - 2 x.q, (n_queries, n_rows), and infinity where the query is the row itself."""
        assert self.squared is not None
        bounds = torch.addmm(self.squared, batch.queries.to(self.rows.dtype), self.rows.T, alpha=-2).numpy()
        if batch.n_self:
            own = batch.self_index.numpy()
            is_row = np.flatnonzero(own >= 0)
            bounds[is_row, own[is_row]] = np.inf
        return bounds

    def _limits(self, queries: Tensor, kth: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Returns R^2 - (1 - e) |q|^2, rounded up, float64 (n_queries, 1), where R is how far the k-th row may be."""
        measured = torch.from_numpy(kth)
        squared = reach(self.metric, measured, queries, torch.zeros_like(measured), UNSHIFTED).numpy()
        limit = squared - (1 - 2 * self.error) * lengths  # the other e is more than the rounding of |q|^2
        limit += 8 * U * (squared + lengths) + queries.shape[1] * VANISHING[self.rows.dtype]
        return limit[:, None]


@np.errstate(over="ignore", under="ignore")
def _compare_some(rows: np.ndarray) -> tuple[float, float]:
    """Returns the median squared length of some rows, and the median squared distance to the nearest other of them."""
    n_rows, n_features = rows.shape
    n_of_some = max(4, min(MOST_OF_SOME, NUMBERS_OF_SOME // n_features))
    some = rows[:: max(1, n_rows // n_of_some)].astype(np.float64)
    nearest = []
    for one in some[:: max(1, len(some) // N_COMPARED_OF_SOME)]:
        gaps = some - one
        nearest.append(np.sort(np.vecdot(gaps, gaps))[:2][-1])  # the first is its own distance, 0
    return float(np.median(np.vecdot(some, some))), float(np.median(nearest))


def _beside(
    reduced: np.ndarray, rows: np.ndarray, query: np.ndarray, row: np.ndarray, distance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Returns distances and rows, (n_queries, k), with those of more pairs beside them, and infinity where a line ends.

    The pairs are in the order of their queries.
    """
    if not len(query):
        return reduced, rows
    n_of_query = np.bincount(query, minlength=len(rows))
    place = np.arange(len(query)) - (n_of_query.cumsum() - n_of_query)[query]
    distances = np.full((len(rows), n_of_query.max()), np.inf)
    numbers = np.zeros(distances.shape, dtype=np.int64)
    distances[query, place], numbers[query, place] = distance, row
    return np.concatenate([reduced, distances], axis=1), np.concatenate([rows, numbers], axis=1)
