"""Square roots and powers that have the same bits on every device.

IEEE 754 wants the square root correctly rounded, and CUDA says that its own is. torch's on a CPU need not be: it may
be off in the last bit.
"""

import functools

import numpy as np
import torch
from torch import Tensor


def correct_sqrt(x: Tensor) -> Tensor:
    """The correctly rounded square roots: NumPy's, unless the device's own are found to be so too."""
    if x.device.type != "cpu" and rounds_roots_correctly(x.device):
        return torch.sqrt(x)
    return torch.from_numpy(np.sqrt(x.cpu().numpy())).to(x.device)


@functools.cache
def rounds_roots_correctly(device: torch.device) -> bool:
    """Whether ``torch.sqrt`` on the device finds NumPy's roots of numbers that are hard to round; tried once.

    The root of (y + u / 2)^2, where u is the last place of y, is nearly half-way between two numbers.
    """
    rng = np.random.default_rng(0)
    y = np.concatenate([1 + rng.random(20_000), np.sqrt(np.arange(1.0, 5000)), rng.lognormal(0, 40, 5000)])
    hard = np.concatenate([y * y, y * y + y * np.spacing(y), y * 5e-324 / y.max(), [0.0, np.inf]])
    roots = torch.sqrt(torch.from_numpy(hard).to(device)).cpu().numpy()
    return bool((roots == np.sqrt(hard)).all())


def power(x: Tensor, exponent: float) -> Tensor:
    """x^exponent by NumPy: torch's has other bits at the end of an array than inside it, so equals would not tie.

    The last bits are those of one library on one machine, and are not promised.
    """
    return torch.from_numpy(np.power(x.cpu().numpy(), exponent)).to(x.device)
