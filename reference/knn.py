"""Predicting with the k nearest: a vote for classes, an average for numbers.

Both ask ``NearestNeighbors`` for the neighbours and differ only in what they make of them.
"""

import numpy as np

from reference.neighbors import NearestNeighbors
from reference.validation import check_columns, check_fitted, check_labels, check_targets
from reference.voting import average, check_weights, neighbor_weights, vote_shares


class KNNClassifier(NearestNeighbors):
    """The class most of the k nearest examples have; with equal votes, the smallest label.

    ``weights`` is uniform, distance (1 / distance) or a function of the distances.

    >>> model = KNNClassifier(n_neighbors=3).fit([[0], [1], [2], [9]], ["low", "low", "high", "high"])
    >>> model.predict([[0], [8]]).tolist()
    ['low', 'high']
    """

    def __init__(self, n_neighbors=5, *, metric="euclidean", p=2, metric_params=None, weights="uniform"):
        super().__init__(n_neighbors, metric=metric, p=p, metric_params=metric_params)
        self.weights = weights

    def fit(self, X, y):
        """Keeps examples X, shape (n, n_features), and labels y, shape (n,) or (n, n_outputs); returns self."""
        check_weights(self.weights)
        super().fit(X)
        self._outputs, self._single = check_labels(y, len(self._examples))
        self.classes_ = self._outputs[0][0] if self._single else [classes for classes, _ in self._outputs]
        return self

    def predict_proba(self, X):
        """Vote shares, float64 (n_queries, n_classes), columns as in ``classes_``; a list of them for many outputs."""
        check_fitted(self, "classes_")
        distances, indices = self.kneighbors(X)
        weights = neighbor_weights(distances, self.weights)
        shares = [
            np.array([vote_shares(codes[i], w, len(classes)) for i, w in zip(indices, weights, strict=True)])
            for classes, codes in self._outputs
        ]
        return shares[0] if self._single else shares

    def predict(self, X):
        """The class with the largest share, shape (n_queries,) or (n_queries, n_outputs). X=None: leave-one-out."""
        shares = self.predict_proba(X)
        if self._single:
            return self.classes_[np.argmax(shares, axis=1)]  # argmax takes the first of equals
        return np.column_stack([c[np.argmax(s, axis=1)] for c, s in zip(self.classes_, shares, strict=True)])

    def score(self, X, y):
        """Accuracy: the share of queries whose labels are all right."""
        predicted = self.predict(X)
        right = predicted == check_columns(y, len(predicted)).reshape(predicted.shape)
        return float(np.mean(right.reshape(len(right), -1).all(axis=1)))


class KNNRegressor(NearestNeighbors):
    """The average of the targets of the k nearest examples.

    ``weights`` is uniform, distance (1 / distance) or a function of the distances. Kernel regression averages over
    every example, by similarity; this is the same with weight 1 / k for the nearest k and 0 for the others.

    >>> model = KNNRegressor(n_neighbors=2).fit([[0], [1], [10]], [0, 1, 5])
    >>> model.predict([[0.5], [9]]).tolist()
    [0.5, 3.0]
    """

    def __init__(self, n_neighbors=5, *, metric="euclidean", p=2, metric_params=None, weights="uniform"):
        super().__init__(n_neighbors, metric=metric, p=p, metric_params=metric_params)
        self.weights = weights

    def fit(self, X, y):
        """Keeps examples X, shape (n, n_features), and numbers y, shape (n,) or (n, n_outputs); returns self."""
        check_weights(self.weights)
        super().fit(X)
        self._targets, self._single = check_targets(y, len(self._examples))
        return self

    def predict(self, X):
        """Weighted averages, float64, shape (n_queries,) or (n_queries, n_outputs). X=None: leave-one-out."""
        check_fitted(self, "_targets")
        distances, indices = self.kneighbors(X)
        weights = neighbor_weights(distances, self.weights)
        averages = np.array([average(self._targets[i], w) for i, w in zip(indices, weights, strict=True)])
        return averages[:, 0] if self._single else averages

    def score(self, X, y):
        """R^2 = 1 - sum (y - predicted)^2 / sum (y - mean of y)^2, the mean over the outputs.

        1 is perfect, 0 no better than the mean. Where y is constant the quotient is 0 / 0 or worse: then R^2 is
        1 if all is right, else 0. Raises ValueError for a single query, which has no spread to explain.
        """
        predicted = self.predict(X)
        y, _ = check_targets(y, len(predicted))
        if len(y) < 2:
            raise ValueError(f"R^2 needs at least 2 queries, but there is {len(y)}")
        missed = np.sum((y - predicted.reshape(y.shape)) ** 2, axis=0)
        spread = np.sum((y - np.mean(y, axis=0)) ** 2, axis=0)
        constant = spread == 0
        return float(np.mean(np.where(constant, missed == 0, 1 - missed / np.where(constant, 1, spread))))
