"""The pseudo-inverse by hand, from singular values; a loop adds the examples one at a time."""

import numpy as np


class SimilarityRegressor:
    def __init__(self, gamma=1.0, jitter=1e-6):
        self.gamma = gamma
        self.jitter = jitter

    def fit(self, X, y):
        self._examples = np.array(X, dtype=np.float64)
        A = np.array([self._to(z, self._examples) for z in self._examples])
        A[np.diag_indices(len(A))] += self.jitter
        left, values, right = np.linalg.svd(A)
        kept = values > 1e-15 * values[0]
        self.dual_coef_ = right[kept].T @ np.diag(1 / values[kept]) @ left[:, kept].T @ y
        return self

    def predict(self, X):
        predicted = np.zeros((len(X), *self.dual_coef_.shape[1:]))
        for z, alpha in zip(self._examples, self.dual_coef_, strict=True):
            predicted += np.multiply.outer(self._to(z, np.asarray(X)), alpha)
        return predicted

    def _to(self, z, X):
        return np.exp(-self.gamma * np.linalg.norm(X - z, axis=1) ** 2)
