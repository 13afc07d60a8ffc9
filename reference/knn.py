"""Predictions from the k nearest: an average of their targets, or a vote of their classes.

Both models find the neighbours as ``NearestNeighbors`` does, *weigh* them by distance, and *combine* their targets.
They add one number at a time, nearest first: the order of additions decides the last bits, so it has to be stated.
"""

from typing import Any

import numpy as np

from knn_inputs.callables import refuse_sums
from knn_inputs.parameters import check_weights
from knn_inputs.targets import read_targets
from reference import checks
from reference.neighbors import KNeighbors
from reference.scoring import accuracy, r_squared
from reference.weights import WeightedNeighbors


class KNNRegressor(WeightedNeighbors, KNeighbors):
    """Predicts the average of the targets of the k nearest examples.

    With uniform weights it is kernel regression (Nadaraya, Watson, 1964), which averages over all examples by their
    similarity, with a similarity of 1 / k for the k nearest examples and 0 for the others.

    >>> KNNRegressor(n_neighbors=2).fit([[0], [1], [10]], [0, 1, 5]).predict([[0.5], [9]]).tolist()
    [0.5, 3.0]
    """

    _targets: Any  # float64 (n,) or (n, n_outputs)

    def __init__(self, n_neighbors=5, *, metric="minkowski", p=2, metric_params=None, weights="uniform"):
        super().__init__(n_neighbors, metric=metric, p=p, metric_params=metric_params)
        self.weights = weights

    def fit(self, X, y):
        """Keeps X, (n, n_features), and y, (n,) or (n, n_outputs), and returns self. Raises like NearestNeighbors."""
        check_weights(self.weights)
        examples = self._check_examples(X)
        targets = read_targets(y, len(examples))
        return self._keep(X, examples, _targets=targets)

    def predict(self, X):
        """Returns weighted averages, float64, (n_queries,) or (n_queries, n_outputs). X=None: leave-one-out.

        Raises like ``kneighbors``, and ValueError for weights that are not allowed and for sums that overflow.
        """
        checks.check_fitted(self)
        check_weights(self.weights)  # before the search, because they may have changed since fit
        distances, indices = self.kneighbors(X)
        targets, weights = self._targets[indices], self.weigh(distances)  # (n_queries, k), or with n_outputs
        return np.array([self.combine(t, w) for t, w in zip(targets, weights, strict=True)])

    @np.errstate(over="ignore", invalid="ignore")  # refuse_sums refuses a sum that overflows
    def combine(self, targets, weights):
        """Returns the weighted average of one query's neighbours, sum w y / sum w, shape () or (n_outputs,).

        >>> float(KNNRegressor().combine(np.array([0.0, 1.0]), np.array([1.0, 3.0])))
        0.75
        """
        summed, total = np.zeros(targets.shape[1:]), 0.0
        for target, weight in zip(targets, weights, strict=True):
            summed = summed + weight * target
            total = total + weight
        refuse_sums(summed, total)
        return summed / total

    def score(self, X, y):
        """Returns R^2, the mean over the outputs. Raises ValueError for y of another shape and for a single query."""
        return r_squared(y, self.predict(X))


class KNNClassifier(WeightedNeighbors, KNeighbors):
    """Predicts the class with the most votes of the k nearest examples; equal votes go to the smallest label.

    >>> KNNClassifier(3).fit([[0], [1], [2], [9]], ["low", "low", "high", "high"]).predict([[0], [8]]).tolist()
    ['low', 'high']
    """

    classes_: Any  # the sorted labels; for several outputs a list of such arrays
    _codes: Any  # the place of each example's label among them

    def __init__(self, n_neighbors=5, *, metric="minkowski", p=2, metric_params=None, weights="uniform"):
        super().__init__(n_neighbors, metric=metric, p=p, metric_params=metric_params)
        self.weights = weights

    def fit(self, X, y):
        """Keeps examples X, (n, n_features), and labels y, (n,) or (n, n_outputs); returns self.

        Raises like ``NearestNeighbors.fit``, and ValueError for labels that are missing, fractions or unsortable.
        """
        check_weights(self.weights)
        examples = self._check_examples(X)
        classes, codes = checks.check_labels(y, len(examples))
        return self._keep(X, examples, classes_=classes, _codes=codes)

    def predict(self, X):
        """Returns the classes of the largest shares, (n_queries,) or (n_queries, n_outputs); see ``predict_proba``."""
        shares = self.predict_proba(X)
        if isinstance(shares, list):  # one array for each output
            return np.column_stack([c[np.argmax(s, axis=1)] for c, s in zip(self.classes_, shares, strict=True)])
        return self.classes_[np.argmax(shares, axis=1)]  # argmax takes the first of equals: the smallest label

    def predict_proba(self, X):
        """Returns vote shares, float64 (n_queries, n_classes), with columns in the order of ``classes_``.

        For y with several outputs it is a list of one such array for each. Raises like ``KNNRegressor.predict``.

        >>> KNNClassifier(2).fit([[0], [1], [9]], ["b", "a", "b"]).predict_proba([[0]])
        array([[0.5, 0.5]])
        """
        checks.check_fitted(self)
        check_weights(self.weights)  # before the search, because they may have changed since fit
        distances, indices = self.kneighbors(X)
        weights = self.weigh(distances)  # (n_queries, k)
        if isinstance(self.classes_, list):
            outputs = zip(self._codes, self.classes_, strict=True)
            return [self._shares(codes[indices], weights, classes) for codes, classes in outputs]
        return self._shares(self._codes[indices], weights, self.classes_)

    def _shares(self, codes, weights, classes):
        return np.array([self.combine(c, w, len(classes)) for c, w in zip(codes, weights, strict=True)])

    @np.errstate(over="ignore", invalid="ignore")  # refuse_sums refuses a sum that overflows
    def combine(self, codes, weights, n_classes):
        """Returns each class's share of one query's votes, (n_classes,), from its neighbours' classes and weights.

        >>> KNNClassifier().combine([2, 0, 2], [1.0, 1.0, 2.0], n_classes=3)
        array([0.25, 0.  , 0.75])
        """
        votes, total = np.zeros(n_classes), 0.0
        for code, weight in zip(codes, weights, strict=True):
            votes[code] += weight
            total += weight
        refuse_sums(votes, total)
        return votes / total

    def score(self, X, y):
        """Returns the share of queries whose labels are all right. Raises ValueError for y of another shape."""
        return accuracy(y, self.predict(X))
