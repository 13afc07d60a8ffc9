"""k-nearest neighbours: keep the examples, measure, sort, and ask the first k.

Training is keeping the data. All the work is in the query: for n examples of d features it costs O(n d) to measure
and O(n log n) to sort.

One rule makes every answer unique: neighbours are sorted by (distance, training index), so of two at the same
distance the earlier example comes first, also at the k-th place.

Source: Fix and Hodges, Discriminatory Analysis, 1951; Cover and Hart, Nearest Neighbor Pattern Classification, 1967.
"""

import numpy as np

from reference.metrics import get_metric
from reference.parameters import Parameters
from reference.validation import (
    check_distances,
    check_examples,
    check_fitted,
    check_n_neighbors,
    check_objects,
    check_same_shape,
    check_square,
    is_array,
)


class NearestNeighbors(Parameters):
    """Finds the k training examples nearest to a query.

    ``metric`` is euclidean, sqeuclidean, manhattan, chebyshev, minkowski (with ``p``), cosine, hamming, jaccard,
    precomputed, or a function of two examples (with ``metric_params``). With a function the examples may be anything:
    an array or DataFrame of numbers reaches it as float64 rows, the examples of a list as they are.

    >>> model = NearestNeighbors(n_neighbors=2).fit([[0, 0], [3, 4], [0, 1]])
    >>> model.get_neighbors([0, 0])
    [(0, 0.0), (2, 1.0)]
    >>> NearestNeighbors(1, metric=lambda a, b: abs(len(a) - len(b))).fit(["a", "abcd"]).get_neighbors("abc")
    [(1, 1.0)]
    """

    def __init__(self, n_neighbors=5, *, metric="euclidean", p=2, metric_params=None):
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.p = p
        self.metric_params = metric_params

    def fit(self, X, y=None):
        """Keeps a copy of the examples X, shape (n, n_features), and returns self; y is not used.

        Raises ValueError or TypeError for bad parameters and for what is not a full, finite matrix of real numbers.
        """
        self._metric, self._examples = self._read(X)
        return self

    def get_distance(self, a, b):
        """The distance between two examples of shape (n_features,), a float, by the parameters as they are now.

        Raises ValueError where the two differ in length or a function returns what is no distance.

        >>> NearestNeighbors(metric="manhattan").get_distance([0, 0], [3, 4])
        7.0
        """
        metric = get_metric(self.metric, self.p, self.metric_params)
        if not callable(self.metric):
            check_same_shape(a, b)
            a, b = check_examples([a, b], metric.largest)
        elif is_array(a) and is_array(b) and a.shape == b.shape:
            a, b = check_examples(np.array([a, b]), any_objects=True)
        reduced = check_distances(np.array([float(metric.reduced(a, b))]))
        return float(metric.to_distance(reduced)[0])

    def get_neighbors(self, example):
        """The neighbours of one example, nearest first: a list of (index, distance). Raises as ``kneighbors`` does."""
        distances, indices = self.kneighbors([example])
        return list(zip(indices[0].tolist(), distances[0].tolist(), strict=True))

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        """Distances (float64) and indices (int64) of the neighbours, each of shape (n_queries, k), nearest first.

        With X=None the queries are the training examples, each without itself: left out by its index, not by a
        distance of 0, which its duplicates have too. Raises NotFittedError, TypeError for a k that is no int,
        ValueError for more neighbours than there are examples and for queries unlike the examples.

        >>> NearestNeighbors(1).fit([[0], [3], [1]]).kneighbors([[4], [0]])
        (array([[1.],
               [0.]]), array([[1],
               [0]]))
        """
        queries = self._check_queries(X)
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        k = check_n_neighbors(k, len(self._examples), leave_one_out=X is None)
        distances = np.empty((len(queries), k))
        indices = np.empty((len(queries), k), dtype=np.int64)
        for i, query in enumerate(queries):
            distances[i], indices[i] = self._nearest(query, k, leave_out=i if X is None else None)
        return (distances, indices) if return_distance else indices

    def _nearest(self, query, k, leave_out):
        """The algorithm: distances and indices of one query's k neighbours, never the one at index ``leave_out``."""
        # measure the query against every training example
        reduced = self._measure(query)  # (n,)

        # sort; a stable sort keeps equal ones in training order, which is the tie rule
        order = np.argsort(reduced, kind="stable")  # (n,)

        # keep the first k
        nearest = order[order != leave_out][:k]  # (k,)
        return self._metric.to_distance(reduced[nearest]), nearest

    def _measure(self, query):
        if self._metric.is_given:
            return check_distances(query)  # the query is its row of distances
        return check_distances(np.array([float(self._metric.reduced(query, example)) for example in self._examples]))

    def _read(self, X):
        """The metric and the examples, checked; nothing is kept yet."""
        check_n_neighbors(self.n_neighbors)
        metric = get_metric(self.metric, self.p, self.metric_params)
        examples = check_examples(X, metric.largest, any_objects=callable(self.metric))
        if metric.is_given:
            check_distances(check_square(examples))
        return metric, examples

    def _check_queries(self, X):
        check_fitted(self, "_examples")
        if X is None:
            return self._examples
        if isinstance(self._examples, list):
            return check_objects(X)
        return check_examples(X, self._metric.largest, n_features=self._examples.shape[1])
