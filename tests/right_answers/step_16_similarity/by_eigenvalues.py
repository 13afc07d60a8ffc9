"""The pseudo-inverse by hand, from eigenvalues and eigenvectors."""

import numpy as np


class SimilarityRegressor:
    def __init__(self, gamma=1.0, jitter=1e-6):
        self.gamma = gamma
        self.jitter = jitter

    def fit(self, X, y):
        self._X = X.copy()
        values, vectors = np.linalg.eigh(self._compare(X) + self.jitter * np.eye(len(X)))
        is_zero = np.abs(values) <= 1e-15 * np.abs(values).max()
        inverse = np.where(is_zero, 0, 1 / np.where(is_zero, 1, values))
        self.dual_coef_ = (vectors * inverse) @ (vectors.T @ y)
        return self

    def predict(self, X):
        return self._compare(X) @ self.dual_coef_

    def _compare(self, X):
        squares = np.zeros((len(X), len(self._X)))
        for j in range(X.shape[1]):
            squares += np.subtract.outer(X[:, j], self._X[:, j]) ** 2
        return np.exp(-self.gamma * squares)
