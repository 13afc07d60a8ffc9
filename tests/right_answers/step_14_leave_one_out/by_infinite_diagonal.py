"""A table of distances with infinity on its diagonal."""

import numpy as np


def leave_one_out(X, k):
    distances = np.sqrt(((X[:, None] - X[None]) ** 2).sum(axis=2))
    np.fill_diagonal(distances, np.inf)
    return np.argsort(distances, axis=1, kind="stable")[:, :k]
