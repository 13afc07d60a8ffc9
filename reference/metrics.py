"""The metrics by name: which distance, what neighbours are sorted by, and how large a number it can take."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from reference.distances import (
    chebyshev,
    cosine,
    euclidean,
    hamming,
    jaccard,
    manhattan,
    minkowski,
    minkowski_sum,
    sqeuclidean,
)
from reference.parameters import is_number


def _same(reduced):
    return reduced


def _root(reduced, p):
    return np.power(reduced, 1 / p)


class Metric(NamedTuple):
    """How two examples are compared: sort by the ``reduced`` distance, report ``to_distance`` of it.

    The two differ only for Minkowski with a whole p, where the reduced distance is the sum under the root: the sum
    is the same in every library, ``pow`` is not. (``sqrt`` is rounded correctly everywhere, so euclidean needs no
    such care.)
    """

    reduced: Callable[[Any, Any], float]
    to_distance: Callable[[Any], Any] = _same
    largest: float = np.inf  # numbers of greater magnitude would overflow
    is_given: bool = False  # "precomputed": the examples are rows of distances


METRICS = {
    "euclidean": Metric(euclidean, largest=1e150),  # a gap squared, at most 4e300, must fit
    "sqeuclidean": Metric(sqeuclidean, largest=1e150),
    "manhattan": Metric(manhattan, largest=1e300),
    "chebyshev": Metric(chebyshev, largest=1e300),
    "cosine": Metric(cosine),
    "hamming": Metric(hamming),
    "jaccard": Metric(jaccard),
}

SAME_AS = {1.0: "manhattan", 2.0: "euclidean", np.inf: "chebyshev"}  # Minkowski's p and its other name
LARGEST_WHOLE_P = 16  # at 16 gaps from 1e-20 to 1e18 can be raised to p; above it they are scaled first


def get_metric(name, p=2, metric_params=None):
    """The ``Metric`` called ``name``, or made of a function of two examples.

    Raises ValueError for a name that is not one, a p that is not above 0 and ``metric_params`` without a function,
    TypeError for a p that is not a number.
    """
    if callable(name):
        return Metric(partial(name, **(metric_params or {})))
    if metric_params:
        raise ValueError(f"metric_params={metric_params!r} goes with a callable metric, but metric={name!r}")
    if name == "minkowski":
        return _minkowski_metric(p)
    if name == "precomputed":
        return Metric(_no_examples, is_given=True)
    if not isinstance(name, str) or name not in METRICS:
        known = ", ".join([*METRICS, "minkowski", "precomputed"])
        raise ValueError(f"metric={name!r} is not one of {known}, nor a function of two examples")
    return METRICS[name]


def _minkowski_metric(p):
    if not is_number(p):
        raise TypeError(f"p={p!r} is a {type(p).__name__}, but must be a number above 0")
    if not p > 0:
        raise ValueError(f"p={p!r} must be above 0")
    p = float(p)
    if p in SAME_AS:
        return METRICS[SAME_AS[p]]
    if p.is_integer() and p <= LARGEST_WHOLE_P:
        by_sum = partial(minkowski_sum, p=int(p))
        # a gap of twice the largest, to the power p, is at most 2^16 1e290: room to add 1e13 of them
        return Metric(by_sum, to_distance=partial(_root, p=p), largest=10 ** (290 / p))
    return Metric(partial(minkowski, p=p), largest=1e300)


def _no_examples(a, b):
    raise ValueError("metric='precomputed' has no distance between two examples: it is in the matrix that you gave")
