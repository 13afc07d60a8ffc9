"""Progress bars: of a search or other long work, and of a residual that shrinks."""

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from tqdm import tqdm


def progress_bar(
    total: int, *, shown: bool, unit: str = "pair"
) -> AbstractContextManager[Callable[[int], object], bool | None]:
    """Returns a context manager of a function that moves the bar on by a number of units.

    The function does nothing if the bar is not shown.

    Even a disabled bar of tqdm takes a lock. In a child that was forked while another thread held it, for a bar of its
    own, the lock is never released.
    """
    if shown and sys.stderr is not None:  # a service may have none
        return _bar(total, unit)
    return nullcontext(_show_nothing)


@contextmanager
def _bar(total: int, unit: str) -> Iterator[Callable[[int], object]]:
    with tqdm(total=total, unit=unit, unit_scale=True) as bar:
        yield bar.update


def _show_nothing(n_done: int) -> None:
    pass


@contextmanager
def residual_bar(*, shown: bool) -> Iterator[Callable[[float, float], object]]:
    """Yields a function of a residual and the one that is short enough: the bar moves by orders of magnitude.

    Its whole length is from the first residual to the one that is short enough.
    """
    if not shown or sys.stderr is None:
        yield lambda residual, enough: None
        return
    first = 0.0
    with tqdm(total=1.0, unit="decade", bar_format="{l_bar}{bar}| {elapsed} {postfix}") as bar:

        def watch(residual: float, enough: float) -> None:
            nonlocal first
            if not (residual > 0 and enough > 0):
                return
            first = max(first, residual)
            bar.total = max(math.log10(first / enough), 1e-9)
            bar.n = min(max(math.log10(first / residual), 0.0), bar.total)
            bar.set_postfix_str(f"residual {residual:.2g}, enough {enough:.2g}")

        yield watch
