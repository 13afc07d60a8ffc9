"""Predicting with the k nearest: a vote for classes, an average for numbers.

Both ask ``NearestNeighbors`` for the neighbours and differ only in what they make of them.
"""

import numpy as np

from reference.neighbors import NearestNeighbors
from reference.scoring import accuracy, r_squared
from reference.targets import check_labels, check_targets
from reference.validation import check_fitted
from reference.voting import average, check_weights, neighbor_weights, vote_shares


class _WeightedNeighbors(NearestNeighbors):
    def __init__(self, n_neighbors=5, *, metric="euclidean", p=2, metric_params=None, weights="uniform"):
        super().__init__(n_neighbors, metric=metric, p=p, metric_params=metric_params)
        self.weights = weights

    def _read(self, X):
        check_weights(self.weights)
        return super()._read(X)

    def _find(self, X):
        """Indices and weights of the neighbours, both of shape (n_queries, k)."""
        check_weights(self.weights)  # they may have changed since fit
        distances, indices = self.kneighbors(X)
        return indices, neighbor_weights(distances, self.weights)


class KNNClassifier(_WeightedNeighbors):
    """Predicts the class that most of the k nearest examples have; with equal votes, the smallest label.

    ``weights`` is uniform, distance (1 / distance) or a function of the distances; the rest as ``NearestNeighbors``.

    >>> model = KNNClassifier(n_neighbors=3).fit([[0], [1], [2], [9]], ["low", "low", "high", "high"])
    >>> model.predict([[0], [8]]).tolist()
    ['low', 'high']
    """

    def fit(self, X, y):
        """Keeps examples X, shape (n, n_features), and labels y, shape (n,) or (n, n_outputs); returns self.

        Raises as ``NearestNeighbors.fit`` does, and ValueError for labels that are missing, fractions or unsortable.
        """
        metric, examples = self._read(X)
        classes, codes, self._is_single = check_labels(y, len(examples))
        self.classes_ = classes[0] if self._is_single else classes
        self._codes = codes  # per output each example's place in its classes
        self._metric, self._examples = metric, examples
        return self

    def predict_proba(self, X):
        """Vote shares, float64 (n_queries, n_classes), columns as in ``classes_``; a list of them for many outputs.

        Raises as ``kneighbors`` does, and ValueError for weights that cannot be votes.

        >>> KNNClassifier(2).fit([[0], [1], [9]], ["b", "a", "b"]).predict_proba([[0]])
        array([[0.5, 0.5]])
        """
        check_fitted(self, "classes_")
        indices, weights = self._find(X)
        if self._is_single:
            return self._shares(self._codes[0], indices, weights, len(self.classes_))
        n_classes = map(len, self.classes_)
        return [self._shares(codes, indices, weights, n) for codes, n in zip(self._codes, n_classes, strict=True)]

    def _shares(self, codes, indices, weights, n_classes):
        return np.array([vote_shares(codes[i], w, n_classes) for i, w in zip(indices, weights, strict=True)])

    def predict(self, X):
        """The class with the largest share, shape (n_queries,) or (n_queries, n_outputs). X=None: leave-one-out.

        Raises as ``predict_proba`` does.
        """
        shares = self.predict_proba(X)
        if self._is_single:
            return self.classes_[np.argmax(shares, axis=1)]  # argmax takes the first of equals
        return np.column_stack([c[np.argmax(s, axis=1)] for c, s in zip(self.classes_, shares, strict=True)])

    def score(self, X, y):
        """Accuracy: the share of queries whose labels are all right. Raises ValueError for y of another shape."""
        return accuracy(y, self.predict(X))


class KNNRegressor(_WeightedNeighbors):
    """Predicts the average of the targets of the k nearest examples.

    ``weights`` is uniform, distance (1 / distance) or a function of the distances; the rest as ``NearestNeighbors``.
    Kernel regression (Nadaraya, Watson, 1964) averages over every example, weighted by similarity; this is the same
    with weight 1 / k for the nearest k and 0 for the others.

    >>> model = KNNRegressor(n_neighbors=2).fit([[0], [1], [10]], [0, 1, 5])
    >>> model.predict([[0.5], [9]]).tolist()
    [0.5, 3.0]
    """

    def fit(self, X, y):
        """Keeps examples X, shape (n, n_features), and numbers y, shape (n,) or (n, n_outputs); returns self.

        Raises as ``NearestNeighbors.fit`` does, also for y.
        """
        metric, examples = self._read(X)
        self._targets, self._is_single = check_targets(y, len(examples))
        self._metric, self._examples = metric, examples
        return self

    def predict(self, X):
        """Weighted averages, float64, shape (n_queries,) or (n_queries, n_outputs). X=None: leave-one-out.

        Raises as ``kneighbors`` does, and ValueError for weights that cannot be averaged with.
        """
        check_fitted(self, "_targets")
        indices, weights = self._find(X)
        averages = np.array([average(self._targets[i], w) for i, w in zip(indices, weights, strict=True)])
        return averages[:, 0] if self._is_single else averages

    def score(self, X, y):
        """R^2, the mean over the outputs. Raises ValueError for y of another shape and for a single query."""
        return r_squared(y, self.predict(X))
