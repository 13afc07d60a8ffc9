"""Metrics by name: the function that ranks two examples, the largest number it can take, and Minkowski's root."""

from functools import partial

import numpy as np

from knn_inputs.callables import take_two
from knn_inputs.parameters import check_metric
from reference.distances import DISTANCES, minkowski, minkowski_sum

SAME_AS = {1.0: "manhattan", 2.0: "euclidean", np.inf: "chebyshev"}  # metrics that are Minkowski with this p
LARGEST_WHOLE_P = 16  # up to 16, gaps from 1e-20 to 1e18 can be raised to p; for other p gaps are scaled first
SQUARED = ("euclidean", "sqeuclidean")


def get_distance_function(metric, p=2, metric_params=None):
    """Returns the function of two examples by which a metric ranks them.

    It returns their distance, except for Minkowski with a whole p from 3 to 16: there it returns the sum under the
    root. Additions and multiplications, and square roots too, round in the same way everywhere, but powers of 1 / p do
    not, so a ranking by them could differ between two machines. Raises ValueError or TypeError for a metric, a ``p`` or
    ``metric_params`` that cannot be used.
    """
    check_metric(metric, p, metric_params, known=[*DISTANCES, "minkowski", "precomputed"])
    if callable(metric):
        return take_two(metric, "metric", metric_params)
    if metric == "precomputed":
        return _refuse_pair
    name = _plain_name(metric, p)
    if name in DISTANCES:
        return DISTANCES[name]
    return partial(minkowski_sum, p=int(p)) if _is_ranked_by_sum(metric, p) else partial(minkowski, p=float(p))


def take_root(measured, metric, p):
    """Returns distances from values of ``get_distance_function``: the p-th roots of sums, other values unchanged."""
    return np.power(measured, 1 / float(p)) if _is_ranked_by_sum(metric, p) else measured


def largest_magnitude(metric, p):
    """Returns the largest absolute value that an example may hold, so that for p >= 1 no distance overflows.

    A gap is at most twice as large. Squared it is at most 4e300. To a whole power p it is at most 2^16 1e290, which
    leaves room for a sum of 1e13 of them.
    """
    name = _plain_name(metric, p)
    if name in SQUARED:
        return 1e150
    if _is_ranked_by_sum(metric, p):
        return 10 ** (290 / float(p))
    return 1e300 if name in ("manhattan", "chebyshev", "minkowski") else np.inf


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
