"""The weight of each neighbour in a prediction: all alike, or the nearer the more.

``weigh`` is a public method of a class that all predictors share; a subclass may override it.
"""

from typing import Any

import numpy as np

from knn_inputs.callables import call_weights
from reference.base import NeighborsBase


class WeightedNeighbors(NeighborsBase):
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
        with np.errstate(divide="ignore", over="ignore"):
            closeness = 1.0 / distances
        infinite = np.isinf(closeness)
        return np.where(np.any(infinite, axis=1, keepdims=True), infinite, closeness)  # True weighs 1
