"""The metrics by name: what measures a tile, how rows are prepared for it, and how large a number it can take."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from accelerated import distances
from accelerated.parameters import is_number

LARGEST = float(np.finfo(np.float64).max)


def _same(values: Tensor) -> Tensor:
    return values


class Metric(NamedTuple):
    """Prepare all rows once, sort by the ``reduced`` distance, report ``to_distance`` of it.

    ``reduced(queries, rows, start, stop)`` takes prepared queries (a, n_features) and all prepared training rows, and
    measures those from start to stop: (a, stop - start). It differs from the distance only for Minkowski with a whole
    p, where it is the sum under the root: the sum is the same in every library, ``pow`` is not.
    """

    reduced: Callable[[Tensor, Tensor, int, int], Tensor]
    prepare: Callable[[Tensor], Tensor] = _same
    to_distance: Callable[[Tensor], Tensor] = _same
    largest: float = LARGEST  # numbers of greater magnitude would overflow


def _feature_first(
    distance: Callable[[Tensor, Tensor], Tensor], queries: Tensor, rows: Tensor, start: int, stop: int
) -> Tensor:
    return distance(queries.T.contiguous(), rows[start:stop].T.contiguous())


METRICS = {
    "euclidean": Metric(partial(_feature_first, distances.euclidean), largest=1e150),  # a gap squared must fit: 4e300
    "sqeuclidean": Metric(partial(_feature_first, distances.sqeuclidean), largest=1e150),
    "manhattan": Metric(partial(_feature_first, distances.manhattan), largest=1e300),
    "chebyshev": Metric(partial(_feature_first, distances.chebyshev), largest=1e300),
    "cosine": Metric(partial(_feature_first, distances.cosine), prepare=distances.unit_rows),
    "hamming": Metric(partial(_feature_first, distances.hamming)),
    "jaccard": Metric(partial(_feature_first, distances.jaccard), prepare=distances.present),
}

SAME_AS = {1.0: "manhattan", 2.0: "euclidean", np.inf: "chebyshev"}  # Minkowski's p and its other name
LARGEST_WHOLE_P = 16  # at 16 gaps from 1e-20 to 1e18 can be raised to p; above it they are scaled first


def get_metric(name: Any, p: Any = 2, metric_params: dict[str, Any] | None = None) -> Metric:
    """The ``Metric`` called ``name``, or made of a function of two examples.

    Raises ValueError for a name that is not one, a p that is not above 0 and ``metric_params`` without a function,
    TypeError for a p that is not a number.
    """
    if callable(name):
        return Metric(partial(_pair_by_pair, partial(name, **(metric_params or {}))))
    if metric_params:
        raise ValueError(f"metric_params={metric_params!r} goes with a callable metric, but metric={name!r}")
    if name == "minkowski":
        return _minkowski_metric(p)
    if name == "precomputed":
        return Metric(_precomputed)
    if not isinstance(name, str) or name not in METRICS:
        known = ", ".join([*METRICS, "minkowski", "precomputed"])
        raise ValueError(f"metric={name!r} is not one of {known}, nor a function of two examples")
    return METRICS[name]


def _minkowski_metric(p: Any) -> Metric:
    if not is_number(p):
        raise TypeError(f"p={p!r} is a {type(p).__name__}, but must be a number above 0")
    if not p > 0:
        raise ValueError(f"p={p!r} must be above 0")
    p = float(p)
    if p in SAME_AS:
        return METRICS[SAME_AS[p]]
    if p.is_integer() and p <= LARGEST_WHOLE_P:
        by_sum = partial(_feature_first, partial(distances.minkowski_sum, p=int(p)))
        # a gap of twice the largest, to the power p, is at most 2^16 1e290: room to add 1e13 of them
        return Metric(by_sum, to_distance=partial(distances.power, exponent=1 / p), largest=10 ** (290 / p))
    return Metric(partial(_scaled_minkowski, p), largest=1e300)


def _scaled_minkowski(p: float, queries: Tensor, rows: Tensor, start: int, stop: int) -> Tensor:
    return check_distances(_feature_first(partial(distances.minkowski, p=p), queries, rows, start, stop))


def _precomputed(queries: Tensor, rows: Tensor, start: int, stop: int) -> Tensor:
    """A query is its row of distances to the training examples."""
    return check_distances(queries[:, start:stop])


def _pair_by_pair(function: Callable[..., float], queries: Tensor, rows: Tensor, start: int, stop: int) -> Tensor:
    """A function of two examples, each a float64 NumPy row, called once a pair."""
    X, Q = rows[start:stop].cpu().numpy(), queries.cpu().numpy()
    X.flags.writeable = Q.flags.writeable = False  # a metric that writes to its arguments must not change the model
    reduced = [[float(function(q, x)) for x in X] for q in Q]
    return check_distances(torch.tensor(reduced, dtype=torch.float64, device=rows.device))


def check_distances(reduced: Tensor) -> Tensor:
    """Raises ValueError for distances that no order can be made of: NaN, infinite or negative."""
    wrong = ~(reduced.isfinite() & (reduced >= 0))
    if bool(wrong.any()):
        worst = reduced[wrong][0].item()
        raise ValueError(f"the metric gave a distance of {worst}, but distances must be finite and at least 0")
    return reduced
