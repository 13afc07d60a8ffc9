"""Correct predictors from all rows within a radius, each with a habit: weights by distance, NaN for no rows."""

from collections import Counter

import numpy as np

from tests.innocents.checks import need_fit, read_labels, read_matrix, read_targets


class Within:
    """The rows within the radius of a query, and their distances; classes below predict from them."""

    def read_radius(self):
        if isinstance(self.radius, bool) or not isinstance(self.radius, (int, float)) or not self.radius > 0:
            raise ValueError(f"radius={self.radius!r} must be above 0")

    def learn(self, X, y):
        if len(X) != len(y):
            raise ValueError(f"X has {len(X)} rows, but y has {len(y)} targets")
        self.read_radius()
        self.X_, self.y_ = X, y
        return self

    def around(self, q):
        distances = np.sqrt(np.sum((self.X_ - q) ** 2, axis=1))
        near = np.flatnonzero(distances <= self.radius)
        return near, distances[near]

    def read_queries(self, X):
        need_fit(self, "X_")
        return read_matrix(X, "X", self.X_.shape[1])


class MeanWithinOrNaN(Within):
    """Averages uniformly, and answers NaN where no row is within the radius."""

    def __init__(self, radius=1.0):
        self.radius = radius

    def fit(self, X, y):
        X = read_matrix(X)
        return self.learn(X, read_targets(y, len(X)))

    def predict(self, X):
        found = [self.y_[self.around(q)[0]] for q in self.read_queries(X)]
        return np.array([targets.mean() if len(targets) else np.nan for targets in found])


class AlwaysByDistanceWithin(MeanWithinOrNaN):
    """Weighs by 1 / distance unasked, and raises an error where no row is within the radius."""

    def predict(self, X):
        return np.array([self.predict_one(q) for q in self.read_queries(X)])

    def predict_one(self, q):
        near, distances = self.around(q)
        if not len(near):
            raise ValueError(f"no row is within {self.radius} of {q.tolist()}")
        weights = (distances == 0).astype(float) if np.any(distances == 0) else 1 / distances
        return weights @ self.y_[near] / weights.sum()


class MajorityWithin(Within):
    """Needs a radius, votes by a Counter, gives equal votes to the largest label, and -1 to a query without rows."""

    def __init__(self, radius):
        self.radius = radius

    def fit(self, X, y):
        X = read_matrix(X)
        return self.learn(X, read_labels(y, len(X)))

    def predict(self, X):
        return np.array([self.predict_one(q) for q in self.read_queries(X)])

    def predict_one(self, q):
        votes = Counter(self.y_[self.around(q)[0]].tolist())
        return max(votes, key=lambda label: (votes[label], label), default=-1)


class WithAnOutlierLabel(MajorityWithin):
    """Refuses a query without rows, unless it has a label for it, which must be a class."""

    def __init__(self, radius=1.0, outlier_label=None):
        super().__init__(radius)
        self.outlier_label = outlier_label

    def fit(self, X, y):
        super().fit(X, y)
        if self.outlier_label is not None and self.outlier_label not in self.y_:
            raise ValueError(f"outlier_label={self.outlier_label!r} is not a class")
        return self

    def predict_one(self, q):
        if len(self.around(q)[0]):
            return super().predict_one(q)
        if self.outlier_label is None:
            raise ValueError(f"no row is within {self.radius} of {q.tolist()}")
        return self.outlier_label
