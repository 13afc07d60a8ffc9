"""The progress bar of a search."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def progress_bar(n_pairs: int, *, shown: bool) -> Iterator[Callable[[int], object]]:
    """Yields a function that moves the bar on by a number of pairs, and does nothing if the bar is not shown.

    Even a disabled bar of tqdm takes a lock. In a child that was forked while another thread held it, for a bar of its
    own, the lock is never released.
    """
    if shown and sys.stderr is not None:  # a service may have none
        with tqdm(total=n_pairs, unit="pair", unit_scale=True) as bar:
            yield bar.update
    else:
        yield lambda n_done: None
