"""The matrix of similarities of a case, and how far two predictions made from it may be apart."""

import numpy as np

from conformance.cases import SimilarityCase
from conformance.oracle.bounds import similarity_bounds
from reference.similarities import get_similarity
from reference.similarity_regressor import cut_off


def similarities(case: SimilarityCase, queries: np.ndarray) -> np.ndarray:
    """How alike each query and each example are, (n_queries, n)."""
    similarity = get_similarity(case.similarity, case.gamma, case.degree, case.coef0)
    return np.array([similarity(x, case.X) for x in queries])


def matrix(case: SimilarityCase) -> np.ndarray:
    """K + jitter I, (n, n)."""
    return similarities(case, case.X) + case.jitter * np.eye(len(case.X))


def prediction_bounds(case: SimilarityCase, stranger: bool, invertible: bool = False) -> np.ndarray | None:
    """How far apart two predictions may be; None where rounding decides the rank. See ``similarity_bounds``.

    A stranger, which does not promise the same bits, may expand the square, and need not use the pseudo-inverse where
    the matrix is singular.
    """
    errors = entry_errors(case, expanded=stranger)
    A, k = matrix(case), similarities(case, case.Q)
    return similarity_bounds(A, k, case.y, cut_off(len(case.y)), errors, invertible or stranger)


def residual_bounds(case: SimilarityCase, stranger: bool) -> np.ndarray | None:
    """How far predictions at the examples may be from y - jitter alpha; None where K + jitter I has no inverse."""
    A = matrix(case)
    errors = entry_errors(case, expanded=stranger)
    return similarity_bounds(A, A, case.y, cut_off(len(A)), errors, invertible=True)


def entry_errors(case: SimilarityCase, expanded: bool) -> float:
    """How far two float64 similarities may be apart, in units of 2^-53, with d features of squared length at most m.

    * rbf and laplacian: the distance t is relatively wrong by d + 2 and the product with gamma by one more; exp moves
      by gamma t exp(-gamma t) <= 1/e for each of them, and two ``exp`` differ by 4 themselves: d + 8. By the expanded
      form |x|^2 + |y|^2 - 2 x.y, whose terms add up to at most 4 m and round up to d + 4 times, t is wrong by
      (d + 4) 4 m, and exp by gamma times that.
    * linear: d m. Cosine: d + 8, with lengths of 1 that are off by d / 2 + 4 each: 4 d + 24.
    * sigmoid and polynomial: gamma x.y + c is at most b = gamma m + |c| and wrong by (d + 2) b; tanh does not stretch
      it, a power stretches it by degree b^(degree - 1), and both round themselves by 4.
    """
    d = case.X.shape[1]
    m = float(max(np.sum(case.X**2, axis=1).max(), np.sum(case.Q**2, axis=1).max()))
    b = case.gamma * m + abs(case.coef0)
    return {
        "rbf": d + 8 + expanded * case.gamma * (d + 4) * 4 * m,
        "laplacian": d + 8,
        "linear": d * m,
        "cosine": 4 * d + 24,
        "sigmoid": (d + 2) * b + 4,
        "polynomial": (d + 2) * case.degree * b**case.degree + 4 * b**case.degree,
    }[case.similarity]
