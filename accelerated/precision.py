"""How precisely products are added: a bound for each device, and a test of whether this one keeps to it.

A sum of K products in float32, rounded after each step, is off by at most K u times the sum of the magnitudes of its
terms, in whatever order it is made, u = 2^-24 (Jeannerod and Rump, Improved error bounds for inner products, 2013).
Twice that holds for hardware that rounds a product and a sum apart.

Tensor cores do not round but cut, towards 0. An instruction takes a few exact products and the sum so far, P + 1 terms,
shifts all to the exponent of the largest, keeps F bits below it of each, and cuts their sum off to float32. None is
larger than the sum of the magnitudes, so K / P instructions are off by at most (K / P) ((P + 1) 2^-F + 2^-23) times
it: with P = 4, F = 23 (Volta) 3 K 2^-24, with P = 8, F = 24 (Turing to Ada) 1.4 K 2^-24, with P = 8 or 16, F = 25
(Hopper and Blackwell) 0.8 or 0.7 K 2^-24. (Models: Khattak and Mikaitis, arXiv 2512.07004; Xie et al., MMA-Sim, arXiv
2511.10909.) 2^-18 pays for a last instruction that is not full, and for a sum that is split into up to 32 parts.

The models were found by others and by trial. So every device is tried before it is trusted.
"""

import functools
import os
import warnings

import torch
from torch import Tensor

from accelerated.multiply import SHORT_FLOATS, EncodedRows, U, aligned, ceiling, multiply, product_dtype

UNDERFLOW = 2.0**-60  # of sums of squares near 1; the least normal number of bfloat16 and float32 is 2^-126
CUT = 2.0**-18
HOPPER = (9, 0)


def accumulation(n_columns: int, dtype: torch.dtype, device: torch.device) -> float:
    """``alpha``: what a sum of products may be off by, in units of the magnitudes of its terms."""
    if dtype == torch.float64:
        return n_columns * 4 * U
    if device.type == "cpu" or dtype not in SHORT_FLOATS:
        return n_columns * 2.0**-23
    return n_columns * (2.0**-24 if _adds_like_hopper(device) else 2.0**-22) + CUT


def _adds_like_hopper(device: torch.device) -> bool:
    """Whether it is an NVIDIA GPU of compute capability 9 or later; AMD counts otherwise."""
    if device.type != "cuda" or torch.version.hip is not None:
        return False
    return torch.cuda.get_device_capability(device) >= HOPPER


def product_keeps_its_bound(dtype: torch.dtype, device: torch.device) -> bool:
    """Whether products on this device, as torch is set now, are as precise as ``accumulation`` says; warns if not."""
    made = product_dtype(dtype, device)
    settings = torch.backends.mkldnn.enabled, torch.are_deterministic_algorithms_enabled()
    return made is not None and _try_products(dtype, made, device, *settings, os.getenv("CUBLAS_WORKSPACE_CONFIG"))


@functools.cache
def _try_products(dtype: torch.dtype, made: torch.dtype, device: torch.device, *settings: object) -> bool:
    """Multiplies what is hard to add, and warns if that goes wrong; once for each device, types and settings."""
    for n_columns in (2, 3, 16, 100, 777, 4096):
        n_columns = aligned(n_columns, device)
        a, b = _hard_integers(n_columns) if dtype == torch.int8 else _hard_floats(n_columns, dtype)
        exact = a.double() @ b.double().T
        try:
            product = _multiply_on(device, a, b, made)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            warnings.warn(f"products in {dtype} on {device} fail, and are not used: {error}", stacklevel=2)
            return False
        if dtype == torch.int8:
            low = high = -exact
        else:
            magnitude = a.double().abs() @ b.double().abs().T
            allowed = accumulation(n_columns, dtype, device) * magnitude + UNDERFLOW
            low, high = -ceiling(allowed - exact, made), ceiling(exact + allowed, made)
        if not bool(((low <= product) & (product <= high)).all()):
            but = "are less precise than they can be, and are not used"
            warnings.warn(f"products in {dtype} on {device} {but}", stacklevel=2)
            return False
    return True


def _multiply_on(device: torch.device, a: Tensor, b: Tensor, made: torch.dtype) -> Tensor:
    base = torch.zeros(len(a), dtype=torch.int32, device=device) if a.dtype == torch.int8 else None
    product = torch.empty((len(a), len(b)), dtype=made, device=device)
    multiply(EncodedRows(a.to(device), base), b.to(device), product)
    return product.cpu()


def _hard_floats(n_columns: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """A large term and small ones, large terms that cancel, the least numbers of the type, terms that may be flushed.

    Of each kind eight rows of both, so that each meets each.
    """
    generator = torch.Generator().manual_seed(0)
    a = torch.rand((48, n_columns), generator=generator, dtype=torch.float64) - 0.5
    b = torch.rand((40, n_columns), generator=generator, dtype=torch.float64) - 0.5
    a[:8], b[:8] = a[:8].abs(), b[:8].abs()
    a[8:16, 1:] *= 2.0**-12  # each is lost when it is added to the first on its own
    b[8:16, 1:] *= 2.0**-12
    a[16:24, n_columns // 2 :] = -a[16:24, : n_columns - n_columns // 2]
    b[16:24, n_columns // 2 :] = b[16:24, : n_columns - n_columns // 2]
    least = 2.0**-14 if dtype == torch.float16 else 2.0**-70
    a[24:32] *= least  # of float16 the numbers below 2^-14 have fewer bits
    b[24:32] *= 2.0**10 * least
    return a.to(dtype), b.to(dtype)


def _hard_integers(n_columns: int) -> tuple[Tensor, Tensor]:
    """The largest products there are, of both signs: some instructions add two of them in 16 bits."""
    generator = torch.Generator().manual_seed(0)
    a = torch.randint(-128, 128, (48, n_columns), generator=generator, dtype=torch.int8)
    b = torch.randint(-128, 128, (40, n_columns), generator=generator, dtype=torch.int8)
    for part in (a, b):
        part[:8], part[8:16] = -128, 127
    return a, b
