"""Regression: the average of the targets of the k nearest.

The model finds the neighbours as ``NearestNeighbors`` does, *weighs* them by distance, and *combines* their targets.
"""

from typing import Any

import numpy as np

from knn_inputs.parameters import FROM_SCIKIT_LEARN, check_aggregate, check_weights, renamed
from knn_inputs.sample_weight import read_repeats
from knn_inputs.targets import read_targets
from reference.aggregates import aggregate, weighted_std
from reference.explanation import Explanation
from reference.scoring import r_squared
from reference.weights import WeightedNeighbors


class KNNRegressor(WeightedNeighbors):
    """Predicts the average of the targets of the k nearest examples.

    With uniform weights it is kernel regression (Nadaraya, Watson, 1964), which averages over all examples by their
    similarity, with a similarity of 1 / k for the k nearest examples and 0 for the others.

    >>> KNNRegressor(n_neighbors=2).fit([[0], [1], [10]], [0, 1, 5]).predict([[0.5], [9]]).tolist()
    [0.5, 3.0]
    """

    _targets: Any  # float64 (n,) or (n, n_outputs)

    @renamed(**FROM_SCIKIT_LEARN)
    def __init__(
        self, n_neighbors=5, *, metric="minkowski", p=2, metric_params=None, weights="uniform", aggregate="mean"
    ):
        super().__init__(n_neighbors, metric=metric, p=p, metric_params=metric_params)
        self.weights = weights
        self.aggregate = aggregate

    def fit(self, X, y, sample_weight=None):
        """Keeps X, (n, n_features), and y, (n,) or (n, n_outputs), and returns self. Raises like NearestNeighbors."""
        check_weights(self.weights)
        check_aggregate(self.aggregate)
        examples = self._check_examples(X)
        targets, repeats = read_targets(y, len(examples)), read_repeats(sample_weight, len(examples))
        return self._keep(X, examples, _targets=targets, _repeats=repeats)

    def predict(self, X, return_std=False):
        """Returns weighted averages, float64, (n_queries,) or (n_queries, n_outputs). X=None: leave-one-out.

        With ``return_std`` it returns a pair, the averages and the standard deviations of the neighbours' targets.
        Raises like ``kneighbors``, and ValueError for weights that are not allowed and for sums that overflow.
        """
        self._check_ready()
        check_aggregate(self.aggregate, return_std)
        distances, indices = self.kneighbors(X)
        neighbors = list(zip(self._targets[indices], self.weigh(distances), strict=True))  # (k,) each, for each query
        averages = np.array([self.combine(t, w) for t, w in neighbors])
        return (averages, np.array([weighted_std(t, w) for t, w in neighbors])) if return_std else averages

    def combine(self, targets, weights):
        """Returns the aggregate of one query's neighbours, for the mean sum w y / sum w, shape () or (n_outputs,).

        >>> float(KNNRegressor().combine(np.array([0.0, 1.0]), np.array([1.0, 3.0])))
        0.75
        """
        return aggregate(targets, weights, self.aggregate)

    def explain(self, X=None):
        """Returns the ``Explanation`` of each prediction: its neighbours, with their targets and weights."""
        self._check_ready()
        distances, indices = self.kneighbors(X)
        return Explanation(indices, distances, self._targets[indices], self.weigh(distances))

    def score(self, X, y):
        """Returns R^2, the mean over the outputs. Raises ValueError for y of another shape and for a single query."""
        return r_squared(y, self.predict(X))
