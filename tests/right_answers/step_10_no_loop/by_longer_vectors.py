"""One matrix product of longer vectors: (q, |q|^2, 1) and (-2 x, 1, |x|^2)."""

import numpy as np


def get_distances(Q, X):
    left = np.column_stack([Q, np.sum(Q * Q, axis=1), np.ones(len(Q))])
    right = np.column_stack([-2 * X, np.ones(len(X)), np.sum(X * X, axis=1)])
    return np.maximum(0, left @ right.T) ** 0.5
