"""A loop over the queries, with differences in float64."""

import numpy as np


def get_distances(Q, X):
    X = X.astype(np.float64)
    return np.array([np.sqrt(np.sum((X - q) ** 2, axis=1)) for q in Q.astype(np.float64)])
