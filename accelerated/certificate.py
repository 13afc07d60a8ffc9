"""What a rounded product of matrices proves: a lower bound on the distance of every pair.

``SquaredBound`` bounds |q - x|^2. Let q and x be float64 rows, shifted and scaled (``Frame``), q~ and x~ their
roundings to the type T of the product, and r = x - x~, s = q - q~, which float64 holds exactly. Then

    |q - x|^2 = |q|^2 + |x|^2 - 2 q.x          and          q.x = q~.x~ + q.r + s.x~,

so by Cauchy and Schwarz  |q - x|^2 >= |q|^2 + |x|^2 - 2 q~.x~ - 2 |q| |r| - 2 |s| |x~|.  Every term on the right is
something of the query times something of the row. So one product of matrices of T makes the whole of it:

    query   -2 q~   1  1  1   m1 m2 m3   -a   -b          row   x~   n1 n2 n3   1  1  1   A   B

where n1 + n2 + n3 is |x|^2 and m1 + m2 + m3 is |q|^2, in as many pieces as T needs, a >= |q|, b >= |s|, A >= 2 |r| and
B >= 2 |x~|. The residuals |r| and |s| are measured, not taken from a table: they are 0 for numbers that T holds.

Rounding. However a sum of K products is ordered, in float32 it is off by at most K u times the sum of the magnitudes
of its terms, u = 2^-24 (Jeannerod and Rump, Improved error bounds for inner products, 2013). ``alpha`` is twice that:
it covers hardware that rounds a product and a sum apart. The magnitudes are at most
2 |q~| |x~| + |x|^2 + |q|^2 + a A + b B; so A has 3 alpha |x| on top of 2 |r|, which pays for the first and the last
two, and |x|^2 and |q|^2 are lowered by 3 alpha of themselves, which pays for their own, for what the pieces leave and
for the float64 roundings of the norms. ``UNDERFLOW`` pays for whatever is flushed to 0.

The result is then rounded to T. Rounding is monotone: what was at or below a threshold that is a number of T stays so.
It costs nothing, as long as the threshold itself is rounded up. But numbers of T are coarse far from 0, so the bounds
count from ``Frame.near``, a constant that is taken off |q|^2.

Nothing of this depends on the shift, the scale and the constant: they make the terms small, and are never trusted.
"""

import functools
import warnings
from typing import NamedTuple

import torch
from torch import Tensor

from accelerated.metrics import Metric

U = 2.0**-53  # half a unit in the last place of 1 in float64
UNDERFLOW = 2.0**-60  # of squared lengths near 1; the least normal number of bfloat16 and float32 is 2^-126
TOO_LONG = 2.0**40  # rows of greater length, scaled, could overflow: see ``SquaredBound.encode_rows``
N_PIECES = {torch.bfloat16: 3, torch.float32: 1, torch.float64: 1}  # to hold a squared length to 2^-24, or exactly
SAMPLE, FEW = 512, 64  # rows that a frame is made from


class Frame(NamedTuple):
    """Where the rows are looked at from: (x - center) * scale, the lengths of most near 1."""

    center: Tensor  # (n_features,)
    scale: float  # a power of two
    near: float  # a squared distance, scaled, below which few rows have neighbours

    def apply(self, rows: Tensor) -> Tensor:
        """The rows in float64, shifted and scaled."""
        return (rows.to(torch.float64) - self.center) * self.scale


