"""The classes of ``accelerated`` whose rows are in shards: the same names, arguments and bits."""

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
import torch

import accelerated
from accelerated.aggregates import Aggregate
from accelerated.distributed.lazy import lazy_answers
from accelerated.distributed.model import InShards, ShardedNeighbors
from accelerated.one_fit import as_it_is
from accelerated.voting import Weights
from knn_inputs.parameters import FROM_SCIKIT_LEARN, check_aggregate, renamed

FLOAT = np.dtype(np.float64)


class NearestNeighbors(InShards, accelerated.NearestNeighbors, ShardedNeighbors):
    """Finds the k nearest rows as ``accelerated.NearestNeighbors`` does, with rows in shards that Dask searches.

    Parameters
    ----------
    n_neighbors, radius, metric, p, metric_params, progress
        As for ``accelerated.NearestNeighbors``. A metric that needs all rows at once is refused: precomputed, and
        seuclidean and mahalanobis without their parameters.
    device : str or torch.device, optional
        The CPU, or None.
    memory_limit : int or str, optional
        Bytes for each process: half of them for shards that stay in memory between queries, the other half for the
        tasks that run at the same time (``distributed.memory`` has the law). None: a quarter of the free memory; on a
        cluster half of the memory of the smallest worker. An array in memory, answers, and the client's copy of queries
        do not count.
    shard_rows : int, optional
        The rows of a shard; the last may have fewer. None: as many as ``memory_limit`` allows.
    scheduler : str or Client, optional
        synchronous, threads, processes or a Client of Dask. None: the one in Dask's configuration, else the current
        Client, else threads. With processes no shard stays in memory. A model that holds a Client cannot be cloned or
        pickled: leave it None, and the current Client is used.

    >>> import numpy as np
    >>> X = np.arange(20.0).reshape(10, 2)
    >>> model = NearestNeighbors(n_neighbors=2, shard_rows=3, scheduler="synchronous").fit(X)
    >>> model.kneighbors([[5.0, 5.0]])
    (array([[1.        , 2.23606798]]), array([[2, 3]]))
    """

    @renamed(**FROM_SCIKIT_LEARN)
    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        radius: float = 1.0,
        metric: str | Callable[..., float] = "minkowski",
        p: float = 2,
        metric_params: dict[str, Any] | None = None,
        device: str | torch.device | None = None,
        memory_limit: int | str | None = None,
        progress: bool = False,
        shard_rows: int | None = None,
        scheduler: Any = None,
    ):
        super().__init__(
            n_neighbors,
            radius=radius,
            metric=metric,
            p=p,
            metric_params=metric_params,
            device=device,
            memory_limit=memory_limit,
            progress=progress,
        )
        self.shard_rows = shard_rows
        self.scheduler = scheduler


