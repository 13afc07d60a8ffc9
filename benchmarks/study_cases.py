"""The searches and regressions that a study of constants times."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from accelerated import NearestNeighbors, SimilarityRegressor
from accelerated.base import prepare_rows
from accelerated.metrics import METRICS
from accelerated.search import Clock, Index, Queries, make_index, search
from accelerated.search.short_blocks import in_short_blocks

Values = dict[str, Any]  # constants and their values
RNG = np.random.default_rng(0)


class Case(NamedTuple):
    """Rows, queries and how they are searched."""

    X: np.ndarray
    Q: np.ndarray
    metric: str = "euclidean"
    filter: str | None = None
    k: int = 10
    with_fit: bool = False

    def fit(self, device: str) -> NearestNeighbors:
        made = type("Forced", (NearestNeighbors,), {"_filter": self.filter})
        return made(self.k, metric=self.metric, device=device).fit(self.X)

    def ask(self, model: NearestNeighbors) -> None:
        model.kneighbors(self.Q)


class Regression(NamedTuple):
    """Examples and queries of a regressor by similarity, and its parameters."""

    X: np.ndarray
    Q: np.ndarray
    parameters: dict[str, Any]
    with_fit: bool = True

    def fit(self, device: str) -> SimilarityRegressor:
        return SimilarityRegressor(device=device, jitter=1e-2, **self.parameters).fit(self.X, np.sin(4 * self.X[:, 0]))

    def ask(self, model: SimilarityRegressor) -> None:
        model.predict(self.Q)


class Limited(NamedTuple):
    """The search of a shard of a ground truth, with the limits of a shard before it."""

    X: np.ndarray
    Q: np.ndarray
    k: int = 100
    with_fit: bool = False

    def fit(self, device: str) -> tuple[Index, Queries]:
        earlier, later = np.array_split(self.X, 2)
        limits = NearestNeighbors(self.k, device=device).fit(earlier).kneighbors(self.Q)[0][:, -1]
        metric = METRICS["euclidean"]
        index = make_index(metric, prepare_rows(later, metric, torch.device(device), 2**30), self.k // 2)
        given = Queries.given(self.Q, metric, index.rows).up_to(limits)
        return index._replace(filters=in_short_blocks(index.filters)), given

    def ask(self, model: tuple[Index, Queries]) -> None:
        search(*model, range(len(self.Q)), self.k, memory_limit=2**29, progress=False, clock=Clock())


class Study(NamedTuple):
    """The values to compare, and the searches or regressions that depend on them."""

    values: list[Values]
    cases: Callable[[], list[Any]]  # each with ``fit``, ``ask`` and ``with_fit``


def normal(n_rows: int, n_queries: int, n_features: int, **how: Any) -> list[Case]:
    made = RNG.normal(size=(n_rows + n_queries, n_features))
    return [Case(made[:n_rows], made[n_rows:], **how)]


def limited(n_rows: int, n_queries: int, n_features: int) -> list[Limited]:
    """Rows of float32 that are not whole, like those of embeddings."""
    made = RNG.normal(size=(2 * n_rows + n_queries, n_features)).astype(np.float32)
    return [Limited(made[n_queries:], made[:n_queries])]


def each(cases: Callable[..., list[Case]], sizes: list[tuple[int, int, int]], **how: Any) -> list[Case]:
    """The same case in several sizes."""
    return [case for size in sizes for case in cases(*size, **how)]


def twins(n_rows: int, n_queries: int, n_features: int, **how: Any) -> list[Case]:
    """Rows that are all equal: no bound excludes any."""
    X = np.ones((n_rows, n_features))
    return [Case(X, X[:n_queries], **how)]


def mostly_twins(n_rows: int, n_queries: int, n_features: int, **how: Any) -> list[Case]:
    """One query in ten lies among rows that differ, the others among equal ones."""
    X = RNG.normal(size=(n_rows, n_features))
    X[: n_rows // 2] = 1
    near = np.arange(n_queries) % 10 == 0
    return [Case(X, np.where(near[:, None], X[-n_queries:] + 0.01, X[:n_queries]), **how)]


def partly_twins(n_rows: int, n_queries: int, n_features: int, **how: Any) -> list[Case]:
    """So many rows in a hundred are equal: 1, 3, 10 and 50."""
    cases = []
    for n_equal in (1, 3, 10, 50):
        X = RNG.normal(size=(n_rows, n_features))
        X[np.arange(n_rows) % 100 < n_equal] = 1
        cases.append(Case(X, X[:n_queries], **how))
    return cases


def tight(n_rows: int, n_queries: int, n_features: int, **how: Any) -> list[Case]:
    """Two clusters so far apart that bfloat16 certifies nothing, and float32 all."""
    X = np.where(RNG.random((n_rows, 1)) < 0.5, 1e3, -1e3) + RNG.normal(size=(n_rows, n_features))
    return [Case(X, X[:n_queries] + 0.01, **how)]


def flat(n_rows: int, n_queries: int, n_features: int, **how: Any) -> list[Case]:
    """Rows whose spread falls from one direction to the next, to a twentieth at the last."""
    made = RNG.normal(size=(n_rows + n_queries, n_features)) * np.geomspace(1, 0.05, n_features)
    made = (made @ np.linalg.qr(RNG.normal(size=(n_features, n_features)))[0]).astype(np.float32)
    return [Case(made[:n_rows], made[n_rows:], **how)]


def lattice(n_rows: int, n_queries: int, n_features: int, **how: Any) -> list[Case]:
    X = RNG.integers(0, 60, (n_rows, n_features)).astype(float)
    return [Case(X, X[:n_queries], **how)]


def categories(n_rows: int, n_queries: int, n_features: int, n_values: int, **how: Any) -> list[Case]:
    """So many values in each feature, all of them equally frequent."""
    X = RNG.integers(0, n_values, (n_rows, n_features)).astype(float)
    return [Case(X, X[:n_queries], metric="hamming", **how)]


def nearly_whole(n_rows: int, n_queries: int, n_features: int, **how: Any) -> list[Case]:
    """Pixels, 16 of which in a thousand are not whole."""
    X = RNG.integers(0, 256, (n_rows, n_features)).astype(float)
    X[1 : 16 * 1000 : 1000] += 0.5
    return [Case(X, X[-n_queries:], **how)]


def uniform(n_rows: int, n_queries: int, with_fit: bool = True, **parameters: Any) -> list[Regression]:
    made = RNG.random((n_rows + n_queries, 8))
    return [Regression(made[:n_rows], made[n_rows:], parameters, with_fit)]


def of(name: str, *values: Any) -> list[Values]:
    return [{name: value} for value in values]
