"""A loop over the rows, each of which fills a column."""

import numpy as np


def get_distances(Q, X):
    distances = np.empty((Q.shape[0], X.shape[0]))
    for j, x in enumerate(X):
        distances[:, j] = np.linalg.norm(Q - x, axis=1)
    return distances
