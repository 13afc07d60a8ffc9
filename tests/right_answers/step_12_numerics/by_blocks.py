"""Broadcasts a few queries at a time, so that the array of gaps stays small."""

import numpy as np


def get_distances(Q, X, block=4):
    Q, X = np.float64(Q), np.float64(X)
    parts = []
    for start in range(0, len(Q), block):
        gaps = Q[start : start + block, None, :] - X[None, :, :]
        parts.append(np.sqrt(np.einsum("ijk,ijk->ij", gaps, gaps)))
    return np.vstack(parts)
