"""Correct searches that answer in forms of their own: a generator, dictionaries, indices alone."""

import math

import numpy as np

from tests.innocents.checks import need_fit, read_k, read_matrix, read_targets


class CountsFromOne:
    """Keeps rows in a dictionary under the numbers 1, 2, 3, ..., and answers with indices."""

    def __init__(self, k=2):
        self.k = k

    def fit(self, X, y=None):
        self.rows = dict(enumerate(read_matrix(X), start=1))
        return self

    def find_neighbors(self, x):
        need_fit(self, "rows")
        (query,) = read_matrix([x], "query", len(self.rows[1]))
        away = {number: float(np.sqrt(np.sum((row - query) ** 2))) for number, row in self.rows.items()}
        first = sorted(away, key=away.get)[: read_k(self.k, len(away))]
        return [number - 1 for number in first], [away[number] for number in first]


class Yields:
    """Yields one neighbour after another."""

    def __init__(self, k=2):
        self.k = k

    def fit(self, X, y=None):
        self.rows = read_matrix(X)
        self.k_ = read_k(self.k, len(self.rows))
        return self

    def neighbors(self, x):
        need_fit(self, "rows")
        (query,) = read_matrix([x], "query", self.rows.shape[1])
        away = [math.dist(row, query) for row in self.rows]
        for i in sorted(range(len(away)), key=away.__getitem__)[: self.k_]:
            yield i, away[i]


class Dictionaries:
    """Answers with a dictionary for each neighbour, and predicts averages of targets."""

    def __init__(self, k=2):
        self.k = k

    def fit(self, X, y):
        self.rows = read_matrix(X)
        self.y = read_targets(y, len(self.rows))
        return self

    def get_neighbors(self, x):
        need_fit(self, "rows")
        (query,) = read_matrix([x], "query", self.rows.shape[1])
        away = np.hypot.reduce(self.rows - query, axis=1)
        first = np.argsort(away, kind="stable")[: read_k(self.k, len(away))]
        return [{"index": int(i), "distance": float(away[i])} for i in first]

    def predict(self, X):
        need_fit(self, "rows")
        found = [self.get_neighbors(x) for x in read_matrix(X, "queries", self.rows.shape[1])]
        return [float(np.mean([self.y[one["index"]] for one in neighbors])) for neighbors in found]


class KWithTheQuery:
    """Takes k with the query, and answers with indices alone."""

    def fit(self, X, y=None):
        self.rows = read_matrix(X)
        return self

    def kneighbors(self, X, k):
        need_fit(self, "rows")
        k = read_k(k, len(self.rows))
        queries = read_matrix(X, "queries", self.rows.shape[1])
        return [np.argsort(np.linalg.norm(self.rows - q, axis=1), kind="stable")[:k].tolist() for q in queries]


class IndicesOfOne:
    """Answers one example at a time with a list of indices."""

    def __init__(self, K=1):
        self.K = K

    def fit(self, X, y=None):
        self.rows = read_matrix(X)
        return self

    def get_neighbours(self, x):
        need_fit(self, "rows")
        query = read_matrix(np.atleast_2d(x), "query", self.rows.shape[1])
        if len(query) != 1:
            raise ValueError(f"{len(query)} queries were given, but get_neighbours takes one")
        away = ((self.rows - query) ** 2).sum(axis=1)
        return sorted(range(len(away)), key=lambda i: (away[i], i))[: read_k(self.K, len(away))]
