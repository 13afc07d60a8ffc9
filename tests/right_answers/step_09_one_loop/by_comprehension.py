"""One comprehension, and a list of arrays."""

import numpy as np


def get_distances(Q, X):
    return [_to_all(query, X) for query in Q]


def _to_all(query, X):
    gaps = X - query
    return np.sqrt(np.einsum("ij,ij->i", gaps, gaps))
