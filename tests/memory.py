"""How much memory code takes at its peak, in a process of its own."""

import multiprocessing
import re
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

# Each process is forked from one that has imported the packages and run nothing: it starts at once, and has no memory
# that an earlier test gave back, which could be taken again unseen.
FRESH = multiprocessing.get_context("forkserver")
FRESH.set_forkserver_preload(["accelerated", "scipy.sparse"])


def mebibytes_at_peak(prepare, measured):
    """The most memory that a piece of code adds while it runs, after another piece whose names it shares."""
    with ProcessPoolExecutor(1, FRESH) as process:
        return process.submit(_measure, prepare, measured).result()


def _measure(prepare, measured):
    names = {}
    exec(prepare, names)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _peak()
    exec(measured, names)
    return (_peak() - before) / 2**10


def _peak():
    """The most resident kibibytes since the last reset."""
    return int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1])
