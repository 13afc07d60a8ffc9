"""Hypothesis strategies for data on which implementations of nearest neighbours differ.

A generator makes rows from a random generator, a number of rows and a number of features; ``DATA`` lists them.
The numbers come from one drawn seed, so that large arrays are quick to draw and still shrink in shape.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.random import Generator


@dataclass(frozen=True)
class Case:
    """One question: the k rows of X nearest to each row of Q; its ``repr`` can be pasted."""

    X: np.ndarray  # (n, n_features)
    Q: np.ndarray  # (n_queries, n_features)
    k: int
    metric: str = "euclidean"
    p: float = 2

    def __repr__(self) -> str:
        X, Q = (f"np.array({rows.tolist()}, dtype={rows.dtype.str!r})" for rows in (self.X, self.Q))
        p = "np.inf" if self.p == np.inf else repr(self.p)
        return f"Case(X={X}, Q={Q}, k={self.k}, metric={self.metric!r}, p={p})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis prints a failing case: every digit."""
        printer.text(repr(self))


def lattice(rng: Generator, n: int, d: int) -> np.ndarray:
    """Small integers: all arithmetic is exact, so ties are true ties, and there are many."""
    return rng.integers(-4, 5, (n, d)).astype(np.float64)


def gaussian(rng: Generator, n: int, d: int) -> np.ndarray:
    """Nothing special: rounding everywhere, ties nowhere."""
    return rng.normal(size=(n, d))


def duplicates(rng: Generator, n: int, d: int) -> np.ndarray:
    """One to three different rows, many times each."""
    return rng.normal(size=(3, d))[rng.integers(0, rng.integers(1, 4), n)]


def large_offset(rng: Generator, n: int, d: int) -> np.ndarray:
    """The unit cube, far from the origin: the expanded form loses every digit."""
    return rng.random((n, d)) + 10.0 ** rng.integers(4, 13)


def far_clusters(rng: Generator, n: int, d: int) -> np.ndarray:
    """Two tight clusters far apart: subtracting the mean leaves both far from the origin."""
    return rng.normal(scale=0.01, size=(n, d)) + rng.choice([0.0, 1e6, 1e8]) * rng.integers(0, 2, (n, 1))


def huge_column(rng: Generator, n: int, d: int) -> np.ndarray:
    """One column dwarfs the others, as seconds since 1970 do beside unit features."""
    rows = rng.random((n, d))
    rows[:, rng.integers(0, d)] += 1.7e9 + rng.integers(0, 3, n)
    return rows


def near_ties(rng: Generator, n: int, d: int) -> np.ndarray:
    """One row of numbers, each moved by up to three units in the last place, with either sign."""
    row = rng.normal(size=d)
    return rng.choice([-1.0, 1.0], (n, d)) * (row + rng.integers(0, 4, (n, d)) * np.spacing(row))


def permuted_gaps(rng: Generator, n: int, d: int) -> np.ndarray:
    """The same gaps to the first row in another order: equal on paper, told apart only by the order of addition."""
    gaps = rng.normal(size=d)
    return np.array([np.zeros(d), *(rng.permutation(gaps) for _ in range(n - 1))])


def mixed_scales(rng: Generator, n: int, d: int) -> np.ndarray:
    """Integers with a power of two for each column, and some columns constant."""
    return lattice(rng, n, d) * 2.0 ** rng.integers(-12, 13, d) * rng.integers(0, 2, d)


def extreme(rng: Generator, n: int, d: int) -> np.ndarray:
    """Integers scaled by a power of two to just inside what can be squared, or so small that some squares are 0."""
    return lattice(rng, n, d) * 2.0 ** rng.choice([490, -490, -538])


DATA: list[Callable[[Generator, int, int], np.ndarray]] = [
    lattice,
    gaussian,
    duplicates,
    large_offset,
    far_clusters,
    huge_column,
    near_ties,
    permuted_gaps,
    mixed_scales,
    extreme,
]
DTYPES = ["float64", "float32", "float16", "int8", "uint8", "int64", "bool", ">f8"]
N_FEATURES = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 64, 127, 128, 129, 136, 257]  # around the steps of pairwise summation
BIT_METRICS = ["euclidean", "sqeuclidean", "manhattan", "chebyshev", "cosine", "hamming", "jaccard"]


