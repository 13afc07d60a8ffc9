"""Query by query; the best so far are merged with each block by ``lexsort``."""

import numpy as np


def get_neighbors(X, Q, k, block):
    answers = [_search(X, query, k, block) for query in Q]
    return np.array([d for d, _ in answers]), np.array([i for _, i in answers])


def _search(X, query, k, block):
    distances, indices = np.array([]), np.array([], dtype=int)
    for start in range(0, len(X), block):
        part = X[start : start + block]
        distances = np.append(distances, np.linalg.norm(part - query, axis=1))
        indices = np.append(indices, range(start, start + len(part)))
        order = np.lexsort((indices, distances))[:k]
        distances, indices = distances[order], indices[order]
    return distances, indices
