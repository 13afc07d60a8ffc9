"""Correct searches, each with a habit: a tree, a heap, a cache, a rule of its own for equal distances."""

import heapq
import math
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from sklearn.neighbors import BallTree

from tests.innocents.checks import need_fit, read_k, read_matrix


class Heap:
    """Keeps the k smallest in a heap, in plain Python."""

    def __init__(self, k=3):
        self.k = k

    def fit(self, X, y=None):
        self.points = [tuple(row) for row in read_matrix(X).tolist()]
        return self

    def get_neighbors(self, x):
        need_fit(self, "points")
        (query,) = read_matrix([x], "query", len(self.points[0])).tolist()
        pairs = ((math.dist(query, point), i) for i, point in enumerate(self.points))
        return [(i, distance) for distance, i in heapq.nsmallest(read_k(self.k, len(self.points)), pairs)]


class KDTree:
    """Splits the rows at medians, and skips the half that cannot be nearer than the k-th neighbour so far."""

    def __init__(self, n_neighbors=1):
        self.n_neighbors = n_neighbors

    def fit(self, X, y=None):
        self._X = read_matrix(X)
        self._root = self._split(list(range(len(self._X))), 0)
        return self

    def _split(self, rows, depth):
        if not rows:
            return None
        axis, middle = depth % self._X.shape[1], len(rows) // 2
        rows.sort(key=lambda i: self._X[i, axis])
        return rows[middle], axis, self._split(rows[:middle], depth + 1), self._split(rows[middle + 1 :], depth + 1)

    def kneighbors(self, X):
        need_fit(self, "_root")
        k = read_k(self.n_neighbors, len(self._X))
        found = [self._search(q, k) for q in read_matrix(X, "queries", self._X.shape[1])]
        return np.array([[d for d, _ in one] for one in found]), np.array([[i for _, i in one] for one in found])

    def _search(self, query, k):
        best = []

        def visit(node):
            if node is None:
                return
            row, axis, below, above = node
            best.append((float(np.linalg.norm(self._X[row] - query)), row))
            best.sort()
            del best[k:]
            gap = query[axis] - self._X[row, axis]
            near, far = (below, above) if gap < 0 else (above, below)
            visit(near)
            if len(best) < k or abs(gap) <= best[-1][0]:
                visit(far)

        visit(self._root)
        return best


class Ball:
    """Asks scikit-learn's BallTree, which takes equal distances in the order of its leaves."""

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y=None):
        rows = read_matrix(X)
        self.width, self.n_rows = rows.shape[1], len(rows)
        self.tree = BallTree(rows, leaf_size=8)
        return self

    def kneighbors(self, X):
        need_fit(self, "tree")
        return self.tree.query(read_matrix(X, "queries", self.width), k=read_k(self.n_neighbors, self.n_rows))


class Partition:
    """Partitions at k - 1, and sorts only the k rows before it."""

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y=None):
        self.X_ = read_matrix(X)
        read_k(self.n_neighbors, len(self.X_))
        return self

    def kneighbors(self, X):
        need_fit(self, "X_")
        Q = read_matrix(X, "queries", self.X_.shape[1])
        squared = np.array([((self.X_ - q) ** 2).sum(axis=-1) for q in Q])
        some = np.argpartition(squared, self.n_neighbors - 1, axis=1)[:, : self.n_neighbors]
        order = np.argsort(np.take_along_axis(squared, some, axis=1), axis=1)
        indices = np.take_along_axis(some, order, axis=1)
        return np.sqrt(np.take_along_axis(squared, indices, axis=1)), indices


class LastFirst:
    """Of equal distances takes the last row first, because new rows are worth more."""

    def __init__(self, k=5):
        self.k = k

    def fit(self, X, y=None):
        self.rows = read_matrix(X)
        return self

    def kneighbors(self, X):
        need_fit(self, "rows")
        k, n = read_k(self.k, len(self.rows)), len(self.rows)
        distances, indices = [], []
        for query in read_matrix(X, "queries", self.rows.shape[1]):
            away = np.linalg.norm(self.rows - query, axis=1)
            order = np.lexsort((-np.arange(n), away))[:k]
            distances.append(away[order])
            indices.append(order)
        return np.array(distances), np.array(indices)


class ShuffledTies:
    """Of equal distances takes one by chance, with a seed that is made from the data."""

    def __init__(self, k=5):
        self.k = k

    def fit(self, X, y=None):
        self.rows = read_matrix(X)
        self.places = np.random.default_rng(zlib.crc32(self.rows.tobytes())).permutation(len(self.rows))
        return self

    def kneighbors(self, X):
        need_fit(self, "rows")
        k = read_k(self.k, len(self.rows))
        away = [np.linalg.norm(self.rows - q, axis=1) for q in read_matrix(X, "queries", self.rows.shape[1])]
        order = [np.lexsort((self.places, row))[:k] for row in away]
        return [row[i] for row, i in zip(away, order, strict=True)], order


class Caches:
    """Remembers its answers until it is fitted again."""

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y=None):
        self.rows, self.answers = read_matrix(X), {}
        self.k_ = read_k(self.n_neighbors, len(self.rows))
        return self

    def kneighbors(self, X):
        need_fit(self, "rows")
        found = [self._answer(query) for query in read_matrix(X, "queries", self.rows.shape[1])]
        return np.array([d for d, _ in found]), np.array([i for _, i in found])

    def _answer(self, query):
        key = query.tobytes()
        if key not in self.answers:
            away = np.linalg.norm(self.rows - query, axis=1)
            order = np.argsort(away, kind="stable")[: self.k_]
            self.answers[key] = away[order], order
        return self.answers[key]


class Threads:
    """Searches for each query in a thread of its own, and numbers rows in uint32."""

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y=None):
        self.rows = read_matrix(X)
        self.k_ = read_k(self.n_neighbors, len(self.rows))
        return self

    def kneighbors(self, X):
        need_fit(self, "rows")
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(self._search, read_matrix(X, "queries", self.rows.shape[1])))
        return np.array([d for d, _ in found]), np.array([i for _, i in found], dtype=np.uint32)

    def _search(self, query):
        away = np.linalg.norm(self.rows - query, axis=1)
        order = np.argsort(away, kind="stable")[: self.k_]
        return away[order], order


class Extended:
    """Measures in the widest floats that there are, and rounds at the end."""

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y=None):
        self.rows = read_matrix(X).astype(np.longdouble)
        return self

    def kneighbors(self, X):
        need_fit(self, "rows")
        queries = read_matrix(X, "queries", self.rows.shape[1]).astype(np.longdouble)
        away = np.array([np.sqrt(((self.rows - q) ** 2).sum(axis=1)) for q in queries])
        order = np.argsort(away, axis=1, kind="stable")[:, : read_k(self.n_neighbors, len(self.rows))]
        return np.take_along_axis(away, order, axis=1).astype(np.float64), order
