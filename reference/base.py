"""The examples that a model keeps, and the distance of a query to each of them.

Fitting only keeps the data. All the work is in the query: with n examples of d features, measuring costs O(n d).
"""

from typing import Any

import numpy as np

from knn_inputs.metrics import (
    ChosenMetric,
    check_columns_of,
    choose_metric,
    learn_parameters,
    with_learned,
)
from knn_inputs.parameters import warn_of_idle_p
from knn_inputs.sparse import to_dense
from reference import checks
from reference.metrics import get_distance_function, largest_magnitude, least_number, take_root


class NeighborsBase(checks.Parameters):
    """Keeps examples, and measures. ``neighbors.py`` and its subclasses choose from what it measures."""

    _examples: Any  # a matrix (n, n_features), or a list of objects
    _metric: Any  # this and the next three as they were at the last ``fit``
    _p: Any
    _params: Any  # those of the metric, given or learned from the examples
    _distance: Any

    def __init__(self, *, metric="minkowski", p=2, metric_params=None):
        self.metric = metric
        self.p = p
        self.metric_params = metric_params

    @np.errstate(over="ignore", under="ignore")
    def get_distance(self, a, b):
        """Returns the distance between two examples of shape (n_features,), a float.

        It uses the metric as it is set now; all other methods use the metric that was set at the last ``fit``. Raises
        ValueError if a and b differ in length, if the metric is "precomputed", if it learns from examples and there are
        none yet, or if it returns a number that cannot be a distance.

        >>> from reference import NearestNeighbors
        >>> NearestNeighbors(metric="manhattan").get_distance([0, 0], [3, 4])
        7.0
        """
        learned = ChosenMetric(self._metric, self._p, self._params) if hasattr(self, "_metric") else None
        chosen = with_learned(choose_metric(self.metric, self.p, self.metric_params), learned)
        distance = get_distance_function(*chosen)
        if not (callable(self.metric) and self._holds_objects()):  # which stay as they are
            a, b = checks.check_pair(a, b, chosen, largest_magnitude(*chosen))
        measured = checks.check_distances(np.array([float(distance(a, b))]), chosen.name, a, [b])
        return float(take_root(measured, chosen.name, chosen.p)[0])

    def measure(self, query):
        """Returns the number that ranks each example for a query that was checked, shape (n,).

        It is the distance, or for Minkowski with a whole p from 3 to 16 the sum under the root (``metrics.py``).
        Raises ValueError if the metric returns a number that cannot be a distance.
        """
        if self._metric == "precomputed":
            return query  # the query is its own row of distances
        measured = np.empty(len(self._examples))
        for i, example in enumerate(self._examples):
            measured[i] = self._distance(query, example)
        return checks.check_distances(measured, self._metric, query, self._examples)

    def _check_examples(self, X):
        """Returns a checked copy of the examples; the model keeps nothing yet."""
        chosen = self._choose_metric(X)
        warn_of_idle_p(self.metric, self.p)
        largest, least = largest_magnitude(*chosen), least_number(chosen.name)
        examples = checks.check_training(to_dense(X, largest, least=least), chosen.name, largest, least)
        check_columns_of(chosen, examples, X)
        return examples

    def _keep(self, X, examples, **learned):
        """Keeps the checked examples, and the metric: setting another has no effect until the next ``fit``."""
        chosen = self._choose_metric(examples)
        metric = {"_metric": chosen.name, "_p": chosen.p, "_params": chosen.params}
        return checks.keep(self, X, examples, **metric, _distance=get_distance_function(*chosen), **learned)

    def _choose_metric(self, X):
        """Returns the metric as it is set now, with the parameters that it learns from X; raises if it is unusable."""
        return learn_parameters(choose_metric(self.metric, self.p, self.metric_params), X)

    def _holds_objects(self):
        return isinstance(getattr(self, "_examples", None), list)

    def _check_queries(self, X):
        checks.check_fitted(self)
        if X is None:
            return self._examples
        chosen = ChosenMetric(self._metric, self._p, self._params)
        largest, least = largest_magnitude(*chosen), least_number(self._metric)
        if not self._holds_objects():
            X = to_dense(X, largest, self._examples.shape[1], least)
        queries = checks.check_queries(X, self, largest, least)
        check_columns_of(chosen, queries, X)
        return queries
