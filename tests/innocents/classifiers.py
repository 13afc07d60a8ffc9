"""Correct classifiers, each with a habit: labels of one kind, a rule of its own for equal votes, weights unasked."""

from collections import Counter

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, ClassifierMixin

from tests.innocents.checks import need_fit, read_k, read_labels, read_matrix
from tests.innocents.neighbors import Neighbors, closeness


class AlwaysByDistanceClassifier(Neighbors):
    """Weighs votes by 1 / distance, without an argument for it."""

    def fit(self, X, y):
        self.keep(X)
        self.classes_, self.codes = np.unique(read_labels(y, len(self.rows)), return_inverse=True)
        return self

    def predict(self, X):
        distances, order = self.nearest(X)
        n = len(self.classes_)
        votes = [np.bincount(self.codes[i], w, n) for i, w in zip(order, closeness(distances), strict=True)]
        return self.classes_[np.argmax(votes, axis=1)]


class CountsCodes(Neighbors):
    """A classifier of the labels 0 to n_classes - 1, which counts them with bincount."""

    def fit(self, X, y):
        self.keep(X)
        y = read_labels(y, len(self.rows))
        if y.dtype.kind not in "iu" or not np.array_equal(np.unique(y), np.arange(y.max() + 1)):
            raise ValueError("labels must be 0, 1, ..., n_classes - 1")
        self.y = y
        return self

    def predict(self, X):
        return np.array([np.bincount(self.y[i]).argmax() for i in self.nearest(X)[1]])


class OneHot(Neighbors):
    """A classifier of whole numbers from 0 to 999, which adds rows of the identity matrix."""

    def fit(self, X, y):
        self.keep(X)
        y = read_labels(y, len(self.rows))
        if y.dtype.kind not in "iu" or y.min() < 0 or y.max() > 999:
            raise ValueError("labels must be whole numbers from 0 to 999")
        self.codes = np.eye(int(y.max()) + 1)[y]
        return self

    def predict(self, X):
        return self.codes[self.nearest(X)[1]].sum(axis=1).argmax(axis=1)


class WholeLabels(Neighbors):
    """A classifier of whole numbers, whichever they are."""

    def fit(self, X, y):
        self.keep(X)
        self.y = read_labels(y, len(self.rows))
        if self.y.dtype.kind not in "iu":
            raise TypeError(f"labels must be whole numbers, not {self.y.dtype}")
        return self

    def predict(self, X):
        voted = [np.unique(self.y[i], return_counts=True) for i in self.nearest(X)[1]]
        return np.array([labels[counts.argmax()] for labels, counts in voted])


class NearestOfTied(Neighbors):
    """A classifier in which the nearest of the classes with most votes wins."""

    def fit(self, X, y):
        self.keep(X)
        self.y = read_labels(y, len(self.rows))
        return self

    def predict(self, X):
        elected = [Counter(self.y[i].tolist()).most_common(1)[0][0] for i in self.nearest(X)[1]]
        return np.array(elected, dtype=self.y.dtype)


class EarliestOfTied(Neighbors):
    """A classifier in which, of the classes with most votes, that of the earliest training row wins."""

    def fit(self, X, y):
        self.keep(X)
        self.y = read_labels(y, len(self.rows))
        self.met = list(dict.fromkeys(self.y.tolist()))
        return self

    def predict(self, X):
        elected = [max(self.met, key=self.y[i].tolist().count) for i in self.nearest(X)[1]]
        return np.array(elected, dtype=self.y.dtype)


class LargestOfTied(BaseEstimator, ClassifierMixin):
    """A scikit-learn estimator, in which the largest label with most votes wins."""

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y):
        self.X_ = read_matrix(X)
        self.classes_, self.codes_ = np.unique(read_labels(y, len(self.X_)), return_inverse=True)
        return self

    def predict(self, X):
        need_fit(self, "X_")
        k, last = read_k(self.n_neighbors, len(self.X_)), len(self.classes_) - 1
        order = cdist(read_matrix(X, "queries", self.X_.shape[1]), self.X_).argsort(axis=1, kind="stable")[:, :k]
        votes = np.array([np.bincount(last - self.codes_[i]).argmax() for i in order])
        return self.classes_[last - votes]


class LabelsComeBack:
    """Answers with pairs of a distance and a label, and counts votes in a dictionary."""

    def __init__(self, k=3):
        self.k = k

    def fit(self, X, y):
        rows, labels = read_matrix(X), read_labels(y, len(X))
        self.width, self.k_ = rows.shape[1], read_k(self.k, len(rows))
        self.data = list(zip(rows, labels.tolist(), strict=True))
        return self

    def get_neighbors(self, x):
        need_fit(self, "data")
        (query,) = read_matrix([x], "query", self.width)
        pairs = [(float(np.linalg.norm(row - query)), label) for row, label in self.data]
        return sorted(pairs, key=lambda pair: pair[0])[: self.k_]

    def predict(self, x):
        votes = {}
        for _, label in self.get_neighbors(x):
            votes[label] = votes.get(label, 0) + 1
        return max(votes, key=votes.get)


class WithShares(Neighbors):
    """A classifier with weights, shares, a score, neighbours, and each row left out where there are no queries."""

    def __init__(self, n_neighbors=5, weights="uniform"):
        super().__init__(n_neighbors)
        self.weights = weights

    def fit(self, X, y):
        if self.weights not in ("uniform", "distance"):
            raise ValueError(f"weights={self.weights!r} is neither uniform nor distance")
        self.keep(X)
        self.labels = read_labels(y, len(self.rows))
        self.classes_ = np.unique(self.labels)
        return self

    def kneighbors(self, X=None, n_neighbors=None):
        need_fit(self, "rows")
        away = cdist(self.rows if X is None else read_matrix(X, "queries", self.rows.shape[1]), self.rows)
        if X is None:
            np.fill_diagonal(away, np.inf)
        k = read_k(n_neighbors or self.n_neighbors, len(self.rows) - (X is None))
        order = np.argsort(away, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(away, order, axis=1), order

    def predict_proba(self, X):
        distances, order = self.kneighbors(X)
        weights = closeness(distances) if self.weights == "distance" else np.ones_like(distances)
        votes = weights[:, :, None] * (self.labels[order][:, :, None] == self.classes_)
        return votes.sum(axis=1) / weights.sum(axis=1, keepdims=True)

    def predict(self, X):
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]

    def score(self, X, y):
        return float(np.mean(self.predict(X) == np.asarray(y)))
