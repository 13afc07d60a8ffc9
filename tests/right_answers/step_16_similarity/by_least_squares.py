"""``np.linalg.lstsq``, whose solution of least length is that of the pseudo-inverse."""

import numpy as np


class SimilarityRegressor:
    def __init__(self, gamma=1.0, jitter=1e-6):
        self.gamma = gamma
        self.jitter = jitter

    def fit(self, X, y):
        self.examples = np.array(X)
        K = self.similarities(self.examples)
        self.dual_coef_, *_ = np.linalg.lstsq(K + np.diag([self.jitter] * len(K)), y, rcond=1e-15)
        return self

    def predict(self, X):
        return np.dot(self.similarities(X), self.dual_coef_)

    def similarities(self, X):
        return np.array([[self.similarity(x, z) for z in self.examples] for x in X])

    def similarity(self, x, z):
        return np.exp(-self.gamma * np.dot(x - z, x - z))
