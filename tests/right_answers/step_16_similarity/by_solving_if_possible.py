"""Solves the equations, and takes the pseudo-inverse only of a matrix that is nearly singular; plain Python K."""

from math import exp

import numpy as np


class SimilarityRegressor:
    def __init__(self, gamma=1.0, jitter=1e-6):
        self.gamma = gamma
        self.jitter = jitter

    def fit(self, X, y):
        self.rows = X.tolist()
        A = np.array(self._compare(X)) + self.jitter * np.eye(len(X))
        is_regular = np.linalg.cond(A) < 1e12
        self.dual_coef_ = np.linalg.solve(A, y) if is_regular else np.linalg.pinv(A) @ y
        return self

    def predict(self, X):
        return [np.dot(row, self.dual_coef_) for row in self._compare(X)]

    def _compare(self, X):
        return [
            [exp(-self.gamma * sum((a - b) ** 2 for a, b in zip(x, z, strict=True))) for z in self.rows]
            for x in X.tolist()
        ]
