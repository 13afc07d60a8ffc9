"""Correct searches that have one metric only, or that name their metrics in words of their own."""

import math

import numpy as np

from tests.innocents.checks import need_fit, read_k, read_matrix


class CosineOnly:
    """Compares angles and nothing else; a row of zeros is at distance 1 from all that are not zeros."""

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y=None):
        self.rows = read_matrix(X)
        self.k = read_k(self.n_neighbors, len(self.rows))
        return self

    def kneighbors(self, X):
        need_fit(self, "rows")
        table = np.array([self._distances(q) for q in read_matrix(X, "queries", self.rows.shape[1])])
        order = np.argsort(table, axis=1, kind="stable")[:, : self.k]
        return np.take_along_axis(table, order, axis=1), order

    def _distances(self, query):
        gaps = unit(self.rows) - unit(query)
        one_is_zero = self.rows.any(axis=1) != query.any()
        return np.where(one_is_zero, 1.0, np.sum(gaps * gaps, axis=1) / 2)


def unit(rows):
    """The rows divided by their lengths; those of zeros stay as they are."""
    largest = np.max(np.abs(rows), axis=-1, keepdims=True)
    scaled = rows / np.where(largest == 0, 1, largest)
    length = np.sqrt(np.sum(scaled * scaled, axis=-1, keepdims=True))
    return scaled / np.where(length == 0, 1, length)


class ManhattanOnly:
    """Adds absolute gaps."""

    def __init__(self, k=3):
        self.k = k

    def fit(self, X):
        self.table = read_matrix(X)
        return self

    def kneighbors(self, X):
        need_fit(self, "table")
        queries = read_matrix(X, "queries", self.table.shape[1])
        away = np.array([np.abs(self.table - q).sum(axis=1) for q in queries])
        nearest = np.argsort(away, axis=1, kind="stable")[:, : read_k(self.k, len(self.table))]
        return np.take_along_axis(away, nearest, axis=1), nearest


class ChebyshevOnly:
    """Takes the largest gap."""

    def __init__(self, k=1):
        self.k = k

    def fit(self, X, y=None):
        self.points = read_matrix(X).tolist()
        self.k_ = read_k(self.k, len(self.points))
        return self

    def get_neighbors(self, x):
        need_fit(self, "points")
        (query,) = read_matrix([x], "query", len(self.points[0])).tolist()
        away = [max(abs(a - b) for a, b in zip(query, point, strict=True)) for point in self.points]
        return sorted(enumerate(away), key=lambda pair: pair[1])[: self.k_]


class HammingOnly:
    """Takes the share of features that differ, for features that are names."""

    def __init__(self, n_neighbors=1):
        self.n_neighbors = n_neighbors

    def fit(self, X, y=None):
        self.rows = read_matrix(X)
        return self

    def kneighbors(self, X):
        need_fit(self, "rows")
        queries = read_matrix(X, "queries", self.rows.shape[1])
        away = np.array([(q != self.rows).mean(axis=1) for q in queries])
        order = np.argsort(away, axis=1, kind="stable")[:, : read_k(self.n_neighbors, len(self.rows))]
        return np.take_along_axis(away, order, axis=1), order


class TakesAFunction:
    """Takes its metric as a function of two rows, and no names."""

    def __init__(self, k=3, metric=math.dist):
        if not callable(metric):
            raise TypeError(f"metric={metric!r} is not a function")
        self.k, self.metric = k, metric

    def fit(self, X, y=None):
        self.rows = list(read_matrix(X))
        return self

    def get_neighbors(self, x):
        need_fit(self, "rows")
        (query,) = read_matrix([x], "query", len(self.rows[0]))
        away = [float(self.metric(query, row)) for row in self.rows]
        first = sorted(range(len(away)), key=away.__getitem__)[: read_k(self.k, len(away))]
        return [(i, away[i]) for i in first]


class NamesOfItsOwn:
    """Calls its metrics l1 and l2, and raises KeyError for other names."""

    FORMULAS = {"l1": lambda gaps: np.abs(gaps).sum(axis=1), "l2": lambda gaps: np.sqrt((gaps**2).sum(axis=1))}  # noqa: RUF012

    def __init__(self, n_neighbors=5, metric="l2"):
        self.n_neighbors, self.metric = n_neighbors, metric

    def fit(self, X, y=None):
        if self.metric not in self.FORMULAS:
            raise KeyError(f"metric {self.metric!r} is neither l1 nor l2")
        self.rows = read_matrix(X)
        return self

    def kneighbors(self, X):
        need_fit(self, "rows")
        queries = read_matrix(X, "queries", self.rows.shape[1])
        away = np.array([self.FORMULAS[self.metric](self.rows - query) for query in queries])
        order = np.argsort(away, axis=1, kind="stable")[:, : read_k(self.n_neighbors, len(self.rows))]
        return np.take_along_axis(away, order, axis=1), order
