"""The constants that decide on the time of searches after rows were removed: values to compare, and the work."""

from typing import NamedTuple

import numpy as np

from accelerated import NearestNeighbors
from benchmarks.study_cases import RNG, Study, of


class Removals(NamedTuple):
    """Rows of a model, of which some are removed at a time, with a search after each removal."""

    X: np.ndarray
    Q: np.ndarray
    n_at_once: int
    n_times: int
    with_fit: bool = True

    def fit(self, device: str) -> NearestNeighbors:
        return NearestNeighbors(10, device=device).fit(self.X)

    def ask(self, model: NearestNeighbors) -> None:
        order = np.random.default_rng(0).permutation(len(self.X))
        for some in np.split(order[: self.n_at_once * self.n_times], self.n_times):
            model.remove(some).kneighbors(self.Q)


def removals(n_at_once: int, n_times: int) -> list[Removals]:
    sizes = [(20_000, 3), (20_000, 16)]
    return [Removals(RNG.normal(size=(n, d)), RNG.normal(size=(200, d)), n_at_once, n_times) for n, d in sizes]


STUDIES = {
    "MOST_REMOVED": Study(of("MOST_REMOVED", 1 / 4, 0, 1 / 16, 1 / 2, 3 / 4), lambda: removals(1000, 10)),
    "ASKED": Study(of("ASKED", (2, 16), (2,), (16,), (4, 32), (2, 4, 8, 16)), lambda: removals(3000, 1)),
}
