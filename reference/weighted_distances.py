"""Distances with a number for each feature, or for each pair of features: how much a gap counts.

The gap is made first, and then weighted. Dividing the examples by their scale and subtracting afterwards gives the same
on paper, but each quotient rounds, so that two equal distances become different: 1/10 - 0/10 is not 3/10 - 2/10.
"""

import numpy as np

from reference.distances import minkowski_sum


def weighted_euclidean(a, b, w):
    """sqrt(sum w (a - b)^2): Minkowski with p = 2 and weights, as SciPy defines them."""
    return np.sqrt(minkowski_sum(a, b, 2, w))


def weighted_chebyshev(a, b, w):
    """The largest gap among the features that have a weight: as p grows, the p-th root of any other weight nears 1."""
    return np.max(np.abs(a - b)[w > 0])


def seuclidean(a, b, V):
    """The straight line in units of the spread: sqrt(sum (a - b)^2 / V), where V has the variance of each feature.

    >>> float(seuclidean(np.array([0.0, 0.0]), np.array([3.0, 40.0]), V=np.array([1.0, 100.0])))
    5.0
    """
    gap = a - b
    return np.sqrt(np.sum(gap * gap / V))


def mahalanobis(a, b, VI):
    """sqrt((a - b)^T VI (a - b)), where VI is the inverse of the covariance (Mahalanobis, 1936).

    The products of the gap with the rows of VI are added with ``np.sum``, and so are the products of these sums with
    the gap: a product of matrices would add in an order of its own. Where VI is singular, rounding may leave a sum
    below 0, which stands for 0.

    >>> float(mahalanobis(np.array([0.0, 0.0]), np.array([1.0, 2.0]), VI=np.array([[1.0, 1.0], [1.0, 2.0]])))
    3.605551275463989
    """
    gap = a - b
    weighted = np.array([np.sum(row * gap) for row in VI])
    return np.sqrt(max(0.0, np.sum(weighted * gap)))
