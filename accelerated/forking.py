"""One thread for torch in a forked child, where its other threads do not exist.

torch adds and multiplies with the threads of OpenMP. ``fork`` copies the memory of a process, but of its threads only
the one that called it. The child still counts on the others, and waits for them for ever: with two threads in the
parent, ``torch.rand(1000, 1000) * 2`` hangs if both processes run it. With one thread torch asks no other.

The number of threads is a setting of the whole process, and this is the only such setting that ``accelerated`` writes.
It may, because the child has just begun: no other thread is there to see it, the parent keeps its own number, and the
number that the child inherits cannot be relied on. torch does the same in the workers of its ``DataLoader``.
"""

import os

import torch


def use_one_thread_after_fork() -> None:
    """Registers that every later forked child, and its children, start with one thread of torch."""
    if hasattr(os, "register_at_fork"):  # Windows has no fork
        os.register_at_fork(after_in_child=_use_one_thread)


def _use_one_thread() -> None:
    torch.set_num_threads(1)
