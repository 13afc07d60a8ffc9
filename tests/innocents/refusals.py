"""Correct classes that refuse bad input with exceptions of other kinds than ValueError and TypeError."""

import numpy as np


class InputError(Exception):
    """Input that has no answer."""


class Asserts:
    """A search that states what it takes in assertions."""

    def __init__(self, k=3):
        assert type(k) is int and k > 0, "k must be a positive int"
        self.k = k
        self.rows = None

    def fit(self, X, y=None):
        X = np.array(X)
        assert X.ndim == 2 and X.size, "X must have two axes"
        assert not np.iscomplexobj(X), "X must be real"
        assert np.isfinite(X).all(), "X must be finite"
        assert self.k <= len(X), "k must be at most the number of rows"
        self.rows = X.astype(float)
        return self

    def kneighbors(self, X):
        assert self.rows is not None, "fit must come first"
        X = np.asarray(X, dtype=float)
        assert X.ndim == 2 and len(X), "queries must have two axes"
        assert X.shape[1] == self.rows.shape[1], "queries must be as wide as X"
        assert np.isfinite(X).all(), "queries must be finite"
        away = np.array([np.sqrt(((self.rows - x) ** 2).sum(axis=1)) for x in X])
        order = away.argsort(axis=1, kind="stable")[:, : self.k]
        return np.take_along_axis(away, order, axis=1), order


class RaisesRuntimeError:
    """A regressor that raises RuntimeError, as torch does."""

    error = RuntimeError

    def __init__(self, k=3):
        self.k = k

    def fit(self, X, y):
        X, y = np.array(X), np.array(y)
        if X.ndim != 2 or X.size == 0 or X.dtype.kind not in "biuf" or not np.isfinite(X).all():
            raise self.error("X must be a finite matrix")
        if y.shape != X.shape[:1] or y.dtype.kind not in "biuf" or not np.isfinite(y).all():
            raise self.error("y must be a finite vector, as long as X")
        if not isinstance(self.k, int) or not 0 < self.k <= len(X):
            raise self.error(f"k must be a whole number from 1 to {len(X)}")
        self.X, self.y = X.astype(np.float64), y.astype(np.float64)
        return self

    def predict(self, X):
        if not hasattr(self, "X"):
            raise self.error("the model was not fitted")
        X = np.asarray(X)
        if X.ndim != 2 or len(X) == 0 or X.shape[1] != self.X.shape[1] or not np.isfinite(X).all():
            raise self.error(f"queries must be a finite matrix with {self.X.shape[1]} columns")
        away = np.array([((self.X - x) ** 2).sum(axis=1) for x in X.astype(np.float64)])
        return self.y[away.argsort(axis=1, kind="stable")[:, : self.k]].mean(axis=1)


class RaisesItsOwn(RaisesRuntimeError):
    """A regressor with an exception of its own, which is derived from Exception alone."""

    error = InputError
