"""A ``match`` statement over the names of the metrics."""

import numpy as np


def get_distance(a, b, metric="euclidean", p=2):
    gaps = np.abs(a - b)
    match metric:
        case "euclidean":
            return np.linalg.norm(gaps)
        case "sqeuclidean":
            return gaps @ gaps
        case "manhattan":
            return gaps.sum()
        case "chebyshev":
            return gaps.max()
        case "minkowski":
            return np.power(np.power(gaps, p).sum(), 1 / p)
        case "cosine":
            return _cosine(a, b)
        case "hamming":
            return np.count_nonzero(a != b) / len(a)
        case "jaccard":
            one, both = np.sum((a != 0) ^ (b != 0)), np.sum((a != 0) | (b != 0))
            return one / both if both > 0 else 0


def _cosine(a, b):
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if 0 in lengths:
        return 0.0 if lengths == (0, 0) else 1.0
    return max(0.0, 1 - np.dot(a, b) / (lengths[0] * lengths[1]))
