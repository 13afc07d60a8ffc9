"""The weight of each neighbour in a prediction: all alike, or the nearer the more.

``weigh`` is a public method of a class that all predictors share; a subclass may override it.
"""

from typing import Any

import numpy as np

from knn_inputs.callables import call_weights, refuse_weightless
from knn_inputs.parameters import check_weights
from knn_inputs.sample_weight import check_n_places
from reference import checks
from reference.base import NeighborsBase
from reference.neighbors import KNeighbors
from reference.sample_weight import fill_places


class Weighted(NeighborsBase):
    """The part that all predictors share: weighing the neighbours of each query.

    Each predictor has a constructor of its own, because Python's message about an unknown argument names its class.
    ``weights`` is uniform, distance (1 / distance) or a function from distances, (n_queries, k), to as many weights.
    """

    weights: Any

    def weigh(self, distances):
        """Returns the weight of each neighbour, shape (n_queries, k), from its distance.

        Weights are all 1, or 1 / distance (Shepard, 1968), or returned by the function ``weights``. A neighbour at
        distance 0 would weigh infinitely: where 1 / distance is infinite, only those neighbours count, equally.

        >>> from reference import KNNRegressor
        >>> KNNRegressor(weights="distance").weigh(np.array([[1.0, 4.0], [0.0, 4.0]])).tolist()
        [[1.0, 0.25], [1.0, 0.0]]
        """
        if callable(self.weights):
            return call_weights(self.weights, distances)
        if self.weights == "uniform":
            return np.ones(distances.shape)
        refuse_weightless(distances)
        with np.errstate(divide="ignore", over="ignore"):
            closeness = 1.0 / distances
        infinite = np.isinf(closeness)
        return np.where(np.any(infinite, axis=1, keepdims=True), infinite, closeness)  # True weighs 1

    def _check_ready(self):
        checks.check_fitted(self)
        check_weights(self.weights)  # before the search, because they may have changed since fit


class WeightedNeighbors(Weighted, KNeighbors):
    """The part that the predictors by k neighbours share: an example may stand for several, by its sample weight."""

    def choose(self, distances, k, leave_out=-1):
        """Returns the indices of the k nearest, (k,); an example of sample weight w is there up to w times.

        >>> model = WeightedNeighbors()
        >>> model._repeats = np.array([1, 5, 2])
        >>> model.choose(np.array([2.0, 3.0, 1.0]), k=4).tolist()
        [2, 2, 0, 1]
        """
        if self._repeats is None:
            return super().choose(distances, k, leave_out)
        return fill_places(np.argsort(distances, kind="stable"), self._repeats, k, leave_out)

    def _check_k(self, k, leave_one_out, pad=False):
        if self._repeats is None:
            return super()._check_k(k, leave_one_out, pad)
        return check_n_places(k, np.inf if pad else int(np.sum(self._repeats)), leave_one_out)
