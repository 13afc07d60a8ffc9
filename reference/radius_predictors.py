"""Predictions from the neighbours within a radius: an average of their targets, or a vote of their classes.

They weigh and combine neighbours as the predictors by k neighbours do. But queries have different numbers of
neighbours, and some have none. Then there is nothing to combine: the regressor raises an error, and so does the
classifier, unless it has an ``outlier_label`` for such queries.
"""

from typing import Any

import numpy as np

from knn_inputs.outlier_label import read_outlier_labels, warn_of_unknown
from knn_inputs.parameters import FROM_SCIKIT_LEARN, check_weights, renamed
from knn_inputs.radius import refuse_lonely
from knn_inputs.targets import read_targets
from reference import checks
from reference.aggregates import aggregate
from reference.classifier import KNNClassifier
from reference.radius import RadiusNeighbors
from reference.regressor import KNNRegressor
from reference.weights import Weighted


class WeightedWithin(Weighted, RadiusNeighbors):
    """The part that both predictors share: the neighbours within the radius of each query, and their weights."""

    def _weighted_neighbors(self, X):
        """Returns a list of (indices, weights) of the neighbours, both (k,), where k differs between the queries."""
        self._check_ready()
        distances, indices = self.radius_neighbors(X)
        weights = [self.weigh(d[None])[0] if len(d) else d for d in distances]  # weigh takes a row for each query
        return list(zip(indices, weights, strict=True))


class RadiusNeighborsRegressor(WeightedWithin):
    """Predicts the average of the targets of all examples within the radius.

    >>> RadiusNeighborsRegressor(radius=1).fit([[0], [1], [10]], [0, 1, 5]).predict([[0.5], [9]]).tolist()
    [0.5, 5.0]
    """

    _targets: Any  # float64 (n,) or (n, n_outputs)

    @renamed(**FROM_SCIKIT_LEARN)
    def __init__(self, radius=1.0, *, metric="minkowski", p=2, metric_params=None, weights="uniform"):
        super().__init__(radius, metric=metric, p=p, metric_params=metric_params)
        self.weights = weights

    score: Any = KNNRegressor.score

    def fit(self, X, y):
        """Keeps X, (n, n_features), and y, (n,) or (n, n_outputs), and returns self. Raises like NearestNeighbors."""
        check_weights(self.weights)
        examples = self._check_examples(X)
        return self._keep(X, examples, _targets=read_targets(y, len(examples)))

    def predict(self, X):
        """Returns weighted averages, float64, (n_queries,) or (n_queries, n_outputs). X=None: leave-one-out.

        Raises like ``KNNRegressor.predict``, and ValueError with the queries that have no neighbour.
        """
        found = self._weighted_neighbors(X)
        refuse_lonely(np.array([len(indices) == 0 for indices, _ in found]), self.radius)
        return np.array([aggregate(self._targets[indices], weights, "mean") for indices, weights in found])


class RadiusNeighborsClassifier(WeightedWithin):
    """Predicts the class with the most votes of all examples within the radius; equal votes: the smallest label.

    ``outlier_label`` is for queries without neighbours: a label (a list of one for each output), "most_frequent", or
    None to raise an error.

    >>> model = RadiusNeighborsClassifier(radius=2, outlier_label="far").fit([[0], [1], [2]], ["low", "low", "high"])
    >>> model.predict([[0], [3], [9]]).tolist()
    ['low', 'high', 'far']
    """

    classes_: Any  # the sorted labels; for several outputs a list of such arrays
    outlier_label_: Any  # a list of one label for each output, or None
    _outputs: Any  # for each output its sorted labels, the place of each example's label, and the outlier label

    @renamed(**FROM_SCIKIT_LEARN)
    def __init__(
        self, radius=1.0, *, metric="minkowski", p=2, metric_params=None, weights="uniform", outlier_label=None
    ):
        super().__init__(radius, metric=metric, p=p, metric_params=metric_params)
        self.weights = weights
        self.outlier_label = outlier_label

    combine: Any = KNNClassifier.combine
    score: Any = KNNClassifier.score

    def fit(self, X, y):
        """Keeps examples X, (n, n_features), and labels y, (n,) or (n, n_outputs); returns self.

        Raises like ``KNNClassifier.fit``, and TypeError or ValueError for an ``outlier_label`` that does not go with y.
        """
        check_weights(self.weights)
        examples = self._check_examples(X)
        classes, codes = checks.check_labels(y, len(examples))
        several = (classes, codes) if isinstance(classes, list) else ([classes], [codes])
        labels = read_outlier_labels(self.outlier_label, *several)
        outputs = list(zip(*several, labels or [None] * len(several[0]), strict=True))
        return self._keep(X, examples, classes_=classes, outlier_label_=labels, _outputs=outputs)

    def predict(self, X):
        """Returns the classes of the largest shares, (n_queries,) or (n_queries, n_outputs); see ``predict_proba``.

        It is the ``outlier_label`` where a query has no neighbour.
        """
        chosen = [
            np.where(np.any(shares, axis=1), classes[np.argmax(shares, axis=1)], classes[0] if label is None else label)
            for shares, (classes, _, label) in zip(self._find_shares(X), self._outputs, strict=True)
        ]
        return np.column_stack(chosen) if isinstance(self.classes_, list) else chosen[0]

    def predict_proba(self, X):
        """Returns vote shares, float64 (n_queries, n_classes), with columns in the order of ``classes_``.

        For y with several outputs it is a list of one such array for each. The ``outlier_label`` has a share of 1 where
        a query has no neighbour; if the label is not a class, there is a warning, and all shares are 0. Raises like
        ``RadiusNeighborsRegressor.predict``.
        """
        shares = self._find_shares(X)
        for some, (classes, _, label) in zip(shares, self._outputs, strict=True):
            if not np.all(np.any(some, axis=1)):
                warn_of_unknown(label, classes)
        return shares if isinstance(self.classes_, list) else shares[0]

    def _find_shares(self, X):
        """Returns the vote shares for each output, a list of arrays (n_queries, n_classes)."""
        found = self._weighted_neighbors(X)
        if self.outlier_label_ is None:
            is_lonely = np.array([len(indices) == 0 for indices, _ in found])
            refuse_lonely(is_lonely, self.radius, "or an outlier_label, ")
        return [np.array([self._share(*neighbors, *output) for neighbors in found]) for output in self._outputs]

    def _share(self, indices, weights, classes, codes, label):
        """Returns the shares for one query, (n_classes,)."""
        if len(indices) == 0:
            return (classes == label).astype(np.float64)
        return self.combine(codes[indices], weights, len(classes))
