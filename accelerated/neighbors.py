"""The estimators: scikit-learn's habits outside, the tiled search inside.

``fit`` keeps float64 rows on the device; a query never writes to the model.
"""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor

from accelerated.arrays import (
    one_row,
    output_device,
    read_rows,
    resolve_device,
    resolve_memory_limit,
    to_numpy,
    to_output,
)
from accelerated.metrics import get_metric
from accelerated.search import search
from accelerated.validation import (
    check_columns,
    check_distance_matrix,
    check_labels,
    check_n_neighbors,
    check_rows,
    check_targets,
)
from accelerated.voting import Weights, average, check_weights, neighbor_weights, vote_shares, winners


class NearestNeighbors(BaseEstimator):
    """Finds the k training examples nearest to a query, sorted by (distance, training index).

    Parameters
    ----------
    n_neighbors : int
        How many neighbours, where a query does not say.
    metric : str or callable
        euclidean, sqeuclidean, manhattan, chebyshev, minkowski, cosine, hamming, jaccard, precomputed, or a function
        of two float64 rows, called once a pair.
    p : float
        The power of minkowski, above 0.
    metric_params : dict, optional
        Keyword arguments for a callable metric.
    device : str or torch.device, optional
        Where to search. None: where the training tensor is, else CUDA if there is one, else the CPU.
    memory_limit : int, optional
        Bytes of scratch beside inputs, answers and fitted state. None: 1 GiB, or a quarter of what is free on a GPU.
    progress : bool
        Whether to show a progress bar on stderr.

    >>> model = NearestNeighbors(n_neighbors=2).fit([[0, 0], [3, 4], [0, 1]])
    >>> model.get_neighbors([0, 0])
    [(0, 0.0), (2, 1.0)]
    >>> model.kneighbors(torch.tensor([[3.0, 3.0]]))
    (tensor([[1.0000, 3.6056]], dtype=torch.float64), tensor([[1, 2]]))
    """

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        metric: str | Callable[..., float] = "euclidean",
        p: float = 2,
        metric_params: dict[str, Any] | None = None,
        device: str | torch.device | None = None,
        memory_limit: int | None = None,
        progress: bool = False,
    ):
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.p = p
        self.metric_params = metric_params
        self.device = device
        self.memory_limit = memory_limit
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> Self:
        """Keeps a float64 copy of X, array-like or tensor of shape (n, n_features); y is not used.

        Raises ValueError for what is not a full, finite matrix of real numbers, TypeError for a sparse one.
        """
        check_n_neighbors(self.n_neighbors)
        metric = get_metric(self.metric, self.p, self.metric_params)
        checked = check_rows(X, metric.largest)
        validate_data(self, X, reset=True, skip_check_array=True)  # notes the number and names of the features
        rows = read_rows(checked, 0, len(checked), resolve_device(self.device, X))
        if self.metric == "precomputed":
            check_distance_matrix(rows)
        self._metric, self._rows, self._output_device = metric, metric.prepare(rows), output_device(X)
        self.n_samples_fit_ = len(rows)
        return self

    def get_distance(self, a: Any, b: Any) -> float:
        """The distance between two examples. Raises ValueError where they differ in length."""
        metric = get_metric(self.metric, self.p, self.metric_params)
        if self.metric == "precomputed":
            raise ValueError("metric='precomputed' has no distance between two examples: it is in the matrix you gave")
        pair = check_rows(np.stack([to_numpy(a), to_numpy(b)]), metric.largest)
        rows = metric.prepare(read_rows(pair, 0, 2, torch.device("cpu")))
        return metric.root(metric.rank(rows[:1], rows[1:], 0, 1)).item()

    def get_neighbors(self, example: Any) -> list[tuple[int, float]]:
        """The neighbours of one example, nearest first: a list of (index, distance)."""
        distances, indices = self.kneighbors(one_row(example))
        return list(zip(indices[0].tolist(), distances[0].tolist(), strict=True))

    def kneighbors(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
        """Distances (float64) and indices (int64) of the neighbours, each of shape (n_queries, k), nearest first.

        With X=None the queries are the training examples, each without itself: left out by its index, not by a
        distance of 0. Tensors in, tensors out. Raises ValueError for bad queries, for more neighbours than there are
        training examples, and for a ``memory_limit`` that is too small.
        """
        distances, indices = self._search(X, n_neighbors)
        indices = self._output(indices, X)
        return (self._output(distances, X), indices) if return_distance else indices

    def _search(self, X: Any, n_neighbors: int | None = None) -> tuple[Tensor, Tensor]:
        """``kneighbors`` as tensors on the device of the training rows."""
        check_is_fitted(self, "n_samples_fit_")
        n_queries, read_queries = self._open(X)
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        ranks, indices = search(
            self._metric,
            self._rows,
            read_queries,
            n_queries,
            check_n_neighbors(k, len(self._rows), leave_one_out=X is None),
            leave_one_out=X is None,
            memory_limit=resolve_memory_limit(self.memory_limit, self._rows.device),
            progress=self.progress,
        )
        return self._metric.root(ranks), indices

    def _open(self, X: Any) -> tuple[int, Callable[[int, int], Tensor]]:
        """How many queries there are, and what reads and prepares a range of them."""
        if X is None:
            return len(self._rows), lambda start, stop: self._rows[start:stop]
        checked = check_rows(X, self._metric.largest)
        validate_data(self, X, reset=False, skip_check_array=True)
        return len(checked), lambda start, stop: self._metric.prepare(
            read_rows(checked, start, stop, self._rows.device)
        )

    def _output(self, values: Tensor | np.ndarray, X: Any) -> Any:
        """The answer in the kind of the query, or of the training data where it is its own query."""
        return to_output(values, self._output_device if X is None else output_device(X))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.metric == "precomputed"
        return tags


class KNNClassifier(ClassifierMixin, NearestNeighbors):
    """The class most of the k nearest examples have; with equal votes, the smallest label.

    ``weights`` is uniform, distance (1 / distance) or a function that takes the float64 NumPy array of distances,
    shape (n_queries, k), and returns weights of that shape. The other parameters are those of ``NearestNeighbors``.

    >>> model = KNNClassifier(n_neighbors=3).fit([[0], [1], [2], [9]], ["low", "low", "high", "high"])
    >>> model.predict([[0], [8]]).tolist()
    ['low', 'high']
    """

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        metric: str | Callable[..., float] = "euclidean",
        p: float = 2,
        metric_params: dict[str, Any] | None = None,
        weights: Weights = "uniform",
        device: str | torch.device | None = None,
        memory_limit: int | None = None,
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

    def fit(self, X: Any, y: Any) -> Self:
        """Keeps copies of X, shape (n, n_features), and of labels y, shape (n,) or (n, n_outputs).

        Raises ValueError for what is not a matrix of numbers, and for labels that are missing, fractions or unsortable.
        """
        check_weights(self.weights)
        super().fit(X)
        outputs, self._single = check_labels(y, self.n_samples_fit_)
        self._codes = [torch.from_numpy(codes).to(self._rows.device) for _, codes in outputs]
        self.classes_ = outputs[0][0] if self._single else [classes for classes, _ in outputs]
        return self

    def predict_proba(self, X: Any) -> Any:
        """Vote shares, float64 (n_queries, n_classes), columns as in ``classes_``; a list of them for many outputs."""
        shares = [self._output(shares, X) for shares in self._vote(X)]
        return shares[0] if self._single else shares

    def predict(self, X: Any) -> Any:
        """The class with the largest share, (n_queries,) or (n_queries, n_outputs); X=None: leave-one-out.

        Tensors in, tensors out, except for labels that are not numbers.
        """
        chosen = [to_numpy(winners(shares)) for shares in self._vote(X)]
        if self._single:
            return self._output(self.classes_[chosen[0]], X)
        return self._output(np.column_stack([c[i] for c, i in zip(self.classes_, chosen, strict=True)]), X)

    def _vote(self, X: Any) -> list[Tensor]:
        check_is_fitted(self, "classes_")
        distances, indices = self._search(X)
        weights = neighbor_weights(distances, self.weights)
        n_classes = [len(self.classes_)] if self._single else [len(classes) for classes in self.classes_]
        return [vote_shares(codes[indices], weights, n) for codes, n in zip(self._codes, n_classes, strict=True)]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy: the share of queries whose labels are all right."""
        predicted = to_numpy(self.predict(X))
        right = predicted == check_columns(y, len(predicted)).reshape(predicted.shape)
        return float(np.average(right.reshape(len(right), -1).all(axis=1), weights=sample_weight))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.multi_output = True
        return tags


class KNNRegressor(RegressorMixin, NearestNeighbors):
    """The average of the targets of the k nearest examples.

    ``weights`` is uniform, distance (1 / distance) or a function that takes the float64 NumPy array of distances,
    shape (n_queries, k), and returns weights of that shape. The other parameters are those of ``NearestNeighbors``.

    >>> model = KNNRegressor(n_neighbors=2).fit([[0], [1], [10]], [0, 1, 5])
    >>> model.predict([[0.5], [9]]).tolist()
    [0.5, 3.0]
    """

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        metric: str | Callable[..., float] = "euclidean",
        p: float = 2,
        metric_params: dict[str, Any] | None = None,
        weights: Weights = "uniform",
        device: str | torch.device | None = None,
        memory_limit: int | None = None,
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

    def fit(self, X: Any, y: Any) -> Self:
        """Keeps float64 copies of X, shape (n, n_features), and of numbers y, shape (n,) or (n, n_outputs).

        Raises ValueError for what is not a full, finite array of real numbers.
        """
        check_weights(self.weights)
        super().fit(X)
        targets, self._single = check_targets(y, self.n_samples_fit_)
        self._targets = torch.from_numpy(targets).to(self._rows.device)
        return self

    def predict(self, X: Any) -> Any:
        """Weighted averages, float64, (n_queries,) or (n_queries, n_outputs); X=None: leave-one-out.

        Tensors in, tensors out.
        """
        check_is_fitted(self, "_targets")
        distances, indices = self._search(X)
        averages = average(self._targets, indices, neighbor_weights(distances, self.weights))
        return self._output(averages[:, 0] if self._single else averages, X)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R^2, the mean over the outputs (``sklearn.metrics.r2_score``). Raises ValueError for a single query."""
        predicted = to_numpy(self.predict(X))
        y, _ = check_targets(y, len(predicted))
        if len(y) < 2:
            raise ValueError(f"R^2 needs at least 2 queries, but there is {len(y)}")
        return float(r2_score(y, predicted.reshape(y.shape), sample_weight=sample_weight))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
