"""Numbers below 2.2e-308, which a processor may be told to flush to 0; then rows tie that lie apart.

The mode belongs to a thread. ``torch.set_flush_denormal(True)`` sets it in the thread that calls it, and a thread that
starts later inherits it from the one that starts it. So torch's worker threads keep the mode that was set when the
first parallel operation started them, whatever is set afterwards, and nothing that Python can call changes it.

So every public method keeps subnormal numbers in its own thread, and tries torch's worker threads before they are used.
"""

import functools
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

TINY, HALF = 2.0**-1060, 0.5  # a product that the compiler does not know, and that is not 0
LEAST = np.array([2.0**-149], dtype=np.float32)  # above 0; the mode is the same for all types
SHARE = 2**15  # numbers that torch gives to a thread, at least: for fewer no other thread is woken


@contextmanager
def keeping_subnormals() -> Iterator[None]:
    """Keeps numbers below 2.2e-308 in this thread and those that it starts, and then sets the mode as it was."""
    flushes = TINY * HALF == 0
    try:
        if flushes:
            torch.set_flush_denormal(False)
        yield
    finally:
        if flushes:
            torch.set_flush_denormal(True)


@functools.cache
def _shares(n_threads: int) -> torch.Tensor:
    """Returns a share of tiny numbers for each thread."""
    return torch.from_numpy(LEAST).repeat(n_threads * SHARE)


def check_workers(n_numbers: int, device: torch.device) -> None:
    """Raises RuntimeError if one of torch's worker threads flushes numbers below 2.2e-308 to 0; this one must not.

    They are tried only where they work: for more than ``SHARE`` numbers, on a CPU.
    """
    n_threads = torch.get_num_threads()
    if n_threads == 1 or n_numbers <= SHARE or device.type != "cpu":
        return
    if not (_shares(n_threads) * 1.0).numpy().all():
        raise RuntimeError(
            "torch's worker threads flush numbers below 2.2e-308 to 0: they were started by this thread while "
            "torch.set_flush_denormal(True) held. Call torch.set_num_threads(1), or work in a new thread"
        )
