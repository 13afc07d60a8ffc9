"""How far the weights of a fitted regressor by similarity are from the exact ones, to compare with its certificate."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from conformance.cases import SimilarityCase
from conformance.oracle.bounds import ROUNDOFF
from conformance.oracle.exact import exact
from conformance.oracle.similarity import entry_errors, matrix, query_errors, similarities


class Errors(NamedTuple):
    """The errors that a certificate bounds, and the root mean square of the exact fitted values."""

    fitted_values: float
    weights: float
    query: float
    size: float


def errors(case: SimilarityCase, alpha: np.ndarray, formula: str) -> tuple[Errors, Errors] | None:
    """The errors of the weights alpha, (n,), and how far these errors themselves may be off; None if too far.

    A z = b, for A = S K S + jitter I and b = S y, is solved in float64. The solution z has a residual whose true length
    is at most R, the computed one and its rounding, which is below (n + 8) u (|A| |z| + |b|), entry by entry. K is that
    of ``reference``, and the target's may be wrong by an E with entries up to e u. With weights up to w this adds at
    most n e w u |z| to R. K alpha rounds as well, which adds n u |K| |alpha|, times S.

    The eigenvalues of S K S are above -jitter / 2, or nothing is said. Then z, and its fitted values and predictions,
    are within the bounds of a certificate for R and a jitter of half the size, which is derived in
    ``reference.certificate``. A prediction is moved also by the error of its similarities, sqrt(n) e u |alpha|.
    """
    n, u, s = len(case.y), float(ROUNDOFF), np.sqrt(case.weights)
    A, K, k = matrix(case), similarities(case, case.X), similarities(case, case.Q)
    wrong = n * (entry_errors(case, formula) + 4 * float(np.max(np.abs(K)))) * float(np.max(case.weights)) * u
    if wrong > case.jitter / 2:
        return None
    b = s * case.y
    z = np.linalg.solve(A, b)
    rounding = (n + 8) * u * (np.abs(A) @ np.abs(z) + np.abs(b) + s * (np.abs(K) @ np.abs(alpha)))
    R = float(np.linalg.norm(np.abs(b - A @ z) + rounding)) + wrong * float(np.linalg.norm(z))
    off = alpha - s * z
    to_itself = np.sqrt(_to_itself(case))
    found = Errors(
        _mean_square(K @ off, s),
        float(np.linalg.norm(off)),
        float(np.max(np.abs(k @ off) / to_itself)),
        _mean_square(K @ (s * z), s),
    )
    fitted, missed = R / float(np.linalg.norm(s)), np.sqrt(n) * query_errors(case, formula) * u * np.linalg.norm(alpha)
    of_query = R / (2 * np.sqrt(case.jitter / 2)) + missed / float(to_itself.min())
    return found, Errors(fitted, 2 * float(s.max()) * R / case.jitter, of_query, fitted)


def _mean_square(fitted: np.ndarray, s: np.ndarray) -> float:
    """The root of the weighted mean of the squares."""
    return float(np.linalg.norm(s * fitted) / np.linalg.norm(s))


def _to_itself(case: SimilarityCase) -> np.ndarray:
    """The similarity of each query to itself, (n_queries,)."""
    lengths = np.sum(case.Q**2, axis=1)
    powers = (case.gamma * lengths + case.coef0) ** case.degree
    return {"linear": lengths, "polynomial": powers}.get(case.similarity, np.ones(len(lengths)))


def exact_residual(case: SimilarityCase, alpha: np.ndarray) -> Fraction:
    """The square of the length of b - A z, in rational arithmetic, for a linear similarity and alpha = S z.

    Rows, targets, jitter and the roots of the weights, above 0, are such that K, A and b are exact in float64 too.
    """
    s = [exact(root) for root in np.sqrt(case.weights).tolist()]
    rows = [[exact(value) for value in row] for row in matrix(case).tolist()]
    z = [exact(value) / Fraction(root) for value, root in zip(alpha.tolist(), s, strict=True)]
    b = [root * exact(value) for root, value in zip(s, case.y.tolist(), strict=True)]
    left = [beta - sum(a * x for a, x in zip(row, z, strict=True)) for row, beta in zip(rows, b, strict=True)]
    return Fraction(sum(value * value for value in left))
