"""``np.linalg.norm`` of differences, one row at a time."""

import numpy as np


def get_distances(Q, X):
    Q, X = np.array(Q, dtype=float), np.array(X, dtype=float)
    return np.column_stack([np.linalg.norm(Q - x, axis=1) for x in X])
