"""Regression by similarity: every example counts for a query, the more the more alike it is, with a learned weight.

The other half of learning by example: k-NN keeps the nearest and treats them alike, this keeps all and weighs them.
"""

import numpy as np

from reference.parameters import Parameters, check_int, check_number
from reference.scoring import r_squared
from reference.similarities import get_similarity
from reference.targets import check_targets
from reference.validation import check_examples, check_finite, check_fitted, check_objects, check_square

LARGEST = 1e150  # squares and products of numbers up to it fit


class SimilarityRegressor(Parameters):
    """Predicts f(x) = sum_j alpha_j k(x, x_j) with alpha = pinv(K + jitter I) y, where K_ij = k(x_i, x_j).

    Why that alpha? On the examples f is K alpha, so the loss is half the squared error,

        L(alpha) = |K alpha - y|^2 / 2,    with gradient    K^T (K alpha - y).

    Where K alpha = y the gradient is 0 and so is the loss: nothing can be better. If K has an inverse, that is the
    one solution. If not, as when two examples are equal, so that K has two equal rows, there may be many solutions,
    or none that fits. The pseudo-inverse settles both: pinv(K) y has the least loss, and of all such the least
    length (Penrose, 1956). It inverts K where K is not 0 and leaves the rest at 0.

    Why the jitter? Alike but not equal examples give K a tiny singular value s, and noise in y comes out divided by
    s. For the usual similarities K has no negative eigenvalue, and K + jitter I has none below ``jitter``. It costs a
    little: f misses y_i by jitter alpha_i. The same alpha minimises |K alpha - y|^2 + jitter alpha^T K alpha, which
    is kernel ridge regression (Saunders, Gammerman and Vovk, 1998), and f is the mean of a Gaussian process whose
    observations have noise of variance ``jitter`` (Rasmussen and Williams, 2006, section 2.2).

    ``similarity`` is rbf, laplacian (both with ``gamma``), polynomial (``gamma``, ``degree``, ``coef0``), sigmoid
    (``gamma``, ``coef0``), linear, cosine, precomputed, or a function of two examples, which may then be anything.
    Fitting takes n^2 memory and n^3 time.

    >>> model = SimilarityRegressor().fit([[0], [1], [2]], [0, 1, 4])
    >>> model.predict([[1], [1.5], [100]]).round(3).tolist()
    [1.0, 2.83, 0.0]
    """

    def __init__(self, similarity="rbf", *, gamma=1.0, degree=3, coef0=1.0, jitter=1e-6):
        self.similarity = similarity
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.jitter = jitter

    @np.errstate(over="ignore", invalid="ignore")  # what is too large is refused by check_finite
    def fit(self, X, y):
        """Learns ``dual_coef_``, the alpha, from examples X, (n, n_features), and numbers y, (n,) or (n, n_outputs).

        With "precomputed" X is K, (n, n). Returns self. Raises ValueError or TypeError for bad parameters, for X and
        y that are not full, finite and real, and for similarities or weights that are not finite.
        """
        similarity = self._get_similarity()
        examples = check_examples(X, LARGEST, any_objects=callable(self.similarity))
        if self.similarity == "precomputed":
            check_square(examples)
        targets, is_single = check_targets(y, len(examples))
        n = len(examples)

        # how alike the examples are, row by row
        K = np.array([_row(similarity, x, examples) for x in examples])  # (n, n)

        # the weights with which the similarities add up to y
        alpha = pinv_times(K + float(self.jitter) * np.eye(n), targets)  # (n, n_outputs)

        self.dual_coef_ = check_finite(alpha[:, 0] if is_single else alpha, "a weight of an example")
        self._similarity, self._examples = similarity, examples
        return self

    @np.errstate(over="ignore", invalid="ignore")
    def predict(self, X):
        """f(x) for queries X, (n_queries, n_features); "precomputed": their similarities, (n_queries, n).

        float64, (n_queries,) or (n_queries, n_outputs). Raises NotFittedError, and ValueError for queries unlike the
        examples and for predictions that are not finite.
        """
        queries = self._check_queries(X)
        predicted = np.array([_row(self._similarity, x, self._examples) @ self.dual_coef_ for x in queries])
        return check_finite(predicted, "a prediction")

    def score(self, X, y):
        """R^2, the mean over the outputs. Raises ValueError for y of another shape and for a single query."""
        return r_squared(y, self.predict(X))

    def _get_similarity(self):
        """The similarity as a function of (x, rows), once all parameters are checked."""
        check_number(self.jitter, "jitter", least=0)
        gamma, coef0 = check_number(self.gamma, "gamma", least=0), check_number(self.coef0, "coef0")
        degree = check_number(check_int(self.degree, "degree"), "degree")
        return get_similarity(self.similarity, gamma, degree, coef0)

    def _check_queries(self, X):
        check_fitted(self, "dual_coef_")
        if isinstance(self._examples, list):
            return check_objects(X)
        return check_examples(X, LARGEST, n_features=self._examples.shape[1])


def _row(similarity, x, examples):
    return check_finite(similarity(x, examples), "a similarity")


def pinv_times(A, y):
    """pinv(A) y for a square A: by A = U S V^T, with singular values s in S, it is V 1/S U^T y, and 0 for 1 / 0.

    Multiplied from the right, it rounds less than the pseudo-inverse itself times y.

    >>> pinv_times(np.array([[1.0, 1.0], [1.0, 1.0]]), np.array([[1.0], [2.0]])).round(2).tolist()
    [[0.75], [0.75]]
    """
    U, s, Vt = np.linalg.svd(check_finite(A, "a similarity with jitter"))
    largest = check_finite(s, "a singular value of the similarities")[0]
    inverse = np.where(s > cut_off(len(A)) * largest, 1 / np.where(s == 0, 1, s), 0)  # (n,)
    return Vt.T @ (inverse[:, None] * (U.T @ y))


def cut_off(n):
    """The share of the largest singular value below which another counts as 0: n eps, here and in ``accelerated``.

    Each singular value comes out wrong by up to about n eps times the largest, so what is below may well be 0, and
    1 / s would be noise. It is the rule of ``np.linalg.matrix_rank``, and stays below 1e-6 / n, where it would undo
    the jitter of an rbf, whose largest singular value is at most n, until n is 67,000. Written out, because the
    libraries' own defaults differ: that of ``np.linalg.pinv`` is 1e-15 for any n.
    """
    return n * np.finfo(np.float64).eps
