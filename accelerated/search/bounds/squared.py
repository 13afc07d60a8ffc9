"""What a rounded product of matrices proves: a lower bound on the distance of every pair.

``SquaredBound`` bounds |q - x|^2. Let q and x be float64 rows, shifted and scaled (``Frame``), q~ and x~ their
roundings to the type T of the product, and r = x - x~, s = q - q~, which float64 holds exactly. Then

    |q - x|^2 = |q|^2 + |x|^2 - 2 q.x          and          q.x = q~.x~ + q.r + s.x~,

so by Cauchy and Schwarz  |q - x|^2 >= |q|^2 + |x|^2 - 2 q~.x~ - 2 |q| |r| - 2 |s| |x~|.  Every term on the right is
something of the query times something of the row. So one product of matrices of T makes the whole of it:

    query   -2 q~   1  1  1   m1 m2 m3   -a   -b          row   x~   n1 n2 n3   1  1  1   A   B

where n1 + n2 + n3 is |x|^2 and m1 + m2 + m3 is |q|^2, in as many pieces as T needs, a >= |q|, b >= |s|, A >= 2 |r| and
B >= 2 |x~|. The residuals |r| and |s| are measured, not taken from a table: they are 0 for numbers that T holds.

Rounding. A device adds these products with an error of at most ``alpha`` times the sum of the magnitudes of its terms
(``precision``). The magnitudes are at most 2 |q~| |x~| + |x|^2 + |q|^2 + a A + b B; so A has 3 alpha |x| on top of
2 |r|, which pays for the first and the last two, and |x|^2 and |q|^2 are lowered by 3 alpha of themselves, which pays
for their own, for what the pieces leave and for the float64 roundings of the norms.

Small numbers. What is flushed to 0 is paid for by ``lost``. In float16 that is more: the last pieces of |x|^2 and |q|^2
leave up to 2^-25 each; and a factor below 2^-14, or 0, may cost alpha 2^-14 times the other one, which is at most 1,
2 |q~| or 2 |x~|: alpha 2^-12 if these are below 4, and less than alpha (|q|^2 + |x|^2) if not, which is left of the
3 alpha. That remainder also pays where an x is so small that |r| is as large as |x|; where q is, too, ``lost`` does.

The result is then rounded, perhaps to T. Rounding is monotone: what was at or below a threshold that is a number of
the type of the result stays so. It costs nothing, as long as the threshold itself is rounded up. But numbers of 16 bits
are coarse far from 0, so the bounds count from ``Frame.near``, a constant that is taken off |q|^2.

Nothing of this depends on the shift, the scale and the constant: they make the terms small, and are never trusted.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.accumulation import UNDERFLOW, accumulation
from accelerated.search.bounds.multiply import EncodedRows, U, ceiling

TOO_LONG = 2.0**40  # rows of greater length, scaled, could overflow: see ``SquaredBound.encode_rows``
TOO_LONG_IN_FLOAT16 = 2.0**7  # whose largest number is nearly 2^16
N_PIECES = {torch.float16: 3, torch.bfloat16: 3}  # to hold a squared length to 2^-24; of other types one
SAMPLE, FEW = 512, 64  # rows that a frame is made from


class Frame(NamedTuple):
    """Where the rows are looked at from: (x - center) * scale, the lengths of most near 1."""

    center: Tensor  # (n_features,)
    scale: float  # a power of two
    near: float  # a squared distance, scaled, below which few rows have neighbours

    def apply(self, rows: Tensor) -> Tensor:
        """The rows in float64, shifted and scaled."""
        return (rows.to(torch.float64) - self.center) * self.scale


def take_sample(rows: Tensor) -> Tensor:
    """About 512 of the rows, evenly spread, in float64."""
    return rows[:: max(1, len(rows) // SAMPLE)].to(torch.float64)


def choose_frame(rows: Tensor) -> Frame:
    """Made from some rows, and not from the outermost of these.

    The center is on a coarse grid of powers of two, so that small whole numbers stay small whole numbers.
    """
    sample = take_sample(rows).cpu()
    tail = len(sample) // 10
    center = sample.sort(0).values[tail : len(sample) - tail].mean(0)
    length = torch.linalg.vector_norm(sample - center, dim=1).median()
    if not 0 < length < float("inf"):
        return Frame(torch.zeros_like(center).to(rows.device), 1.0, 0.0)
    grid = _power_of_two(length / rows.shape[1] ** 0.5) / 4
    center = (center / grid).round() * grid
    scale = 1 / _power_of_two(length)
    sample = (sample - center) * scale
    squared = sample.square().sum(1)
    between = squared[:FEW, None] + squared - 2 * sample[:FEW] @ sample.T
    between.diagonal().fill_(float("inf"))
    return Frame(center.to(rows.device), scale, _near(between))


def _near(between: Tensor) -> float:
    """A little less than the least of the distances, as among more rows neighbours are nearer.

    0 where that is large beside lengths near 1, or is no number.
    """
    near = 0.75 * float(between.min())
    return near if 0 < near < 64 else 0.0


def _power_of_two(x: Tensor) -> float:
    return 2.0 ** int(torch.frexp(x).exponent)


class Encoded(NamedTuple):
    """The queries' side of a product."""

    columns: Tensor  # (n, K)
    size: Tensor  # float64 (n,), their lengths
    counted_from: Tensor  # float64 (n,), what bounds and thresholds are less by
    provable: Tensor  # bool (n,): nothing is proved about the others


