"""One formula for the whole family of Minkowski, and the others after it."""

import numpy as np

POWERS = {"manhattan": 1, "euclidean": 2, "chebyshev": np.inf}


def get_distance(a, b, metric="euclidean", p=2):
    if metric in POWERS or metric == "minkowski":
        return np.linalg.norm(a - b, ord=POWERS.get(metric, p))
    if metric == "sqeuclidean":
        return np.sum(np.square(a - b))
    if metric == "hamming":
        return np.mean(a != b)
    if metric == "jaccard":
        return _jaccard(a.astype(bool), b.astype(bool))
    return _cosine(a, b)


def _jaccard(a, b):
    either = np.logical_or(a, b).sum()
    return np.logical_xor(a, b).sum() / max(either, 1)


def _cosine(a, b):
    if a.any() and b.any():
        return 1.0 - np.clip((a @ b) / np.sqrt((a @ a) * (b @ b)), -1, 1)
    return float(a.any() or b.any())
