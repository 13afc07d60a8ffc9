"""The matrix of similarities of a case, and how far two predictions made from it may be apart."""

import math
from dataclasses import replace

import numpy as np

from conformance.cases import SimilarityCase
from conformance.oracle.bounds import ROUNDOFF, similarity_bounds
from reference.similarities import get_similarity
from reference.solvers import cut_off

# the formulas from which an implementation may make |x - y|^2 of an rbf
DIFFERENCES = "differences"  # as ``reference``
PRODUCTS = "products"  # of centred, scaled rows where that is precise enough, as ``accelerated``
EXPANDED = "expanded"  # |x|^2 + |y|^2 - 2 x.y of the rows as they are
MOST_WRONG = 1e-10  # ``accelerated`` takes differences where products may make the exponent wrong by more


def similarities(case: SimilarityCase, queries: np.ndarray) -> np.ndarray:
    """How alike each query and each example are, (n_queries, n)."""
    similarity = get_similarity(case.similarity, case.gamma, case.degree, case.coef0)
    return np.array([similarity(x, case.X) for x in queries])


def matrix(case: SimilarityCase) -> np.ndarray:
    """A = S K S + jitter I, (n, n), where S has the roots of the weights."""
    s = np.sqrt(case.weights)
    return s[:, None] * similarities(case, case.X) * s + case.jitter * np.eye(len(case.X))


def intercept(case: SimilarityCase) -> float:
    """The weighted mean of the targets, or 0."""
    return float(np.average(case.y, weights=case.weights)) if case.fit_intercept else 0.0


def prediction_bounds(case: SimilarityCase, formula: str, invertible: bool = False) -> np.ndarray | None:
    """How far apart two predictions may be; None where rounding decides the rank. See ``similarity_bounds``.

    The ``formula`` is that of one of the two; the other may take differences. An implementation that expands the square
    does not promise the same bits, and need not use the pseudo-inverse where the matrix is singular.

    With weights and an intercept m, predictions are m + (S k)^T pinv(A) S (y - m). An entry of S K S has 4 roundings
    more than one of K, and is as much wrong as the largest weight makes it. The mean m is within (n + 4) u max |y|, as
    n weights, their sum and a quotient round, and y - m and its product with a root round 3 times: S (y - m) is within
    (n + 8) u max |y| |s|, and m is added to the prediction.
    """
    s = np.sqrt(case.weights)
    A, k = matrix(case), s * similarities(case, case.Q)
    largest = float(np.max(np.abs(case.y))) * case.fit_intercept
    shift = (len(s) + 8) * float(ROUNDOFF) * largest
    bounds = similarity_bounds(
        A,
        k,
        s * (case.y - intercept(case)),
        cut_off(len(case.y)),
        _weighted(entry_errors(case, formula), A, case),
        invertible or formula == EXPANDED,
        query_errors=_weighted(query_errors(case, formula), k, case),
        target_errors=shift * float(np.linalg.norm(s)),
    )
    return None if bounds is None else bounds + 2 * shift


def _weighted(errors: float, entries: np.ndarray, case: SimilarityCase) -> float:
    """How far entries of S K S or S k may be apart, if those of K may be by ``errors``; both in units of 2^-53."""
    if case.sample_weight is None:
        return errors
    return errors * max(1.0, float(np.max(case.weights))) + 4 * float(np.max(np.abs(entries)))


def residual_bounds(case: SimilarityCase, formula: str) -> np.ndarray | None:
    """How far predictions at the examples may be from y - jitter alpha; None where K + jitter I has no inverse."""
    A = matrix(case)
    errors = max(entry_errors(case, formula), query_errors(case, formula))
    return similarity_bounds(A, A, case.y, cut_off(len(A)), errors, invertible=True)


