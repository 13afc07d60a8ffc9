"""The search as an estimator: scikit-learn's habits outside, tiles inside.

``fit`` keeps the rows on the device, in float32 if that holds them and else in float64; a query never writes to the
model.
"""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor

from accelerated.arrays import (
    allocate,
    exact_dtype,
    one_row,
    output_device,
    read_rows,
    resolve_device,
    resolve_memory_limit,
    to_numpy,
    to_output,
)
from accelerated.metrics import Metric, check_distances, get_metric
from accelerated.pickling import Portable
from accelerated.search.batches import make_index, search
from accelerated.search.report import Report
from accelerated.validation import check_n_neighbors, check_rows, check_same_shape, check_square

PREPARED_ROWS = 1024  # at a time


class NearestNeighbors(Portable, BaseEstimator):
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
        Bytes of scratch beside inputs, answers, fitted state and what libraries keep for themselves. None: 1 GiB, or a
        quarter of what is free on a GPU. The less, the slower; where a GPU runs out of memory all the same, half is
        tried. The first fit on a GPU tries products, the largest of 4096 x 4096 numbers, beside the limit.
        (A callable for weights is shown the distances of all queries at once, which come on top.)
    progress : bool
        Whether to show a progress bar on stderr.

    Beside its rows a fitted model keeps what the fast search needs: about 2 bytes for each number and 16 for each row,
    1 for whole numbers in a range of 256, 16 for manhattan, a tree for few features or on a GPU a copy of the rows, and
    nothing for other metrics.

    >>> model = NearestNeighbors(n_neighbors=2).fit([[0, 0], [3, 4], [0, 1]])
    >>> model.get_neighbors([0, 0])
    [(0, 0.0), (2, 1.0)]
    >>> model.kneighbors(torch.tensor([[3.0, 3.0]]))
    (tensor([[1.0000, 3.6056]], dtype=torch.float64), tensor([[1, 2]]))
    """

    _filter: str | None = None  # a subclass may insist on one; the answer is the same

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
        """Keeps a copy of X, array-like or tensor of shape (n, n_features), and returns self; y is not used.

        Raises ValueError or TypeError for bad parameters and for what is not a full, finite matrix of real numbers.
        """
        self._keep(X, *self._read(X))
        return self

    def _read(self, X: Any) -> tuple[Metric, Tensor]:
        """The metric and the examples, checked; nothing is kept yet."""
        check_n_neighbors(self.n_neighbors)
        metric = get_metric(self.metric, self.p, self.metric_params)
        checked = check_rows(X, metric.largest)
        device = resolve_device(self.device, X)
        if metric.keeps_rows:
            rows = read_rows(checked, 0, len(checked), device, exact_dtype(checked))
        else:
            rows = allocate(tuple(checked.shape), torch.float64, device)
            for start in range(0, len(rows), PREPARED_ROWS):
                stop = min(start + PREPARED_ROWS, len(rows))
                rows[start:stop] = metric.prepare(read_rows(checked, start, stop, device))
        if self.metric == "precomputed":
            check_distances(check_square(rows))
        return metric, rows

    def _keep(self, X: Any, metric: Metric, rows: Tensor) -> None:
        validate_data(self, X, reset=True, skip_check_array=True)  # notes the number and names of the features
        self._metric, self._rows, self._output_device = metric, rows, output_device(X)
        self._index = make_index(metric, rows, self._filter)
        self.n_samples_fit_ = len(rows)

    def __getstate__(self) -> dict[str, Any]:
        """As of ``Portable``; what a filter keeps is of its device, and is made anew."""
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_index" or "_fitted_on" not in state}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if hasattr(self, "_rows") and not hasattr(self, "_index"):
            self._index = make_index(self._metric, self._rows, self._filter)

    def get_distance(self, a: Any, b: Any) -> float:
        """The distance between two examples of shape (n_features,), by the parameters as they are now.

        Raises ValueError where the two differ in length or a function returns what is no distance.

        >>> NearestNeighbors(metric="manhattan").get_distance([0, 0], [3, 4])
        7.0
        """
        metric = get_metric(self.metric, self.p, self.metric_params)
        if self.metric == "precomputed":
            raise ValueError("metric='precomputed' has no distance between two examples: it is in the matrix you gave")
        a, b = to_numpy(a), to_numpy(b)
        check_same_shape(a, b)
        pair = check_rows(np.stack([a, b]), metric.largest)
        rows = metric.prepare(read_rows(pair, 0, 2, torch.device("cpu")))
        return metric.to_distance(metric.reduced(rows[:1], rows[1:], 0, 1)).item()

    def get_neighbors(self, example: Any) -> list[tuple[int, float]]:
        """The neighbours of one example, nearest first: a list of (index, distance). Raises as ``kneighbors`` does."""
        distances, indices = self.kneighbors(one_row(example))
        return list(zip(indices[0].tolist(), distances[0].tolist(), strict=True))

    def kneighbors(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
        """Distances (float64) and indices (int64) of the neighbours, each of shape (n_queries, k), nearest first.

        With X=None the queries are the training examples, each without itself: left out by its index, not by a
        distance of 0. Tensors in, tensors out. Raises NotFittedError, TypeError for a k that is no int, ValueError for
        queries unlike the examples, for more neighbours than there are, and for a ``memory_limit`` that is too small.
        """
        distances, indices = self._search_for(X, n_neighbors, Report())
        indices = self._output(indices, X)
        return (self._output(distances, X), indices) if return_distance else indices

    def _search(
        self,
        read_queries: Callable[[int, int], Tensor],
        query_range: range,
        k: int,
        leave_one_out: bool,
        report: Report | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Distances and indices for a range of the queries, as tensors on the device of the training rows."""
        report = Report() if report is None else report
        reduced, indices = search(
            self._index,
            read_queries,
            query_range,
            k,
            leave_one_out=leave_one_out,
            memory_limit=resolve_memory_limit(self.memory_limit, self._rows.device),
            progress=self.progress,
            report=report,
        )
        return self._metric.to_distance(reduced), indices

    def search_report(self, X: Any = None, n_neighbors: int | None = None) -> Report:
        """Searches as ``kneighbors`` does, in the same time, and returns a ``Report`` in place of the neighbours.

        - filter: what was asked first, "exhaustive" where all pairs were measured at once
        - n_queries, certified: how many queries there were, and how many the filter answered with proof
        - candidates: how many pairs filters left to be measured exactly
        - fallbacks: how many of the other queries were handed on, by who got them
        - seconds: by stage

        Raises as ``kneighbors`` does.

        >>> X = torch.rand((20_000, 3), generator=torch.Generator().manual_seed(0))
        >>> report = NearestNeighbors(n_neighbors=2).fit(X[:-100]).search_report(X[-100:])
        >>> report.filter, report.n_queries, report.certified, report.candidates, report.fallbacks
        ('tree', 100, 100, 300, {})
        """
        check_is_fitted(self, "n_samples_fit_")
        report = Report(device=self._rows.device)
        self._search_for(X, n_neighbors, report)
        return report

    def _search_for(self, X: Any, n_neighbors: int | None, report: Report) -> tuple[Tensor, Tensor]:
        """Distances and indices for all queries, and how it went in the report."""
        n_queries, read_queries = self._open(X)
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        k = check_n_neighbors(k, len(self._rows), leave_one_out=X is None)
        return self._search(read_queries, range(n_queries), k, leave_one_out=X is None, report=report)

    def _open(self, X: Any) -> tuple[int, Callable[[int, int], Tensor]]:
        """How many queries there are, and what reads and prepares a range of them."""
        check_is_fitted(self, "n_samples_fit_")
        if X is None:
            return len(self._rows), lambda start, stop: self._rows[start:stop].to(torch.float64)
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
