"""Regression by similarity: every example adds a learned weight, times its similarity to the query, to the prediction.

k-NN uses only the nearest examples; this uses all of them.
"""

from typing import Any

import numpy as np

from knn_inputs.parameters import refuse_renamed, renamed
from knn_inputs.sample_weight import read_sample_weight
from knn_inputs.similarity_hints import warn_of_far_targets, warn_of_poor_gamma
from knn_inputs.similarity_parameters import NAMES_ELSEWHERE, ONLY_ACCELERATED, check_similarity_parameters
from knn_inputs.targets import read_targets
from reference import checks
from reference.leave_one_out import leave_one_out
from reference.ridge import SOLVERS, Ridge
from reference.scoring import r_squared
from reference.similarities import gamma_of_scale, get_similarity

LARGEST = 1e150  # squares and products of numbers up to it stay finite


class SimilarityRegressor(Ridge):
    """Predicts f(x) = sum_j alpha_j k(x, x_j) with alpha = pinv(K + jitter I) y, where K_ij = k(x_i, x_j).

    The example x_j adds its weight alpha_j, times its similarity to x. Why that alpha, and why the jitter, is derived
    where it is solved for, in ``Ridge``.

    ``similarity`` is rbf, laplacian (both with ``gamma``), polynomial (``gamma``, ``degree``, ``coef0``), sigmoid
    (``gamma``, ``coef0``), linear, cosine, precomputed, or a function of two examples, which may be of any kind.
    ``gamma="scale"`` is explained at ``gamma_of_scale``. ``fit_intercept`` takes the mean from y first, and adds it to
    predictions.

    ``solver`` "auto" is "pinv" here, which takes memory for n^2 numbers and time in proportion to n^3. "cg" and
    "blocks" take n^2 numbers, and time n^2 for each iteration. They end as soon as fitted values are within ``tol``
    times their root mean square of those that pinv gives (``certificate_``), or after ``max_iter`` iterations (None:
    1000), and with ``warm_start`` they start from the weights of the last fit.

    >>> model = SimilarityRegressor().fit([[0], [1], [2]], [0, 1, 4])
    >>> model.predict([[1], [1.5], [100]]).round(3).tolist()
    [1.0, 2.83, 0.0]
    """

    dual_coef_: np.ndarray  # alpha, float64 (n,) or (n, n_outputs)
    intercept_: Any  # a float, or (n_outputs,)
    _examples: Any  # a matrix (n, n_features), or a list of objects
    _similarity: Any
    _training: Any  # targets, weights, jitter and fit_intercept, for leave-one-out

    @renamed(**NAMES_ELSEWHERE, **ONLY_ACCELERATED)
    def __init__(
        self,
        similarity="rbf",
        *,
        gamma=1.0,
        degree=3,
        coef0=1.0,
        jitter=1e-6,
        fit_intercept=False,
        solver="auto",
        tol=1e-3,
        max_iter=None,
        warm_start=False,
    ):
        self.similarity = similarity
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.jitter = jitter
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.warm_start = warm_start

    def set_params(self, **params):
        """Changes arguments, and returns self; a name that only another library uses raises ValueError."""
        unknown = [name for name in params if name not in self.get_params()]
        refuse_renamed(self, unknown, {**NAMES_ELSEWHERE, **ONLY_ACCELERATED}, ValueError)
        return super().set_params(**params)

    @np.errstate(over="ignore", under="ignore", invalid="ignore")  # the checks refuse numbers that overflow
    def fit(self, X, y, sample_weight=None):
        """Learns ``dual_coef_``, the alpha, from examples X, (n, n_features), and numbers y, (n,) or (n, n_outputs).

        With "precomputed" X is K, (n, n). ``sample_weight``, (n,), is at least 0; a weight of 2 is the same as two
        equal rows. Returns self. Raises ValueError or TypeError for bad parameters, unless X, y and sample_weight are
        full, finite and real, and if a similarity or a weight is not finite. Warns (``ConvergenceWarning``) if the
        solver ends before ``tol``, and of a gamma or of targets with which predictions are poor.
        """
        check_similarity_parameters(self, SOLVERS)
        examples = checks.check_training(X, self.similarity, LARGEST)
        targets, weights = read_targets(y, len(examples)), read_sample_weight(sample_weight, len(examples))
        warn_of_far_targets(targets.reshape(len(targets), -1), self.fit_intercept, weights)

        scale = gamma_of_scale(self.similarity, examples, weights)
        gamma = scale if isinstance(self.gamma, str) else float(self.gamma)
        if gamma == np.inf:
            raise ValueError("gamma='scale' is infinite for features this small: multiply them by a constant first")
        similarity = get_similarity(self.similarity, gamma, float(self.degree), float(self.coef0))
        K = np.array([self.compare(x, examples, similarity) for x in examples])  # (n, n)
        warn_of_poor_gamma(self.similarity, self.gamma, np.sum(K, axis=1), scale, float(self.jitter), np.max(weights))
        n_features = 0 if callable(self.similarity) else examples.shape[1]
        learned = self.learn(K, targets, weights, n_features)
        training = (targets, weights, float(self.jitter), self.fit_intercept)
        return checks.keep(self, X, examples, **learned, gamma_=gamma, _similarity=similarity, _training=training)

    @np.errstate(over="ignore", under="ignore", invalid="ignore")
    def predict(self, X):
        """Returns f(x) for queries X, (n_queries, n_features); "precomputed": for their similarities, (n_queries, n).

        They are float64, (n_queries,) or (n_queries, n_outputs). Raises NotFittedError before ``fit``, and ValueError
        for queries that do not match the examples and for predictions that are not finite.
        """
        checks.check_fitted(self)
        queries = checks.check_queries(X, self, LARGEST)
        predicted = [self.compare(x, self._examples, self._similarity) @ self.dual_coef_ for x in queries]
        return checks.check_finite(np.array(predicted) + self.intercept_, "a prediction")

    def compare(self, x, examples, similarity):
        """Returns the similarity of x to each example, shape (n,). Raises ValueError if one is not finite."""
        return checks.check_finite(similarity(x, examples), "a similarity")

    @property
    @np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore")
    def loo_predictions_(self):
        """The prediction for each example by the model of all others, (n,) or (n, n_outputs), computed when asked for.

        Raises ValueError for fewer than 2 examples of weight above 0, and if K + jitter I is singular.
        """
        checks.check_fitted(self)
        y, weights, jitter, fit_intercept = self._training
        K = np.array([self.compare(x, self._examples, self._similarity) for x in self._examples])
        predicted = K @ self.dual_coef_ + self.intercept_  # is right for examples that the model does not know: w = 0
        on = weights > 0
        left = leave_one_out(K[on][:, on], y.reshape(len(y), -1)[on], weights[on], jitter, fit_intercept)
        predicted[on] = left.reshape(predicted[on].shape)
        return checks.check_finite(predicted, "a leave-one-out prediction")

    @property
    def loo_score_(self):
        """R^2 of ``loo_predictions_``, in which every example counts once, computed when asked for."""
        checks.check_fitted(self)
        return r_squared(self._training[0], self.loo_predictions_)

    def score(self, X, y):
        """Returns R^2, the mean over the outputs. Raises ValueError for y of another shape and for a single query."""
        return r_squared(y, self.predict(X))
