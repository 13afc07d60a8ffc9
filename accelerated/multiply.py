"""Products of matrices: of what they are made, how precise they are, and whether this CPU keeps to it."""

import functools
import warnings
from typing import NamedTuple

import torch
from torch import Tensor

U = 2.0**-53  # half a unit in the last place of 1 in float64
UNDERFLOW = 2.0**-60  # of sums of squares near 1; the least normal number of bfloat16 and float32 is 2^-126
NEVER_EXCLUDED = -(2**30)  # the base of a row that is to be measured for every query


class EncodedRows(NamedTuple):
    """The rows' side of a product, and what the product is to be taken from, if anything."""

    columns: Tensor  # (n, K)
    base: Tensor | None = None  # int32 (n,)


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
