"""The search as an estimator, with the conventions of scikit-learn.

``fit`` keeps the rows on the device, in float32 if that holds them exactly, else in float64. A query never writes to
the model.
"""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from accelerated.arrays import allocate, copy_rows, exact_dtype, output_device, to_output
from accelerated.calling_thread import in_calling_thread
from accelerated.devices import resolve_device
from accelerated.metrics import Metric, check_distances, get_metric, metric_of_objects, places_of
from accelerated.one_fit import of_one_fit
from accelerated.pickling import PickledOnCpu
from accelerated.search import Clock, Index, Neighbors, Queries, Report, make_index, resolve_memory_limit, search
from accelerated.validation import check_rows, keep
from knn_inputs.callables import take_two
from knn_inputs.containers import is_matrix, one_row
from knn_inputs.feature_names import check_columns, check_features, note_columns, note_features
from knn_inputs.matrices import check_square, read_pair
from knn_inputs.objects import copy_objects, read_any_pair, read_objects
from knn_inputs.parameters import check_flag, check_n_neighbors, warn_of_idle_p

PREPARED_ROWS = 1024  # at a time, so that scratch is small beside the rows
COPIES = 6  # in float64 of rows that are prepared: as read, their magnitudes, scaled, transposed, squared and divided


class NearestNeighbors(PickledOnCpu, BaseEstimator):
    """Finds the k training examples nearest to a query, sorted by (distance, training index).

    Parameters
    ----------
    n_neighbors : int
        The number of neighbours, unless a query asks for another.
    metric : str or callable
        minkowski, euclidean, sqeuclidean, manhattan, chebyshev, cosine, hamming, jaccard, precomputed, or a function of
        two examples, called once for each pair: float64 rows if X is an array, DataFrame or tensor of numbers, else the
        objects in the list X.
    p : float
        The power of minkowski, above 0: 2 is euclidean, with its bits and its speed, 1 manhattan, infinity chebyshev.
        ``fit`` warns if p is not 2 and the metric is another.
    metric_params : dict, optional
        Keyword arguments for a callable metric; no other metric takes any.
    device : str or torch.device, optional
        Where to search. None: the device of the training tensor, else CUDA if there is one, else the CPU.
    memory_limit : int or str, optional
        Bytes of scratch, such as 2**30, "2GB" or "512MiB", not counting inputs, answers, fitted state and the caches of
        libraries. None: 1 GiB, or a quarter of the free memory of a GPU. Less memory makes the search slower. If a GPU
        runs out of memory anyway, half the limit is tried. ``fit`` keeps to it while it prepares rows, one at least; to
        look at a sample and to encode rows it takes tens of MiB on a CPU, or as much as one row needs (48 bytes for
        each feature, for manhattan 384), whatever the limit; if many rows are equal, also 64 bytes for each row. The
        first fit on a GPU tries products of up to 4096 x 4096 numbers: they do not count. (A callable for weights gets
        the distances of all queries at once, which do not count either.)
    progress : bool
        Whether to show a progress bar on stderr.

    For the fast search a fitted model keeps, beside its rows, bytes for each number:

    euclidean, cosine, minkowski  2, or 4 on a CPU that does not multiply bfloat16 fast, or 8 of rows so long that
        nothing else tells them apart, and 16 for each row; 1 of whole numbers in a range of 256; at most 300 for each
        row if a sample shows that a few directions tell the rows apart; a tree for few features (a copy of the rows on
        a GPU)
    manhattan                     16, or 20 on a CPU that does not multiply 8-bit numbers fast
    chebyshev                     6
    hamming, jaccard              1 to 4, in hamming for each value of a feature

    If a sample shows that many rows are equal, it keeps a copy of the distinct rows, these bytes for them alone, and 8
    for each row.

    >>> model = NearestNeighbors(n_neighbors=2).fit([[0, 0], [3, 4], [0, 1]])
    >>> model.get_neighbors([0, 0])
    [(0, 0.0), (2, 1.0)]
    >>> model.kneighbors(torch.tensor([[3.0, 3.0]]))
    (tensor([[1.0000, 3.6056]], dtype=torch.float64), tensor([[1, 2]]))
    """

    _filter: str | None = None  # a subclass may name the first filter; the neighbours are the same

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        metric: str | Callable[..., float] = "minkowski",
        p: float = 2,
        metric_params: dict[str, Any] | None = None,
        device: str | torch.device | None = None,
        memory_limit: int | str | None = None,
        progress: bool = False,
    ):
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.p = p
        self.metric_params = metric_params
        self.device = device
        self.memory_limit = memory_limit
        self.progress = progress

    @in_calling_thread()
    def fit(self, X: Any, y: Any = None) -> Self:
        """Keeps a copy of X, array-like or tensor of shape (n, n_features), and returns self; y is not used.

        Raises ValueError or TypeError for bad parameters and unless X is a full, finite matrix of real numbers.
        """
        self._keep(X, self._read(X))
        return self

    def _read(self, X: Any) -> dict[str, Any]:
        """Returns what fit keeps of the examples, by name; changes nothing in the model."""
        check_n_neighbors(self.n_neighbors)
        metric = get_metric(self.metric, self.p, self.metric_params)
        check_flag(self.progress, "progress")
        device = resolve_device(self.device, X)
        memory_limit = resolve_memory_limit(self.memory_limit, device)
        warn_of_idle_p(self.metric, self.p)
        if callable(self.metric) and not is_matrix(X):
            return self._read_objects(X, device)
        checked = check_rows(X, metric.largest, least=metric.least)
        if self.metric == "precomputed":
            check_square(checked)
        rows = _prepare_rows(checked, metric, device, memory_limit)
        noted = note_features(X, rows.shape[1])
        return {"_metric": metric, "_rows": rows, "_objects": None, "_function": None, **noted}

    def _read_objects(self, X: Any, device: torch.device) -> dict[str, Any]:
        """Returns what fit keeps of a list of examples of any kind."""
        objects = copy_objects(read_objects(X))
        assert callable(self.metric)
        function = take_two(self.metric, "metric", self.metric_params)
        metric = metric_of_objects(function, objects, objects)
        read = {"_metric": metric, "_rows": places_of(objects).to(device), "_objects": objects, "_function": function}
        return {**read, **note_columns(X)}

    def _keep(self, X: Any, read: dict[str, Any], **learned: Any) -> None:
        """Makes the index, and gives the model all that it has read and learned."""
        index = make_index(read["_metric"], read["_rows"], self.n_neighbors, self._filter)
        others = {"_index": index, "_output_device": output_device(X), "n_samples_fit_": len(read["_rows"])}
        keep(self, **read, **others, **learned)

    def __getstate__(self) -> dict[str, Any]:
        """Returns the attributes as ``PickledOnCpu`` does, without the filters of a GPU, which are made again."""
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_index" or "_fitted_on" not in state}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if hasattr(self, "_rows") and not hasattr(self, "_index"):
            self._index = make_index(self._metric, self._rows, self.n_neighbors, self._filter)

    @in_calling_thread()
    def get_distance(self, a: Any, b: Any) -> float:
        """Returns the distance between two examples of shape (n_features,), by the current parameters.

        Raises ValueError if the two differ in length or a function returns a number that is not a distance.

        >>> NearestNeighbors(metric="manhattan").get_distance([0, 0], [3, 4])
        7.0
        """
        metric = get_metric(self.metric, self.p, self.metric_params)
        if callable(self.metric):
            pair = (a, b) if self._holds_objects() else read_any_pair(a, b)
            measured = take_two(self.metric, "metric", self.metric_params)(*pair)
            return check_distances(torch.tensor([measured], dtype=torch.float64, device="cpu")).item()
        if self.metric == "precomputed":
            raise ValueError(
                "metric='precomputed' has no distance between two examples: it is in the matrix that you gave"
            )
        rows = metric.prepare(copy_rows(read_pair(a, b, metric.largest), torch.device("cpu")))
        return metric.to_distance(metric.measure_block(rows[:1], rows[1:], 0, 1)).item()

    def get_neighbors(self, example: Any) -> list[tuple[int, float]]:
        """Returns the neighbours of one example, nearest first, as (index, distance). Raises as ``kneighbors`` does."""
        distances, indices = self.kneighbors([example] if self._holds_objects() else one_row(example))
        return list(zip(indices[0].tolist(), distances[0].tolist(), strict=True))

    @of_one_fit
    @in_calling_thread()
    def kneighbors(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
        """Returns distances (float64) and indices (int64) of the neighbours, both (n_queries, k), nearest first.

        With X=None the queries are the training examples, each without itself: left out by its index, not by a
        distance of 0. Tensors in, tensors out. Raises NotFittedError; TypeError for a k that is not an int; ValueError
        for queries of another width, for more neighbours than examples, and for a ``memory_limit`` that is too small.
        """
        check_flag(return_distance, "return_distance")
        index, queries, k = self._open(X, n_neighbors)
        found = self._search(index, queries, range(len(queries.X)), k)
        indices = self._output(found.indices, X)
        return (self._output(self._metric.to_distance(found.reduced), X), indices) if return_distance else indices

    @of_one_fit
    @in_calling_thread()
    def search_report(self, X: Any = None, n_neighbors: int | None = None) -> Report:
        """Searches as ``kneighbors`` does, in the same time, and returns a ``Report`` in place of the neighbours.

        - filter: the first filter, "exhaustive" if all pairs were measured at once; "of distinct rows" if equal rows
          are searched once
        - why: the reason for this filter
        - n_queries, certified: the number of queries, and of those that the first filter certified
        - candidates: the number of pairs that filters left to be measured exactly, without those of a guess or of the
          exhaustive search
        - fallbacks: the number of other queries that each later filter got, of which equal queries count once
        - seconds: by stage

        Raises as ``kneighbors`` does.

        >>> X = torch.rand((20_000, 3), generator=torch.Generator().manual_seed(0))
        >>> report = NearestNeighbors(n_neighbors=2).fit(X[:-100]).search_report(X[-100:])
        >>> report.filter, report.n_queries, report.certified, report.candidates, report.fallbacks
        ('tree', 100, 100, 300, {})
        >>> report.why
        '3 features are few for 19900 rows, so a tree finds them'
        """
        index, queries, k = self._open(X, n_neighbors)
        return self._search(index, queries, range(len(queries.X)), k, Clock(waits_for=self._rows.device)).report

    def _open(self, X: Any, n_neighbors: int | None) -> tuple[Index, Queries, int]:
        """Returns the rows to search, the queries and k, checked."""
        if not hasattr(self, "n_samples_fit_"):
            check_is_fitted(self, "n_samples_fit_")
        index, queries = self._open_queries(X)
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        return index, queries, check_n_neighbors(k, self.n_samples_fit_, leave_one_out=X is None)

    def _open_queries(self, X: Any) -> tuple[Index, Queries]:
        if X is None:
            return self._index, Queries.of_rows(self._rows)
        if self._holds_objects():
            objects = read_objects(X)
            check_columns(X, self)
            metric = metric_of_objects(self._function, objects, self._objects)
            queries = Queries.given(places_of(objects), metric, self._rows.device)
            return make_index(metric, self._rows, self.n_neighbors, self._filter), queries
        checked = check_rows(X, self._metric.largest, self.n_features_in_, self._metric.least)
        check_features(X, checked.shape[1], self)
        return self._index, Queries.given(checked, self._metric, self._rows.device)

    def _holds_objects(self) -> bool:
        return getattr(self, "_objects", None) is not None

    def _search(
        self, index: Index, queries: Queries, query_range: range, k: int, clock: Clock | None = None
    ) -> Neighbors:
        """Returns the neighbours of a range of the queries, on the device of the training rows."""
        return search(
            index,
            queries,
            query_range,
            k,
            memory_limit=resolve_memory_limit(self.memory_limit, self._rows.device),
            progress=check_flag(self.progress, "progress"),
            clock=clock or Clock(),
        )

    def _output(self, values: Tensor | np.ndarray, X: Any) -> Any:
        """Returns the answer in the kind of the query, or of the training data if X is None."""
        return to_output(values, self._output_device if X is None else output_device(X))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.metric == "precomputed"
        return tags


def _prepare_rows(checked: np.ndarray | Tensor, metric: Metric, device: torch.device, memory_limit: int) -> Tensor:
    """Returns a copy of the rows, prepared for the metric some at a time."""
    if metric.keeps_rows:
        return copy_rows(checked, device, exact_dtype(checked))
    rows = allocate((checked.shape[0], checked.shape[1]), torch.float64, device)
    n_at_once = max(1, min(PREPARED_ROWS, memory_limit // (8 * COPIES * rows.shape[1])))
    for start in range(0, len(rows), n_at_once):
        some = slice(start, start + n_at_once)
        rows[some] = metric.prepare(copy_rows(checked[some], device))
    return rows
