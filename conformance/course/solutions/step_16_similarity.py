"""Step 16: regression by similarity, in which every example counts.

k-NN gives the k nearest examples a weight and all others none. Here example j has a learned weight alpha_j, and adds it
to the prediction times its similarity to the query: f(x) = sum_j alpha_j k(x, x_j). The similarity
k(x, z) = exp(-gamma |x - z|^2) is 1 for equal examples and falls to 0 far away. With K the similarities of all examples
to one another, the predictions for the examples themselves are K alpha, so alpha should solve K alpha = y. Two nearly
equal examples make K nearly singular: add a small number, the jitter, to its diagonal, and use the pseudo-inverse,
which also answers where there is no inverse.
"""

import numpy as np


class SimilarityRegressor:
    """Predicts f(x) = sum_j alpha_j exp(-gamma |x - x_j|^2) with alpha = pinv(K + jitter I) y.

    By hand: of a single example at 0 with the target 3, K is 1 and alpha is 3. At distance 1 the similarity is
    exp(-1) = 0.368, and the prediction 1.104.

    >>> model = SimilarityRegressor(gamma=1.0, jitter=0.0).fit(np.array([[0.0]]), np.array([3.0]))
    >>> np.round(model.predict(np.array([[0.0], [1.0]])), 3).tolist()
    [3.0, 1.104]
    """

    def __init__(self, gamma=1.0, jitter=1e-6):
        self.gamma = gamma
        self.jitter = jitter

    def fit(self, X, y):
        """Learns ``dual_coef_``, the alpha, from examples X, (n, n_features), and targets y; returns self.

        y has the shape (n,) or (n, n_outputs), and alpha has the same.
        """
        self._examples = np.array(X, dtype=float)
        K = self._compare(self._examples)
        self.dual_coef_ = np.linalg.pinv(K + self.jitter * np.eye(len(K)), hermitian=True) @ y
        return self

    def predict(self, X):
        """Returns the predictions for queries X, (n_queries, n_features), of shape (n_queries,), or with n_outputs."""
        return self._compare(np.asarray(X, dtype=float)) @ self.dual_coef_

    def _compare(self, X):
        """The similarities of the rows of X to the examples, (n_queries, n)."""
        return np.array([np.exp(-self.gamma * np.sum((self._examples - x) ** 2, axis=1)) for x in X])