class KNNClassifier(InShards, accelerated.KNNClassifier, ShardedNeighbors):
    """Predicts the class as ``accelerated.KNNClassifier`` does, with rows in shards that Dask searches.

    It takes ``weights`` and ``class_weight`` as ``accelerated.KNNClassifier`` does, and all other parameters as
    ``distributed.NearestNeighbors`` does.

    >>> X, y = [[0.0], [1.0], [2.0], [9.0]], ["low", "low", "high", "high"]
    >>> model = KNNClassifier(n_neighbors=3, shard_rows=2, scheduler="synchronous").fit(X, y)
    >>> model.predict([[0.0], [8.0]]).tolist()
    ['low', 'high']
    """

    @renamed(**FROM_SCIKIT_LEARN)
    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        metric: str | Callable[..., float] = "minkowski",
        p: float = 2,
        metric_params: dict[str, Any] | None = None,
        weights: Weights = "uniform",
        class_weight: dict[Any, float] | Sequence[Any] | str | None = None,
        device: str | torch.device | None = None,
        memory_limit: int | str | None = None,
        progress: bool = False,
        shard_rows: int | None = None,
        scheduler: Any = None,
    ):
        super().__init__(
            n_neighbors,
            metric=metric,
            p=p,
            metric_params=metric_params,
            weights=weights,
            class_weight=class_weight,
            device=device,
            memory_limit=memory_limit,
            progress=progress,
        )
        self.shard_rows = shard_rows
        self.scheduler = scheduler

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Reads X as ``distributed.NearestNeighbors.fit`` does, and all labels y, (n,) or (n, n_outputs).

        y is array-like, or a dask array, Series or DataFrame, which is computed. Raises as ``accelerated`` does.
        """
        return super().fit(X, self._gather(y), sample_weight)

    def predict(self, X: Any) -> Any:
        """Returns the class with the largest share as ``accelerated`` does; of a dask collection, a dask array."""
        if not self._is_lazy(X):
            return super().predict(X)
        model, shape, dtype = as_it_is(self), self._shape_of_query(), self._dtype_of_labels()
        return lazy_answers(model, X, "predict", self.n_neighbors, [(shape, dtype)])[0]

    def predict_proba(self, X: Any) -> Any:
        """Returns vote shares as ``accelerated`` does; of a dask collection, a dask array or a list of them."""
        if not self._is_lazy(X):
            return super().predict_proba(X)
        classes = [self.classes_] if self._is_single else self.classes_
        parts = [((len(of_output),), FLOAT) for of_output in classes]
        shares = lazy_answers(as_it_is(self), X, "predict_proba", self.n_neighbors, parts)
        return shares[0] if self._is_single else shares

    def _dtype_of_labels(self) -> np.dtype:
        return self.classes_.dtype if self._is_single else np.column_stack([c[:1] for c in self.classes_]).dtype


class KNNRegressor(InShards, accelerated.KNNRegressor, ShardedNeighbors):
    """Predicts the average as ``accelerated.KNNRegressor`` does, with rows in shards that Dask searches.

    It takes ``weights`` and ``aggregate`` as ``accelerated.KNNRegressor`` does, and all other parameters as
    ``distributed.NearestNeighbors`` does.

    >>> model = KNNRegressor(n_neighbors=2, shard_rows=2, scheduler="synchronous").fit([[0], [1], [10]], [0, 1, 5])
    >>> model.predict([[0.5], [9]]).tolist()
    [0.5, 3.0]
    """

    @renamed(**FROM_SCIKIT_LEARN)
    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        metric: str | Callable[..., float] = "minkowski",
        p: float = 2,
        metric_params: dict[str, Any] | None = None,
        weights: Weights = "uniform",
        aggregate: Aggregate = "mean",
        device: str | torch.device | None = None,
        memory_limit: int | str | None = None,
        progress: bool = False,
        shard_rows: int | None = None,
        scheduler: Any = None,
    ):
        super().__init__(
            n_neighbors,
            metric=metric,
            p=p,
            metric_params=metric_params,
            weights=weights,
            aggregate=aggregate,
            device=device,
            memory_limit=memory_limit,
            progress=progress,
        )
        self.shard_rows = shard_rows
        self.scheduler = scheduler

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Reads X as ``distributed.NearestNeighbors.fit`` does, and all targets y, (n,) or (n, n_outputs).

        y is array-like, or a dask array, Series or DataFrame, which is computed. Raises as ``accelerated`` does.
        """
        return super().fit(X, self._gather(y), sample_weight)

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Returns weighted averages as ``accelerated`` does; of a dask collection, a dask array or a pair of them."""
        if not self._is_lazy(X):
            return super().predict(X, return_std)
        check_aggregate(self.aggregate, return_std)
        parts = [(self._shape_of_query(), FLOAT)] * (1 + bool(return_std))
        predicted = lazy_answers(as_it_is(self), X, "predict", self.n_neighbors, parts, return_std=return_std)
        return tuple(predicted) if return_std else predicted[0]
