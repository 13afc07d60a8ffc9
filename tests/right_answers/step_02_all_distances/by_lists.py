"""Plain Python alone: lists in, and a list of lists out."""

from math import sqrt


def get_distances(Q, X):
    rows = X.tolist()
    return [[_distance(query, row) for row in rows] for query in Q.tolist()]


def _distance(a, b):
    return sqrt(sum((x - y) * (x - y) for x, y in zip(a, b, strict=True)))
