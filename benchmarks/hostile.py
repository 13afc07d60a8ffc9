"""Data that defeat a filter, or once did: ``accelerated`` beside an exhaustive search and scikit-learn's."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from accelerated import NearestNeighbors
from benchmarks.peers import sklearn_brute
from benchmarks.timing import EXHAUSTIVE, in_turns

K = 10


class Hostile(NamedTuple):
    """Rows, of which the first are the queries, unless these are made in the same way."""

    name: str
    make: Callable[[np.random.Generator, int], np.ndarray]  # rows, if so many are asked for
    metric: str = "euclidean"
    n_queries: int = 300


def normal(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=(n, 32))


def apart(distance: float, rng: np.random.Generator, n: int) -> np.ndarray:
    """Two clusters that are 1 wide, at plus and minus half the distance."""
    return np.where(rng.random((n, 1)) < 0.5, distance / 2, -distance / 2) + rng.random((n, 32))


def half_twins(rng: np.random.Generator, n: int) -> np.ndarray:
    rows = normal(rng, n)
    rows[n // 2 :] = rows[rng.integers(0, 100, n - n // 2)]
    return rows


def lattice(n_values: int, n_features: int, rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.integers(0, n_values, (n, n_features)).astype(float)


def counts(n_empty: float, rng: np.random.Generator, n: int) -> np.ndarray:
    """Small counts of words in 500 columns, 2 % of them above 0; the first row is empty, and so is a share of them."""
    rows = (rng.random((n, 500)) < 0.02) * rng.integers(1, 5, (n, 500)).astype(float)
    rows[:: max(1, round(1 / n_empty)) if n_empty else n] = 0
    return rows


def mostly_zero(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.where(rng.random((n, 1)) < 0.99, 0, normal(rng, n))


def few_and_wide(n_rows: int, n_features: int, rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=(min(n, n_rows), n_features))


def with_missing(value: float, rng: np.random.Generator, n: int) -> np.ndarray:
    """A number that stands for missing ones, in a fifth of the rows in each of three features."""
    rows = normal(rng, n)
    for j in (3, 9, 20):
        rows[rng.random(n) < 0.2, j] = value
    return rows


HOSTILE = [
    Hostile("offset of 1e8", lambda rng, n: rng.random((n, 32)) + 1e8),
    Hostile("two clusters 1 wide, 2e5 apart", partial(apart, 2e5)),
    Hostile("two clusters 1 wide, 2e6 apart", partial(apart, 2e6)),
    Hostile("two clusters 1 wide, 2e9 apart", partial(apart, 2e9)),
    Hostile("1e9 for missing numbers", partial(with_missing, 1e9)),
    Hostile("all points equal", lambda rng, n: np.ones((n, 32))),
    Hostile("99 % of the rows zero", mostly_zero),
    Hostile("half of them duplicates", half_twins),
    Hostile("a lattice, 0 to 2 in 4 features", partial(lattice, 3, 4)),
    Hostile("a lattice, 0 and 1 in 8 features", partial(lattice, 2, 8)),
    Hostile("one large feature", lambda rng, n: normal(rng, n) * np.where(np.arange(32) == 3, 1e9, 1)),
    Hostile("one row at 1e12", lambda rng, n: np.where(np.arange(n)[:, None] == 7, 1e12, normal(rng, n))),
    Hostile("sizes from 2^-100 to 2^100", lambda rng, n: normal(rng, n) * 2.0 ** rng.integers(-100, 101, (n, 1))),
    Hostile("rows of 1e-160", lambda rng, n: normal(rng, n) * 1e-160),
    Hostile("200 rows of 100,000 features", partial(few_and_wide, 200, 100_000), n_queries=50),
    Hostile("500 rows of 20,000 features", partial(few_and_wide, 500, 20_000), n_queries=200),
    Hostile("one empty row among counts, cosine", partial(counts, 0), "cosine"),
    Hostile("a tenth of the rows empty, cosine", partial(counts, 0.1), "cosine"),
    Hostile("half of the rows empty, cosine", partial(counts, 0.5), "cosine"),
    Hostile("0 and 1 in 64 features, manhattan", partial(lattice, 2, 64), "manhattan"),
    Hostile("Cauchy, manhattan", lambda rng, n: rng.standard_cauchy((n, 32)), "manhattan"),
    Hostile("Cauchy, chebyshev", lambda rng, n: rng.standard_cauchy((n, 32)), "chebyshev"),
    Hostile("0 and 1 in 64 features, chebyshev", partial(lattice, 2, 64), "chebyshev"),
    Hostile("0 and 1 in 64 features, hamming", partial(lattice, 2, 64), "hamming"),
]


def run(n_rows: int, rounds: int) -> list[dict[str, Any]]:
    """Times queries that are rows themselves; asserts that the answers are those of an exhaustive search."""
    rng = np.random.default_rng(0)
    lines = []
    for hostile in HOSTILE:
        X = hostile.make(rng, n_rows)
        Q = X[: hostile.n_queries]
        ours, all_pairs = (kind(K, metric=hostile.metric).fit(X) for kind in (NearestNeighbors, EXHAUSTIVE))
        asks = {"ours": ours.kneighbors, "all": all_pairs.kneighbors, "sklearn": sklearn_brute(X, K, hostile.metric)}
        seconds = in_turns({name: partial(ask, Q) for name, ask in asks.items()}, rounds)
        assert all((a == b).all() for a, b in zip(ours.kneighbors(Q), all_pairs.kneighbors(Q), strict=True))
        report = ours.search_report(Q)
        lines.append(
            {
                "data": hostile.name,
                "ratio": seconds["all"] / seconds["ours"],
                "ratio_to_sklearn": seconds["sklearn"] / seconds["ours"],
                "certified_at_first_try": report.certified / report.n_queries,
                "fallbacks": report.fallbacks,
            }
        )
    return lines
