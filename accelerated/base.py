"""The rows that a fitted model keeps, as an estimator with the conventions of scikit-learn.

``fit`` keeps the rows on the device, in float32 if that holds them exactly, else in float64. A query never writes to
the model.
"""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from torch import Tensor

from accelerated.arrays import copy_all_rows, copy_rows, exact_dtype, import_dlpack, output_device, to_output
from accelerated.calling_thread import in_calling_thread
from accelerated.devices import refuse_gpu, resolve_device
from accelerated.metrics import Metric, get_metric
from accelerated.object_metrics import metric_of_objects, places_of
from accelerated.pickling import PickledOnCpu
from accelerated.saving import Saved
from accelerated.search import Index, Parts, Queries, make_index, resolve_memory_limit
from accelerated.search.queries import prepare_sparse
from accelerated.sparse_rows import Rows, SparseRows, join_rows, to_dense
from accelerated.validation import check_rows, keep
from accelerated.workers import count_workers, share
from knn_inputs.among import Allowed, read_among
from knn_inputs.callables import take_metric
from knn_inputs.containers import is_matrix
from knn_inputs.feature_names import check_columns, check_features, note_columns, note_features
from knn_inputs.matrices import check_square, read_pair
from knn_inputs.metrics import (
    ChosenMetric,
    allows_missing,
    check_columns_of,
    choose_metric,
    learn_parameters,
    with_learned,
)
from knn_inputs.objects import copy_objects, read_any_pair, read_objects
from knn_inputs.parameters import check_flag, warn_of_idle_p
from knn_inputs.sparse import is_sparse, read_sparse

PREPARED_NUMBERS = 2**19  # of rows at a time by a worker: `python -m benchmarks.constants PREPARED_NUMBERS`
COPIES = 6  # in float64 of rows that are prepared, at most: as read, their magnitudes, scaled, squared and added up


