"""The modes of the thread that calls a public method which fits or searches: they are set for it and then set back."""

from collections.abc import Iterator
from contextlib import contextmanager

from accelerated.subnormals import keeping_subnormals
from accelerated.workers import with_own_thread


@contextmanager
def in_calling_thread(n_workers: int | None = None) -> Iterator[None]:
    """Keeps numbers below 2.2e-308, and keeps torch in this thread, which shares long work with ``workers``.

    These are as many as torch has threads, or ``n_workers`` if that is given and lower.
    """
    with keeping_subnormals(), with_own_thread(n_workers):
        yield