def mixed_dtypes(rng: Generator, rows: np.ndarray) -> np.ndarray:
    """The rows in any numeric type that can hold their magnitude, and in any memory layout."""
    fitting = [dtype for dtype in DTYPES if np.max(np.abs(rows)) <= _largest(np.dtype(dtype))]
    dtype = np.dtype(rng.choice(fitting))
    rows = (np.abs(rows) if dtype.kind in "bu" else rows).astype(dtype)
    layouts = [rows, np.asfortranarray(rows), rows[::-1], np.repeat(rows, 2, axis=1)[:, ::2]]
    rows = layouts[rng.integers(len(layouts))]
    rows.flags.writeable = False
    return rows


def _largest(dtype: np.dtype) -> float:
    if dtype.kind == "b":
        return 1.0
    return float(np.iinfo(dtype).max if dtype.kind in "iu" else np.finfo(dtype).max)


@st.composite
def cases(
    draw: st.DrawFn,
    metrics: tuple[str, ...] = (*BIT_METRICS, "minkowski"),
    powers: tuple[float, ...] = (1, 2, 3, 4, 5, 16, np.inf),
    max_rows: int = 200,
    dtypes: bool = True,
) -> Case:
    """A case of any data, 1 to ``max_rows`` rows, k from 1 to all of them; some queries are training rows."""
    metric = draw(st.sampled_from(metrics))
    p = draw(st.sampled_from(powers)) if metric == "minkowski" else 2
    data = [f for f in DATA if not (f is extreme and metric == "minkowski")]  # 2^490 cubed does not fit
    make = draw(st.sampled_from(data))
    n = draw(st.integers(1, max_rows))
    d = draw(st.sampled_from(N_FEATURES))
    n_queries = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = make(rng, n_queries + n, d)
    Q, X = rows[:n_queries], rows[n_queries:]
    if draw(st.booleans()):
        Q = X[rng.integers(0, n, n_queries)]
    if dtypes and draw(st.booleans()):
        X, Q = mixed_dtypes(rng, X), mixed_dtypes(rng, Q)
    return Case(X, Q, draw(st.integers(1, n)), metric, p)


SIMILARITIES = ["rbf", "laplacian", "polynomial", "sigmoid", "linear", "cosine"]


@dataclass(frozen=True)
class SimilarityCase:
    """One regression: targets y at the examples X, predictions wanted at Q; its ``repr`` can be pasted."""

    X: np.ndarray  # (n, n_features)
    Q: np.ndarray  # (n_queries, n_features)
    y: np.ndarray  # (n,)
    similarity: str = "rbf"
    gamma: float = 1.0
    degree: int = 3
    coef0: float = 1.0
    jitter: float = 1e-6

    def __repr__(self) -> str:
        arrays = ", ".join(f"{name}=np.array({getattr(self, name).tolist()})" for name in ("X", "Q", "y"))
        return f"SimilarityCase({arrays}, {', '.join(f'{k}={v!r}' for k, v in self.params.items())})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))

    @property
    def params(self) -> dict[str, Any]:
        """The arguments of a ``SimilarityRegressor``."""
        return {name: getattr(self, name) for name in ("similarity", "gamma", "degree", "coef0", "jitter")}


@st.composite
def similarity_cases(
    draw: st.DrawFn,
    similarities: tuple[str, ...] = tuple(SIMILARITIES),
    gammas: tuple[float, ...] = (0.5, 1.0, 4.0),
    max_rows: int = 12,
    jitters: tuple[float, ...] = (1e-6, 1e-2, 0.0),
) -> SimilarityCase:
    """A regression on different points of a lattice or of a cloud, with targets up to about 100; Q has some of both.

    Points of the lattice are at least 1 apart, which keeps K far from singular for a gamma that is not small.
    """
    n, d = draw(st.integers(1, max_rows)), draw(st.sampled_from([1, 2, 3, 8]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if draw(st.booleans()):
        X = rng.normal(size=(n, d))
    else:
        cells = rng.choice(400, n, replace=False)  # of a line, or of a square in the first and the last feature
        X = np.zeros((n, d))
        X[:, 0] = cells - 200 if d == 1 else cells % 20 - 10
        if d > 1:
            X[:, -1] = cells // 20 - 10
    Q = np.concatenate([X[rng.integers(0, n, 2)], rng.integers(-10, 11, (2, d)) + rng.choice([0.0, 0.5])])
    y = rng.normal(size=n) * draw(st.sampled_from([1.0, 100.0]))
    return SimilarityCase(
        X,
        Q,
        y,
        draw(st.sampled_from(similarities)),
        draw(st.sampled_from(gammas)),
        draw(st.integers(1, 3)),
        draw(st.sampled_from([0.0, 1.0])),
        draw(st.sampled_from(jitters)),
    )
