"""A function for each metric, found by its name in a class."""

import numpy as np


class _Metrics:
    def __init__(self, a, b, p):
        self.a, self.b, self.p = a, b, p
        self.gaps = a - b

    def euclidean(self):
        return np.sqrt(self.sqeuclidean())

    def sqeuclidean(self):
        return (self.gaps**2).sum()

    def manhattan(self):
        return np.abs(self.gaps).sum()

    def chebyshev(self):
        return max(np.abs(self.gaps))

    def minkowski(self):
        return np.sum(np.abs(self.gaps) ** self.p) ** (1.0 / self.p)

    def cosine(self):
        if not self.a.any() or not self.b.any():
            return 0.0 if np.array_equal(self.a, self.b) else 1.0
        u, v = self.a / np.linalg.norm(self.a), self.b / np.linalg.norm(self.b)
        return abs(1 - u @ v)  # rounding may make it a little less than 0

    def hamming(self):
        return 1 - np.mean(self.gaps == 0)

    def jaccard(self):
        present = np.stack([self.a, self.b]) != 0
        either = present.any(axis=0).sum()
        return 1 - present.all(axis=0).sum() / either if either else 0.0


def get_distance(a, b, metric="euclidean", p=2):
    return getattr(_Metrics(a, b, p), metric)()
