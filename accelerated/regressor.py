"""The regressor: the average of the targets of the k nearest examples."""

from collections.abc import Callable, Collection, Iterator
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from accelerated.aggregates import Aggregate, aggregate, deviations
from accelerated.arrays import to_numpy
from accelerated.calling_thread import in_calling_thread
from accelerated.one_fit import of_one_fit
from accelerated.scoring import r_squared
from accelerated.validation import check_targets
from accelerated.voting import Weights, divide, neighbor_weights, running_sums
from accelerated.weights import WeightedNeighbors
from knn_inputs.parameters import FROM_SCIKIT_LEARN, check_aggregate, renamed
from knn_inputs.sample_weight import read_repeats
from knn_inputs.targets import check_n_outputs


class KNNRegressor(RegressorMixin, WeightedNeighbors):
    """Predicts the average of the targets of the k nearest examples.

    ``weights`` is uniform, distance (1 / distance) or a function that takes the float64 NumPy array of distances,
    shape (n_queries, k), and returns weights of that shape. ``aggregate`` is mean, median (the smallest target up to
    which the weights reach half of their sum; if they reach exactly half, the mean of it and the next larger one) or a
    function of one query's targets of one output and their weights, float64 NumPy arrays (k,), which returns a number.
    All other parameters are as for ``NearestNeighbors``.

    >>> model = KNNRegressor(n_neighbors=2).fit([[0], [1], [10]], [0, 1, 5])
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
    ):
        super().__init__(
            n_neighbors,
            metric=metric,
            p=p,
            metric_params=metric_params,
            device=device,
            memory_limit=memory_limit,
            progress=progress,
        )
        self.weights = weights
        self.aggregate = aggregate

    @in_calling_thread()
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Keeps float64 copies of X, shape (n, n_features), and of numbers y, shape (n,) or (n, n_outputs).

        ``sample_weight`` has whole numbers, (n,): a row of weight w is like w equal rows, which take w of the k places,
        and one of weight 0 is only a query of ``predict(None)``. Returns self. Raises as ``NearestNeighbors.fit`` does,
        also for y and for the weights.
        """
        check_aggregate(self.aggregate)
        read = self._read(X)
        rows = read["_rows"]
        targets, is_single = check_targets(y, len(rows))
        repeats = read_repeats(sample_weight, len(rows))
        kept = {"_targets": torch.from_numpy(targets).to(rows.device), "_is_single": is_single}
        self._keep_copies(X, read, repeats, **kept)
        return self

    @of_one_fit
    @in_calling_thread()
    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Returns weighted averages, float64, (n_queries,) or (n_queries, n_outputs); X=None: leave-one-out.

        With ``return_std`` it returns a pair: the averages, and the standard deviations of the neighbours' targets,
        sqrt(sum w (y - mean)^2 / sum w). Tensors in, tensors out. Raises as ``kneighbors`` does, and ValueError for
        weights that have no average.

        >>> model = KNNRegressor(n_neighbors=2).fit([[0], [1], [10]], [0, 1, 5])
        >>> model.predict([[0.5]], return_std=True)
        (array([0.5]), array([0.5]))
        """
        check_is_fitted(self, "_targets")
        check_aggregate(self.aggregate, return_std)
        n_queries, found = self._find(X)
        shape, device = (n_queries, self._n_columns()), self._rows.device
        averages, spread = (torch.empty(shape, dtype=torch.float64, device=device) for _ in range(2))
        for some, distances, indices in found:
            weights = neighbor_weights(distances, self.weights)
            averages[some] = aggregate(self.aggregate, self._targets, indices, weights)
            if return_std:
                spread[some] = deviations(self._targets, indices, weights, averages[some])
        predicted = self._output(self._as_given(averages), X)
        return (predicted, self._output(self._as_given(spread), X)) if return_std else predicted

    def _answer(self, distances: Tensor, indices: Tensor) -> Tensor:
        """Returns the average of the targets of these neighbours."""
        weights = neighbor_weights(distances, self.weights)
        return self._as_given(aggregate(self.aggregate, self._targets, indices, weights))

    def _answers(self, distances: Tensor, indices: Tensor, ks: Collection[int]) -> Iterator[Tensor]:
        """Yields the answer of the first k neighbours for each of the ascending ks: for ``select_n_neighbors``."""
        weights = neighbor_weights(distances, self.weights)
        if self.aggregate != "mean":
            for k in ks:
                yield self._as_given(aggregate(self.aggregate, self._targets, indices[:, :k], weights[:, :k]))
            return
        for k, (summed, total) in enumerate(running_sums(self._targets, indices, weights), start=1):
            if k in ks:
                yield self._as_given(divide(summed, total))

    def _learn_more(self, y: Any, n_added: int, repeats: np.ndarray | None) -> dict[str, Any]:
        targets, _ = check_targets(y, n_added)
        check_n_outputs(targets.shape[1], self._n_columns())
        return {"_targets": torch.cat([self._targets, torch.from_numpy(targets).to(self._targets.device)])}

    def _forget(self, left: Tensor, repeats: np.ndarray | None) -> dict[str, Any]:
        return {"_targets": self._targets[left]}

    def _explained(self, indices: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        targets = self._targets[indices]  # (n_queries, k, n_outputs)
        return targets[..., 0] if self._is_single else targets, weights

    def _as_given(self, averages: Tensor) -> Tensor:
        """Returns averages (n, n_outputs) in the shape of the given y."""
        return averages[:, 0] if self._is_single else averages

    def _n_columns(self) -> int:
        return self._targets.shape[1]

    @in_calling_thread()
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Returns R^2, the mean over the outputs. Raises ValueError for y of another shape and for a single query."""
        return r_squared(y, to_numpy(self.predict(X)), sample_weight)
