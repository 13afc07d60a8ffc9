"""The norm of the gaps, by NumPy's linear algebra."""

from numpy.linalg import norm


def get_distance(a, b):
    return norm(a - b)
