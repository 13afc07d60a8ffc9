"""The search of the rows of a model of scikit-learn, and these rows in the place of its tree; for ``drop_in``."""

from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.metrics import DistanceMetric, pairwise_distances
from sklearn.metrics._dist_metrics import DistanceMetric32
from sklearn.metrics.pairwise import PAIRWISE_BOOLEAN_FUNCTIONS
from sklearn.neighbors import VALID_METRICS
from torch import Tensor

from accelerated.metrics import Metric, check_distances
from accelerated.nearest_neighbors import NearestNeighbors as Search
from knn_inputs.metrics import ALIASES, NAMES, ChosenMetric


class RowsAsTree:
    """The fitted rows, in the place of scikit-learn's tree of them."""

    def __init__(self, search: Search, are_queries: bool):
        """``are_queries`` says that the queries will be the rows themselves."""
        self.search = search
        self.are_queries = are_queries

    def query(self, X: np.ndarray, k: int, return_distance: bool) -> Any:
        """Returns the k nearest rows, (n_queries, k); of queries that are rows each is its own nearest.

        scikit-learn takes that one away again, and so leaves out each row by its index.
        """
        if not self.are_queries:
            return self.search.kneighbors(X, k, return_distance)
        itself = np.arange(len(X))[:, None]
        distances, indices = np.zeros(itself.shape), itself
        if k > 1:
            of_others, others = self.search.kneighbors(None, k - 1)
            distances, indices = np.hstack([distances, of_others]), np.hstack([itself, others])
        return (distances, indices) if return_distance else indices

    def query_radius(self, X: np.ndarray, radius: Any, return_distance: bool, sort_results: bool) -> Any:
        """Returns the indices and distances of the rows within the radius, both arrays of arrays.

        They are sorted by (distance, index), or if ``sort_results`` is False by index.
        """
        distances, indices = self.search.radius_neighbors(None if self.are_queries else X, radius)
        if not sort_results:
            for i, of_query in enumerate(indices):
                order = np.argsort(of_query)
                distances[i], indices[i] = distances[i][order], of_query[order]
        return (indices, distances) if return_distance else indices


class _ByScikitLearn(Search):
    """The search by a metric that only scikit-learn has: it measures all pairs, and we choose."""

    def _get_metric(self, chosen: ChosenMetric) -> Metric:
        return Metric(partial(_measure_block, **chosen.params))


def make_search(model: Any) -> Search:
    """Returns the search of the rows of a model that scikit-learn has fitted."""
    metric = "minkowski" if isinstance(model.metric, str) and model.metric == "p" else model.effective_metric_
    params = {name: value for name, value in model.effective_metric_params_.items() if value is not None}
    k = model.n_neighbors or 5
    is_ours = isinstance(metric, str) and metric in (*NAMES, *ALIASES)
    if metric == "haversine" and model._fit_X.shape[1] != 2:
        is_ours = False  # scikit-learn refuses other columns when it is asked for neighbours
    if metric == "braycurtis":
        is_ours = False  # scikit-learn divides by sum |a| + |b|, we and SciPy by sum |a + b|
    if callable(metric) or is_ours:
        return Search(k, metric=metric, metric_params=params).fit(model._fit_X)
    by_scikit_learn = {"metric": metric, "params": params}
    return _ByScikitLearn(k, metric=_measure_pair, metric_params=by_scikit_learn).fit(model._fit_X)


def _measure_pair(q: np.ndarray, x: np.ndarray, metric: Any, params: dict[str, Any]) -> float:
    return float(_measure(q[None], x[None], metric, params)[0, 0])


def _measure_block(queries: Tensor, rows: Tensor, start: int, stop: int, metric: Any, params: dict[str, Any]) -> Tensor:
    """Returns the distances of scikit-learn, (n_queries, stop - start)."""
    X = rows[start:stop].to(torch.float64).cpu().numpy()
    measured = np.asarray(_measure(queries.cpu().numpy(), X, metric, params), dtype=np.float64)
    found = torch.from_numpy(measured).to(rows.device)
    return check_distances(found, metric, queries.T[:, :, None], rows[start:stop].T[:, None])


def _measure(Q: np.ndarray, X: np.ndarray, metric: Any, params: dict[str, Any]) -> np.ndarray:
    if isinstance(metric, DistanceMetric32):
        return metric.pairwise(Q.astype(np.float32), X.astype(np.float32))
    if isinstance(metric, DistanceMetric) or metric in VALID_METRICS["ball_tree"]:
        return DistanceMetric.get_metric(metric, **params).pairwise(Q, X)
    if metric in PAIRWISE_BOOLEAN_FUNCTIONS:
        Q, X = Q != 0, X != 0
    return pairwise_distances(Q, X, metric=metric, **params)
