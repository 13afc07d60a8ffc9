"""Distances between two examples: the formula is the code.

Every function takes two float64 vectors ``a`` and ``b`` of shape (n_features,) and returns one number. Two habits keep
the numbers right:

* Subtract first. ``|a|^2 + |b|^2 - 2 a.b`` equals ``|a - b|^2`` on paper, but it is a small difference of large
  numbers: for two examples near 1e8 that are one unit apart, rounding leaves no correct digit of it.
* Add with ``np.sum`` over one contiguous row. It adds pairwise, in a fixed order, so the same vectors always give the
  same bits (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 4.1).
"""

import numpy as np


def euclidean(a, b):
    """The straight line: sqrt(sum (a - b)^2).

    >>> float(euclidean(np.array([0.0, 0.0]), np.array([3.0, 4.0])))
    5.0
    """
    return np.sqrt(sqeuclidean(a, b))


def sqeuclidean(a, b):
    """The straight line squared: sum (a - b)^2. It sorts like ``euclidean``, whose rounded root may add ties."""
    gap = a - b
    return np.sum(gap * gap)


def manhattan(a, b):
    """City blocks: sum |a - b|. An outlying feature counts by its gap, not by the square of it."""
    return np.sum(np.abs(a - b))


def chebyshev(a, b):
    """The largest gap, max |a - b|: how many moves a chess king needs."""
    return np.max(np.abs(a - b))


def minkowski_sum(a, b, p, w=1.0):
    """sum w |a - b|^p for a whole p, by repeated multiplication; its p-th root is the Minkowski distance."""
    gap = np.abs(a - b)
    power = gap
    for _ in range(p - 1):
        power = power * gap
    return np.sum(w * power)


def minkowski(a, b, p, w=1.0):
    """(sum w |a - b|^p)^(1/p) for any p > 0.

    Every gap is divided by the largest one first, because 10^1000 would overflow and 1^1000 does not. The power is
    ``np.power``, because ``**`` rounds a single number and an array of them differently.

    >>> float(minkowski(np.array([10.0, 0.0]), np.array([0.0, 0.0]), p=1000))
    10.0
    """
    gap = np.abs(a - b)
    largest = np.max(gap)
    if largest == 0:
        return 0.0
    return largest * np.power(np.sum(w * np.power(gap / largest, p)), 1 / p)


def cosine(a, b):
    """1 - cos(angle), computed as half the squared distance between unit vectors.

    For unit vectors |u - v|^2 = |u|^2 + |v|^2 - 2 u.v = 2 (1 - u.v), so half of it is 1 - cos. But 1 - u.v loses every
    digit when the angle is small (1 - 0.9999999999999999); sum (u - v)^2 / 2 keeps most, as it subtracts before it
    squares. The zero vector has no direction: it is at distance 0 from another zero vector, and at distance 1, that of
    a right angle, from any other vector.

    >>> float(cosine(np.array([2.0, 0.0]), np.array([0.0, 5.0])))
    1.0
    """
    u, v = _unit(a), _unit(b)
    if np.any(u) != np.any(v):
        return 1.0
    return sqeuclidean(u, v) / 2


def _unit(a):
    """The vector of length 1 in the direction of ``a``. Dividing by the largest entry first keeps squares finite."""
    largest = np.max(np.abs(a))
    if largest == 0:
        return a
    a = a / largest
    return a / np.sqrt(np.sum(a * a))


def hamming(a, b):
    """The share of features that differ (Hamming, 1950, counts them).

    >>> float(hamming(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 0.0, 0.0])))
    0.5
    """
    return np.sum(a != b) / len(a)


def jaccard(a, b):
    """Of the features that a or b has (those that are not 0), the share that only one of them has (Jaccard, 1901).

    Two vectors of zeros are at distance 0.

    >>> float(jaccard(np.array([1.0, 1.0, 1.0, 0.0]), np.array([1.0, 1.0, 0.0, 0.0])))
    0.3333333333333333
    """
    either = np.sum((a != 0) | (b != 0))
    only_one = np.sum((a != 0) != (b != 0))
    return only_one / either if either else 0.0


DISTANCES = {
    "euclidean": euclidean,
    "sqeuclidean": sqeuclidean,
    "manhattan": manhattan,
    "chebyshev": chebyshev,
    "cosine": cosine,
    "hamming": hamming,
    "jaccard": jaccard,
}
