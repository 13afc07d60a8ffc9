"""The two predictors: a vote of the k nearest examples for classes, their average for numbers."""

from collections.abc import Callable, Collection, Iterator
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from accelerated.arrays import to_numpy
from accelerated.calling_thread import in_calling_thread
from accelerated.labels import drop_unused, merge_labels
from accelerated.neighbors import KNeighbors
from accelerated.one_fit import of_one_fit
from accelerated.scoring import accuracy, r_squared
from accelerated.search import Index, Parts, Queries, prediction_batch, resolve_memory_limit
from accelerated.validation import check_labels, check_targets
from accelerated.voting import Weights, average, divide, neighbor_weights, rank_classes, running_sums, vote_shares
from knn_inputs.parameters import check_weights
from knn_inputs.targets import check_n_outputs


class _WeightedNeighbors(KNeighbors):
    """The part that both predictors share. Each has a constructor of its own, for Python names it in its messages."""

    weights: Weights

    def _read(self, X: Any) -> dict[str, Any]:
        check_weights(self.weights)
        return super()._read(X)

    def _find(self, X: Any) -> tuple[int, Iterator[tuple[slice, Tensor, Tensor]]]:
        """Returns the number of queries, and an iterator over as many of them at once as memory has room for.

        It yields which queries these are, and the distances and indices of their neighbours, both (n, k). A callable
        for weights may compare queries, so it gets all of them at once.
        """
        check_weights(self.weights)  # they may have changed since fit
        index, queries, k = self._open(X, None)
        return len(queries.X), self._in_batches(index, queries, k)

    def _in_batches(self, index: Index | Parts, queries: Queries, k: int) -> Iterator[tuple[slice, Tensor, Tensor]]:
        n_queries, memory_limit = len(queries.X), resolve_memory_limit(self.memory_limit, self._rows.device)
        n_at_once = n_queries if callable(self.weights) else prediction_batch(k, self._n_columns(), memory_limit)
        for start in range(0, n_queries, n_at_once):
            stop = min(start + n_at_once, n_queries)
            found = self._search(index, queries, range(start, stop), k)
            yield slice(start, stop), self._metric.to_distance(found.reduced), found.indices

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class KNNClassifier(ClassifierMixin, _WeightedNeighbors):
    """Predicts the class with the most votes of the k nearest examples; equal votes go to the smallest label.

    ``weights`` is uniform, distance (1 / distance) or a function that takes the float64 NumPy array of distances,
    shape (n_queries, k), and returns weights of that shape. All other parameters are as for ``NearestNeighbors``.

    >>> model = KNNClassifier(n_neighbors=3).fit([[0], [1], [2], [9]], ["low", "low", "high", "high"])
    >>> model.predict([[0], [8]]).tolist()
    ['low', 'high']
    """

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        metric: str | Callable[..., float] = "minkowski",
        p: float = 2,
        metric_params: dict[str, Any] | None = None,
        weights: Weights = "uniform",
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

    @in_calling_thread()
    def fit(self, X: Any, y: Any) -> Self:
        """Keeps copies of X, shape (n, n_features), and of labels y, shape (n,) or (n, n_outputs); returns self.

        Raises as ``NearestNeighbors.fit`` does, and ValueError for labels that are missing, fractions or unsortable.
        """
        read = self._read(X)
        rows = read["_rows"]
        classes, codes, is_single = check_labels(y, len(rows))
        self._keep(
            X,
            read,
            classes_=classes[0] if is_single else classes,
            _is_single=is_single,
            _codes=[torch.from_numpy(column).to(rows.device) for column in codes],
        )
        return self

    def _learn_more(self, y: Any, n_added: int) -> dict[str, Any]:
        classes, codes, _ = check_labels(y, n_added)
        check_n_outputs(len(codes), len(self._codes))
        known = [self.classes_] if self._is_single else self.classes_
        both = [merge_labels(*some) for some in zip(known, self._codes, classes, codes, strict=True)]
        return self._with_labels(both)

    def _forget(self, left: Tensor) -> dict[str, Any]:
        known = [self.classes_] if self._is_single else self.classes_
        return self._with_labels([drop_unused(c, codes[left]) for c, codes in zip(known, self._codes, strict=True)])

    def _with_labels(self, outputs: list[tuple[np.ndarray, Tensor]]) -> dict[str, Any]:
        classes, codes = map(list, zip(*outputs, strict=True))
        return {"classes_": classes[0] if self._is_single else classes, "_codes": codes}

    @of_one_fit
    @in_calling_thread()
    def predict_proba(self, X: Any) -> Any:
        """Returns vote shares, float64 (n_queries, n_classes), columns as in ``classes_``; a list for many outputs.

        Tensors in, tensors out. Raises as ``kneighbors`` does, and ValueError for weights that cannot be votes.

        >>> KNNClassifier(2).fit([[0], [1], [9]], ["b", "a", "b"]).predict_proba([[0]])
        array([[0.5, 0.5]])
        """
        check_is_fitted(self, "classes_")
        n_queries, found = self._find(X)
        classes = [self.classes_] if self._is_single else self.classes_
        outputs = [torch.zeros((n_queries, len(c)), dtype=torch.float64, device=self._rows.device) for c in classes]
        for some, distances, indices in found:
            weights = neighbor_weights(distances, self.weights)
            for codes, shares in zip(self._codes, outputs, strict=True):
                _write_shares(shares[some], codes[indices], weights)
        outputs = [self._output(shares, X) for shares in outputs]
        return outputs[0] if self._is_single else outputs

    @of_one_fit
    @in_calling_thread()
    def predict(self, X: Any) -> Any:
        """Returns the class with the largest share, (n_queries,) or (n_queries, n_outputs); X=None: leave-one-out.

        Tensors in, tensors out, except for labels that are not numbers. Raises as ``predict_proba`` does.
        """
        check_is_fitted(self, "classes_")
        answers = [self._answer(distances, indices) for _, distances, indices in self._find(X)[1]]
        dtype = self.classes_.dtype if self._is_single else None  # concatenating would change the order of bytes
        return self._output(np.concatenate(answers, dtype=dtype), X)

    def _answer(self, distances: Tensor, indices: Tensor) -> np.ndarray:
        """Returns the class with the largest share of the votes of these neighbours."""
        (answer,) = self._answers(distances, indices, [indices.shape[1]])
        return answer

    def _answers(self, distances: Tensor, indices: Tensor, ks: Collection[int]) -> Iterator[np.ndarray]:
        """Yields the answer of the first k neighbours for each of the ascending ks: for ``select_n_neighbors``."""
        weights = neighbor_weights(distances, self.weights)
        by_output = [list(_largest(codes[indices], weights, ks)) for codes in self._codes]
        for chosen in zip(*by_output, strict=True):  # for each output the classes of the queries
            if self._is_single:
                yield self.classes_[chosen[0]]
            else:
                yield np.column_stack([classes[i] for classes, i in zip(self.classes_, chosen, strict=True)])

    def _n_columns(self) -> int:
        return len(self._codes)

    @in_calling_thread()
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Returns the share of queries whose labels are all right. Raises ValueError for y of another shape."""
        return accuracy(y, to_numpy(self.predict(X)), sample_weight)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _write_shares(shares: Tensor, codes: Tensor, weights: Tensor) -> None:
    """Writes the shares of the votes, for the classes ``codes`` (n, k), to the columns of these classes."""
    _, columns = rank_classes(codes)
    (of_columns,) = vote_shares(columns, weights, [codes.shape[1]])
    query = torch.arange(len(codes), device=codes.device)[:, None]
    shares[query, codes] = of_columns.gather(1, columns)  # neighbours of one class write the same number


def _largest(codes: Tensor, weights: Tensor, ks: Collection[int]) -> Iterator[np.ndarray]:
    """Yields the class with the largest share, (n,), of the first k neighbours' classes ``codes``, for each k."""
    classes, columns = rank_classes(codes)
    for shares in vote_shares(columns, weights, ks):
        column = np.argmax(to_numpy(shares), axis=1)  # the first of equals, so the smallest class
        yield np.take_along_axis(to_numpy(classes), column[:, None], axis=1)[:, 0]


