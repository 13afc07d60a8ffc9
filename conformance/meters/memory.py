"""The peak of memory during a call, read from Linux, which counts what the process really holds.

A limit on the address space would also end a call that makes too large an array, but it accuses a library of the memory
that is only reserved: each thread that is started reserves more than 64 MiB, and OpenMP ends the process where it
cannot start one.
"""

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conformance.targets.errors import Missing

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
NOT_TOLD = "peaks of memory can be measured under Linux alone"
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
    call()
    return max(0, _held("VmHWM") - before)


def _give_back() -> None:
    """Returns freed memory to the system, as a call that took it again would not be noticed."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):  # glibc has it
        trim(0)


def _held(name: str) -> int:
    """The bytes of this name in the status of the process: held now (VmRSS), or at the peak (VmHWM)."""
    [line] = [line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:")]
    return int(line.split()[1]) * 1024