class NeighborsBase(Saved, PickledOnCpu, BaseEstimator):
    """Keeps rows and measures them; subclasses search. For its parameters see ``NearestNeighbors``."""

    _filter: str | None = None  # a subclass may name the first filter; the neighbours are the same
    _made_again = ("_metric", "_index")

    def __init__(
        self,
        *,
        metric: str | Callable[..., float] = "minkowski",
        p: float = 2,
        metric_params: dict[str, Any] | None = None,
        device: str | torch.device | None = None,
        memory_limit: int | str | None = None,
        progress: bool = False,
    ):
        self.metric = metric
        self.p = p
        self.metric_params = metric_params
        self.device = device
        self.memory_limit = memory_limit
        self.progress = progress

    def _read(self, X: Any) -> dict[str, Any]:
        """Returns what fit keeps of the examples, by name; changes nothing in the model."""
        chosen = choose_metric(self.metric, self.p, self.metric_params)
        check_flag(self.progress, "progress")
        return self._read_rows(X, chosen)

    def _read_rows(self, X: Any, chosen: ChosenMetric) -> dict[str, Any]:
        if is_sparse(X, 0 if chosen.name == "precomputed" else -np.inf):
            return self._read_sparse(X, chosen)
        device = resolve_device(self.device, X)
        memory_limit = resolve_memory_limit(self.memory_limit, device)
        warn_of_idle_p(self.metric, self.p)
        if callable(self.metric) and not is_matrix(X):
            return {"_chosen": chosen, **self._read_objects(X, device)}
        chosen = learn_parameters(chosen, X)
        metric = self._get_metric(chosen)
        checked = check_rows(X, metric.largest, least=metric.least, allow_nan=metric.allow_nan)
        check_metric_columns(chosen, checked, X)
        if self.metric == "precomputed":
            check_square(checked)
        rows = prepare_rows(checked, metric, device, memory_limit)
        noted = note_features(X, rows.shape[1])
        read = {"_metric": metric, "_chosen": chosen, "_rows": rows, "_objects": None, "_function": None}
        return {**read, **noted}

    def _get_metric(self, chosen: ChosenMetric) -> Metric:
        return get_metric(*chosen)

    def _read_sparse(self, X: Any, chosen: ChosenMetric) -> dict[str, Any]:
        """Returns what fit keeps of a sparse matrix: its rows, prepared and still sparse, on the CPU."""
        refuse_gpu(self.device)
        resolve_memory_limit(self.memory_limit, torch.device("cpu"))
        warn_of_idle_p(self.metric, self.p)
        chosen = learn_parameters(chosen, X)
        metric = self._get_metric(chosen)
        rows = SparseRows.of_csr(read_sparse(X, metric.largest, least=metric.least), copy=True)
        check_metric_columns(chosen, rows, X)
        noted = note_features(X, rows.shape[1])
        read = {"_metric": metric, "_chosen": chosen, "_rows": prepare_sparse(rows, metric)}
        return {**read, "_objects": None, "_function": None, **noted}

    def _read_objects(self, X: Any, device: torch.device) -> dict[str, Any]:
        """Returns what fit keeps of a list of examples of any kind."""
        objects = copy_objects(read_objects(X))
        assert callable(self.metric)
        function = take_metric(self.metric, self.metric_params)
        metric = metric_of_objects(function, objects, objects)
        read = {"_metric": metric, "_rows": places_of(objects).to(device), "_objects": objects, "_function": function}
        return {**read, **note_columns(X)}

    def _keep(self, X: Any, read: dict[str, Any], **learned: Any) -> None:
        """Makes the index, and gives the model all that it has read and learned."""
        index = self._make_index(read["_metric"], read["_rows"])
        others = {
            "_index": index,
            "_output_device": output_device(X),
            "n_samples_fit_": len(read["_rows"]),
            "_ids": None,  # of the rows, int64 (n_samples_fit_,), if they are not their numbers
            "_next_id": len(read["_rows"]),
        }
        keep(self, **{**read, **others, **learned})

    def _make_index(self, metric: Metric, rows: Rows) -> Index:
        return make_index(metric, rows, filter_name=self._filter)

    def __getstate__(self) -> dict[str, Any]:
        """Returns the attributes as ``PickledOnCpu`` does, without the filters of a GPU, which are made again."""
        state = super(NeighborsBase, self._whole()).__getstate__()
        return {name: value for name, value in state.items() if name != "_index" or "_fitted_on" not in state}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if hasattr(self, "_rows") and not hasattr(self, "_index"):
            self._index = self._make_index(self._metric, self._rows)

    def _whole(self) -> Self:
        """Returns the model with its rows in one tensor, and without an index if they are not."""
        if not isinstance(getattr(self, "_rows", None), Parts):
            return self
        whole = object.__new__(type(self))
        others = {name: value for name, value in vars(self).items() if name != "_index"}
        whole.__dict__ = {**others, "_rows": self._rows.join()}
        return whole

    def _make_again(self) -> None:
        """Makes the metric and the index, which ``save`` does not write."""
        self._metric = self._get_metric(self._chosen)
        self._index = self._make_index(self._metric, self._rows)

    @in_calling_thread()
    def get_distance(self, a: Any, b: Any) -> float:
        """Returns the distance between two examples of shape (n_features,), by the current parameters.

        Raises ValueError if the two differ in length, if the metric learns parameters from examples and there are none
        yet, or if a function returns a number that is not a distance.

        >>> from accelerated import NearestNeighbors
        >>> NearestNeighbors(metric="manhattan").get_distance([0, 0], [3, 4])
        7.0
        """
        chosen = with_learned(choose_metric(self.metric, self.p, self.metric_params), getattr(self, "_chosen", None))
        metric = get_metric(*chosen)
        if callable(self.metric):
            pair = (a, b) if self._holds_objects() else read_any_pair(a, b)
            return take_metric(self.metric, self.metric_params)(*pair)
        if self.metric == "precomputed":
            raise ValueError(
                "metric='precomputed' has no distance between two examples: it is in the matrix that you gave"
            )
        both = read_pair(import_dlpack(a), import_dlpack(b), metric.largest, metric.allow_nan)
        check_columns_of(chosen, both)
        rows = metric.prepare(copy_rows(both, torch.device("cpu")))
        return metric.to_distance(metric.measure_block(rows[:1], rows[1:], 0, 1)).item()

    def _open_queries(self, X: Any) -> tuple[Index | Parts, Queries]:
        if X is None:
            return self._index, Queries.of_rows(self._rows)
        if self._holds_objects():
            objects = read_objects(X)
            check_columns(X, self)
            metric = metric_of_objects(self._function, objects, self._objects)
            queries = Queries.given(places_of(objects), metric, self._rows)
            return self._make_index(metric, self._rows), queries
        checked = check_queries(X, self._metric, self.n_features_in_)
        check_features(X, checked.shape[1], self)
        check_metric_columns(self._chosen, checked, X)
        return self._index, Queries.given(checked, self._metric, self._rows)

    def _read_allowed(self, among: Any, queries: Queries) -> Allowed | None:
        """Returns the rows that each query may choose, by their numbers; None if it may choose all."""
        ids = None if self._ids is None else self._ids.cpu().numpy()
        return read_among(among, len(queries.X), self.n_samples_fit_, ids)

    def _name_rows(self, numbers: Tensor) -> Tensor:
        """Returns the ids of rows by their numbers, of the same shape; -1 stays, which is the number of no row."""
        return numbers if self._ids is None else torch.where(numbers < 0, numbers, self._ids[numbers])

    def _holds_objects(self) -> bool:
        return getattr(self, "_objects", None) is not None

    def _output(self, values: Tensor | np.ndarray, X: Any) -> Any:
        """Returns the answer in the kind of the query, or of the training data if X is None."""
        return to_output(values, self._output_device if X is None else output_device(X))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.metric == "precomputed"
        tags.input_tags.allow_nan = allows_missing(self.metric)
        tags.input_tags.sparse = self.metric != "precomputed"
        return tags


