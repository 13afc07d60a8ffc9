"""Mutants that answer rightly and take too much memory or time."""

import numpy as np

from conformance.zoo.base import Search
from knn_inputs.parameters import check_n_neighbors


class AllDifferencesAtOnce(Search):
    """Subtracts all queries from all rows in one line, which makes an array with three axes."""

    claim, seen = "differences_are_never_all_in_memory", "NumPy's guide to broadcasting"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        if X is None or self._metric not in ("euclidean", "minkowski"):
            return super().kneighbors(X, n_neighbors, return_distance)
        gaps = self._check_queries(X)[:, None] - self._examples[None]
        measured = np.sqrt(np.sum(gaps**2, axis=2))
        k = check_n_neighbors(self.n_neighbors if n_neighbors is None else n_neighbors, len(self._examples))
        indices = np.array([self.choose(row, k) for row in measured], dtype=np.int64).reshape(-1, k)
        return (np.take_along_axis(measured, indices, axis=1), indices) if return_distance else indices


class EverythingForEachQuery(Search):
    """Asks for the neighbours of all queries again for each query, and keeps those of one."""

    claim, seen = "time_grows_with_the_number_of_queries", "a property that is computed in a loop"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        distances, indices = super().kneighbors(X, n_neighbors)
        for i in range(1, len(indices)):
            every_distance, every_index = super().kneighbors(X, n_neighbors)
            distances[i], indices[i] = every_distance[i], every_index[i]
        return (distances, indices) if return_distance else indices


class LooksForTwins(Search):
    """Compares each row with all rows before it when it is fitted, to count duplicates."""

    claim, seen = "time_of_fit_grows_with_the_number_of_rows", "row in list"

    def fit(self, X, y=None):
        super().fit(X, y)
        rows = self._examples.tolist()
        self._twins = sum(row in rows[:i] for i, row in enumerate(rows))
        return self
