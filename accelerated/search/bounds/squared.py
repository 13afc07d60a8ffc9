"""A lower bound on squared distances from a product of matrices in floating point.

Let q be a query and x a row in float64, embedded (``Metric``), shifted and scaled (``Frame``), q~ and x~ their
roundings to the type T of the product, and r = x - x~, s = q - q~, which float64 holds exactly. Then

    |q - x|^2 = |q|^2 + |x|^2 - 2 q.x          and          q.x = q~.x~ + q.r + s.x~,

so by Cauchy and Schwarz  |q - x|^2 >= |q|^2 + |x|^2 - 2 q~.x~ - 2 |q| |r| - 2 |s| |x~|.  Every term on the right is
a number of the query times a number of the row. So one product of matrices of T makes all of it:

    query   -2 q~   1  1  1   m1 m2 m3   -a   -b          row   x~   n1 n2 n3   1  1  1   A   B

where n1 + n2 + n3 is |x|^2 and m1 + m2 + m3 is |q|^2, in as many pieces as T needs, a >= |q|, b >= |s|, A >= 2 |r| and
B >= 2 |x~|. The residuals are computed for each row and query, not estimated from the type: |s| is 0 for numbers that T
holds.

Rows in float32. Unless T is float64, a row is rounded to float32 first, to y, and all of its lengths are taken there,
which is twice as fast. With u = 2^-24 this costs |x - y| <= u |y| (1 + u), and y - x~ is exact in float32, because x~
has the leading bits of y. A sum of d squares is off by at most d u of itself in any order, so the lengths of y and of
y - x~ are off by less than d u of themselves, and |x|^2 by less than (d + 3) u, which is less than ``alpha``. So 4
alpha in place of 3 pay for |x|^2, and for |x - y| in A, and a factor of 1 + alpha pays for each other length. Squares
and differences that vanish, below 2^-74, cost less than the 3 alpha of |q|^2 have to spare, or than ``lost``.

Rounding. A device adds these products with an error of at most ``alpha`` times the sum of the magnitudes of its terms
(``accumulation``). The magnitudes are at most 2 |q~| |x~| + |x|^2 + |q|^2 + a A + b B; so A has 3 alpha |x| on top of
2 |r|, which pays for the first and the last two, and |x|^2 and |q|^2 are lowered by 3 alpha of themselves, which pays
for the middle two, for the remainders of the pieces and for the float64 roundings of the norms.

Small numbers. ``lost`` pays for numbers that are flushed to 0. In float16 it also pays for the following: the last
pieces of |x|^2 and |q|^2 are off by up to 2^-25 each; and a factor below 2^-14, or 0, may cost alpha 2^-14 times the
other factor, which is at most 1, 2 |q~| or 2 |x~|. That is at most alpha 2^-12 if these are below 4, and otherwise less
than alpha (|q|^2 + |x|^2), which the 3 alpha have to spare. They also have enough to spare for an x so small that |r|
is as large as |x|; if q is as small, ``lost`` pays.

The result is then rounded, perhaps to T. Rounding is monotone: a result at or below a threshold that is a number of the
type of the result stays at or below it. So rounding costs nothing, as long as the threshold itself is rounded up. But
numbers of 16 bits are coarse far from 0, so their bounds count from ``Frame.near``, a constant that is taken off |q|^2.

The bound is right for any shift, scale and constant: these only make its terms small.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.accumulation import UNDERFLOW, accumulation
from accelerated.search.bounds.frame import Frame, reach
from accelerated.search.bounds.multiply import ceiling
from accelerated.search.bounds.prefix import Prefix
from accelerated.search.bounds.protocol import EncodedQueries, EncodedRows

TOO_LONG = 2.0**40  # rows of greater length, scaled, could overflow: see ``SquaredBound.encode_rows``
TOO_LONG_IN_FLOAT16 = 2.0**7  # whose largest number is nearly 2^16
N_PIECES = {torch.float16: 3, torch.bfloat16: 3}  # to hold a squared length to 2^-24; of other types one


@dataclass(frozen=True)
class SquaredBound:
    """Bounds for metrics whose distance limits |q - x| from above."""

    metric: Metric
    frame: Frame
    dtype: torch.dtype
    alpha: float  # the error of a product, in units of the magnitudes of its terms
    prefix: Prefix | None = None  # q and x are y(q) and y(x), if there is one

    @classmethod
    def make(cls, metric: Metric, frame: Frame, dtype: torch.dtype, prefix: Prefix | None = None) -> "SquaredBound":
        """Returns the bound in this type, with the precision of the device of the frame."""
        if dtype.itemsize > 2:  # fine enough far from 0, and a bound below ``near`` tells no row from another
            frame = frame._replace(near=0.0)
        n_columns = _n_columns(len(frame.center) if prefix is None else prefix.n_numbers, dtype)
        return cls(metric, frame, dtype, accumulation(n_columns, dtype, frame.center.device), prefix)

    @property
    def too_long(self) -> float:
        """Returns the length above which a row gets a constant bound."""
        return TOO_LONG_IN_FLOAT16 if self.dtype == torch.float16 else TOO_LONG

    @property
    def lost(self) -> float:
        """Returns the most that small numbers can lose altogether."""
        return 2.0**-23 + 2.0**-12 * self.alpha if self.dtype == torch.float16 else UNDERFLOW

    @property
    def encoding_bytes(self) -> int:
        """Returns the bytes of six float64 copies of a query, or ten to close gaps; a row takes no more."""
        return 8 * (6 if self.frame.gaps is None else 10) * _n_columns(len(self.frame.center), self.dtype)

    def finer(self) -> list["SquaredBound"]:
        """Returns the same bound for whole rows if these are shortened, and in more precise numbers."""
        of_whole = [] if self.prefix is None else [self.dtype]
        finer = [dtype for dtype in (torch.float32, torch.float64) if dtype.itemsize > self.dtype.itemsize]
        return [SquaredBound.make(self.metric, self.frame, dtype) for dtype in (*of_whole, *finer)]

    def useful(self) -> "SquaredBound":
        """Returns this bound, or the first finer one that excludes most of a sample; this one if none does."""
        return next((bound for bound in (self, *self.finer()) if bound.is_useful), self)

    @property
    def is_useful(self) -> bool:
        """Tells whether the bound excludes most of a sample.

        The terms with ``alpha``, which grows with the number of features, make a bound too low by 4 |x|^2 + 3 |q|^2 +
        4 |q| |x| + 3 near times alpha. That is about 16 alpha, because in the frame lengths are near 1.
        """
        return 16 * self.alpha <= self.frame.margin

    def encode_rows(self, rows: Tensor) -> EncodedRows:
        """Encodes rows, (n_rows, n_columns) in T.

        A row longer than L = ``too_long`` is at least L / 2 from a query of at most L / 2. Its bound is the constant
        L^2 / 8, which is less than L^2 / 4 - near because near is below 64; its other columns are 0.
        """
        working = torch.float64 if self.dtype == torch.float64 else torch.float32
        rounded, residual, squared = _round(self._frame(rows, working), self.dtype)
        if rows.dtype == torch.float32 and not bool(squared.isfinite().all()):  # perhaps a difference was infinite
            rounded, residual, squared = _round(self._frame(rows.to(torch.float64), working), self.dtype)
        too_long = ~(squared.sqrt() <= self.too_long)
        length, residual = squared.sqrt() * (1 + self.alpha), residual * (1 + self.alpha)
        pieces = _split(squared * (1 - 4 * self.alpha), self.dtype)
        errors = torch.stack([2 * residual + 4 * self.alpha * length, 2 * (length + residual)], 1)
        encoded = torch.cat([rounded, pieces, torch.ones_like(pieces), ceiling(errors, self.dtype)], 1)
        if bool(too_long.any()):
            encoded[too_long] = 0
            encoded[too_long, rounded.shape[1]] = self.too_long**2 / 8
        return EncodedRows(encoded)

    def encode_queries(self, queries: Tensor) -> EncodedQueries:
        """Encodes queries, (n_queries, n_columns) in T; those longer than half of ``too_long`` are not certifiable."""
        rounded, residual, squared = _round(self._frame(queries, torch.float64), self.dtype)
        length, residual = squared.sqrt(), residual * (1 + 2.0**-30)
        lowered = squared * (1 - 3 * self.alpha) - self.frame.near * (1 + 3 * self.alpha) - self.lost
        pieces = _split(lowered, self.dtype)
        errors = ceiling(torch.stack([length, residual], 1), self.dtype)
        columns = torch.cat([-2 * rounded, torch.ones_like(pieces), pieces, -errors], 1)
        certifiable = (length <= self.too_long / 2) & columns.isfinite().all(1)
        columns[~certifiable] = 0
        size = length if self.prefix is None else self.prefix.longest(length)
        return EncodedQueries(columns, size, torch.full_like(length, self.frame.near), certifiable)

    def threshold(self, reduced: Tensor, queries: Tensor, encoded: EncodedQueries) -> Tensor:
        """Returns thresholds, float64 (n_queries,), as ``LowerBound.threshold`` must; ``reach`` pays for measuring."""
        squared = reach(self.metric, reduced, queries, encoded.size, self.frame)
        if self.prefix is not None:
            squared = self.prefix.widen(squared, encoded.size)
        return (squared - encoded.offset).clamp_(min=0)

    def _frame(self, points: Tensor, dtype: torch.dtype) -> Tensor:
        """Returns rows or queries in the frame, or the shorter ones that stand for them."""
        points = self.metric.embed(points)
        if self.prefix is None:
            return self.frame.apply(points, dtype)
        return self.prefix.apply(self.frame.apply(points)).to(dtype)


def _n_columns(n_numbers: int, dtype: torch.dtype) -> int:
    return n_numbers + 2 * N_PIECES.get(dtype, 1) + 2


def _round(rows: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """Returns the rows in T, the lengths of their residuals and their squared lengths, both float64, as rounded."""
    rounded, squared = rows.to(dtype), torch.linalg.vecdot(rows, rows).to(torch.float64)
    if rows.dtype == dtype:
        return rounded, torch.zeros_like(squared), squared
    difference = rows - rounded
    return rounded, torch.linalg.vecdot(difference, difference).to(torch.float64).sqrt(), squared


def _split(values: Tensor, dtype: torch.dtype) -> Tensor:
    """Returns numbers of T, (n, N_PIECES), that add up to the values (n,), up to the remainder of the last."""
    pieces = []
    for _ in range(N_PIECES.get(dtype, 1)):
        pieces.append(values.to(dtype))
        values = values - pieces[-1]
    return torch.stack(pieces, 1)
