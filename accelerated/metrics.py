"""The metrics by name: how rows are prepared, how they are measured, and how large their numbers may be."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from accelerated import distances, in_numpy
from accelerated.square_root import correct_sqrt, power
from knn_inputs.callables import take_two
from knn_inputs.parameters import check_metric

LARGEST = float(np.finfo(np.float64).max)


def _same(values: Tensor) -> Tensor:
    return values


class Metric(NamedTuple):
    """The functions of a metric. Rows are prepared once, sorted by reduced distance, and reported with ``to_distance``.

    ``measure_block(queries, rows, start, stop)`` takes prepared queries (n_queries, n_features) and all prepared rows,
    and returns the reduced distances to the rows from start to stop as a new tensor, (n_queries, stop - start). A
    reduced distance differs from the distance only for Minkowski with a whole p, where it is the sum under the root:
    the sum is the same in every library, ``pow`` is not.

    A filter may use the following; None if there is no such function. ``measure_pairs(queries, rows)`` measures pairs,
    (..., n_features) each, with the same bits, and so does ``measure_in_numpy(query, rows)``: one query, (n_features,),
    or as many as rows, (n, n_features). ``radius(reduced, queries)`` returns how long |q - x| can be without the
    distance being greater than ``reduced``, both (n,); it means the length of ``embed(q) - embed(x)``, which have
    ``n_embedded`` features more. ``manhattan_radius`` does the same for the sum of |q - x|. ``counts`` says which
    features decide by their number alone: those that are "differing", or "common" to two sets. ``tree_p`` is the
    Minkowski power of a tree whose distances are ``to_tree`` of the reduced ones. ``to_reduced(distance)`` returns
    numbers that the reduced distance of a row within these distances does not exceed.
    """

    measure_block: Callable[[Tensor, Tensor, int, int], Tensor]
    prepare: Callable[[Tensor], Tensor] = _same
    to_distance: Callable[[Tensor], Tensor] = _same
    largest: float = LARGEST  # numbers of greater magnitude would overflow
    measure_pairs: Callable[[Tensor, Tensor], Tensor] | None = None
    measure_in_numpy: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
    radius: Callable[[Tensor, Tensor], Tensor] | None = None
    embed: Callable[[Tensor], Tensor] = _same
    n_embedded: int = 0
    manhattan_radius: Callable[[Tensor, Tensor], Tensor] | None = None
    counts: str | None = None
    tree_p: float | None = None
    least: float = -LARGEST  # numbers below it are no distances, if a query consists of distances
    to_tree: Callable[[Tensor], Tensor] = _same
    to_reduced: Callable[[Tensor], Tensor] = _same

    @property
    def keeps_rows(self) -> bool:
        """Tells whether the prepared rows are the rows as they were given."""
        return self.prepare is _same

    @property
    def reduces_as_tree(self) -> bool:
        """Tells whether the reduced distances are the distances of a tree, but for rounding."""
        return self.tree_p is not None and self.to_tree is _same


def _measure_block(
    distance: Callable[[Tensor, Tensor], Tensor], queries: Tensor, rows: Tensor, start: int, stop: int
) -> Tensor:
    rows = rows[start:stop].T.contiguous().to(torch.float64)
    return distance(queries.T.contiguous()[:, :, None], rows[:, None, :])


def _measure_pairs(distance: Callable[[Tensor, Tensor], Tensor], queries: Tensor, rows: Tensor) -> Tensor:
    return distance(queries.movedim(-1, 0), rows.movedim(-1, 0))


def _by_feature(
    distance: Callable[[Tensor, Tensor], Tensor],
    measure_in_numpy: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
    **others: Any,
) -> Metric:
    """Returns the metric of a function of feature-first rows, and perhaps of one in NumPy."""
    pairs = partial(_measure_pairs, distance)
    return Metric(partial(_measure_block, distance), measure_pairs=pairs, measure_in_numpy=measure_in_numpy, **others)


def _radius_of_distance(distance: Tensor, queries: Tensor) -> Tensor:
    return distance


def _radius_of_square(square: Tensor, queries: Tensor) -> Tensor:
    return correct_sqrt(square)


def _with_zero_apart(units: Tensor) -> Tensor:
    """Returns unit rows with a feature more, which is 1 for the zero vector alone.

    So half of the squared length |u - v|^2 is the cosine distance for zero vectors, too: 0 from one to another, and 1
    from one to a unit vector.
    """
    is_zero = ~units.any(1, keepdim=True)
    return torch.cat([units, is_zero.to(units.dtype)], 1)


def _radius_of_half_square(half_square: Tensor, queries: Tensor) -> Tensor:
    return correct_sqrt(2 * half_square)


def _radius_of_power_sum(p: float, power_sum: Tensor, queries: Tensor) -> Tensor:
    """Returns the radius for a sum of gaps to the power p, a whole number.

    A power below 2^-1022 may have lost digits, or be 0: that is less than 2^-1022 for each feature.
    """
    lost = queries.shape[1] * float(np.finfo(np.float64).tiny)
    return _radius_of_minkowski(p, power(power_sum + lost, 1 / p), queries)


def _power_sum_within(p: int, distance: Tensor) -> Tensor:
    """Returns the most that a sum of gaps to the power p can be if its root, as computed, is not above ``distance``.

    The exponent 1 / p is rounded by 2^-53 of itself, which moves the root of a sum from 5e-324 to 1e308 by less than
    750 / p 2^-53 of itself, and the library's ``pow`` is off by some units of 2^-53: together less than 2^-43. So the
    sum is at most (distance (1 + 2^-43))^p, which is less than 2^-38 above distance^p for a p up to 16. Products round
    that by p 2^-53 of itself, and by less than 2^-1000 where they lose digits below 2^-1022.
    """
    total = distance
    for _ in range(p - 1):
        total = total * distance
    return total * (1 + 2.0**-37) + 2.0**-1000


def _tree_distance_of_power_sum(p: float, power_sum: Tensor) -> Tensor:
    """Returns the root; the powers below 2^-1022 that the sum may have lost are less than 2^-1000 together."""
    return power(power_sum + 2.0**-1000, 1 / p)


def _radius_of_minkowski(p: float, distance: Tensor, queries: Tensor) -> Tensor:
    """Returns the radius for p >= 2: by Hölder |z|_2 <= d^(1/2 - 1/p) |z|_p in d features, equal if all gaps are equal.

    The distance is a root: the gaps, their powers, which take up to p roundings, the sum and a library's ``pow`` are
    off by less than (d + 3 p + 16) 2^-53 of it, and the root divides that by p. That is less than the (2 d + 32) 2^-53
    that ``frame.reach`` allows; 2^-40 pays for the roots here, and for a library that is less precise.
    """
    return distance * (float(np.power(queries.shape[1], 0.5 - 1 / p)) * (1 + 2.0**-40))


def _manhattan_radius_of_minkowski(p: float, distance: Tensor, queries: Tensor) -> Tensor:
    """Returns the most that the sum of the gaps can be: |z|_1 <= d^(1 - 1/p) |z|_p; roundings as for the radius."""
    return distance * (float(np.power(queries.shape[1], 1 - 1 / p)) * (1 + 2.0**-40))


METRICS = {  # a gap of 2e150 squared is 4e300
    "euclidean": _by_feature(
        distances.euclidean, in_numpy.euclidean, largest=1e150, radius=_radius_of_distance, tree_p=2
    ),
    "sqeuclidean": _by_feature(
        distances.sqeuclidean,
        in_numpy.sqeuclidean,
        largest=1e150,
        radius=_radius_of_square,
        tree_p=2,
        to_tree=correct_sqrt,
    ),
    "manhattan": _by_feature(
        distances.manhattan, in_numpy.manhattan, largest=1e300, manhattan_radius=_radius_of_distance, tree_p=1
    ),
    "chebyshev": _by_feature(distances.chebyshev, in_numpy.chebyshev, largest=1e300, tree_p=np.inf),
    "cosine": _by_feature(
        distances.cosine,
        in_numpy.cosine,
        prepare=distances.unit_rows,
        radius=_radius_of_half_square,
        embed=_with_zero_apart,
        n_embedded=1,
    ),
    "hamming": _by_feature(distances.hamming, counts="differing"),
    "jaccard": _by_feature(distances.jaccard, prepare=distances.present, counts="common"),
}

SAME_AS = {1.0: "manhattan", 2.0: "euclidean", np.inf: "chebyshev"}  # other names of Minkowski with this p
LARGEST_WHOLE_P = 16  # at 16 gaps from 1e-20 to 1e18 can be raised to p; above it they are scaled first


def get_metric(name: Any, p: Any = 2, metric_params: dict[str, Any] | None = None) -> Metric:
    """Returns the ``Metric`` called ``name``, or made of a function of two examples.

    Raises ValueError for an unknown name, a p that is not above 0 and ``metric_params`` without a function, TypeError
    for a p that is not a number.
    """
    check_metric(name, p, metric_params, known=[*METRICS, "minkowski", "precomputed"])
    if callable(name):
        return Metric(partial(_pair_by_pair, take_two(name, "metric", metric_params)))
    if name == "precomputed":
        return Metric(_precomputed, least=0.0)
    return _minkowski_metric(float(p)) if name == "minkowski" else METRICS[name]


def _minkowski_metric(p: float) -> Metric:
    if p in SAME_AS:
        return METRICS[SAME_AS[p]]
    if p.is_integer() and p <= LARGEST_WHOLE_P:
        # a gap of twice the largest, to the power p, is at most 2^16 1e290: room to add 1e13 of them
        return _by_feature(
            partial(distances.minkowski_sum, p=int(p)),
            to_distance=partial(power, exponent=1 / p),
            largest=10 ** (290 / p),
            radius=partial(_radius_of_power_sum, p),
            tree_p=p,
            to_tree=partial(_tree_distance_of_power_sum, p),
            to_reduced=partial(_power_sum_within, int(p)),
        )
    if p < 1:  # every pair is measured, as a distance that overflows is refused
        return _by_feature(partial(_scaled_minkowski, p), largest=1e300)
    if p < 2:
        radius = partial(_manhattan_radius_of_minkowski, p)
        return _by_feature(partial(_scaled_minkowski, p), largest=1e300, manhattan_radius=radius)
    return _by_feature(partial(_scaled_minkowski, p), largest=1e300, radius=partial(_radius_of_minkowski, p))


def _scaled_minkowski(p: float, queries: Tensor, rows: Tensor) -> Tensor:
    return check_distances(distances.minkowski(queries, rows, p))


def _precomputed(queries: Tensor, rows: Tensor, start: int, stop: int) -> Tensor:
    """Returns some of the distances that a query consists of."""
    return queries[:, start:stop].clone()


def _pair_by_pair(
    function: Callable[[Any, Any], float], queries: Tensor, rows: Tensor, start: int, stop: int
) -> Tensor:
    """Calls a function of two examples, each a float64 NumPy row, once for each pair."""
    X, Q = rows[start:stop].to(torch.float64).cpu().numpy(), queries.cpu().numpy()
    X.flags.writeable = Q.flags.writeable = False  # a metric that writes to its arguments must not change the model
    reduced = [[function(q, x) for x in X] for q in Q]
    return check_distances(torch.tensor(reduced, dtype=torch.float64, device=rows.device))


def metric_of_objects(function: Callable[[Any, Any], float], queries: list[Any], examples: list[Any]) -> Metric:
    """Returns the metric of queries and examples of any kind: a row holds the place of an object in its list."""
    return Metric(partial(_pair_by_pair, partial(_between_objects, function, queries, examples)))


def places_of(objects: list[Any]) -> Tensor:
    """Returns the places of the objects in their list, a row for each, (n, 1)."""
    return torch.arange(len(objects), dtype=torch.float64, device="cpu")[:, None]


def _between_objects(
    function: Callable[[Any, Any], float], queries: list[Any], examples: list[Any], q: np.ndarray, x: np.ndarray
) -> float:
    return function(queries[int(q[0])], examples[int(x[0])])


def check_distances(reduced: Tensor) -> Tensor:
    """Returns the distances; raises ValueError if one of them is NaN, infinite or negative."""
    wrong = ~(reduced.isfinite() & (reduced >= 0))
    if bool(wrong.any()):
        worst = reduced[wrong][0].item()
        raise ValueError(f"the metric gave a distance of {worst}, but distances must be finite and at least 0")
    return reduced
