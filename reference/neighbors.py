"""k-nearest neighbours: keep the examples, measure, sort, and ask the first k.

Training is keeping the data. All the work is in the question: for n examples of d features, one query costs
O(n d) to measure and O(n log n) to sort.

One rule makes every answer unique: neighbours are sorted by (distance, training index), so of two at the same
distance the earlier example comes first, also at the k-th place.
"""

import numpy as np

from reference.metrics import get_metric
from reference.parameters import Parameters
from reference.validation import (
    check_distance_matrix,
    check_distances,
    check_examples,
    check_fitted,
    check_n_neighbors,
    check_objects,
)


class NearestNeighbors(Parameters):
    """Finds the k training examples nearest to a query.

    ``metric`` is euclidean, sqeuclidean, manhattan, chebyshev, minkowski (with ``p``), cosine, hamming, jaccard,
    precomputed, or a function of two examples (with ``metric_params``). With a function the examples may be anything:
    a matrix of numbers reaches it as float64 rows, everything else as it is.

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
        """Keeps a copy of the examples X, shape (n, n_features), and returns self; y is not used."""
        check_n_neighbors(self.n_neighbors)
        metric = get_metric(self.metric, self.p, self.metric_params)
        examples = check_examples(X, metric.largest, any_objects=callable(self.metric))
        if self.metric == "precomputed":
            check_distance_matrix(examples)
        self._metric, self._examples = metric, examples
        return self

    def get_distance(self, a, b):
        """The distance between two examples, a float. Raises ValueError where they differ in length."""
        metric = get_metric(self.metric, self.p, self.metric_params)
        a, b = check_examples([a, b], metric.largest, any_objects=callable(self.metric))
        return float(metric.root(metric.rank(a, b)))

    def get_neighbors(self, example):
        """The neighbours of one example, nearest first: a list of (index, distance)."""
        distances, indices = self.kneighbors([example])
        return list(zip(indices[0].tolist(), distances[0].tolist(), strict=True))

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        """Distances (float64) and indices (int64) of the neighbours, each of shape (n_queries, k), nearest first.

        With X=None the queries are the training examples, each without itself: left out by its index, not by a
        distance of 0, which its duplicates have too.
        """
        queries = self._check_queries(X)
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        k = check_n_neighbors(k, len(self._examples), leave_one_out=X is None)
        found = [self._nearest(query, k, leave_out=i if X is None else -1) for i, query in enumerate(queries)]
        distances = np.array([distances for distances, _ in found])  # (n_queries, k)
        indices = np.array([indices for _, indices in found], dtype=np.int64)  # (n_queries, k)
        return (distances, indices) if return_distance else indices

    def _nearest(self, query, k, leave_out):
        """The algorithm: distances and indices of one query's k neighbours, never the one at ``leave_out``."""
        # measure the query against every training example
        ranks = self._measure(query)  # (n,)

        # sort; a stable sort keeps equal ones in training order, which is the tie rule
        order = np.argsort(ranks, kind="stable")

        # keep the first k
        nearest = order[order != leave_out][:k]
        return self._metric.root(ranks[nearest]), nearest

    def _measure(self, query):
        if self.metric == "precomputed":
            return check_distances(query)  # the query is its row of distances
        return check_distances(np.array([float(self._metric.rank(query, example)) for example in self._examples]))

    def _check_queries(self, X):
        check_fitted(self, "_examples")
        if X is None:
            return self._examples
        if isinstance(self._examples, list):
            return check_objects(X)
        return check_examples(X, self._metric.largest, n_features=self._examples.shape[1])
