"""All gaps at once, and the pseudo-inverse of a general matrix."""

import numpy as np


class SimilarityRegressor:
    def __init__(self, gamma=1.0, jitter=1e-6):
        self.gamma, self.jitter = gamma, jitter

    def fit(self, X, y):
        self.X_ = np.asarray(X, dtype=float)
        K = self._kernel(self.X_)
        self.dual_coef_ = np.linalg.pinv(K + self.jitter * np.identity(len(K))) @ np.asarray(y, dtype=float)
        return self

    def predict(self, X):
        return self._kernel(np.asarray(X, dtype=float)) @ self.dual_coef_

    def _kernel(self, X):
        squares = ((X[:, None, :] - self.X_[None, :, :]) ** 2).sum(axis=-1)
        return np.exp(-self.gamma * squares)
