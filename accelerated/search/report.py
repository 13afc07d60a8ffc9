"""The report on a search, and the clock that times its stages."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch


@dataclass(frozen=True)
class Report:
    """How a search went: see ``NearestNeighbors.search_report``.

    ``filter`` is the first filter, and ``why`` the reason for it. ``certified`` counts the queries that it certified, 0
    if it is exhaustive; ``fallbacks`` the queries that went on to each later filter, of equal queries only the first;
    ``candidates`` counts the pairs that filters left to be measured exactly, and ``seconds`` are by stage, added up
    over the threads that worked at the same time. ``predicted`` has the seconds of the stages whose time the rule
    predicted.
    """

    n_queries: int = 0
    filter: str = "exhaustive"
    why: str = ""
    certified: int = 0
    candidates: int = 0
    fallbacks: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    predicted: dict[str, float] = field(default_factory=dict)


def add_up(reports: Sequence[Report]) -> Report:
    """Returns the report on searches of one index, one after the other, that share a clock."""
    fallbacks = sum((Counter(report.fallbacks) for report in reports), Counter())
    return replace(
        reports[-1],
        n_queries=sum(report.n_queries for report in reports),
        certified=sum(report.certified for report in reports),
        candidates=sum(report.candidates for report in reports),
        fallbacks=dict(fallbacks),
    )


class Clock:
    """Adds up the seconds of each stage of a search, over all its threads."""

    def __init__(self, waits_for: torch.device | None = None):
        """``waits_for`` is a GPU, whose work then counts for the stage that started it."""
        self.waits_for = waits_for
        self.seconds: dict[str, float] = {}
        self._lock = threading.Lock()

    def stage(self, name: str) -> "Stage":
        """Returns a context manager that adds the time spent inside ``with`` to ``seconds[name]``."""
        return Stage(self, name)

    def add(self, name: str, start: float) -> None:
        """Adds the time since ``start`` to ``seconds[name]``."""
        if self.waits_for is not None and self.waits_for.type == "cuda":
            torch.cuda.synchronize(self.waits_for)
        with self._lock:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


class Stage:
    """A stage of a search; a class, which begins and ends in a fraction of the time of a generator."""

    def __init__(self, clock: Clock, name: str):
        self.clock, self.name = clock, name

    def __enter__(self) -> None:
        self.start = time.perf_counter()

    def __exit__(self, error: type[BaseException] | None, *details: object) -> None:
        if error is None:
            self.clock.add(self.name, self.start)
