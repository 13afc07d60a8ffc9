"""Predictions from the k nearest: an average of their targets, or a vote of their classes.

Both models find the neighbours as ``NearestNeighbors`` does, *weigh* them by distance, and *combine* their targets.
They add one number at a time, nearest first: the order of additions decides the last bits, so it has to be stated.
"""

import numpy as np

from reference import checks
from reference.neighbors import NearestNeighbors
from reference.scoring import accuracy, r_squared


class WeightedNeighbors(NearestNeighbors):
    """Weighs the neighbours of each query, for both predictors.

    ``weights`` is uniform, distance (1 / distance) or a function of the distances. The rest: ``NearestNeighbors``.
    """

    def __init__(self, n_neighbors=5, *, metric="euclidean", p=2, metric_params=None, weights="uniform"):
        super().__init__(n_neighbors, metric=metric, p=p, metric_params=metric_params)
        self.weights = weights

    def weigh(self, distances):
        """Returns the weight of each neighbour, shape (n_queries, k), from its distance.

        Weights are all 1, or 1 / distance (Shepard, 1968), or returned by the function ``weights``. A neighbour at
        distance 0 would weigh infinitely: where 1 / distance is infinite, only those neighbours count, equally.

        >>> KNNRegressor(weights="distance").weigh(np.array([[1.0, 4.0], [0.0, 4.0]])).tolist()
        [[1.0, 0.25], [1.0, 0.0]]
        """
        if callable(self.weights):
            return checks.check_returned_weights(self.weights(distances), distances.shape)
        if self.weights == "uniform":
            return np.ones(distances.shape)
        with np.errstate(divide="ignore", over="ignore"):
            closeness = 1.0 / distances
        infinite = np.isinf(closeness)
        return np.where(np.any(infinite, axis=1, keepdims=True), infinite, closeness)


class KNNRegressor(WeightedNeighbors):
    """Predicts the average of the targets of the k nearest examples.

    It is kernel regression (Nadaraya, Watson, 1964), which averages over all examples weighted by their similarity,
    with the weight 1 / k for the k nearest examples and 0 for the others.

    >>> model = KNNRegressor(n_neighbors=2).fit([[0], [1], [10]], [0, 1, 5])
    >>> model.predict([[0.5], [9]]).tolist()
    [0.5, 3.0]
    """

    def fit(self, X, y):
        """Keeps examples X, (n, n_features), and numbers y, (n,) or (n, n_outputs). Raises like NearestNeighbors."""
        checks.check_weights(self.weights)
        examples = self._check_examples(X)
        self._targets = checks.check_targets(y, len(examples))
        return self._keep(examples)

    def predict(self, X):
        """Returns weighted averages, float64, (n_queries,) or (n_queries, n_outputs). X=None: leave-one-out.

        Raises like ``kneighbors``, and ValueError for weights that no average can be made with.
        """
        checks.check_weights(self.weights)  # before the search, because they may have changed since fit
        distances, indices = self.kneighbors(X)
        weights = self.weigh(distances)  # (n_queries, k)
        return np.array([self.combine(self._targets[i], w) for i, w in zip(indices, weights, strict=True)])

    @np.errstate(over="ignore", invalid="ignore")  # check_sums refuses a sum that overflows
    def combine(self, targets, weights):
        """Returns the weighted average of one query's neighbours, sum w y / sum w, shape () or (n_outputs,).

        >>> float(KNNRegressor().combine(np.array([0.0, 1.0]), np.array([1.0, 3.0])))
        0.75
        """
        summed, total = np.zeros(targets.shape[1:]), 0.0
        for target, weight in zip(targets, weights, strict=True):
            summed = summed + weight * target
            total = total + weight
        checks.check_sums(summed, total)
        return summed / total

    def score(self, X, y):
        """Returns R^2, the mean over the outputs. Raises ValueError for y of another shape and for a single query."""
        return r_squared(y, self.predict(X))


class KNNClassifier(WeightedNeighbors):
    """Predicts the class that most of the k nearest examples have; equal votes go to the smallest label.

    >>> model = KNNClassifier(n_neighbors=3).fit([[0], [1], [2], [9]], ["low", "low", "high", "high"])
    >>> model.predict([[0], [8]]).tolist()
    ['low', 'high']
    """

    def fit(self, X, y):
        """Keeps examples X, shape (n, n_features), and labels y, shape (n,) or (n, n_outputs); returns self.

        Raises like ``NearestNeighbors.fit``, and ValueError for labels that are missing, fractions or unsortable.
        """
        checks.check_weights(self.weights)
        examples = self._check_examples(X)
        self.classes_, self._codes = checks.check_labels(y, len(examples))
        return self._keep(examples)

    def predict(self, X):
        """Returns the class of the largest share, (n_queries,) or (n_queries, n_outputs). X=None: leave-one-out."""
        shares = self.predict_proba(X)
        if isinstance(shares, list):  # one array for each output
            return np.column_stack([c[np.argmax(s, axis=1)] for c, s in zip(self.classes_, shares, strict=True)])
        return self.classes_[np.argmax(shares, axis=1)]  # argmax takes the first of equals: the smallest label

    def predict_proba(self, X):
        """Returns vote shares, float64 (n_queries, n_classes), columns as in ``classes_``; a list for many outputs.

        Raises like ``kneighbors``, and ValueError for weights that cannot be votes.

        >>> KNNClassifier(2).fit([[0], [1], [9]], ["b", "a", "b"]).predict_proba([[0]])
        array([[0.5, 0.5]])
        """
        checks.check_weights(self.weights)  # before the search, because they may have changed since fit
        distances, indices = self.kneighbors(X)
        weights = self.weigh(distances)  # (n_queries, k)

        def share(codes, classes):
            return np.array([self.combine(codes[i], w, len(classes)) for i, w in zip(indices, weights, strict=True)])

        if isinstance(self.classes_, list):
            return [share(*output) for output in zip(self._codes, self.classes_, strict=True)]
        return share(self._codes, self.classes_)

    @np.errstate(over="ignore", invalid="ignore")  # check_sums refuses a sum that overflows
    def combine(self, codes, weights, n_classes):
        """Returns each class's share of one query's votes, (n_classes,), from its neighbours' classes and weights.

        >>> KNNClassifier().combine([2, 0, 2], [1.0, 1.0, 2.0], n_classes=3)
        array([0.25, 0.  , 0.75])
        """
        votes, total = np.zeros(n_classes), 0.0
        for code, weight in zip(codes, weights, strict=True):
            votes[code] += weight
            total += weight
        checks.check_sums(votes, total)
        return votes / total

    def score(self, X, y):
        """Returns accuracy: the share of queries whose labels are all right. Raises ValueError for another shape."""
        return accuracy(y, self.predict(X))
