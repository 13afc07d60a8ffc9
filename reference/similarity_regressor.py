"""Regression by similarity: every example adds a learned weight, times its similarity to the query, to the prediction.

k-NN uses only the nearest examples; this uses all of them.
"""

from typing import Any

import numpy as np

from knn_inputs.parameters import check_int, check_number, warn_of_idle_similarity_parameters
from knn_inputs.targets import read_targets
from reference import checks
from reference.scoring import r_squared
from reference.similarities import get_similarity

LARGEST = 1e150  # squares and products of numbers up to it stay finite


class SimilarityRegressor(checks.Parameters):
    """Predicts f(x) = sum_j alpha_j k(x, x_j) with alpha = pinv(K + jitter I) y, where K_ij = k(x_i, x_j).

    Why that alpha? On the examples f is K alpha, so the loss is half the squared error,

        L(alpha) = |K alpha - y|^2 / 2,    with gradient    K^T (K alpha - y).

    Where K alpha = y the gradient and the loss are 0, so no other alpha is better. If K has an inverse, there is
    exactly one such alpha. If K is singular, for example because two examples are equal and so K has two equal rows,
    either many alpha satisfy K alpha = y, or no alpha does. The pseudo-inverse settles both cases: pinv(K) y has the
    least loss, and the least length among all alpha of that loss (Penrose, 1956). It divides by the singular values of
    K that are not 0.

    Why the jitter? Two similar but unequal examples give K a tiny singular value s, and pinv divides the noise in y by
    s. For all usual similarities but sigmoid K has no negative eigenvalue, so K + jitter I has none below ``jitter``.
    The price is that f misses y_i by jitter alpha_i. The same alpha minimises |K alpha - y|^2 + jitter alpha^T K alpha,
    which is kernel ridge regression (Saunders, Gammerman and Vovk, 1998), and f is the mean of a Gaussian process whose
    observations have noise of variance ``jitter`` (Rasmussen and Williams, 2006, section 2.2).

    ``similarity`` is rbf, laplacian (both with ``gamma``), polynomial (``gamma``, ``degree``, ``coef0``), sigmoid
    (``gamma``, ``coef0``), linear, cosine, precomputed, or a function of two examples, which may be of any kind.
    Fitting takes memory for n^2 numbers and time in proportion to n^3.

    >>> model = SimilarityRegressor().fit([[0], [1], [2]], [0, 1, 4])
    >>> model.predict([[1], [1.5], [100]]).round(3).tolist()
    [1.0, 2.83, 0.0]
    """

    dual_coef_: np.ndarray  # alpha, float64 (n,) or (n, n_outputs)
    _examples: Any  # a matrix (n, n_features), or a list of objects
    _similarity: Any

    def __init__(self, similarity="rbf", *, gamma=1.0, degree=3, coef0=1.0, jitter=1e-6):
        self.similarity = similarity
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.jitter = jitter

    @np.errstate(over="ignore", under="ignore", invalid="ignore")  # the checks refuse numbers that overflow
    def fit(self, X, y):
        """Learns ``dual_coef_``, the alpha, from examples X, (n, n_features), and numbers y, (n,) or (n, n_outputs).

        With "precomputed" X is K, (n, n). Returns self. Raises ValueError or TypeError for bad parameters, unless X and
        y are full, finite and real, and if a similarity or a weight is not finite.
        """
        similarity = self._get_similarity()
        examples = checks.check_training(X, self.similarity, LARGEST)
        targets = read_targets(y, len(examples))
        K = np.array([self.compare(x, examples, similarity) for x in examples])  # (n, n)
        alpha = self.solve(K, targets.reshape(len(K), -1)).reshape(targets.shape)
        alpha = checks.check_finite(alpha, "a weight of an example")
        return checks.keep(self, X, examples, dual_coef_=alpha, _similarity=similarity)

    @np.errstate(over="ignore", under="ignore", invalid="ignore")
    def predict(self, X):
        """Returns f(x) for queries X, (n_queries, n_features); "precomputed": for their similarities, (n_queries, n).

        They are float64, (n_queries,) or (n_queries, n_outputs). Raises NotFittedError before ``fit``, and ValueError
        for queries that do not match the examples and for predictions that are not finite.
        """
        checks.check_fitted(self)
        queries = checks.check_queries(X, self, LARGEST)
        predicted = [self.compare(x, self._examples, self._similarity) @ self.dual_coef_ for x in queries]
        return checks.check_finite(np.array(predicted), "a prediction")

    def compare(self, x, examples, similarity):
        """Returns the similarity of x to each example, shape (n,). Raises ValueError if one is not finite."""
        return checks.check_finite(similarity(x, examples), "a similarity")

    def solve(self, K, y):
        """Returns alpha = pinv(K + jitter I) y, shape (n, n_outputs), for the similarities K, (n, n), and targets y."""
        return pinv_times(K + float(self.jitter) * np.eye(len(K)), y)

    def score(self, X, y):
        """Returns R^2, the mean over the outputs. Raises ValueError for y of another shape and for a single query."""
        return r_squared(y, self.predict(X))

    def _get_similarity(self):
        """Returns the similarity as a function of (x, rows), after checking every parameter."""
        gamma, coef0 = check_number(self.gamma, "gamma", least=0), check_number(self.coef0, "coef0")
        degree = check_number(check_int(self.degree, "degree"), "degree")
        check_number(self.jitter, "jitter", least=0)
        similarity = get_similarity(self.similarity, gamma, degree, coef0)
        warn_of_idle_similarity_parameters(self.similarity, gamma=self.gamma, degree=self.degree, coef0=self.coef0)
        return similarity


def pinv_times(A, y):
    """Returns pinv(A) y for a square A = U S V^T: it is V 1/S U^T y, with 0 in place of 1/0.

    It is evaluated from right to left, so that no n x n matrix is computed after the decomposition.

    >>> pinv_times(np.array([[1.0, 1.0], [1.0, 1.0]]), np.array([[1.0], [2.0]])).round(2).tolist()
    [[0.75], [0.75]]
    """
    U, s, Vt = np.linalg.svd(checks.check_finite(A, "a similarity with jitter"))
    largest = checks.check_finite(s, "a singular value of the similarities")[0]
    inverse = np.where(s > cut_off(len(A)) * largest, 1 / np.where(s == 0, 1, s), 0)  # (n,)
    return Vt.T @ (inverse[:, None] * (U.T @ y))


def cut_off(n):
    """Returns n eps: singular values up to this share of the largest one count as 0, here and in ``accelerated``.

    Each singular value is computed with an error of up to about n eps times the largest, so a smaller one may be a true
    0, and dividing by it would return noise. ``np.linalg.matrix_rank`` has the same rule. For the rbf similarity, whose
    largest singular value is at most n, it leaves a jitter of 1e-6 in force up to n = 67,000. It is written out because
    the defaults of libraries differ: that of ``np.linalg.pinv`` is 1e-15 for every n.
    """
    return n * np.finfo(np.float64).eps
