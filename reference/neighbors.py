"""The k-nearest neighbours of a query: measure its distance to every example, sort, and keep the first k.

Fitting only keeps the data. All the work is in the query: with n examples of d features, measuring costs O(n d) and
sorting costs O(n log n).

One rule makes every answer unique: neighbours are sorted by (distance, training index). Of two examples at the same
distance the earlier one comes first, even if only one of them fits among the k.

Source: Fix and Hodges, Discriminatory Analysis, 1951; Cover and Hart, Nearest Neighbor Pattern Classification, 1967.
"""

from typing import Any

import numpy as np

from knn_inputs.containers import one_row
from knn_inputs.parameters import check_flag, check_n_neighbors, warn_of_idle_p
from reference import checks
from reference.metrics import get_distance_function, largest_magnitude, least_number, take_root


class NearestNeighbors(checks.Parameters):
    """Finds the k training examples nearest to a query.

    ``metric`` is minkowski with the power ``p`` (1: manhattan, 2: euclidean, infinity: chebyshev), any of these by its
    own name, sqeuclidean, cosine, hamming, jaccard, precomputed, or a function of two examples (with
    ``metric_params``). With a function the examples may be of any kind: it gets the rows of an array or DataFrame of
    numbers as float64, and the entries of a list unchanged.

    >>> model = NearestNeighbors(n_neighbors=2).fit([[0, 0], [3, 4], [0, 1]])
    >>> model.get_neighbors([0, 0])
    [(0, 0.0), (2, 1.0)]
    >>> NearestNeighbors(1, metric=lambda a, b: abs(len(a) - len(b))).fit(["a", "abcd"]).get_neighbors("abc")
    [(1, 1.0)]
    """

    _examples: Any  # a matrix (n, n_features), or a list of objects
    _metric: Any  # this and the next two as they were at the last ``fit``
    _p: Any
    _distance: Any

    def __init__(self, n_neighbors=5, *, metric="minkowski", p=2, metric_params=None):
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.p = p
        self.metric_params = metric_params

    def fit(self, X, y=None):
        """Keeps a copy of the examples X, shape (n, n_features), and returns self; y is not used.

        Raises ValueError or TypeError for bad parameters, and unless X is a full, finite matrix of real numbers.
        """
        return self._keep(X, self._check_examples(X))

    @np.errstate(over="ignore", under="ignore")
    def get_distance(self, a, b):
        """Returns the distance between two examples of shape (n_features,), a float.

        It uses the metric as it is set now; all other methods use the metric that was set at the last ``fit``. Raises
        ValueError if a and b differ in length, if the metric is "precomputed", or if it returns a number that cannot be
        a distance.

        >>> NearestNeighbors(metric="manhattan").get_distance([0, 0], [3, 4])
        7.0
        """
        distance = get_distance_function(self.metric, self.p, self.metric_params)
        if not (callable(self.metric) and self._holds_objects()):  # which stay as they are
            a, b = checks.check_pair(a, b, self.metric, largest_magnitude(self.metric, self.p))
        measured = checks.check_distances(np.array([float(distance(a, b))]))
        return float(take_root(measured, self.metric, self.p)[0])

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
        return checks.check_distances(measured)

    def choose(self, distances, k, leave_out=-1):
        """Returns the indices of the k smallest of the measured distances, (k,), without the index ``leave_out``.

        A stable sort keeps equal distances in the order of the examples: that is the tie rule.

        >>> NearestNeighbors().choose(np.array([2.0, 1.0, 2.0, 0.0]), k=3).tolist()
        [3, 1, 0]
        """
        order = np.argsort(distances, kind="stable")  # (n,)
        return order[order != leave_out][:k]  # (k,)

    def get_neighbors(self, example):
        """Returns one example's neighbours, nearest first: a list of (index, distance). Raises like ``kneighbors``."""
        distances, indices = self.kneighbors([example] if self._holds_objects() else one_row(example))
        return list(zip(indices[0].tolist(), distances[0].tolist(), strict=True))

    @np.errstate(over="ignore", under="ignore")  # a distance that overflows is refused, and underflow is documented
    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        """Returns distances (float64) and indices (int64) of the neighbours, both (n_queries, k), nearest first.

        With X=None the queries are the training examples, and none is its own neighbour. It is left out by its index,
        not by a distance of 0, because a duplicate is at distance 0 too. Raises NotFittedError before ``fit``,
        TypeError if k is not an int, and ValueError if k is below 1 or above the number of examples to choose from, or
        if the queries do not match the examples.

        >>> NearestNeighbors(1).fit([[0], [3], [1]]).kneighbors([[4], [0]])
        (array([[1.],
               [0.]]), array([[1],
               [0]]))
        """
        check_flag(return_distance, "return_distance")
        queries = self._check_queries(X)
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        k = check_n_neighbors(k, len(self._examples), leave_one_out=X is None)
        distances = np.empty((len(queries), k))
        indices = np.empty((len(queries), k), dtype=np.int64)
        for i, query in enumerate(queries):
            measured = self.measure(query)  # (n,)
            nearest = self.choose(measured, k, leave_out=i if X is None else -1)  # (k,)
            distances[i] = take_root(measured[nearest], self._metric, self._p)
            indices[i] = nearest
        return (distances, indices) if return_distance else indices

    def _check_examples(self, X):
        """Returns a checked copy of the examples; the model keeps nothing yet."""
        check_n_neighbors(self.n_neighbors)
        get_distance_function(self.metric, self.p, self.metric_params)  # raises for a metric that cannot be used
        warn_of_idle_p(self.metric, self.p)
        return checks.check_training(X, self.metric, largest_magnitude(self.metric, self.p), least_number(self.metric))

    def _keep(self, X, examples, **learned):
        """Keeps the checked examples, and the metric: setting another has no effect until the next ``fit``."""
        distance = get_distance_function(self.metric, self.p, self.metric_params)
        return checks.keep(self, X, examples, _metric=self.metric, _p=self.p, _distance=distance, **learned)

    def _holds_objects(self):
        return isinstance(getattr(self, "_examples", None), list)

    def _check_queries(self, X):
        checks.check_fitted(self)
        if X is None:
            return self._examples
        return checks.check_queries(X, self, largest_magnitude(self._metric, self._p), least_number(self._metric))