def choose_frame(rows: Tensor) -> Frame:
    """Made from some rows, and not from the outermost of these.

    The center is on a coarse grid of powers of two, so that small whole numbers stay small whole numbers.
    """
    sample = rows[:: max(1, len(rows) // SAMPLE)].to(torch.float64)
    tail = len(sample) // 10
    center = sample.sort(0).values[tail : len(sample) - tail].mean(0)
    length = torch.linalg.vector_norm(sample - center, dim=1).median()
    if not 0 < length < float("inf"):
        return Frame(torch.zeros_like(center), 1.0, 0.0)
    grid = _power_of_two(length / rows.shape[1] ** 0.5) / 4
    center = (center / grid).round() * grid
    scale = 1 / _power_of_two(length)
    sample = (sample - center) * scale
    squared = sample.square().sum(1)
    between = squared[:FEW, None] + squared - 2 * sample[:FEW] @ sample.T
    between.diagonal().fill_(float("inf"))
    return Frame(center, scale, _near(between))


def _near(between: Tensor) -> float:
    """A little less than the least of the distances, as among more rows neighbours are nearer.

    0 where that is large beside lengths near 1, or is no number.
    """
    near = 0.75 * float(between.min())
    return near if 0 < near < 64 else 0.0


def _power_of_two(x: Tensor) -> float:
    return 2.0 ** int(torch.frexp(x).exponent)


class EncodedRows(NamedTuple):
    """The rows' side of a product, and what the product is to be taken from, if anything."""

    columns: Tensor  # (n, K)
    base: Tensor | None = None  # int32 (n,)


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
        self.n_columns = n_features + 2 * N_PIECES[dtype] + 2
        self.alpha = accumulation(self.n_columns, dtype)
        self.encoding_bytes = 8 * 6 * self.n_columns

    def finer(self) -> list["SquaredBound"]:
        """The same in more precise numbers."""
        finer = (dtype for dtype in (torch.float32, torch.float64) if dtype.itemsize > self.dtype.itemsize)
        return [SquaredBound(self.metric, self.n_features, self.frame, dtype) for dtype in finer]

    def encode_rows(self, rows: Tensor) -> EncodedRows:
        """The rows' side of the product, (n, K) in T.

        A row longer than 2^40 is at least 2^39 from a query of at most 2^39, so 2^77 is its bound, and nothing else.
        """
        rounded, residual, squared = _round(self.frame.apply(rows), self.dtype)
        length = squared.sqrt()
        pieces = split(squared * (1 - 3 * self.alpha), self.dtype)
        errors = [2 * residual + 3 * self.alpha * length, 2 * (length + residual)]
        encoded = torch.cat([rounded, pieces, torch.ones_like(pieces), round_up(errors, self.dtype)], 1)
        too_long = ~(length <= TOO_LONG)
        encoded[too_long] = 0
        encoded[too_long, self.n_features] = TOO_LONG**2 / 8
        return EncodedRows(encoded)

    def encode_queries(self, queries: Tensor) -> Encoded:
        """The queries' side of the product; longer ones than 2^39 prove nothing."""
        rounded, residual, squared = _round(self.frame.apply(queries), self.dtype)
        length = squared.sqrt()
        lowered = squared * (1 - 3 * self.alpha) - self.frame.near * (1 + 3 * self.alpha) - UNDERFLOW
        pieces = split(lowered, self.dtype)
        errors = round_up([length, residual], self.dtype)
        columns = torch.cat([-2 * rounded, torch.ones_like(pieces), pieces, -errors], 1)
        provable = (length <= TOO_LONG / 2) & columns.isfinite().all(1)
        columns[~provable] = 0
        return Encoded(columns, length, torch.full_like(length, self.frame.near), provable)

    def threshold(self, reduced: Tensor, queries: Tensor, encoded: Encoded) -> Tensor:
        """Numbers of T, (n,): a row with a bound above is farther than ``reduced``, (n,), even as measured."""
        squared = reach(self.metric, reduced, queries, encoded.size, self.frame)
        return ceiling((squared - encoded.counted_from).clamp_(min=0), self.dtype)


NEVER_EXCLUDED = -(2**30)  # the base of a row that is to be measured for every query


def product_dtype(dtype: torch.dtype) -> torch.dtype:
    """The type of a product: 8-bit integers are added in 32 bits, floats are rounded to their own type."""
    return torch.int32 if dtype == torch.int8 else dtype


def padding(dtype: torch.dtype) -> float:
    """The bound of a row that is not there, above any threshold that is used."""
    return 2**30 if dtype == torch.int32 else 2.0**100


def multiply(rows: EncodedRows, queries: Tensor, out: Tensor) -> None:
    """The bounds, (n_rows, n_queries): the product, or what is left of the base without it.

    torch has no public product of 8-bit integers on a CPU; ``product_keeps_its_bound`` tries the private one first.
    """
    if rows.base is None:
        torch.mm(rows.columns, queries.T, out=out)
    else:
        torch._int_mm(rows.columns, queries.T, out=out)
        torch.sub(rows.base[:, None], out, out=out)


def accumulation(n_columns: int, dtype: torch.dtype) -> float:
    """``alpha``: what a sum of products may be off by, in units of the magnitudes of its terms.

    16-bit numbers are multiplied exactly and added in float32.
    """
    return n_columns * (4 * U if dtype == torch.float64 else 2.0**-23)


def _round(rows: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """The rows in T, the length of what that leaves, not below it, and the squared length."""
    rounded = rows.to(dtype)
    left = rows - rounded
    residual = torch.linalg.vecdot(left, left).sqrt() * (1 + 2.0**-30)
    return rounded, residual, torch.linalg.vecdot(rows, rows)


def split(values: Tensor, dtype: torch.dtype) -> Tensor:
    """Numbers of T, (n, N_PIECES), that add up to the values (n,)."""
    pieces = []
    for _ in range(N_PIECES[dtype]):
        pieces.append(values.to(dtype))
        values = values - pieces[-1]
    return torch.stack(pieces, 1)


def round_up(values: list[Tensor], dtype: torch.dtype) -> Tensor:
    """Numbers of T, (n, len(values)), at or above values (n,) that are not negative."""
    return (torch.stack(values, 1) * (1 + 2 * torch.finfo(dtype).eps)).to(dtype)


def ceiling(values: Tensor, dtype: torch.dtype) -> Tensor:
    """The least numbers of T at or above the values."""
    rounded = values.to(dtype)
    above = torch.nextafter(rounded, torch.full_like(rounded, float("inf")))
    return torch.where(rounded.to(values.dtype) < values, above, rounded)


def product_keeps_its_bound(dtype: torch.dtype) -> bool:
    """Whether ``torch.mm`` on this CPU, as it is set now, adds as precisely as ``accumulation`` says; warns if not."""
    if dtype == torch.float32 and not _float32_is_to_be_precise():
        return False
    return _try_products(dtype, torch.backends.mkldnn.enabled)


def _float32_is_to_be_precise() -> bool:
    try:
        return torch.get_float32_matmul_precision() == "highest"
    except RuntimeError:  # set by backend: too many ways to tell
        return False


@functools.cache
def _try_products(dtype: torch.dtype, mkldnn: bool) -> bool:
    """Multiplies what is hard to add, and warns if that goes wrong."""
    if dtype == torch.int8 and not hasattr(torch, "_int_mm"):
        return False
    for n_columns in (2, 3, 16, 100, 777, 4096):
        a, b = _hard_integers(n_columns) if dtype == torch.int8 else _hard_floats(n_columns, dtype)
        exact = a.double() @ b.double().T
        allowed = torch.zeros_like(exact)
        product = torch.empty(exact.shape, dtype=product_dtype(dtype))
        if dtype == torch.int8:
            multiply(EncodedRows(a, torch.zeros(len(a), dtype=torch.int32)), b, product)
            low = high = -exact
        else:
            multiply(EncodedRows(a), b, product)
            magnitude = a.double().abs() @ b.double().abs().T
            allowed = accumulation(n_columns, dtype) * magnitude + UNDERFLOW
            low, high = -ceiling(allowed - exact, dtype), ceiling(exact + allowed, dtype)
        if not bool(((low <= product) & (product <= high)).all()):
            warnings.warn(f"products in {dtype} are less precise here than they can be, and are not used", stacklevel=2)
            return False
    return True


def _hard_floats(n_columns: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """A large term and small ones, large terms that cancel, terms that may be flushed."""
    generator = torch.Generator().manual_seed(0)
    a = torch.rand((48, n_columns), generator=generator, dtype=torch.float64) - 0.5
    b = torch.rand((40, n_columns), generator=generator, dtype=torch.float64) - 0.5
    a[:8], b[:8] = a[:8].abs(), b[:8].abs()
    a[8:16, 1:] *= 2.0**-12  # each is lost when it is added to the first on its own
    b[8:16, 1:] *= 2.0**-12
    a[16:24, n_columns // 2 :] = -a[16:24, : n_columns - n_columns // 2]
    b[16:24, n_columns // 2 :] = b[16:24, : n_columns - n_columns // 2]
    a[24:32] *= 2.0**-70
    b[24:32] *= 2.0**-60
    return a.to(dtype), b.to(dtype)


def _hard_integers(n_columns: int) -> tuple[Tensor, Tensor]:
    """The largest products there are, of both signs: some instructions add two of them in 16 bits."""
    generator = torch.Generator().manual_seed(0)
    a = torch.randint(-128, 128, (48, n_columns), generator=generator, dtype=torch.int8)
    b = torch.randint(-128, 128, (40, n_columns), generator=generator, dtype=torch.int8)
    for part in (a, b):
        part[:8], part[8:16] = -128, 127
    return a, b
