"""Searches for k + 1 with the row itself moved to the front, and drops the first."""

import numpy as np


def leave_one_out(X, k):
    n = len(X)
    distances = np.array([np.sqrt(np.sum((X - row) ** 2, axis=1)) for row in X])
    distances[np.arange(n), np.arange(n)] = -1.0
    return distances.argsort(axis=1, kind="stable")[:, 1 : k + 1]
