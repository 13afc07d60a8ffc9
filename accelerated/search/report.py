"""What a search did: which filter, how much it could prove, and where the time went."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch


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
    device: torch.device | None = field(default=None, repr=False)  # to wait for, so that a GPU's time goes to its stage

    def add(self, other: "Report") -> None:
        """Counts what another report of the same search counted."""
        self.n_queries += other.n_queries
        self.filter = other.filter
        self.certified += other.certified
        self.candidates += other.candidates
        for name, n_queries in other.fallbacks.items():
            self.fall_back(name, n_queries)
        for name, seconds in other.seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    def fall_back(self, name: str, n_queries: int) -> None:
        """Counts queries handed on."""
        self.fallbacks[name] = self.fallbacks.get(name, 0) + n_queries

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time that the block takes to ``seconds[name]``."""
        start = time.perf_counter()
        yield
        if self.device is not None and self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
