"""A ``while`` loop, which takes the queries from the last to the first."""

import numpy as np


def get_distances(Q, X):
    table = np.full((len(Q), len(X)), np.nan)
    i = len(Q)
    while i:
        i -= 1
        np.sqrt(np.square(np.subtract(X, Q[i])).sum(1), out=table[i])
    return table
