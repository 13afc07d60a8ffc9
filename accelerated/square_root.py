"""Square roots and powers that have the same bits on every device.

IEEE 754 requires a correctly rounded square root, and CUDA promises one. The square root of torch on a CPU may be off
in the last bit.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor


def correct_sqrt(x: Tensor) -> Tensor:
    """Returns correctly rounded square roots: those of NumPy, or of a device that was found to round correctly."""
    if x.device.type != "cpu" and rounds_correctly(x.device):
        return torch.sqrt(x)
    return torch.from_numpy(np.sqrt(x.cpu().numpy())).to(x.device)


@functools.cache
def rounds_correctly(device: torch.device) -> bool:
    """Tells whether ``torch.sqrt`` on the device agrees with NumPy on numbers that are hard to round; tried once.

    The square root of (y + u / 2)^2, where u is the last place of y, is nearly half-way between two floats.
    """
    rng = np.random.default_rng(0)
    y = np.concatenate([1 + rng.random(20_000), np.sqrt(np.arange(1.0, 5000)), rng.lognormal(0, 40, 5000)])
    hard = np.concatenate([y * y, y * y + y * np.spacing(y), y * 5e-324 / y.max(), [0.0, np.inf]])
    roots = torch.sqrt(torch.from_numpy(hard).to(device)).cpu().numpy()
    return bool((roots == np.sqrt(hard)).all())


def power(x: Tensor, exponent: float) -> Tensor:
    """Returns x^exponent by NumPy: in torch the bits depend on the place in the array, so equal numbers would not tie.

    The last bits depend on the library and the machine, and are not promised.
    """
    with np.errstate(over="ignore", under="ignore"):  # a distance that overflows is refused
        return by_numpy(lambda base: np.power(base, exponent), x)


def by_numpy(function: Callable[..., Any], *tensors: Tensor) -> Tensor:
    """Returns the result of a function of NumPy, for which torch's may differ in the last bits."""
    return torch.from_numpy(function(*(x.cpu().numpy() for x in tensors))).to(tensors[0].device)
