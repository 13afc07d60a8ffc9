"""Hypothesis strategies for regressions by similarity. As in ``strategies``, no draw is filtered out."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from numpy.random import Generator

from conformance.cases import SimilarityCase

SIMILARITIES = ("rbf", "laplacian", "polynomial", "sigmoid", "linear", "cosine")


@st.composite
def similarity_cases(
    draw: st.DrawFn,
    similarities: tuple[str, ...] = SIMILARITIES,
    gammas: tuple[float, ...] = (0.5, 1.0, 4.0),
    max_rows: int = 12,
    jitters: tuple[float, ...] = (1e-6, 1e-2, 0.0),
    min_rows: int = 1,
) -> SimilarityCase:
    """A regression on different points of a lattice or of a cloud, with targets of size 1 or 100; Q has both kinds.

    Points of the lattice are at least 1 apart, which keeps K far from singular for a gamma that is not small.
    """
    n, d = draw(st.integers(min_rows, max_rows)), draw(st.sampled_from([1, 2, 3, 8]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = rng.normal(size=(n, d)) if draw(st.booleans()) else _on_a_lattice(rng, n, d)
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


def _on_a_lattice(rng: Generator, n: int, d: int) -> np.ndarray:
    """Different points with whole numbers, of a line, or of a square in the first and the last feature."""
    cells = rng.choice(400, n, replace=False)
    X = np.zeros((n, d))
    X[:, 0] = cells - 200 if d == 1 else cells % 20 - 10
    if d > 1:
        X[:, -1] = cells // 20 - 10
    return X


SOLVERS = ("cg", "blocks", "cholesky", "pinv")  # those whose solution is that of the whole matrix
ITERATIVE = ("cg", "blocks")
JITTERS = (1e-6, 1e-4, 1e-2, 0.1, 1.0)


@st.composite
def weighted_cases(
    draw: st.DrawFn,
    similarities: tuple[str, ...] = SIMILARITIES,
    jitters: tuple[float, ...] = (1e-6, 1e-2),
    intercepts: tuple[bool, ...] = (False, True),
    min_rows: int = 1,
) -> SimilarityCase:
    """A regression whose examples have weights from 0 to 3, of which the last one is not 0."""
    case = draw(similarity_cases(similarities, jitters=jitters, min_rows=min_rows))
    weights = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).integers(0, 4, len(case.X)).astype(np.float64)
    weights[-min_rows:] = np.maximum(weights[-min_rows:], 1)
    return replace(case, sample_weight=weights, fit_intercept=draw(st.sampled_from(intercepts)))


@st.composite
def solved_cases(
    draw: st.DrawFn,
    similarities: tuple[str, ...],
    solvers: tuple[str, ...] = ("", *SOLVERS),
    jitters: tuple[float, ...] = JITTERS,
    tols: tuple[float, ...] = (1e-3, 0.1, 1e-8),
    iterations: tuple[int | None, ...] = (None, 1, 3),
) -> SimilarityCase:
    """A regression of up to 80 examples with weights 1, or some of 0, 1, 4 and 16, solved in one of several ways."""
    n, d = draw(st.sampled_from([3, 12, 40, 80])), draw(st.sampled_from([1, 2, 3]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = rng.normal(size=(n, d))
    weights = 4.0 ** rng.integers(0, 3, n) * (rng.random(n) < 0.9)
    weights[0] = 1.0
    solver = draw(st.sampled_from(solvers))
    case = SimilarityCase(
        X,
        np.concatenate([X[:2], rng.normal(size=(4, d)), 3 * rng.normal(size=(2, d))]),
        (np.sin(3 * X[:, 0]) + rng.normal(size=n) / 10) * draw(st.sampled_from([1.0, 100.0])),
        draw(st.sampled_from(similarities)),
        gamma=draw(st.sampled_from([0.1, 1.0, 10.0])),
        degree=2,
        jitter=draw(st.sampled_from(jitters)),
        sample_weight=weights if draw(st.booleans()) else None,
        solver=solver,
    )
    if solver not in ITERATIVE:
        return case
    return replace(case, tol=draw(st.sampled_from(tols)), max_iter=draw(st.sampled_from(iterations)))


@st.composite
def whole_cases(draw: st.DrawFn, solvers: tuple[str, ...] = ("", *SOLVERS)) -> SimilarityCase:
    """A linear regression in which the similarities, the jitter and the roots of the weights are exact."""
    n, d = draw(st.integers(1, 8)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = rng.integers(-4, 5, (n, d)).astype(np.float64)
    solver = draw(st.sampled_from(solvers))
    return SimilarityCase(
        X,
        X,
        rng.integers(-8, 9, n).astype(np.float64),
        "linear",
        jitter=2.0 ** -draw(st.sampled_from([20, 13, 7, 3, 0])),
        sample_weight=4.0 ** rng.integers(0, 3, n) if draw(st.booleans()) else None,
        solver=solver,
        tol=draw(st.sampled_from([1e-3, 0.0])) if solver in ITERATIVE else 1e-3,
    )


@st.composite
def indefinite_cases(draw: st.DrawFn) -> SimilarityCase:
    """A regression by sigmoid, or by a polynomial with a negative ``coef0``, to be solved by an iterative solver."""
    case = draw(similarity_cases(("sigmoid", "polynomial"), jitters=JITTERS))
    coef0 = case.coef0 if case.similarity == "sigmoid" else -1.0
    return replace(case, coef0=coef0, solver=draw(st.sampled_from(ITERATIVE)))
