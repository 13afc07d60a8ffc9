"""The standard library's ``math.dist``, on lists."""

from math import dist


def get_distance(a, b):
    return dist(a.tolist(), b.tolist())
