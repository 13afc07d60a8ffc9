"""The two predictors by radius: a vote of all examples within it for classes, their average for numbers."""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from accelerated.arrays import to_numpy
from accelerated.calling_thread import in_calling_thread
from accelerated.one_fit import of_one_fit
from accelerated.radius import RadiusNeighbors
from accelerated.radius_voting import Weighted, averages, vote_shares
from accelerated.scoring import accuracy, r_squared
from accelerated.search import Index, Queries, Within
from accelerated.validation import check_labels, check_targets
from accelerated.voting import Weights
from knn_inputs.outlier_label import read_outlier_labels, warn_of_unknown
from knn_inputs.parameters import FROM_SCIKIT_LEARN, check_weights, renamed
from knn_inputs.radius import refuse_lonely


class _WeightedWithin(RadiusNeighbors):
    """The part that both predictors share. Each has a constructor of its own, for Python names it in its messages."""

    weights: Weights

    def _read(self, X: Any) -> dict[str, Any]:
        check_weights(self.weights)
        return super()._read(X)

    def _open_weighted(self, X: Any) -> tuple[Index, Queries]:
        """Returns the rows to search, and the queries with the radius, checked."""
        check_weights(self.weights)  # they may have changed since fit
        return self._open_within(X, None)

    def _combine_within(
        self, index: Index, queries: Queries, combine: Callable[[np.ndarray, Weighted], None]
    ) -> np.ndarray:
        """Hands the numbers of some queries and their weighted neighbours to ``combine``, batch after batch.

        Returns which queries have no neighbour, bool (n_queries,). Half of the memory limit is for the search, and half
        for ``combine``, which gets few enough pairs for that.
        """
        is_lonely = np.ones(len(queries.X), dtype=bool)

        def take(numbers: np.ndarray, found: Within) -> None:
            is_lonely[numbers] = found.n_rows.cpu().numpy() == 0
            combine(numbers, Weighted.make(found, self.weights))

        self._search_within(index, queries, take, share=2)
        return is_lonely

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class RadiusNeighborsRegressor(RegressorMixin, _WeightedWithin):
    """Predicts the average of the targets of all examples within the radius.

    ``weights`` is uniform, distance (1 / distance) or a function that takes the float64 NumPy array of the distances of
    one query's neighbours, shape (1, k), and returns weights of that shape. All other parameters are as for
    ``NearestNeighbors``.

    >>> model = RadiusNeighborsRegressor(radius=1).fit([[0], [1], [10]], [0, 1, 5])
    >>> model.predict([[0.5], [9]]).tolist()
    [0.5, 5.0]
    """

    @renamed(**FROM_SCIKIT_LEARN)
    def __init__(
        self,
        radius: float = 1.0,
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
            radius,
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
        targets, is_single = check_targets(y, len(read["_rows"]))
        self._keep(X, read, _targets=targets, _is_single=is_single)
        return self

    @of_one_fit
    @in_calling_thread()
    def predict(self, X: Any) -> Any:
        """Returns weighted averages, float64, (n_queries,) or (n_queries, n_outputs); X=None: leave-one-out.

        Tensors in, tensors out. Raises as ``radius_neighbors`` does, and ValueError for weights that have no average
        and with the queries that have no neighbour.
        """
        check_is_fitted(self, "_targets")
        index, queries = self._open_weighted(X)
        predicted = np.empty((len(queries.X), self._targets.shape[1]))

        def combine(numbers: np.ndarray, neighbors: Weighted) -> None:
            predicted[numbers] = averages(neighbors, self._targets)

        refuse_lonely(self._combine_within(index, queries, combine), self.radius)
        return self._output(predicted[:, 0] if self._is_single else predicted, X)

    @in_calling_thread()
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Returns R^2, the mean over the outputs. Raises ValueError for y of another shape and for a single query."""
        return r_squared(y, to_numpy(self.predict(X)), sample_weight)


class RadiusNeighborsClassifier(ClassifierMixin, _WeightedWithin):
    """Predicts the class with the most votes of all examples within the radius; equal votes: the smallest label.

    ``outlier_label`` is for queries without neighbours: a label (a list of one for each output), "most_frequent", or
    None to raise an error. ``weights`` is as for ``RadiusNeighborsRegressor``, and all other parameters are as for
    ``NearestNeighbors``.

    >>> model = RadiusNeighborsClassifier(radius=2, outlier_label="far").fit([[0], [1], [2]], ["low", "low", "high"])
    >>> model.predict([[0], [3], [9]]).tolist()
    ['low', 'high', 'far']
    """

    @renamed(**FROM_SCIKIT_LEARN)
    def __init__(
        self,
        radius: float = 1.0,
        *,
        metric: str | Callable[..., float] = "minkowski",
        p: float = 2,
        metric_params: dict[str, Any] | None = None,
        weights: Weights = "uniform",
        outlier_label: Any = None,
        device: str | torch.device | None = None,
        memory_limit: int | str | None = None,
        progress: bool = False,
    ):
        super().__init__(
            radius,
            metric=metric,
            p=p,
            metric_params=metric_params,
            device=device,
            memory_limit=memory_limit,
            progress=progress,
        )
        self.weights = weights
        self.outlier_label = outlier_label

    @in_calling_thread()
    def fit(self, X: Any, y: Any) -> Self:
        """Keeps copies of X, shape (n, n_features), and of labels y, shape (n,) or (n, n_outputs); returns self.

        Raises as ``KNNClassifier.fit`` does, and TypeError or ValueError for an ``outlier_label`` that does not go with
        y.
        """
        read = self._read(X)
        classes, codes, is_single = check_labels(y, len(read["_rows"]))
        labels = read_outlier_labels(self.outlier_label, classes, codes)
        self._keep(
            X,
            read,
            classes_=classes[0] if is_single else classes,
            outlier_label_=labels,
            _is_single=is_single,
            _codes=codes,
        )
        return self

    @of_one_fit
    @in_calling_thread()
    def predict_proba(self, X: Any) -> Any:
        """Returns vote shares, float64 (n_queries, n_classes), columns as in ``classes_``; a list for many outputs.

        The ``outlier_label`` has a share of 1 where a query has no neighbour; if the label is not a class, there is a
        warning, and all shares are 0. Tensors in, tensors out. Raises as ``RadiusNeighborsRegressor.predict`` does.

        >>> RadiusNeighborsClassifier(2).fit([[0], [1], [9]], ["b", "a", "b"]).predict_proba([[0]])
        array([[0.5, 0.5]])
        """
        check_is_fitted(self, "classes_")
        index, queries = self._open_weighted(X)
        outputs = [np.zeros((len(queries.X), len(classes))) for classes in self._classes()]

        def combine(numbers: np.ndarray, neighbors: Weighted) -> None:
            for codes, of_output in zip(self._codes, outputs, strict=True):
                shares = vote_shares(neighbors, codes, of_output.shape[1])
                of_output[numbers[shares.query], shares.code] = shares.share

        is_lonely = self._find_lonely(index, queries, combine)
        for shares, classes, label in zip(outputs, self._classes(), self._labels(), strict=True):
            if is_lonely.any():
                shares[is_lonely] = classes == label
                warn_of_unknown(label, classes)
        answers = [self._output(shares, X) for shares in outputs]
        return answers[0] if self._is_single else answers

    @of_one_fit
    @in_calling_thread()
    def predict(self, X: Any) -> Any:
        """Returns the class with the largest share, (n_queries,) or (n_queries, n_outputs); X=None: leave-one-out.

        It is the ``outlier_label`` where a query has no neighbour. Tensors in, tensors out, except for labels that are
        not numbers. Raises as ``predict_proba`` does.
        """
        check_is_fitted(self, "classes_")
        index, queries = self._open_weighted(X)
        chosen = np.zeros((len(self._codes), len(queries.X)), dtype=np.int64)

        def combine(numbers: np.ndarray, neighbors: Weighted) -> None:
            for codes, classes, of_output in zip(self._codes, self._classes(), chosen, strict=True):
                some, code = vote_shares(neighbors, codes, len(classes)).largest()
                of_output[numbers[some]] = code

        is_lonely = self._find_lonely(index, queries, combine)
        answers = [
            np.where(is_lonely, classes[0] if label is None else label, classes[codes])
            for classes, codes, label in zip(self._classes(), chosen, self._labels(), strict=True)
        ]
        return self._output(answers[0] if self._is_single else np.column_stack(answers), X)

    def _find_lonely(
        self, index: Index, queries: Queries, combine: Callable[[np.ndarray, Weighted], None]
    ) -> np.ndarray:
        """Combines neighbours, and returns which queries have none; raises ValueError if there is no label for them."""
        is_lonely = self._combine_within(index, queries, combine)
        if self.outlier_label_ is None:
            refuse_lonely(is_lonely, self.radius, "or an outlier_label, ")
        return is_lonely

    def _classes(self) -> list[np.ndarray]:
        return [self.classes_] if self._is_single else self.classes_

    def _labels(self) -> list[Any]:
        return self.outlier_label_ or [None] * len(self._codes)

    @in_calling_thread()
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Returns the share of queries whose labels are all right. Raises ValueError for y of another shape."""
        return accuracy(y, to_numpy(self.predict(X)), sample_weight)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
