"""The k best of each block first, and of those the k best at the end."""

import numpy as np


def get_neighbors(X, Q, k, block):
    starts = range(0, len(X), block)
    found = [_best(_measure(Q, X[start : start + block]), k, start) for start in starts]
    distances = np.hstack([d for d, _ in found])
    indices = np.hstack([i for _, i in found])
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, order, 1), np.take_along_axis(indices, order, 1)


def _measure(Q, X):
    return np.stack([np.sqrt(np.sum((X - q) ** 2, axis=1)) for q in Q])


def _best(distances, k, start):
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, order, axis=1), order + start
