"""Two loops over indices, which fill a table of zeros."""

import numpy as np


def get_distances(Q, X):
    n_queries, n = Q.shape[0], X.shape[0]
    table = np.zeros((n_queries, n))
    for i in range(n_queries):
        for j in range(n):
            table[i, j] = np.linalg.norm(Q[i, :] - X[j, :])
    return table
