"""How tensor cores add, simulated: what a product of 16-bit matrices is on NVIDIA's GPUs.

An instruction takes a few exact products and the float32 sum so far, shifts all of them to the largest exponent, cuts
each off at a number of bits below it, adds them exactly, and cuts the sum off to float32. The cuts are towards 0, so
they do not cancel. The exponent of a product is the sum of those of its factors; factors below the least normal number,
and 0, have the exponent of that. (Models: Khattak and Mikaitis, Accurate Models of NVIDIA Tensor Cores, arXiv
2512.07004, and Xie et al., MMA-Sim, arXiv 2511.10909, who found them equal to the hardware's bits.)
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


class Core(NamedTuple):
    """One generation: CUDA's compute capability, products in an instruction, bits kept below the largest addend."""

    capability: tuple[int, int]
    products: int
    bits: int


VOLTA = Core((7, 0), 4, 23)
AMPERE = Core((8, 0), 8, 24)
HOPPER = Core((9, 0), 16, 25)


def multiply(a: Tensor, b: Tensor, out_dtype: torch.dtype, core: Core, splits: int = 1) -> Tensor:
    """The product of (n, K) and (K, m) 16-bit floats, (n, m), rounded to ``out_dtype`` at the end.

    With ``splits`` the K products are divided among so many sums, which are added in float32 (split-K).
    """
    least = int(np.frexp(torch.finfo(a.dtype).tiny)[1]) - 1
    left, right = a.double().numpy(), b.double().numpy()
    total = np.zeros((left.shape[0], right.shape[1]))
    for part in np.array_split(np.arange(left.shape[1]), splits):
        total = _to_float32(total + _sum_of_products(left[:, part], right[part], core, least))
    return torch.from_numpy(total.astype(np.float32)).to(out_dtype)


def _sum_of_products(left: np.ndarray, right: np.ndarray, core: Core, least: int) -> np.ndarray:
    exponents = [np.frexp(np.maximum(np.abs(factors), 2.0**least))[1] - 1 for factors in (left, right)]
    total = np.zeros((left.shape[0], right.shape[1]))
    for start in range(0, left.shape[1], core.products):
        some = slice(start, start + core.products)
        addends = np.concatenate([total[None], left[:, some].T[:, :, None] * right[some][:, None, :]])
        of_products = exponents[0][:, some].T[:, :, None] + exponents[1][some][:, None, :]
        exponent = np.maximum(of_products.max(axis=0), np.where(total == 0, -1000, np.frexp(total)[1] - 1))
        total = np.trunc(np.ldexp(addends, core.bits - exponent)).sum(axis=0)
        total = _cut_to_float32(np.ldexp(total, exponent - core.bits))
    return total


def _cut_to_float32(x: np.ndarray) -> np.ndarray:
    """The nearest float32 numbers towards 0."""
    rounded = _to_float32(x)
    return np.where(np.abs(rounded) > np.abs(x), np.nextafter(rounded.astype(np.float32), np.float32(0)), rounded)


def _to_float32(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float32).astype(np.float64)
