"""Correct regressors, each with a habit: weights unasked, one query at a time, another order of additions, float32."""

from bisect import insort

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, RegressorMixin

from tests.innocents.checks import need_fit, read_k, read_matrix, read_targets
from tests.innocents.neighbors import Neighbors, closeness


class AlwaysByDistanceRegressor(Neighbors):
    """Weighs targets by 1 / distance, without an argument for it."""

    def fit(self, X, y):
        self.keep(X)
        self.y = read_targets(y, len(self.rows))
        return self

    def predict(self, X):
        distances, order = self.nearest(X)
        return np.array([np.average(self.y[i], weights=w) for i, w in zip(order, closeness(distances), strict=True)])


class Averages(BaseEstimator, RegressorMixin):
    """A scikit-learn estimator for several outputs."""

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y):
        self.X_, self.y_ = read_matrix(X), np.array(y, dtype=np.float64)
        if len(self.y_) != len(self.X_) or not np.isfinite(self.y_).all():
            raise ValueError(f"y must have a finite number for each of {len(self.X_)} rows")
        read_k(self.n_neighbors, len(self.X_))
        return self

    def predict(self, X):
        need_fit(self, "X_")
        away = cdist(read_matrix(X, "queries", self.X_.shape[1]), self.X_, "sqeuclidean")
        return self.y_[np.argsort(away, axis=1, kind="stable")[:, : self.n_neighbors]].mean(axis=1)


class OneQueryAtATime:
    """Predicts the average for one example, a float, and inserts rows into a sorted list."""

    def __init__(self, k=3):
        self.k = k

    def fit(self, X, y):
        self.X, self.y = read_matrix(X), read_targets(y, len(X))
        self.k_ = read_k(self.k, len(self.X))
        return self

    def predict(self, x):
        need_fit(self, "k_")
        (query,) = read_matrix([x], "query", self.X.shape[1])
        nearest = []
        for row, target in zip(self.X, self.y, strict=True):
            insort(nearest, (np.sqrt(np.sum((row - query) ** 2)), target), key=lambda pair: pair[0])
            del nearest[self.k_ :]
        return float(sum(target for _, target in nearest) / self.k_)


class RunningMean(Neighbors):
    """A regressor that moves its mean by a part of each target's gap from it."""

    def fit(self, X, y):
        self.keep(X)
        self.y = read_targets(y, len(self.rows))
        return self

    def predict(self, X):
        means = np.zeros(len(X))
        for count, targets in enumerate(self.y[self.nearest(X)[1]].T, start=1):
            means += (targets - means) / count
        return means


class TimesOneOverK(Neighbors):
    """A regressor that multiplies by 1 / k where others divide by k."""

    def fit(self, X, y):
        self.keep(X)
        self.y = read_targets(y, len(self.rows))
        return self

    def predict(self, X):
        order = self.nearest(X)[1]
        return self.y[order] @ np.full(order.shape[1], 1 / order.shape[1])


class Float32Averages:
    """A regressor that computes in float32 throughout, as a network does."""

    def __init__(self, k=3):
        self.k = k

    def fit(self, X, y):
        self.X = read_matrix(X).astype(np.float32)
        self.y = read_targets(y, len(self.X)).astype(np.float32)
        return self

    def kneighbors(self, X):
        need_fit(self, "y")
        queries = read_matrix(X, "queries", self.X.shape[1]).astype(np.float32)
        away = np.array([np.sqrt(np.sum((self.X - q) ** 2, axis=1)) for q in queries])
        order = np.argsort(away, axis=1, kind="stable")[:, : read_k(self.k, len(self.X))]
        return np.take_along_axis(away, order, axis=1), order

    def predict(self, X):
        return self.y[self.kneighbors(X)[1]].mean(axis=1)
