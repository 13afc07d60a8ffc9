"""Norms with ``keepdims``, and the largest of the square and 0."""

import numpy as np


def get_distances(Q, X):
    squares = (Q**2).sum(axis=1, keepdims=True) - 2 * Q.dot(X.T) + (X**2).sum(axis=1)
    return np.sqrt(np.where(squares > 0, squares, 0))
