"""The metrics by name: how rows are prepared, how they are measured, and how large their numbers may be."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from accelerated import (
    distances,
    embeddings,
    gradients,
    in_numpy,
    in_sparse,
    radii,
    special_distances,
    weighted_distances,
)
from accelerated.square_root import correct_sqrt, power
from knn_inputs.callables import refuse_distance, take_metric
from knn_inputs.metrics import largest_factor

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
    Minkowski power of a tree whose distances are ``to_tree`` of the reduced ones; if rows are embedded, it is a tree of
    ``embed(x)``, whose distances are at most their ``radius``. ``to_reduced(distance)`` returns numbers that the
    reduced distance of a row within these distances does not exceed.

    ``slope`` is the derivative of a distance (``gradients``); None where it is 0 or not known.
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
    allow_nan: bool = False  # numbers may be missing
    to_reduced: Callable[[Tensor], Tensor] = _same
    slope: gradients.Slope | None = None
    prepare_sparse: Callable[[Any], np.ndarray] | None = None  # of a ``csr_array``: what it stores once it is prepared
    measure_sparse: Callable[[Any, Any], np.ndarray] | None = None  # pairs of ``csr_array``: see ``in_sparse``
    select: Callable[[Tensor, Tensor], Tensor] | None = None  # the distances to some rows, if a query consists of them

    @property
    def embeds_rows(self) -> bool:
        """Tells whether ``radius`` is about other points than the prepared rows."""
        return self.embed is not _same

    @property
    def keeps_rows(self) -> bool:
        """Tells whether the prepared rows are the rows as they were given."""
        return self.prepare is _same

    @property
    def reduces_as_tree(self) -> bool:
        """Tells whether the reduced distances are the distances of a tree, but for rounding."""
        return self.tree_p is not None and self.to_tree is _same and not self.embeds_rows


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


def _finite_braycurtis(queries: Tensor, rows: Tensor) -> Tensor:
    return check_distances(special_distances.braycurtis(queries, rows), "braycurtis", queries, rows)


METRICS = {  # a gap of 2e150 squared is 4e300
    "euclidean": _by_feature(
        distances.euclidean,
        in_numpy.euclidean,
        largest=1e150,
        radius=radii.of_distance,
        tree_p=2,
        slope=gradients.euclidean,
        measure_sparse=in_sparse.euclidean,
    ),
    "sqeuclidean": _by_feature(
        distances.sqeuclidean,
        in_numpy.sqeuclidean,
        largest=1e150,
        radius=radii.of_square,
        tree_p=2,
        to_tree=correct_sqrt,
        slope=gradients.sqeuclidean,
        measure_sparse=in_sparse.sqeuclidean,
    ),
    "manhattan": _by_feature(
        distances.manhattan,
        in_numpy.manhattan,
        largest=1e300,
        manhattan_radius=radii.of_distance,
        tree_p=1,
        slope=gradients.manhattan,
    ),
    "chebyshev": _by_feature(
        distances.chebyshev, in_numpy.chebyshev, largest=1e300, tree_p=np.inf, slope=gradients.chebyshev
    ),
    "cosine": _by_feature(
        distances.cosine,
        in_numpy.cosine,
        prepare=distances.unit_rows,
        radius=radii.of_half_square,
        embed=radii.with_zero_apart,
        n_embedded=1,
        slope=gradients.cosine,
        prepare_sparse=in_sparse.unit_rows,
        measure_sparse=in_sparse.cosine,
    ),
    "hamming": _by_feature(distances.hamming, counts="differing"),
    "jaccard": _by_feature(
        distances.jaccard, prepare=distances.present, counts="common", prepare_sparse=in_sparse.present
    ),
    "canberra": _by_feature(special_distances.canberra, largest=1e300),
    "braycurtis": _by_feature(_finite_braycurtis, largest=1e300),
    "haversine": _by_feature(special_distances.haversine, **embeddings.to_sphere()._asdict(), tree_p=2),
    "nan_euclidean": _by_feature(
        special_distances.nan_euclidean, largest=1e150, to_distance=special_distances.with_infinity, allow_nan=True
    ),
}

SAME_AS = {1.0: "manhattan", 2.0: "euclidean", np.inf: "chebyshev"}  # other names of Minkowski with this p
LARGEST_WHOLE_P = 16  # at 16 gaps from 1e-20 to 1e18 can be raised to p; above it they are scaled first


def get_metric(name: Any, p: float = 2, params: dict[str, Any] | None = None) -> Metric:
    """Returns the ``Metric`` called ``name``, or made of a function of two examples.

    The arguments are those of a ``knn_inputs.metrics.ChosenMetric``, which was checked and has all its parameters.
    """
    params = params or {}
    if callable(name):
        return Metric(partial(pair_by_pair, take_metric(name, params)))
    if name == "precomputed":
        return Metric(_precomputed, least=0.0, select=_select)
    if name == "seuclidean":
        return _with_parameters(
            "seuclidean", params, embeddings.scale_features(1 / np.sqrt(params["V"]), largest_factor(params))
        )
    if name == "mahalanobis":
        return _with_parameters("mahalanobis", params, embeddings.factorise(params["VI"]))
    if params:
        return _weighted_minkowski_metric(float(p), params)
    return _minkowski_metric(float(p)) if name == "minkowski" else METRICS[name]


def _with_parameters(name: str, params: dict[str, Any], embedding: embeddings.Embedding | None) -> Metric:
    """Returns the metric of a root of squares that are multiplied by a parameter."""
    return _by_feature(
        partial(getattr(weighted_distances, name), **params),
        partial(getattr(in_numpy, name), **params),
        largest=1e150 / float(np.sqrt(largest_factor(params))),
        **({"tree_p": 2, **embedding._asdict()} if embedding is not None else {}),
    )


def _weighted_minkowski_metric(p: float, params: dict[str, Any]) -> Metric:
    """Returns the metric of sum w |q - x|^p; only p = 2 has bounds."""
    factor = largest_factor(params)
    if p == 2:
        return _with_parameters("weighted_euclidean", params, embeddings.scale_features(np.sqrt(params["w"]), factor))
    if p == np.inf:
        return _by_feature(partial(weighted_distances.weighted_chebyshev, **params), largest=1e300)
    if p == 1:
        return _by_feature(partial(distances.minkowski_sum, p=1, **params), largest=1e300 / factor)
    if p.is_integer() and p <= LARGEST_WHOLE_P:
        return _by_feature(
            partial(distances.minkowski_sum, p=int(p), **params),
            to_distance=partial(power, exponent=1 / p),
            to_reduced=partial(radii.power_sum_within, int(p)),
            largest=10 ** (290 / p) / float(np.power(factor, 1 / p)),
        )
    return _by_feature(partial(_scaled_minkowski, p, **params), largest=1e300)


def _minkowski_metric(p: float) -> Metric:
    if p in SAME_AS:
        return METRICS[SAME_AS[p]]
    slope = partial(gradients.minkowski, p)
    if p.is_integer() and p <= LARGEST_WHOLE_P:
        # a gap of twice the largest, to the power p, is at most 2^16 1e290: room to add 1e13 of them
        return _by_feature(
            partial(distances.minkowski_sum, p=int(p)),
            to_distance=partial(power, exponent=1 / p),
            largest=10 ** (290 / p),
            radius=partial(radii.of_power_sum, p),
            tree_p=p,
            to_tree=partial(radii.tree_distance_of_power_sum, p),
            to_reduced=partial(radii.power_sum_within, int(p)),
            slope=slope,
        )
    if p < 1:  # every pair is measured, as a distance that overflows is refused
        return _by_feature(partial(_scaled_minkowski, p), largest=1e300, slope=slope)
    if p < 2:
        radius = partial(radii.manhattan_radius_of_minkowski, p)
        return _by_feature(partial(_scaled_minkowski, p), largest=1e300, manhattan_radius=radius, slope=slope)
    radius = partial(radii.of_minkowski, p)
    return _by_feature(partial(_scaled_minkowski, p), largest=1e300, radius=radius, slope=slope)


def _scaled_minkowski(p: float, queries: Tensor, rows: Tensor, w: np.ndarray | None = None) -> Tensor:
    return check_distances(distances.minkowski(queries, rows, p, w), "minkowski", queries, rows)


def _precomputed(queries: Tensor, rows: Tensor, start: int, stop: int) -> Tensor:
    """Returns some of the distances that a query consists of."""
    return queries[:, start:stop].clone()


def precomputed_columns(columns: Tensor) -> Metric:
    """Returns the metric of queries that consist of distances, of which some ``columns``, int64 (n,), are searched."""
    block, some = partial(_some_precomputed, columns=columns), partial(_select, columns=columns)
    return Metric(block, least=0.0, select=some)


def _some_precomputed(queries: Tensor, rows: Tensor, start: int, stop: int, columns: Tensor) -> Tensor:
    return queries[:, columns[start:stop]]


def _select(queries: Tensor, numbers: Tensor, columns: Tensor | None = None) -> Tensor:
    """Returns the distances to the rows with these numbers, int64 (n,), among those that are searched."""
    return queries[:, numbers if columns is None else columns[numbers]]


def pair_by_pair(function: Callable[[Any, Any], float], queries: Tensor, rows: Tensor, start: int, stop: int) -> Tensor:
    """Calls a function of two examples, each a float64 NumPy row, once for each pair."""
    X, Q = rows[start:stop].to(torch.float64).cpu().numpy(), queries.cpu().numpy()
    X.flags.writeable = Q.flags.writeable = False  # a metric that writes to its arguments must not change the model
    reduced = [[function(q, x) for x in X] for q in Q]
    return torch.tensor(reduced, dtype=torch.float64, device=rows.device)


def check_distances(reduced: Tensor, metric: Any, queries: Tensor, rows: Tensor) -> Tensor:
    """Returns distances of feature-first queries and rows; raises ValueError if one is NaN, infinite or below 0."""
    wrong = ~(reduced.isfinite() & (reduced >= 0))
    if bool(wrong.any()):
        first = tuple(wrong.nonzero()[0].tolist())
        q, x = (some.expand(-1, *wrong.shape)[:, *first].cpu().numpy() for some in (queries, rows))
        refuse_distance(reduced[first].item(), metric, q, x)
    return reduced
