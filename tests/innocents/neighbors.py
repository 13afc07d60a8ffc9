"""The neighbours and the weights of those innocents that predict from them."""

import numpy as np
from scipy.spatial.distance import cdist

from tests.innocents.checks import need_fit, read_k, read_matrix


class Neighbors:
    """The rows of the classes below, and their order from a query."""

    def __init__(self, n_neighbors=3):
        self.n_neighbors = n_neighbors

    def keep(self, X):
        self.rows = read_matrix(X)
        read_k(self.n_neighbors, len(self.rows))

    def nearest(self, X):
        """The distances and indices of the nearest, both (n_queries, k)."""
        need_fit(self, "rows")
        away = cdist(read_matrix(X, "queries", self.rows.shape[1]), self.rows)
        order = np.argsort(away, axis=1, kind="stable")[:, : self.n_neighbors]
        return np.take_along_axis(away, order, axis=1), order


def closeness(distances):
    """1 / distance, or 1 for exact matches and 0 for the others; distances are (n_queries, k)."""
    with np.errstate(divide="ignore", over="ignore"):
        weights = 1 / distances
    exact = np.isinf(weights)
    return np.where(exact.any(axis=1, keepdims=True), exact, weights)
