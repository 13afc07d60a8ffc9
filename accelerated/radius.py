"""The rows within a radius of each query, as an estimator with the conventions of scikit-learn."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from accelerated.arrays import output_device, to_output
from accelerated.base import NeighborsBase
from accelerated.calling_thread import in_calling_thread
from accelerated.one_fit import of_one_fit
from accelerated.search import Clock, Index, Parts, Queries, Within, resolve_memory_limit, search_within
from knn_inputs.parameters import check_flag
from knn_inputs.radius import check_radius, read_radii


class RadiusNeighbors(NeighborsBase):
    """The search that ``NearestNeighbors`` and the two predictors by radius share."""

    def __init__(
        self,
        radius: float = 1.0,
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
        self.radius = radius

    def _read(self, X: Any) -> dict[str, Any]:
        check_radius(self.radius)
        return super()._read(X)

    @of_one_fit
    @in_calling_thread()
    def radius_neighbors(
        self, X: Any = None, radius: Any = None, return_distance: bool = True, *, among: Any = None
    ) -> Any:
        """Returns distances and indices of all neighbours within the radius, nearest first, as arrays of arrays.

        Both are object arrays (n_queries,), of a float64 and an int64 array for each query, or of tensors if the query
        is one. The radius, one number or one for each query, is the constructor's if it is None; a distance equal to it
        is within. With X=None the queries are the training examples, each without itself, left out by its index.
        ``among`` allows only some examples, as in ``kneighbors``, any number of them.

        Raises NotFittedError; TypeError for a radius that is not a number; ValueError for one that is NaN or below 0,
        for another number of them than of queries, for queries of another width, and for a ``memory_limit`` that is too
        small; for a bad ``among`` it raises as ``knn_inputs.among`` says.

        >>> from accelerated import NearestNeighbors
        >>> distances, indices = NearestNeighbors(radius=2).fit([[0], [3], [1]]).radius_neighbors([[2], [9]])
        >>> distances[0].tolist(), indices[0].tolist(), len(indices[1])
        ([1.0, 1.0, 2.0], [1, 2, 0], 0)
        """
        check_flag(return_distance, "return_distance")
        index, queries = self._open_within(X, radius, among)
        distances, indices = np.empty((2, len(queries.X)), dtype=object)
        device = self._output_device if X is None else output_device(X)

        def take(numbers: np.ndarray, found: Within) -> None:
            of_batch, rows = to_output(found.distance, device), to_output(self._name_rows(found.row), device)
            start = 0
            for number, n_rows in zip(numbers.tolist(), found.n_rows.tolist(), strict=True):
                distances[number], indices[number] = of_batch[start : start + n_rows], rows[start : start + n_rows]
                start += n_rows

        self._search_within(index, queries, take)
        return (distances, indices) if return_distance else indices

    @of_one_fit
    @in_calling_thread()
    def count_within(self, X: Any = None, radius: Any = None, *, among: Any = None) -> Any:
        """Returns how many neighbours each query has within the radius, int64 (n_queries,), and keeps none of them.

        Raises as ``radius_neighbors`` does.

        >>> from accelerated import NearestNeighbors
        >>> NearestNeighbors(radius=2).fit([[0], [3], [1]]).count_within([[2], [9]])
        array([3, 0])
        """
        index, queries = self._open_within(X, radius, among)
        counts = torch.zeros(len(queries.X), dtype=torch.int64, device="cpu")

        def take(numbers: np.ndarray, found: Within) -> None:
            counts[torch.from_numpy(numbers)] = found.n_rows.cpu()

        self._search_within(index, queries, take, counts_only=True)
        return self._output(counts, X)

    def _open_within(self, X: Any, radius: Any, among: Any = None, only_later: bool = False) -> tuple[Index, Queries]:
        """Returns the rows to search, and the queries with their radii, checked."""
        if not hasattr(self, "n_samples_fit_"):
            check_is_fitted(self, "n_samples_fit_")
        index, queries = self._open_queries(X)
        index = index.whole() if isinstance(index, Parts) else index
        radii = read_radii(self.radius if radius is None else radius, len(queries.X))
        return index, queries.within(radii, only_later, self._read_allowed(among, queries))

    def _search_within(
        self,
        index: Index,
        queries: Queries,
        take: Callable[[np.ndarray, Within], None],
        counts_only: bool = False,
        share: int = 1,
    ) -> None:
        """Hands the rows within the radii to ``take``; a 1 / ``share`` of the memory limit is for the search."""
        search_within(
            index,
            queries,
            take,
            counts_only=counts_only,
            memory_limit=resolve_memory_limit(self.memory_limit, self._rows.device),
            share=share,
            progress=check_flag(self.progress, "progress"),
            clock=Clock(),
        )
