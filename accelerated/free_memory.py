"""How much memory a program on this machine may still take."""

from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup")  # where Linux states the limit of a container
LIMITS = [
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
]


def get_free_memory() -> int:
    """Returns the bytes that are available, at most those that the limit of a container leaves.

    What a container uses includes copies of files that it has read; those not used lately are given up when a program
    needs their memory, so they count as free.
    """
    free = int(psutil.virtual_memory().available)
    for limit, used, statistics, files in LIMITS:
        try:
            lines = [line.split() for line in (CGROUP / statistics).read_text().splitlines()]
            unused = sum(int(value) for name, value in lines if name == files)
            free = min(free, int((CGROUP / limit).read_text()) - int((CGROUP / used).read_text()) + unused)
        except (OSError, ValueError):  # no such file, or "max" in place of a number
            continue
    return max(free, 0)
