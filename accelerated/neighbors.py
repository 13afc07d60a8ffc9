"""The k nearest rows of each query, as an estimator with the conventions of scikit-learn."""

from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from accelerated.arrays import import_dlpack
from accelerated.calling_thread import in_calling_thread
from accelerated.gradients import with_gradient
from accelerated.metrics import Metric
from accelerated.one_fit import of_one_fit
from accelerated.search import (
    Clock,
    Index,
    Neighbors,
    Parts,
    Queries,
    Report,
    make_index,
    predict_seconds,
    resolve_memory_limit,
    search,
    search_among,
    search_parts,
)
from accelerated.sparse_rows import Rows, to_dense
from accelerated.updates import Updated
from knn_inputs.among import Allowed, check_enough
from knn_inputs.containers import one_row
from knn_inputs.parameters import check_flag, check_n_neighbors


class KNeighbors(Updated):
    """The search that ``NearestNeighbors`` and the two predictors by k neighbours share."""

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
        super().__init__(
            metric=metric,
            p=p,
            metric_params=metric_params,
            device=device,
            memory_limit=memory_limit,
            progress=progress,
        )
        self.n_neighbors = n_neighbors

    def _read(self, X: Any) -> dict[str, Any]:
        check_n_neighbors(self.n_neighbors)
        return super()._read(X)

    def _make_index(self, metric: Metric, rows: Rows) -> Index:
        return make_index(metric, rows, self.n_neighbors, self._filter)

    def get_neighbors(self, example: Any, *, among: Any = None) -> list[tuple[int, float]]:
        """Returns the neighbours of one example, nearest first, as (index, distance). Raises as ``kneighbors`` does."""
        row = [example] if self._holds_objects() else one_row(import_dlpack(example))
        distances, indices = self.kneighbors(row, among=among)
        return list(zip(indices[0].tolist(), distances[0].tolist(), strict=True))

    @of_one_fit
    @in_calling_thread()
    def kneighbors(
        self,
        X: Any = None,
        n_neighbors: int | None = None,
        return_distance: bool = True,
        *,
        among: Any = None,
        pad: bool = False,
    ) -> Any:
        """Returns distances (float64) and indices (int64) of the neighbours, both (n_queries, k), nearest first.

        With X=None the queries are the training examples, each without itself: left out by its index, not by a
        distance of 0. Tensors in, tensors out; if X requires a gradient, the distances have one (``gradients``). An
        array of another library comes in by DLPack: NumPy out, or a tensor on its device.

        ``among`` allows only some examples: a mask of bools, (n,), or indices for all queries, or one of either for
        each query, as the rows of a matrix or the entries of a list. After ``remove`` the indices are ids, and a mask
        has a place for each row of ``ids_``. With pad=True a query may have fewer than k neighbours: the missing places
        hold the index -1 and the distance infinity.

        Raises NotFittedError; TypeError for a k that is not an int; ValueError for queries of another width, for more
        neighbours than examples that are allowed, and for a ``memory_limit`` that is too small; for a bad ``among`` it
        raises as ``knn_inputs.among`` says.

        >>> from accelerated import NearestNeighbors
        >>> model = NearestNeighbors(n_neighbors=1).fit([[0], [3], [1]])
        >>> model.kneighbors([[4], [0]], among=[0, 2], return_distance=False).tolist()
        [[2], [0]]
        """
        check_flag(return_distance, "return_distance")
        index, queries, k = self._open(X, n_neighbors, check_flag(pad, "pad"))
        n_queries = len(queries.X)
        allowed = self._read_among(among, k, queries, pad)
        if allowed is None and k > self._n_places() - queries.n_self:  # which only pad=True lets through
            allowed = Allowed.all(self.n_samples_fit_)
        reduced, numbers, _ = self._search(index, queries, range(n_queries), k, allowed=allowed)
        indices = self._output(self._name_rows(numbers), X)
        return (self._distances(reduced, numbers, X), indices) if return_distance else indices

    def _distances(self, reduced: Tensor, numbers: Tensor, X: Any) -> Any:
        """Returns the distances in the kind of the query, as a function of it if it requires a gradient."""
        distances = self._output(self._metric.to_distance(reduced), X)
        slope = self._metric.slope
        if slope is None or not (isinstance(X, Tensor) and X.requires_grad and torch.is_grad_enabled()):
            return distances
        memory_limit = resolve_memory_limit(self.memory_limit, self._rows.device)
        return with_gradient(distances, X, numbers, self._all_rows(), slope, memory_limit)

    def _all_rows(self) -> Tensor:
        """Returns the prepared training rows in the order of their numbers."""
        return to_dense(self._rows.join() if isinstance(self._rows, Parts) else self._rows)

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
        - predicted: the seconds in which the first filter should multiply, by a trial of products on this machine

        Raises as ``kneighbors`` does.

        >>> from accelerated import NearestNeighbors
        >>> X = torch.rand((20_000, 3), generator=torch.Generator().manual_seed(0))
        >>> report = NearestNeighbors(n_neighbors=2).fit(X[:-100]).search_report(X[-100:])
        >>> report.filter, report.n_queries, report.certified, report.candidates, report.fallbacks
        ('tree', 100, 100, 300, {})
        >>> report.why
        '3 features are few for 19900 rows, so a tree finds them'
        """
        index, queries, k = self._open(X, n_neighbors)
        report = self._search(index, queries, range(len(queries.X)), k, Clock(waits_for=self._rows.device)).report
        return report if isinstance(index, Parts) else replace(report, predicted=predict_seconds(index, len(queries.X)))

    def _open(self, X: Any, n_neighbors: int | None, pad: bool = False) -> tuple[Index | Parts, Queries, int]:
        """Returns the rows to search, the queries and k, checked."""
        if not hasattr(self, "n_samples_fit_"):
            check_is_fitted(self, "n_samples_fit_")
        index, queries = self._open_queries(X)
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        return index, queries, self._check_k(k, leave_one_out=X is None, pad=pad)

    def _check_k(self, k: Any, leave_one_out: bool, pad: bool = False) -> int:
        return check_n_neighbors(k, inf if pad else self.n_samples_fit_, leave_one_out)

    def _read_among(self, among: Any, k: int, queries: Queries, pad: bool) -> Allowed | None:
        allowed = self._read_allowed(among, queries)
        if allowed is not None and not pad:
            check_enough(allowed, k, len(queries.X), bool(queries.n_self), self._repeats())
        return allowed

    def _n_places(self) -> int:
        """Returns how many places all rows fill."""
        return self.n_samples_fit_

    def _repeats(self) -> np.ndarray | None:
        """Returns how many places each row fills, int64 (n_samples_fit_,); None: one."""
        return None

    def _search(
        self,
        index: Index | Parts,
        queries: Queries,
        query_range: range,
        k: int,
        clock: Clock | None = None,
        allowed: Allowed | None = None,
    ) -> Neighbors:
        """Returns the neighbours of a range of the queries, on the device of the training rows.

        If only some rows are ``allowed``, a query may have fewer than k; then infinity and -1 are at the end.
        """
        if isinstance(index, Parts):
            return search_parts(index, queries, query_range, k, allowed=allowed, **self._settings(clock))
        if allowed is not None:
            return search_among(index, queries, query_range, allowed, k, **self._settings(clock))
        return search(index, queries, query_range, k, **self._settings(clock))

    def _settings(self, clock: Clock | None = None) -> dict[str, Any]:
        """Returns the scratch memory of a search, whether it shows a bar, and the clock that times its stages."""
        return {
            "memory_limit": resolve_memory_limit(self.memory_limit, self._rows.device),
            "progress": check_flag(self.progress, "progress"),
            "clock": clock or Clock(),
        }
