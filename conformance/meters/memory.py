"""The peak of memory during a call, read from Linux, which counts what the process really holds.

A limit on the address space would also end a call that makes too large an array, but it accuses a library of the memory
that is only reserved: each thread that is started reserves more than 64 MiB, and OpenMP ends the process where it
cannot start one.
"""

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conformance.targets.errors import Missing

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
NOT_TOLD = "peaks of memory can be measured under Linux alone"
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # mallopt(3)
LARGE, MOST = 2**16, 2**25  # bytes; the second is the largest threshold that glibc takes
FORGET_THE_PEAK = "5"  # proc_pid_clear_refs(5)


def peak_of(call: Callable[[], Any]) -> int:
    """The bytes that the process holds at the peak of the call beyond those before it.

    Raises Missing where the system does not say.
    """
    _give_back()
    try:
        RESET.write_text(FORGET_THE_PEAK)
        before = _held("VmRSS")
    except OSError as error:
        raise Missing(NOT_TOLD) from error
    with _large_blocks_apart():
        call()
    return max(0, _held("VmHWM") - before)


def _give_back() -> None:
    """Returns freed memory to the system, as a call that took it again would not be noticed."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):  # glibc has it
        trim(0)


@contextmanager
def _large_blocks_apart() -> Iterator[None]:
    """Within it, glibc takes each block of ``LARGE`` bytes or more from the system, and gives it back when it is freed.

    Otherwise small blocks that are kept come to lie in the places of large ones that were freed, and the next large one
    needs a new place: a loop that holds one array at a time then holds as much memory as all of them.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None:
        yield
        return
    mallopt(M_MMAP_THRESHOLD, LARGE)
    try:
        yield
    finally:  # the values that glibc comes to by itself where large blocks are freed often
        mallopt(M_MMAP_THRESHOLD, MOST)
        mallopt(M_TRIM_THRESHOLD, 2 * MOST)


def _held(name: str) -> int:
    """The bytes of this name in the status of the process: held now (VmRSS), or at the peak (VmHWM)."""
    [line] = [line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:")]
    return int(line.split()[1]) * 1024
