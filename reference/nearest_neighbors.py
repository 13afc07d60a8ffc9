"""The search for neighbours as a class of its own, with the graphs and the pairs that are made of neighbours."""

from typing import Any, NamedTuple

import numpy as np

from knn_inputs.parameters import FROM_SCIKIT_LEARN, check_name, renamed
from reference.neighbors import KNeighbors
from reference.radius import RadiusNeighbors


class Graph(NamedTuple):
    """A sparse matrix of queries and examples: ``scipy.sparse.csr_matrix((data, indices, indptr), shape)`` takes it.

    Row i has an entry for each neighbour of query i, from ``indptr[i]`` to ``indptr[i + 1]``, nearest first.
    """

    data: Any  # float64 (n_entries,): distances, or 1 for each neighbour
    indices: Any  # int64 (n_entries,), the columns
    indptr: Any  # int64 (n_queries + 1,)
    shape: tuple[int, int]  # (n_queries, n)


class NearestNeighbors(KNeighbors, RadiusNeighbors):
    """Finds the k training examples nearest to a query, or all those within a radius.

    ``metric`` is minkowski with the power ``p`` (1: manhattan, 2: euclidean, infinity: chebyshev), any of these by its
    own name, sqeuclidean, cosine, hamming, jaccard, seuclidean, mahalanobis, canberra, braycurtis, haversine,
    nan_euclidean, precomputed, or a function of two examples. ``metric_params`` are the arguments of a function, w of
    minkowski, V of seuclidean, and V or VI of mahalanobis. With a function the examples may be of any kind: it gets the
    rows of an array or DataFrame of numbers as float64, and the entries of a list unchanged.

    >>> model = NearestNeighbors(n_neighbors=2).fit([[0, 0], [3, 4], [0, 1]])
    >>> model.get_neighbors([0, 0])
    [(0, 0.0), (2, 1.0)]
    >>> NearestNeighbors(1, metric=lambda a, b: abs(len(a) - len(b))).fit(["a", "abcd"]).get_neighbors("abc")
    [(1, 1.0)]
    """

    @renamed(**FROM_SCIKIT_LEARN)
    def __init__(self, n_neighbors=5, *, radius=1.0, metric="minkowski", p=2, metric_params=None):
        super().__init__(n_neighbors, metric=metric, p=p, metric_params=metric_params)
        self.radius = radius

    def fit(self, X, y=None):
        """Keeps a copy of the examples X, shape (n, n_features), and returns self; y is not used.

        A sparse matrix is made dense. Raises ValueError or TypeError for bad parameters, and unless X is a full or
        sparse, finite matrix of real numbers.
        """
        return self._keep(X, self._check_examples(X))

    def kneighbors_graph(self, X=None, n_neighbors=None, mode="connectivity"):
        """Returns the ``Graph`` of the k nearest neighbours, with 1 for each or, by mode="distance", its distance.

        Raises like ``kneighbors``, and ValueError for another mode.

        >>> NearestNeighbors(1).fit([[0], [3], [1]]).kneighbors_graph(mode="distance").data
        array([1., 2., 1.])
        """
        check_name(mode, "mode", ["connectivity", "distance"])
        distances, indices = self.kneighbors(X, n_neighbors)
        return self._make_graph(distances, indices, mode)

    def radius_neighbors_graph(self, X=None, radius=None, mode="connectivity"):
        """Returns the ``Graph`` of the neighbours within the radius, as ``kneighbors_graph`` does of the k nearest."""
        check_name(mode, "mode", ["connectivity", "distance"])
        distances, indices = self.radius_neighbors(X, radius)
        return self._make_graph(distances, indices, mode)

    def _make_graph(self, distances, indices, mode):
        columns, data = np.concatenate(indices), np.concatenate(distances)
        indptr = np.cumsum([0, *map(len, indices)])
        weights = data if mode == "distance" else np.ones(len(columns))
        return Graph(weights, columns, indptr, (len(indices), len(self._examples)))

    def near_duplicates(self, radius=None):
        """Returns the pairs i < j of training examples with a distance from i to j up to the radius, int64 (n, 2).

        The pairs are sorted. Raises like ``radius_neighbors``.

        >>> NearestNeighbors().fit([[0], [5], [1], [5]]).near_duplicates(1).tolist()
        [[0, 2], [1, 3]]
        """
        found = self.radius_neighbors(None, radius, return_distance=False)
        pairs = [(i, j) for i, others in enumerate(found) for j in np.sort(others) if i < j]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)

    def mutual_neighbors(self, n_neighbors=None):
        """Returns the pairs i < j of training examples, each among the k nearest of the other, int64 (n, 2), sorted.

        Raises like ``kneighbors``.

        >>> NearestNeighbors(1).fit([[0], [3], [1]]).mutual_neighbors().tolist()
        [[0, 2]]
        """
        found = self.kneighbors(None, n_neighbors, return_distance=False)  # (n, k)
        pairs = [(i, j) for i, others in enumerate(found) for j in np.sort(others) if i < j and i in found[j]]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)
