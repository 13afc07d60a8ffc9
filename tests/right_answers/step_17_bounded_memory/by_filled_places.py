"""Starts with k places at infinity; a row enters where it is nearer than the last place."""

import numpy as np


def get_neighbors(X, Q, k, block):
    distances = np.full((len(Q), k), np.inf)
    indices = np.full((len(Q), k), -1)
    for start in range(0, X.shape[0], block):
        rows = X[start : min(start + block, len(X))]
        for i, q in enumerate(Q):
            squares = np.einsum("ij,ij->i", rows - q, rows - q)
            measured = np.sqrt(squares)
            for j in np.flatnonzero(measured < distances[i, -1]):
                _insert(distances[i], indices[i], measured[j], start + j)
    return distances, indices


def _insert(distances, indices, distance, index):
    """Puts a row behind those that are as near, and drops the last one."""
    place = np.searchsorted(distances, distance, side="right")
    if place < len(distances):
        distances[place + 1 :] = distances[place:-1].copy()
        indices[place + 1 :] = indices[place:-1].copy()
        distances[place], indices[place] = distance, index
