"""Adds rows of a table with a column for each class, for all queries at once."""

import numpy as np


class KNNClassifier:
    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y):
        self.X_ = np.asarray(X, dtype=float).copy()
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.one_hot_ = np.eye(len(self.classes_))[codes]  # (n, n_classes)
        return self

    def predict(self, X):
        gaps = np.asarray(X, dtype=float)[:, None] - self.X_[None]
        squares = np.einsum("ijk,ijk->ij", gaps, gaps)  # their order is that of their roots
        nearest = np.argsort(squares, axis=1, kind="stable")[:, : self.n_neighbors]
        votes = self.one_hot_[nearest].sum(axis=1)
        return self.classes_[votes.argmax(axis=1)]