def left_out_bounds(case: SimilarityCase, formula: str) -> np.ndarray | None:
    """How far y_i - ((G S y)_i - m_i (G S 1)_i) / (s_i G_ii) may be computed from its exact value, (n,), for G = A^-1.

    Weights are above 0. With c the condition number of A, a backward stable G is within e c |G| of the exact one, for
    the e of ``similarity_bounds``: d = e c |G|. So (G S y)_i is within d |S y|, and m_i (G S 1)_i within d |m_i S 1|;
    who subtracts the mean m of all targets first multiplies by at most |S y| + |m S 1| <= 2 |S y| and |(m - m_i) S 1|;
    the mean m_i of the other targets is within (n + 8) u max |y|, which counts |G S 1| times. The quotient q moves by
    the error of its numerator, divided by s_i G_ii, and by |q| d / G_ii. All is doubled for the terms of second order
    and for the few roundings of the formula itself; where d is above 1e-3 of some G_ii no bound is given.
    """
    n, u = len(case.y), float(ROUNDOFF)
    s, A = np.sqrt(case.weights), matrix(case)
    values = np.linalg.eigvalsh(A)
    largest, smallest = values[-1], values[0]
    errors = _weighted(entry_errors(case, formula), A, case)
    if smallest <= cut_off(n) * 1000 * largest:
        return None
    moved = (8 * n * n * u + n * errors * u / largest) * largest / smallest**2
    G = np.linalg.inv(A)
    diagonal = np.diag(G)
    if moved > 1e-3 * diagonal.min():
        return None
    means = np.zeros(n)
    if case.fit_intercept:
        rest = case.weights.sum() - case.weights
        means = (case.weights @ case.y - case.weights * case.y) / rest
    size, ones = 3 * float(np.linalg.norm(s * case.y)), float(np.linalg.norm(s))
    of_ones = np.abs(G @ s)
    numerator = G @ (s * case.y) - means * (G @ s)
    wrong = moved * (size + np.abs(means) * ones)
    if case.fit_intercept:
        wrong += (n + 8) * u * float(np.max(np.abs(case.y))) * (of_ones + moved * ones)
    quotient = np.abs(numerator) / (s * diagonal)
    return 2 * (wrong / (s * diagonal) + quotient * moved / diagonal) + 8 * u * (np.abs(case.y) + quotient)


def without(case: SimilarityCase, i: int) -> SimilarityCase:
    """The case without example i, which becomes its only query."""
    weights = None if case.sample_weight is None else np.delete(case.sample_weight, i)
    return replace(case, X=np.delete(case.X, i, axis=0), Q=case.X[[i]], y=np.delete(case.y, i), sample_weight=weights)


def entry_errors(case: SimilarityCase, formula: str) -> float:
    """How far two float64 similarities of examples may be apart, in units of u = 2^-53.

    With d features, of squared length at most m:

    * rbf and laplacian: the distance t is relatively wrong by d + 2 and the product with gamma by one more; exp moves
      by gamma t exp(-gamma t) <= 1/e for each of them, and two ``exp`` differ by 4 themselves: d + 8. By the expanded
      form |x|^2 + |y|^2 - 2 x.y, whose terms add up to at most 4 m and round up to d + 4 times, t is wrong by
      (d + 4) 4 m, and exp by gamma times that. By products see ``_errors_of_products``.
    * linear: d m. Cosine: d + 8, with lengths of 1 that are off by d / 2 + 4 each: 4 d + 24.
    * sigmoid and polynomial: gamma x.y + c is at most b = gamma m + |c| and wrong by (d + 2) b; tanh does not stretch
      it, a power stretches it by degree b^(degree - 1), and both round themselves by 4.
    """
    d = case.X.shape[1]
    m = float(max(np.sum(case.X**2, axis=1).max(), np.sum(case.Q**2, axis=1).max()))
    b = case.gamma * m + abs(case.coef0)
    of_rbf = {EXPANDED: case.gamma * (d + 4) * 4 * m, PRODUCTS: _errors_of_products(case, case.X)}
    return {
        "rbf": d + 8 + of_rbf.get(formula, 0.0),
        "laplacian": d + 8,
        "linear": d * m,
        "cosine": 4 * d + 24,
        "sigmoid": (d + 2) * b + 4,
        "polynomial": (d + 2) * case.degree * b**case.degree + 4 * b**case.degree,
    }[case.similarity]


def query_errors(case: SimilarityCase, formula: str) -> float:
    """How far two float64 similarities of queries and examples may be apart, in units of 2^-53."""
    if case.similarity != "rbf" or formula != PRODUCTS:
        return entry_errors(case, formula)
    return entry_errors(case, DIFFERENCES) + _errors_of_products(case, case.Q)


def _errors_of_products(case: SimilarityCase, queries: np.ndarray) -> float:
    """How far products may move an rbf, in units of 2^-53; the derivation stands in ``accelerated.similarities``.

    With M^2 = 2 gamma max |x - mean|^2 the exponent of e is wrong by at most (3 d + 24) M^2, and the similarity by
    little more, so by less than 2 (3 d + 20) M^2; differences are taken where (3 d + 24) M^2 exceeds 1e-10. For a query
    at a scaled distance s from the mean, s takes the place of M, if it is larger. From s = 2 M on the exponent E is
    below -s^2 / 8 and relatively wrong by 8 (3 d + 24), which moves the similarity by at most 8 (3 d + 24) / e, as
    |E| exp(E) <= 1 / e, and so by less than 2 (3 d + 20) 8 / e. So s^2 never counts more than 4 M^2 or 8 / e, the
    larger one.
    """
    roundings = 3 * case.X.shape[1] + 20
    center = case.X.mean(axis=0)
    M, s = (2 * case.gamma * float(np.sum((rows - center) ** 2, axis=1).max()) for rows in (case.X, queries))
    if roundings * float(ROUNDOFF) * M > 1.01 * MOST_WRONG:
        return 0.0
    return 2 * roundings * max(M, min(s, max(4 * M, 8 / math.e)))
