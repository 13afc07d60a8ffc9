"""A loop over the queries, which appends rows."""

import numpy as np


def get_distances(Q, X):
    rows = []
    for q in Q:
        rows.append(np.sqrt(((X - q) ** 2).sum(axis=1)))
    return np.array(rows)