class KNNRegressor(RegressorMixin, _WeightedNeighbors):
    """Predicts the average of the targets of the k nearest examples.

    ``weights`` is uniform, distance (1 / distance) or a function that takes the float64 NumPy array of distances,
    shape (n_queries, k), and returns weights of that shape. All other parameters are as for ``NearestNeighbors``.

    >>> model = KNNRegressor(n_neighbors=2).fit([[0], [1], [10]], [0, 1, 5])
    >>> model.predict([[0.5], [9]]).tolist()
    [0.5, 3.0]
    """

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        metric: str | Callable[..., float] = "minkowski",
        p: float = 2,
        metric_params: dict[str, Any] | None = None,
        weights: Weights = "uniform",
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

    @in_calling_thread()
    def fit(self, X: Any, y: Any) -> Self:
        """Keeps float64 copies of X, shape (n, n_features), and of numbers y, shape (n,) or (n, n_outputs).

        Returns self. Raises as ``NearestNeighbors.fit`` does, also for y.
        """
        read = self._read(X)
        rows = read["_rows"]
        targets, is_single = check_targets(y, len(rows))
        self._keep(X, read, _targets=torch.from_numpy(targets).to(rows.device), _is_single=is_single)
        return self

    def _learn_more(self, y: Any, n_added: int) -> dict[str, Any]:
        targets, _ = check_targets(y, n_added)
        check_n_outputs(targets.shape[1], self._n_columns())
        return {"_targets": torch.cat([self._targets, torch.from_numpy(targets).to(self._targets.device)])}

    def _forget(self, left: Tensor) -> dict[str, Any]:
        return {"_targets": self._targets[left]}

    @of_one_fit
    @in_calling_thread()
    def predict(self, X: Any) -> Any:
        """Returns weighted averages, float64, (n_queries,) or (n_queries, n_outputs); X=None: leave-one-out.

        Tensors in, tensors out. Raises as ``kneighbors`` does, and ValueError for weights that have no average.
        """
        check_is_fitted(self, "_targets")
        n_queries, found = self._find(X)
        averages = torch.empty((n_queries, self._n_columns()), dtype=torch.float64, device=self._rows.device)
        for some, distances, indices in found:
            averages[some] = self._averages(distances, indices)
        return self._output(self._as_given(averages), X)

    def _answer(self, distances: Tensor, indices: Tensor) -> Tensor:
        """Returns the weighted average of the targets of these neighbours."""
        return self._as_given(self._averages(distances, indices))

    def _answers(self, distances: Tensor, indices: Tensor, ks: Collection[int]) -> Iterator[Tensor]:
        """Yields the answer of the first k neighbours for each of the ascending ks: for ``select_n_neighbors``."""
        weights = neighbor_weights(distances, self.weights)
        for k, (summed, total) in enumerate(running_sums(self._targets, indices, weights), start=1):
            if k in ks:
                yield self._as_given(divide(summed, total))

    def _averages(self, distances: Tensor, indices: Tensor) -> Tensor:
        return average(self._targets, indices, neighbor_weights(distances, self.weights))

    def _as_given(self, averages: Tensor) -> Tensor:
        """Returns averages (n, n_outputs) in the shape of the given y."""
        return averages[:, 0] if self._is_single else averages

    def _n_columns(self) -> int:
        return self._targets.shape[1]

    @in_calling_thread()
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Returns R^2, the mean over the outputs. Raises ValueError for y of another shape and for a single query."""
        return r_squared(y, to_numpy(self.predict(X)), sample_weight)
