"""Metrics by name: the function that ranks two examples, the largest number it can take, and Minkowski's root.

A metric, its p and its parameters come from ``knn_inputs.metrics``, checked and by their one name.
"""

from functools import partial

import numpy as np

from knn_inputs.callables import take_metric
from knn_inputs.metrics import largest_factor
from reference.distances import DISTANCES, minkowski, minkowski_sum
from reference.special_distances import SPECIAL_DISTANCES
from reference.weighted_distances import mahalanobis, seuclidean, weighted_chebyshev, weighted_euclidean

SAME_AS = {1.0: "manhattan", 2.0: "euclidean", np.inf: "chebyshev"}  # metrics that are Minkowski with this p
LARGEST_WHOLE_P = 16  # up to 16, gaps from 1e-20 to 1e18 can be raised to p; for other p gaps are scaled first
SQUARED = ("euclidean", "sqeuclidean", "seuclidean", "mahalanobis", "nan_euclidean")
ADDED = ("manhattan", "chebyshev", "minkowski", "canberra", "braycurtis")


def get_distance_function(metric, p=2, params=None):
    """Returns the function of two examples by which a metric ranks them.

    It returns their distance, except for Minkowski with a whole p from 3 to 16: there it returns the sum under the
    root. Additions and multiplications, and square roots too, round in the same way everywhere, but powers of 1 / p do
    not, so a ranking by them could differ between two machines.
    """
    params = params or {}
    if callable(metric):
        return take_metric(metric, params)
    if metric == "precomputed":
        return _refuse_pair
    if metric in ("seuclidean", "mahalanobis"):
        return partial(seuclidean if metric == "seuclidean" else mahalanobis, **params)
    name = _plain_name(metric, p)
    if params:
        return _get_weighted_function(name, p, params["w"])
    if name in DISTANCES or name in SPECIAL_DISTANCES:
        return {**DISTANCES, **SPECIAL_DISTANCES}[name]
    return partial(minkowski_sum, p=int(p)) if _is_ranked_by_sum(metric, p) else partial(minkowski, p=float(p))


def _get_weighted_function(name, p, w):
    """Returns the function for Minkowski with weights; for the p of manhattan it is the sum itself."""
    if name in ("euclidean", "chebyshev"):
        return partial(weighted_euclidean if name == "euclidean" else weighted_chebyshev, w=w)
    is_sum = name == "manhattan" or _is_ranked_by_sum(name, p)
    return partial(minkowski_sum, p=int(p), w=w) if is_sum else partial(minkowski, p=float(p), w=w)


def take_root(measured, metric, p):
    """Returns distances from values of ``get_distance_function``: the p-th roots of sums, other values unchanged."""
    return np.power(measured, 1 / float(p)) if _is_ranked_by_sum(metric, p) else measured


def largest_magnitude(metric, p, params=None):
    """Returns the largest absolute value that an example may hold, so that for p >= 1 no distance overflows.

    A gap is at most twice as large. Squared it is at most 4e300. To a whole power p it is at most 2^16 1e290, which
    leaves room for a sum of 1e13 of them. If a parameter multiplies these powers, numbers must be smaller by its root.
    """
    name, factor = _plain_name(metric, p), 1.0 if callable(metric) else largest_factor(params or {})
    if name in SQUARED:
        return 1e150 / float(np.sqrt(factor))
    if _is_ranked_by_sum(metric, p):
        return 10 ** (290 / float(p)) / float(np.power(factor, 1 / float(p)))
    if name in ADDED:
        return 1e300 / factor if name == "manhattan" else 1e300
    return np.inf


def least_number(metric):
    """Returns the least number that an example may hold: 0 if the examples are distances, else minus infinity."""
    return 0.0 if metric == "precomputed" else -np.inf


def _plain_name(metric, p):
    """Returns the metric's name: manhattan, euclidean or chebyshev for Minkowski with p of 1, 2 or infinity."""
    return SAME_AS.get(float(p), metric) if metric == "minkowski" else metric


def _is_ranked_by_sum(metric, p):
    return _plain_name(metric, p) == "minkowski" and float(p).is_integer() and float(p) <= LARGEST_WHOLE_P


def _refuse_pair(a, b):
    raise ValueError("metric='precomputed' has no distance between two examples: it is in the matrix that you gave")
