"""How precisely a device adds up a matrix product: an error limit, and a test of whether a device keeps to it.

A sum of K products in float32, rounded after each step, is off by at most K u times the sum of the magnitudes of its
terms, in any order of addition, u = 2^-24 (Jeannerod and Rump, Improved error bounds for inner products, 2013). Twice
that holds for hardware that rounds a product and a sum separately.

Tensor cores do not round but truncate, towards 0. An instruction takes P exact products and the sum so far, shifts
these P + 1 terms to the exponent of the largest, keeps F bits below it of each, and truncates their sum to float32. No
term is larger than the sum S of the magnitudes, so K / P instructions are off by at most (K / P) ((P + 1) 2^-F + 2^-23)
times it: with P = 4, F = 23 (Volta) 3 K 2^-24, with P = 8, F = 24 (Turing to Ada) 1.4 K 2^-24, with P = 8 or 16, F = 25
(Hopper and Blackwell) 0.8 or 0.7 K 2^-24. (Models: Khattak and Mikaitis, arXiv 2512.07004; Xie et al., MMA-Sim, arXiv
2511.10909.) 2^-18 pays for a last instruction that is not full, and for a sum that is split into up to 32 partial sums.
A factor below the least normal number counts as that number when exponents are compared. So the least normal number
times the largest other factor takes the place of S, if it is larger.

The models were found by other people, by experiment. So every device is tried before its limit is used.
"""

import functools
import os
import warnings
from typing import NamedTuple

import torch
from torch import Tensor

from accelerated.devices import is_out_of_memory
from accelerated.search.bounds.multiply import (
    NOT_MADE,
    SHORT_FLOATS,
    U,
    aligned,
    ceiling,
    multiply,
    prepare_queries,
    product_dtype,
)
from accelerated.search.bounds.protocol import EncodedRows

UNDERFLOW = 2.0**-60  # of sums of squares near 1; the least normal number of bfloat16 and float32 is 2^-126
SPLIT = 2.0**-18  # for a last instruction that is not full, and for split sums
SHAPES = [(2, 1), (3, 1), (16, 1), (100, 1), (777, 1), (4096, 1)]  # columns, and copies of the lines that are tried
# A CPU's libraries have other kernels for one line, and for widths that do not fill a register: rows and queries.
FEW_LINES = [(1, 1), (2, 1), (48, 1), *((n, m) for n in (1, 2, 31, 48) for m in range(2, 34)), (48, 40)]
FEW_LINES_COLUMNS = 100
LARGE = (136, 16)  # a product so large that a GPU has other kernels for it
LIKE_HOPPER = {(9, 0), (10, 0)}  # compute capabilities: H100, H200, B200


def accumulation(n_columns: int, dtype: torch.dtype, device: torch.device) -> float:
    """Returns ``alpha``: the largest error of a sum of products, in units of the magnitudes of its terms."""
    if dtype == torch.float64:
        return n_columns * 4 * U
    if device.type == "cpu" or dtype not in SHORT_FLOATS:
        return n_columns * 2.0**-23
    return n_columns * (2.0**-24 if _adds_like_hopper(device) else 2.0**-22) + SPLIT


def _adds_like_hopper(device: torch.device) -> bool:
    """Tells whether the device is an NVIDIA GPU that adds as the model of Hopper says; AMD numbers its own GPUs."""
    if device.type != "cuda" or torch.version.hip is not None:
        return False
    return torch.cuda.get_device_capability(device) in LIKE_HOPPER


def product_keeps_error_limit(dtype: torch.dtype, device: torch.device) -> bool:
    """Tells whether products on this device, as torch is set now, keep to ``accumulation``; warns if they do not."""
    out_dtype = product_dtype(dtype, device)
    if out_dtype is None:
        return False
    settings = torch.backends.mkldnn.enabled, torch.are_deterministic_algorithms_enabled()
    return _try_products(dtype, out_dtype, device, *settings, os.getenv("CUBLAS_WORKSPACE_CONFIG"))


@functools.cache
def _try_products(dtype: torch.dtype, out_dtype: torch.dtype, device: torch.device, *settings: object) -> bool:
    """Multiplies numbers that are hard to add, once for each device, types and settings; warns if the sums are off."""
    for n_columns, n_copies in SHAPES if device.type == "cpu" else [*SHAPES, LARGE]:
        n_columns = aligned(n_columns, device)
        a, b = _hard_floats(n_columns, dtype) if dtype.is_floating_point else _hard_integers(n_columns, dtype)
        limits = _limits(a, b, out_dtype, device)
        parts = FEW_LINES if device.type == "cpu" and n_columns == FEW_LINES_COLUMNS else [(len(a), len(b))]
        try:
            kept = all(_keeps_limits(limits, a[:n], b[:m], n_copies, out_dtype, device) for n, m in parts)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            warnings.warn(f"products in {dtype} on {device} fail, and are not used: {error}", stacklevel=2)
            return False
        if not kept:
            but = "are less precise than they can be, and are not used"
            warnings.warn(f"products in {dtype} on {device} {but}", stacklevel=2)
            return False
    return True


class _Limits(NamedTuple):
    """What the products of each line of a with each line of b may be, (n, m), in their type."""

    low: Tensor
    high: Tensor


