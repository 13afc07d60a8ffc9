"""Merges the sorted blocks, one query at a time, and stops after k rows."""

from heapq import merge
from itertools import islice

import numpy as np


def get_neighbors(X, Q, k, block):
    ranked = [list(islice(merge(*_blocks(X, query, k, block)), k)) for query in Q]
    return np.array([[d for d, _ in row] for row in ranked]), np.array([[i for _, i in row] for row in ranked])


def _blocks(X, query, k, block):
    """The k nearest of each block as sorted pairs."""
    for start in range(0, len(X), block):
        distances = np.sqrt(np.square(X[start : start + block] - query).sum(axis=1))
        order = np.argsort(distances, kind="stable")[:k]
        yield list(zip(distances[order].tolist(), (start + order).tolist(), strict=True))