def reach(metric: Metric, reduced: Tensor, queries: Tensor, size: Tensor, frame: Frame) -> Tensor:
    """The squared distances, (n,), in the frame: a row beyond is farther than ``reduced``, (n,), even as measured.

    As measured: the sum, the root and the steps of ``radius`` are off by at most (2 n_features + 32) 2^-53 of
    themselves, and by squares that vanish below 1e-150. The shift rounds q and x by 2^-53 of their own lengths,
    and |x| <= |q| + |q - x|.
    """
    assert metric.radius is not None
    radius = metric.radius(reduced, queries)
    measured = (radius * (1 + (2 * queries.shape[1] + 32) * U) + 1e-150) * frame.scale
    return ((measured + 4 * U * size) * (1 + 8 * U)).square() * (1 + 8 * U)


class SquaredBound:
    """Bounds for metrics that follow from |q - x|."""

    def __init__(self, metric: Metric, n_features: int, frame: Frame, dtype: torch.dtype):
        self.metric, self.n_features, self.frame, self.dtype = metric, n_features, frame, dtype
        self.n_columns = n_features + 2 * N_PIECES.get(dtype, 1) + 2
        self.alpha = accumulation(self.n_columns, dtype, frame.center.device)
        self.too_long = TOO_LONG_IN_FLOAT16 if dtype == torch.float16 else TOO_LONG
        self.lost = 2.0**-23 + 2.0**-12 * self.alpha if dtype == torch.float16 else UNDERFLOW
        self.encoding_bytes = 8 * 6 * self.n_columns

    def finer(self) -> list["SquaredBound"]:
        """The same in more precise numbers."""
        finer = (dtype for dtype in (torch.float32, torch.float64) if dtype.itemsize > self.dtype.itemsize)
        return [SquaredBound(self.metric, self.n_features, self.frame, dtype) for dtype in finer]

    def encode_rows(self, rows: Tensor) -> EncodedRows:
        """The rows' side of the product, (n, K) in T.

        A row longer than L = ``too_long`` is at least L / 2 from a query of at most L / 2, so L^2 / 8, which is less
        than L^2 / 4 - near, is its bound, and nothing else.
        """
        rounded, residual, squared = _round(self.frame.apply(rows), self.dtype)
        length = squared.sqrt()
        pieces = _split(squared * (1 - 3 * self.alpha), self.dtype)
        errors = torch.stack([2 * residual + 3 * self.alpha * length, 2 * (length + residual)], 1)
        encoded = torch.cat([rounded, pieces, torch.ones_like(pieces), ceiling(errors, self.dtype)], 1)
        too_long = ~(length <= self.too_long)
        encoded[too_long] = 0
        encoded[too_long, self.n_features] = self.too_long**2 / 8
        return EncodedRows(encoded)

    def encode_queries(self, queries: Tensor) -> Encoded:
        """The queries' side of the product; longer ones than half of ``too_long`` prove nothing."""
        rounded, residual, squared = _round(self.frame.apply(queries), self.dtype)
        length = squared.sqrt()
        lowered = squared * (1 - 3 * self.alpha) - self.frame.near * (1 + 3 * self.alpha) - self.lost
        pieces = _split(lowered, self.dtype)
        errors = ceiling(torch.stack([length, residual], 1), self.dtype)
        columns = torch.cat([-2 * rounded, torch.ones_like(pieces), pieces, -errors], 1)
        provable = (length <= self.too_long / 2) & columns.isfinite().all(1)
        columns[~provable] = 0
        return Encoded(columns, length, torch.full_like(length, self.frame.near), provable)

    def threshold(self, reduced: Tensor, queries: Tensor, encoded: Encoded) -> Tensor:
        """Numbers, float64 (n,): a row with a bound above is farther than ``reduced``, (n,), even as measured."""
        squared = reach(self.metric, reduced, queries, encoded.size, self.frame)
        return (squared - encoded.counted_from).clamp_(min=0)


def _round(rows: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """The rows in T, the length of what that leaves, not below it, and the squared length."""
    rounded = rows.to(dtype)
    left = rows - rounded
    residual = torch.linalg.vecdot(left, left).sqrt() * (1 + 2.0**-30)
    return rounded, residual, torch.linalg.vecdot(rows, rows)


def _split(values: Tensor, dtype: torch.dtype) -> Tensor:
    """Numbers of T, (n, N_PIECES), that add up to the values (n,)."""
    pieces = []
    for _ in range(N_PIECES.get(dtype, 1)):
        pieces.append(values.to(dtype))
        values = values - pieces[-1]
    return torch.stack(pieces, 1)
