"""The constants that decide how rows are searched of which only some are allowed, and the searches that need them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from accelerated import NearestNeighbors
from benchmarks.study_cases import RNG, Case, Study, normal, of


class Among(NamedTuple):
    """A search among some of the rows."""

    case: Case
    among: np.ndarray  # a mask, bool (n_rows,), or one for each query, (n_queries, n_rows)
    with_fit = False

    def fit(self, device: str) -> NearestNeighbors:
        return self.case.fit(device)

    def ask(self, model: NearestNeighbors) -> None:
        model.kneighbors(self.case.Q, among=self.among)


def random_masks(n_queries: int, shares: tuple[float, ...], shared: bool) -> Callable[[], list[Among]]:
    """A search of 100,000 rows for each share of allowed rows, which does not depend on the distance."""

    def cases() -> list[Among]:
        (case,) = normal(100_000, n_queries, 64)
        shape = (100_000,) if shared else (n_queries, 100_000)
        return [Among(case, RNG.random(shape) < share) for share in shares]

    return cases


def far_masks(n_queries: int) -> Callable[[], list[Among]]:
    """The nearest rows are not allowed: a thousandth, a hundredth, a tenth of all."""

    def cases() -> list[Among]:
        (case,) = normal(20_000, n_queries, 16)
        squares = ((case.X - case.Q[:, None]) ** 2).sum(2)
        shares = (0.001, 0.01, 0.1)
        return [Among(case, squares > np.quantile(squares, share, axis=1, keepdims=True)) for share in shares]

    return cases


STUDIES_AMONG = {
    "FEWEST_FOR_AN_INDEX": Study(
        of("FEWEST_FOR_AN_INDEX", 64, 1, 16, 256), random_masks(100, (0.01, 0.1, 0.5, 0.99), shared=True)
    ),
    "PAIRS_PER_FOUND": Study(
        of("PAIRS_PER_FOUND", 6, 1, 2, 16), random_masks(50, (0.01, 0.03, 0.1, 0.3), shared=False)
    ),
    "EXCLUDED_PER_PAIR": Study(
        of("EXCLUDED_PER_PAIR", 64, 16, 256), random_masks(50, (0.01, 0.03, 0.1, 0.3), shared=False)
    ),
    "FOUND_NEXT": Study(of("FOUND_NEXT", 4, 2, 16), far_masks(50)),
}