def _limits(a: Tensor, b: Tensor, out_dtype: torch.dtype, device: torch.device) -> _Limits:
    """Returns the limits of the products of a (n, K) and b (m, K) that are as precise as ``accumulation`` says."""
    exact = a.double() @ b.double().T
    if a.dtype == torch.int8:
        return _Limits(-exact, -exact)  # a base of 0 minus the product; integers are exact
    if a.dtype == torch.uint8:
        rounded = a.shape[1] / 512  # three times, by up to 2 each, from 2^24 on
        exact += _start(len(exact))[:, None] + _start(len(exact.T))
        return _Limits(exact - rounded, exact + rounded)
    allowed = accumulation(a.shape[1], a.dtype, device) * magnitudes(a, b) + UNDERFLOW
    return _Limits(-ceiling(allowed - exact, out_dtype), ceiling(exact + allowed, out_dtype))


def _keeps_limits(
    limits: _Limits, a: Tensor, b: Tensor, n_copies: int, out_dtype: torch.dtype, device: torch.device
) -> bool:
    """Tells whether the product of the copies of a (n, K) and b (m, K) is within the limits of their lines."""
    low, high = (limit[: len(a), : len(b)] for limit in limits)
    product = _multiply_on(device, a.repeat(n_copies, 1), b.repeat(n_copies, 1), out_dtype)
    product = product.view(n_copies, len(a), n_copies, len(b)).transpose(1, 2)
    return bool(((low <= product) & (product <= high)).all())


def magnitudes(a: Tensor, b: Tensor) -> Tensor:
    """Returns the numbers that errors are relative to, (n, m), for matrices (n, K) and (m, K)."""
    a, b, least = a.double().abs(), b.double().abs(), torch.finfo(a.dtype).tiny
    return a @ b.T + least * torch.maximum(a.amax(1)[:, None], b.amax(1))


def _multiply_on(device: torch.device, a: Tensor, b: Tensor, out_dtype: torch.dtype) -> Tensor:
    base = None if a.dtype.is_floating_point else torch.zeros(len(a), dtype=out_dtype, device=device)
    wrong = NOT_MADE if out_dtype == torch.int32 else float("nan")  # a library may refuse a product without a word
    product = torch.full((len(a), len(b)), wrong, dtype=out_dtype, device=device)
    a, b, start = a.to(device), b.to(device), None
    if a.dtype == torch.uint8:
        base, start = (_start(len(of)).to(device) for of in (a, b))
    multiply(EncodedRows(a, base), b if start is None else prepare_queries(b, len(b), a.dtype, start), product)
    return product.cpu()


def _start(n: int) -> Tensor:
    """Returns numbers that are added to the products of n rows or queries, of too many bits for a float of 16."""
    return torch.arange(n, dtype=torch.float32, device="cpu") * 8191


def _hard_floats(n_columns: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Returns lines of a and b whose products are hard to add; each line of a is multiplied with each line of b.

    They have a large term and small ones, large terms that cancel, the least numbers of the type, and numbers that may
    be flushed to 0. The last lines have a term of 1 and others a little less than 2^-21 to 2^-28, all of one sign, so
    that hardware that keeps 20 to 27 bits beside the 1 truncates them entirely.
    """
    generator = torch.Generator("cpu").manual_seed(0)
    a = torch.rand((48, n_columns), generator=generator, dtype=torch.float64, device="cpu") - 0.5
    b = torch.rand((40, n_columns), generator=generator, dtype=torch.float64, device="cpu") - 0.5
    a[:8], b[:8] = a[:8].abs(), b[:8].abs()
    a[8:16, 1:] *= 2.0**-12  # each of these is lost if it is added to the first term alone
    b[8:16, 1:] *= 2.0**-12
    a[16:24, n_columns // 2 :] = -a[16:24, : n_columns - n_columns // 2]
    b[16:24, n_columns // 2 :] = b[16:24, : n_columns - n_columns // 2]
    least = 2.0**-14 if dtype == torch.float16 else 2.0**-70
    a[24:32] *= least  # in float16, numbers below 2^-14 have fewer bits
    b[24:32] *= 2.0**10 * least
    for i in range(8):
        for line, sign in ((b[32 + i], 1), (a[32 + i], 1), (a[40 + i], -1)):
            line[:1], line[1:] = 1, sign * (0.98 * 2.0 ** -(21 + i)) ** 0.5
    return a.to(dtype), b.to(dtype)


def _hard_integers(n_columns: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Returns lines with the largest products, of both signs: some instructions add two of these in 16 bits.

    The first ones are of ``dtype``, the others are int8.
    """
    generator = torch.Generator("cpu").manual_seed(0)
    a = torch.randint(-128, 128, (48, n_columns), generator=generator, dtype=torch.int8, device="cpu")
    b = torch.randint(-128, 128, (40, n_columns), generator=generator, dtype=torch.int8, device="cpu")
    for lines in (a, b):
        lines[:8], lines[8:16] = -128, 127
    if dtype == torch.uint8:
        a = (a.to(torch.int16) + 128).div(2, rounding_mode="floor").to(torch.uint8)
    return a, b
