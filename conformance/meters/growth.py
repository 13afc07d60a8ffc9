"""How the time of a call grows with the size of its input, measured so that a busy machine accuses no implementation.

The time is that of the processor, and of one thread: threads of OpenMP that wait for one another on a busy machine
spend it without doing anything. The shortest of several times is taken, as other processes only add to it.
"""

from collections.abc import Callable
from time import process_time
from typing import Any, NamedTuple

from threadpoolctl import threadpool_limits

FACTOR = 4  # the larger input is so many times as large: linear growth takes 4 times as long, quadratic 16 times
LINEAR, QUADRATIC = 6, 10  # times as long: below and above them there is no doubt; between them it is measured again
ENOUGH = 0.02  # seconds, beside which the costs of a call of any size are small
REPETITIONS = 3

Prepare = Callable[[int], Callable[[], Any]]  # the call for a size; its input is new each time, as a target may cache


class Growth(NamedTuple):
    """The times of a call for an input of some size and for one that is FACTOR times as large."""

    size: int
    seconds: float
    seconds_of_more: float

    @property
    def ratio(self) -> float:
        return self.seconds_of_more / self.seconds

    def shown(self, inputs: str) -> str:
        """The growth in words.

        >>> Growth(100, 0.04, 0.64).shown("rows")
        '400 rows took 0.64 s, 16 times as long as 100, but should take about 4 times as long'
        """
        took = f"{FACTOR * self.size} {inputs} took {self.seconds_of_more:.2f} s"
        return f"{took}, {self.ratio:.0f} times as long as {self.size}, but should take about {FACTOR} times as long"


def quadratic_growth(prepare: Prepare, smallest: int, largest: int) -> Growth | None:
    """The growth of the call if it is quadratic, else None.

    The size is doubled until the call takes ENOUGH. If the largest size does not, the answer is None as well: so many
    repetitions of anything that grows with the size would take longer.

    The limits come from trials on two cores beside two processes that never rest, with the classes of
    ``tests/test_costs.py`` and the mutants of ``zoo/costs.py``. In 180 trials of ten ordinary classes the ratio was up
    to 14 when it was measured once, as the first use of more memory is slow, and up to 6.6 after two repetitions. In 40
    trials of the two quadratic mutants it was 15 to 25 after three repetitions.
    """
    with threadpool_limits(1):
        size = smallest
        while (seconds := _shorter(prepare, size)) < ENOUGH:
            size *= 2
            if size > largest:
                return None
        growth = Growth(size, seconds, float("inf"))
        for _ in range(REPETITIONS):
            less, more = _seconds(prepare(size)), _seconds(prepare(FACTOR * size))
            growth = Growth(size, min(growth.seconds, less), min(growth.seconds_of_more, more))
            if growth.ratio < LINEAR:
                return None
        return growth if growth.ratio > QUADRATIC else None


def _shorter(prepare: Prepare, size: int) -> float:
    """The seconds of a call, the shorter of two if the first takes ENOUGH: a first call may be slow at any size.

    If a small size were taken to be enough, a quadratic part might still be small beside the costs of a call.
    """
    seconds = _seconds(prepare(size))
    return seconds if seconds < ENOUGH else min(seconds, _seconds(prepare(size)))


def _seconds(call: Callable[[], Any]) -> float:
    start = process_time()
    call()
    return process_time() - start
