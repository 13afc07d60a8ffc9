"""How precisely products are added: a bound for each device, and a test of whether this one keeps to it.

A sum of K products in float32, rounded after each step, is off by at most K u times the sum of the magnitudes of its
terms, in whatever order it is made, u = 2^-24 (Jeannerod and Rump, Improved error bounds for inner products, 2013).
Twice that holds for hardware that rounds a product and a sum apart.

Tensor cores do not round but cut, towards 0. An instruction takes a few exact products and the sum so far, P + 1 terms,
shifts all to the exponent of the largest, keeps F bits below it of each, and cuts their sum off to float32. None is
larger than the sum S of the magnitudes, so K / P instructions are off by at most (K / P) ((P + 1) 2^-F + 2^-23) times
it: with P = 4, F = 23 (Volta) 3 K 2^-24, with P = 8, F = 24 (Turing to Ada) 1.4 K 2^-24, with P = 8 or 16, F = 25
(Hopper and Blackwell) 0.8 or 0.7 K 2^-24. (Models: Khattak and Mikaitis, arXiv 2512.07004; Xie et al., MMA-Sim, arXiv
2511.10909.) 2^-18 pays for a last instruction that is not full, and for a sum that is split into up to 32 parts.
A factor below the least normal number is taken for that when the exponents are compared: so in place of S stands the
least number times the largest other factor, if that is more.

The models were found by others and by trial. So every device is tried before it is trusted.
"""

import functools
import os
import warnings

import torch
from torch import Tensor

from accelerated.arrays import is_out_of_memory
from accelerated.search.bounds.multiply import SHORT_FLOATS, EncodedRows, U, aligned, ceiling, multiply, product_dtype

UNDERFLOW = 2.0**-60  # of sums of squares near 1; the least normal number of bfloat16 and float32 is 2^-126
CUT = 2.0**-18
SHAPES = [(2, 1), (3, 1), (16, 1), (100, 1), (777, 1), (4096, 1)]  # columns, and copies of some dozens of rows
LARGE = (136, 16)  # for which a GPU has other kernels
LIKE_HOPPER = {(9, 0), (10, 0)}  # compute capabilities: H100, H200, B200


def accumulation(n_columns: int, dtype: torch.dtype, device: torch.device) -> float:
    """``alpha``: what a sum of products may be off by, in units of the magnitudes of its terms."""
    if dtype == torch.float64:
        return n_columns * 4 * U
    if device.type == "cpu" or dtype not in SHORT_FLOATS:
        return n_columns * 2.0**-23
    return n_columns * (2.0**-24 if _adds_like_hopper(device) else 2.0**-22) + CUT


def _adds_like_hopper(device: torch.device) -> bool:
    """Whether it is one of NVIDIA's that were found to; AMD counts its capabilities otherwise."""
    if device.type != "cuda" or torch.version.hip is not None:
        return False
    return torch.cuda.get_device_capability(device) in LIKE_HOPPER


def product_keeps_its_bound(dtype: torch.dtype, device: torch.device) -> bool:
    """Whether products on this device, as torch is set now, are as precise as ``accumulation`` says; warns if not."""
    made = product_dtype(dtype, device)
    settings = torch.backends.mkldnn.enabled, torch.are_deterministic_algorithms_enabled()
    return made is not None and _try_products(dtype, made, device, *settings, os.getenv("CUBLAS_WORKSPACE_CONFIG"))


@functools.cache
def _try_products(dtype: torch.dtype, made: torch.dtype, device: torch.device, *settings: object) -> bool:
    """Multiplies what is hard to add, and warns if that goes wrong; once for each device, types and settings."""
    for n_columns, n_copies in SHAPES if device.type == "cpu" else [*SHAPES, LARGE]:
        n_columns = aligned(n_columns, device)
        a, b = _hard_integers(n_columns) if dtype == torch.int8 else _hard_floats(n_columns, dtype)
        exact = a.double() @ b.double().T
        try:
            product = _multiply_on(device, a.repeat(n_copies, 1), b.repeat(n_copies, 1), made)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            warnings.warn(f"products in {dtype} on {device} fail, and are not used: {error}", stacklevel=2)
            return False
        if dtype == torch.int8:
            low = high = -exact
        else:
            allowed = accumulation(n_columns, dtype, device) * magnitudes(a, b) + UNDERFLOW
            low, high = -ceiling(allowed - exact, made), ceiling(exact + allowed, made)
        product = product.view(n_copies, len(a), n_copies, len(b)).transpose(1, 2)
        if not bool(((low <= product) & (product <= high)).all()):
            but = "are less precise than they can be, and are not used"
            warnings.warn(f"products in {dtype} on {device} {but}", stacklevel=2)
            return False
    return True


def magnitudes(a: Tensor, b: Tensor) -> Tensor:
    """What errors are relative to, for rows (n, K) and (m, K), (n, m)."""
    a, b, least = a.double().abs(), b.double().abs(), torch.finfo(a.dtype).tiny
    return a @ b.T + least * torch.maximum(a.amax(1)[:, None], b.amax(1))


def _multiply_on(device: torch.device, a: Tensor, b: Tensor, made: torch.dtype) -> Tensor:
    base = torch.zeros(len(a), dtype=torch.int32, device=device) if a.dtype == torch.int8 else None
    product = torch.empty((len(a), len(b)), dtype=made, device=device)
    multiply(EncodedRows(a.to(device), base), b.to(device), product)
    return product.cpu()


def _hard_floats(n_columns: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """A large term and small ones, large terms that cancel, the least numbers of the type, terms that may be flushed.

    Last a term of 1 and others which are a little less than 2^-21 to 2^-28, all of one sign or the other, so that
    hardware that keeps 20 to 27 bits beside the 1 cuts them off entirely. Each row of a meets each of b.
    """
    generator = torch.Generator("cpu").manual_seed(0)
    a = torch.rand((48, n_columns), generator=generator, dtype=torch.float64, device="cpu") - 0.5
    b = torch.rand((40, n_columns), generator=generator, dtype=torch.float64, device="cpu") - 0.5
    a[:8], b[:8] = a[:8].abs(), b[:8].abs()
    a[8:16, 1:] *= 2.0**-12  # each is lost when it is added to the first on its own
    b[8:16, 1:] *= 2.0**-12
    a[16:24, n_columns // 2 :] = -a[16:24, : n_columns - n_columns // 2]
    b[16:24, n_columns // 2 :] = b[16:24, : n_columns - n_columns // 2]
    least = 2.0**-14 if dtype == torch.float16 else 2.0**-70
    a[24:32] *= least  # of float16 the numbers below 2^-14 have fewer bits
    b[24:32] *= 2.0**10 * least
    for i in range(8):
        for rows, sign in ((b[32 + i], 1), (a[32 + i], 1), (a[40 + i], -1)):
            rows[:1], rows[1:] = 1, sign * (0.98 * 2.0 ** -(21 + i)) ** 0.5
    return a.to(dtype), b.to(dtype)


def _hard_integers(n_columns: int) -> tuple[Tensor, Tensor]:
    """The largest products there are, of both signs: some instructions add two of them in 16 bits."""
    generator = torch.Generator("cpu").manual_seed(0)
    a = torch.randint(-128, 128, (48, n_columns), generator=generator, dtype=torch.int8, device="cpu")
    b = torch.randint(-128, 128, (40, n_columns), generator=generator, dtype=torch.int8, device="cpu")
    for part in (a, b):
        part[:8], part[8:16] = -128, 127
    return a, b
