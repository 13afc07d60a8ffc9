"""Correct searches with habits about what they take, what they keep, and how their class is written."""

import math
from dataclasses import dataclass, field
from functools import wraps
from numbers import Integral, Real

import numpy as np
import torch

from tests.innocents.checks import need_fit, read_k, read_matrix


def sort_by_distance(rows, queries, k):
    """The distances and indices of the k nearest rows, both (n_queries, k)."""
    away = np.array([np.sqrt(np.square(rows - query).sum(axis=1)) for query in queries]).reshape(len(queries), -1)
    indices = np.argsort(away, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(away, indices, axis=1), indices


class FlatIsOneColumn:
    """Takes training data of one axis for one feature."""

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y=None):
        X = np.asarray(X)
        self.rows = read_matrix(X[:, None] if X.ndim == 1 else X)
        return self

    def kneighbors(self, X):
        need_fit(self, "rows")
        queries = read_matrix(X, "queries", self.rows.shape[1])
        return sort_by_distance(self.rows, queries, read_k(self.n_neighbors, len(self.rows)))


class EmptyBatches:
    """Answers no queries with no neighbours, so that a loop over batches needs no special case."""

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y=None):
        self.rows = read_matrix(X)
        self.k = read_k(self.n_neighbors, len(self.rows))
        return self

    def kneighbors(self, X):
        need_fit(self, "rows")
        if np.shape(X) == (0, self.rows.shape[1]):
            return np.empty((0, self.k)), np.empty((0, self.k), dtype=np.int64)
        return sort_by_distance(self.rows, read_matrix(X, "queries", self.rows.shape[1]), self.k)


class Lazy:
    """Keeps what it is given, and looks at it when the first question is asked."""

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y=None):
        self._given, self._rows = X.copy() if hasattr(X, "copy") else X, None
        return self

    def kneighbors(self, X):
        need_fit(self, "_given")
        if self._rows is None:
            self._rows = read_matrix(self._given)
        queries = read_matrix(X, "queries", self._rows.shape[1])
        return sort_by_distance(self._rows, queries, read_k(self.n_neighbors, len(self._rows)))


class KeepsAReference:
    """Keeps the caller's array, to save memory."""

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y=None):
        read_matrix(X)
        self.X = np.asarray(X)
        return self

    def kneighbors(self, X):
        need_fit(self, "X")
        queries = read_matrix(X, "queries", self.X.shape[1])
        return sort_by_distance(self.X.astype(np.float64), queries, read_k(self.n_neighbors, len(self.X)))


class Frames:
    """Takes DataFrames as well as arrays."""

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y=None):
        self.columns = list(getattr(X, "columns", []))
        self.rows = read_matrix(self._values(X))
        return self

    def kneighbors(self, X):
        need_fit(self, "rows")
        queries = read_matrix(self._values(X), "queries", self.rows.shape[1])
        return sort_by_distance(self.rows, queries, read_k(self.n_neighbors, len(self.rows)))

    def _values(self, X):
        return X.to_numpy() if hasattr(X, "to_numpy") else X


class ListsOnly:
    """Takes lists of lists, in plain Python, and knows no NumPy."""

    def __init__(self, k=3):
        if isinstance(k, bool) or not isinstance(k, Integral):
            raise TypeError(f"k must be a whole number, not {k!r}")
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        self.k = k

    def fit(self, X, y=None):
        self._check(X)
        if self.k > len(X):
            raise ValueError(f"k is {self.k}, but there are only {len(X)} rows")
        self.rows = [list(row) for row in X]
        return self

    def kneighbors(self, X):
        if not hasattr(self, "rows"):
            raise ValueError("call fit first")
        self._check(X, len(self.rows[0]))
        answers = [sorted((math.dist(q, row), i) for i, row in enumerate(self.rows))[: self.k] for q in X]
        return [[d for d, _ in answer] for answer in answers], [[i for _, i in answer] for answer in answers]

    def _check(self, X, width=None):
        if not isinstance(X, list) or not all(isinstance(row, list) for row in X):
            raise TypeError("pass a list of lists")
        if not X or not X[0]:
            raise ValueError("there are no numbers")
        if {len(row) for row in X} != {width or len(X[0])}:
            raise ValueError(f"every row must have {width or len(X[0])} numbers")
        if not all(isinstance(value, Real) and math.isfinite(value) for row in X for value in row):
            raise ValueError("every value must be a finite number")


class TensorsOnly:
    """Takes and returns tensors of torch."""

    def __init__(self, k=3):
        self.k = k

    def fit(self, X, y=None):
        self.X = self._check(X, "X").double().clone()
        if not isinstance(self.k, int):
            raise TypeError(f"k={self.k!r} is no int")
        if self.k < 1 or self.k > X.shape[0]:
            raise ValueError(f"k={self.k} is not in 1..{X.shape[0]}")
        return self

    def kneighbors(self, X):
        if not hasattr(self, "X"):
            raise ValueError("fit was not called")
        queries = self._check(X, "queries").double()
        if queries.shape[1] != self.X.shape[1]:
            raise ValueError(f"queries have {queries.shape[1]} features, not {self.X.shape[1]}")
        away = torch.stack([(self.X - q).square().sum(dim=1).sqrt() for q in queries])
        distances, indices = torch.sort(away, dim=1, stable=True)
        return distances[:, : self.k], indices[:, : self.k]

    def _check(self, X, name):
        if not isinstance(X, torch.Tensor) or X.is_complex():
            raise TypeError(f"{name} must be a tensor of real numbers")
        if X.dim() != 2 or X.numel() == 0:
            raise ValueError(f"{name} has shape {tuple(X.shape)}")
        if not torch.isfinite(X).all():
            raise ValueError(f"{name} is not finite")
        return X


class Slots:
    """Declares its attributes."""

    __slots__ = ("n_neighbors", "rows")

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y=None):
        self.rows = read_matrix(X)
        read_k(self.n_neighbors, len(self.rows))
        return self

    def kneighbors(self, X):
        need_fit(self, "rows")
        return sort_by_distance(self.rows, read_matrix(X, "queries", self.rows.shape[1]), self.n_neighbors)


@dataclass
class Fields:
    """Is a dataclass, which compares equal to another with the same fields and so has no hash."""

    n_neighbors: int = 5
    rows: np.ndarray | None = field(default=None, init=False, repr=False)

    def fit(self, X, y=None):
        self.rows = read_matrix(X)
        return self

    def kneighbors(self, X):
        if self.rows is None:
            raise ValueError("call fit first")
        queries = read_matrix(X, "queries", self.rows.shape[1])
        return sort_by_distance(self.rows, queries, read_k(self.n_neighbors, len(self.rows)))


def checked(method):
    """Reads the rows before the method does."""

    @wraps(method)
    def read_first(self, X, *arguments):
        return method(self, read_matrix(X, "X", getattr(self, "width", None)), *arguments)

    return read_first


class Decorated:
    """Checks its input in decorators, and its k in a property."""

    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    @property
    def n_neighbors(self):
        return self._k

    @n_neighbors.setter
    def n_neighbors(self, k):
        self._k = read_k(k, np.inf)

    def fit(self, X, y=None):
        self.__dict__.pop("width", None)
        return self._keep(X)

    @checked
    def _keep(self, X):
        read_k(self.n_neighbors, len(X))
        self.rows, self.width = X, X.shape[1]
        return self

    @checked
    def kneighbors(self, X):
        need_fit(self, "rows")
        return sort_by_distance(self.rows, X, self.n_neighbors)
