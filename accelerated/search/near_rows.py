"""The rows that may be among the k nearest of one query: a product of the query and all rows excludes the others.

A product filter encodes, bounds and sorts for many queries at once, and its calls take milliseconds however few these
are. One query needs less: the product of its numbers with the rows as they are, and the squared length of each row.

|q - x|^2 = |x|^2 + |q|^2 - 2 x.q. Let u be the rounding unit of the rows' type and e = (4 n_features + 16) u, at most
1/2. To subtract the products x_i q_i from a number s with |s| <= |x|^2, in whatever order, takes up to n_features + 3
roundings of sums that are no larger than |x|^2 + 2 |x| |q|, the query's own rounding to that type included; e allows
for twice as many. By 2 |x| |q| <= |x|^2 + |q|^2 the result is off by at most e (2 |x|^2 + |q|^2). So for an s of at
most (1 - 2 e) |x|^2

    computed s - 2 x.q  <=  |x|^2 - 2 x.q + e |q|^2  =  |q - x|^2 - (1 - e) |q|^2 :

a row is farther than R if that number is above R^2 - (1 - e) |q|^2. Numbers that vanish, because they are below the
least of the type, add an error of less than ``VANISHING`` for each feature, or of less than u (|x|^2 + |q|^2).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from accelerated import radii
from accelerated.metrics import Metric
from accelerated.search.bounds.accumulation import product_keeps_error_limit
from accelerated.search.bounds.frame import Frame, reach
from accelerated.search.bounds.multiply import U

FEWEST_FOR_NEAR = 2**14  # numbers in the rows: `python -m benchmarks.constants FEWEST_FOR_NEAR`
MOST_FOR_NEAR = 2**25  # bytes of the rows, for each query anew: `python -m benchmarks.constants MOST_FOR_NEAR`
LEAST_EXCLUDED = 3 / 4  # of the rows; if fewer are excluded, it takes no longer to measure all
UNIT = {torch.float64: U, torch.float32: 2.0**-24}
VANISHING = {torch.float64: 2.0**-1000, torch.float32: 2.0**-120}
LARGEST = {torch.float64: 1e300, torch.float32: 1e37}  # squared lengths: no sum or product of them overflows
UNSHIFTED = Frame(torch.zeros(0, dtype=torch.float64, device="cpu"), scale=1.0, near=0.0)


@dataclass(frozen=True)
class NearRows:
    """The rows and their squared lengths, by which those are found that may be near a query."""

    metric: Metric
    rows: Tensor  # (n_rows, n_features), prepared, on the CPU
    squared: Tensor  # (n_rows,), s, in the type of the rows

    @classmethod
    def make(cls, metric: Metric, rows: Tensor) -> Self | None:
        """Returns the rows with their lengths; None unless the metric limits |q - x| and the rows are of a fit size."""
        limits_gap = metric.radius is not None and (not metric.embeds_rows or metric.embed is radii.with_zero_apart)
        if not limits_gap or metric.measure_in_numpy is None or rows.device.type != "cpu" or rows.dtype not in UNIT:
            return None
        if rows.numel() < FEWEST_FOR_NEAR or rows.nbytes > MOST_FOR_NEAR or _error(rows) > 1 / 2:
            return None
        X = rows.numpy()
        squared = np.einsum("ij,ij->i", X, X, dtype=np.float64)
        if squared.max() > LARGEST[rows.dtype]:
            return None
        squared *= 1 - 3 * _error(rows)  # one e is more than the roundings of this sum and of its factor
        return cls(metric, rows, torch.from_numpy(squared).to(rows.dtype))

    @property
    def most_queries(self) -> int:
        """Returns the number of queries up to which this takes less time than a filter."""
        return MOST_FOR_NEAR // self.rows.nbytes

    def find(self, query: np.ndarray, own: int, k: int) -> np.ndarray | None:
        """Returns the rows that may be among the k nearest, int64 (n,), ascending; None if they are most of the rows.

        The query is prepared, (n_features,) in float64; row ``own`` is left out, unless it is -1.
        """
        length = float(query @ query)
        if length > LARGEST[self.rows.dtype] or not product_keeps_error_limit(self.rows.dtype, self.rows.device):
            return None
        as_rows = torch.from_numpy(query).to(self.rows.dtype)
        bounds = torch.addmv(self.squared, self.rows, as_rows, alpha=-2).numpy()
        if own >= 0:
            bounds[own] = np.inf
        guess = np.argpartition(bounds, k - 1)[:k]
        near = np.flatnonzero(bounds <= self._limit(query, guess, length))
        return near if len(near) <= (1 - LEAST_EXCLUDED) * len(self.rows) else None

    def _limit(self, query: np.ndarray, guess: np.ndarray, length: float) -> np.float64:
        """Returns R^2 - (1 - e) |q|^2, rounded up, for the greatest distance from the query to the guessed rows."""
        assert self.metric.measure_in_numpy is not None
        kth = torch.from_numpy(self.metric.measure_in_numpy(query, self.rows.numpy()[guess])).amax(0, keepdim=True)
        zero = torch.zeros_like(kth)
        squared = float(reach(self.metric, kth, torch.from_numpy(query)[None], zero, UNSHIFTED))
        limit = squared - (1 - 2 * _error(self.rows)) * length  # of |q|^2, too
        return np.float64(limit + 8 * U * (squared + length) + len(query) * VANISHING[self.rows.dtype])


def _error(rows: Tensor) -> float:
    """Returns e."""
    return (4 * rows.shape[1] + 16) * UNIT[rows.dtype]
