"""Numbers below 2.2e-308, which a processor may be told to flush to 0; then rows tie that lie apart.

The mode belongs to a thread. ``torch.set_flush_denormal(True)`` sets it in the thread that calls it, and a thread that
starts later inherits it from the one that starts it.

So every public method keeps subnormal numbers in its own thread while it works, and the workers that it starts inherit
that. torch's own threads, which may flush numbers for as long as they live, are not used (``workers.with_own_thread``).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

TINY, HALF = 2.0**-1060, 0.5  # a product that the compiler does not know, and that is not 0


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
