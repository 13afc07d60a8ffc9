"""What a search did: which filter, how much it could prove, and where the time went."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Report:
    """How a search went: see ``NearestNeighbors.search_report``.

    ``filter`` is what was tried first. ``certified`` counts the queries that it answered, ``fallbacks`` those that were
    handed on, by who got them; ``candidates`` counts the pairs measured exactly after a filter, and ``seconds`` are by
    stage.
    """

    n_queries: int = 0
    filter: str = "exhaustive"
    certified: int = 0
    candidates: int = 0
    fallbacks: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def fall_back(self, name: str, n_queries: int) -> None:
        """Counts queries handed on."""
        self.fallbacks[name] = self.fallbacks.get(name, 0) + n_queries

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time that the block takes to ``seconds[name]``."""
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