def check_queries(X: Any, metric: Metric, n_features: int) -> np.ndarray | Rows:
    """Returns queries as a checked matrix, sparse if X is."""
    if is_sparse(X, metric.least):
        return SparseRows.of_csr(read_sparse(X, metric.largest, n_features, metric.least))
    return check_rows(X, metric.largest, n_features, metric.least, metric.allow_nan)


def check_metric_columns(chosen: ChosenMetric, checked: np.ndarray | Rows, X: Any) -> None:
    """Raises ValueError unless the columns suit the metric; only for haversine it looks at their numbers."""
    if chosen.name == "haversine" and not isinstance(checked, np.ndarray):
        checked = to_dense(checked).cpu().numpy()
    check_columns_of(chosen, checked, X)


def prepare_rows(checked: np.ndarray | Rows, metric: Metric, device: torch.device, memory_limit: int) -> Tensor:
    """Returns a copy of the rows, prepared for the metric some at a time, which workers share."""
    if metric.keeps_rows and not isinstance(checked, SparseRows):
        return copy_all_rows(checked, device, exact_dtype(checked))
    rows = torch.empty((checked.shape[0], checked.shape[1]), dtype=torch.float64, device=device)
    n_workers = count_workers(device)

    def prepare(some: slice) -> None:
        given = checked[some]
        rows[some] = metric.prepare(copy_rows(to_dense(given) if isinstance(given, SparseRows) else given, device))

    parts = _some_at_a_time(checked, memory_limit // n_workers)
    share(prepare, parts, min(n_workers, len(parts)))
    return rows


def prepare_sparse_rows(checked: np.ndarray | Rows, metric: Metric, memory_limit: int) -> Rows:
    """Returns a sparse copy of the rows, prepared in the same way."""
    return join_rows([prepare_sparse(checked[some], metric) for some in _some_at_a_time(checked, memory_limit)])


def _some_at_a_time(checked: np.ndarray | Rows, memory_limit: int) -> list[slice]:
    """Returns the parts in which rows are prepared."""
    n_rows, n_features = checked.shape
    n_at_once = max(1, min(PREPARED_NUMBERS, memory_limit // (8 * COPIES)) // n_features)
    return [slice(start, start + n_at_once) for start in range(0, n_rows, n_at_once)]
