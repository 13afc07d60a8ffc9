"""The k nearest rows of each query, as an estimator with the conventions of scikit-learn."""

from collections.abc import Callable
from typing import Any

import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from accelerated.base import NeighborsBase
from accelerated.calling_thread import in_calling_thread
from accelerated.metrics import Metric
from accelerated.one_fit import of_one_fit
from accelerated.search import Clock, Index, Neighbors, Queries, Report, make_index, resolve_memory_limit, search
from knn_inputs.containers import one_row
from knn_inputs.parameters import check_flag, check_n_neighbors


class KNeighbors(NeighborsBase):
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

    def _make_index(self, metric: Metric, rows: Tensor) -> Index:
        return make_index(metric, rows, self.n_neighbors, self._filter)

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

        >>> from accelerated import NearestNeighbors
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
