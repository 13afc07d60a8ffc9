"""scikit-learn's neighbours with the search of this package: changing the import is enough.

    from accelerated.drop_in import KNeighborsClassifier  # in place of sklearn.neighbors

The classes are scikit-learn's own, with their parameters, checks, attributes and messages; the neighbours, and the
votes and averages of the k nearest, are those of ``accelerated``. To find neighbours scikit-learn asks the tree of a
fitted model. Here it asks ``RowsAsTree`` instead, which passes the question on to ``accelerated.NearestNeighbors``.

scikit-learn searches by itself where it is given no rows, but a sparse graph of distances or a tree that was built
before, and sparse rows by a metric that only it has.
``docs/drop_in.md`` lists, parameter by parameter, where answers differ, and why.
"""

from typing import Any, Self

import numpy as np
import torch
from scipy.sparse import issparse
from sklearn import neighbors
from sklearn.neighbors import VALID_METRICS_SPARSE, BallTree, KDTree
from sklearn.neighbors import kneighbors_graph as _kneighbors_graph
from sklearn.neighbors import radius_neighbors_graph as _radius_neighbors_graph
from sklearn.neighbors._base import KNeighborsMixin, NeighborsBase, RadiusNeighborsMixin
from sklearn.utils.validation import validate_data
from torch import Tensor

from accelerated.sklearn_search import RowsAsTree, make_search
from accelerated.voting import average, largest_class, neighbor_weights, write_shares

__all__ = [
    "KNeighborsClassifier",
    "KNeighborsRegressor",
    "KNeighborsTransformer",
    "NearestNeighbors",
    "RadiusNeighborsClassifier",
    "RadiusNeighborsRegressor",
    "RadiusNeighborsTransformer",
    "kneighbors_graph",
    "radius_neighbors_graph",
]

SPARSE = VALID_METRICS_SPARSE["brute"] - {"precomputed"}  # the metrics by which scikit-learn compares sparse rows
ONE_LEAF = 2**31 - 1  # rows in a leaf of the tree that scikit-learn builds at fit: nothing asks it, so it may be coarse


class Neighbors(NeighborsBase):
    """Puts the search into an estimator of scikit-learn; it comes first among the bases."""

    leaf_size: Any
    _search: Any  # our NearestNeighbors; None if scikit-learn searches by itself

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fits as scikit-learn does; a ``fit`` that fails leaves the model as it was."""
        fitted = self._copy()
        super(Neighbors, fitted).fit(X, y)
        self.__dict__ = fitted.__dict__
        return self

    def _fit(self, X: Any, y: Any = None) -> Self:
        """Lets scikit-learn check the data and the parameters, and prepares the search."""
        leaf_size, self.leaf_size = self.leaf_size, ONE_LEAF
        super()._fit(X, y)
        self.leaf_size = leaf_size
        if isinstance(X, Neighbors):
            self._search = X._search
        elif isinstance(X, KDTree | BallTree) or (issparse(self._fit_X) and self.effective_metric_ not in SPARSE):
            self._search = None
        else:
            self._search = make_search(self)
        return self

    def _with_rows(self, X: Any) -> Self:
        """Returns the model with a tree that passes questions to the search, unless scikit-learn is to search.

        Its trees refuse sparse queries. Where such queries are allowed, ``_fit_method`` stays "brute".
        """
        if getattr(self, "_search", None) is None or (self.metric == "precomputed" and issparse(X)):
            return self
        asked = self._copy()
        rows = self._fit_X if X is None else X
        is_sparse = issparse(rows) or hasattr(rows, "sparse")  # a DataFrame all of whose columns are sparse
        asked._fit_method = "brute" if is_sparse and self._fit_method == "brute" else "ball_tree"
        asked._tree, asked.n_jobs = RowsAsTree(self._search, are_queries=X is None), None
        return asked

    def _copy(self) -> Self:
        copy = object.__new__(type(self))
        copy.__dict__ = dict(vars(self))
        return copy


class KNeighbors(Neighbors):
    """The part of the estimators that find the k nearest rows."""

    def kneighbors(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
        """Returns distances and indices of the nearest rows, both (n_queries, k), sorted by (distance, index)."""
        asked = self._with_rows(X)
        if asked is self or asked._fit_method != "brute":
            return super(KNeighbors, asked).kneighbors(X, n_neighbors, return_distance)
        X = None if X is None else validate_data(self, X, accept_sparse="csr", reset=False)
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        return self._search.kneighbors(X, k, return_distance)

    def _find_weighted(self, X: Any) -> tuple[Tensor, Tensor]:
        """Returns the weights and the indices of the neighbours, both (n_queries, k)."""
        distances, indices = self.kneighbors(X)
        weights = neighbor_weights(torch.from_numpy(distances), "uniform" if self.weights is None else self.weights)
        return weights, torch.from_numpy(indices)


class RadiusNeighbors(Neighbors):
    """The part of the estimators that find the rows within a radius."""

    def radius_neighbors(
        self, X: Any = None, radius: Any = None, return_distance: bool = True, sort_results: bool = False
    ) -> Any:
        """Returns distances and indices of the rows within the radius, sorted by index unless ``sort_results``."""
        asked = self._with_rows(X)
        if asked is self or asked._fit_method != "brute":
            return super(RadiusNeighbors, asked).radius_neighbors(X, radius, return_distance, sort_results)
        if sort_results and not return_distance:
            raise ValueError("return_distance must be True if sort_results is True.")
        X = None if X is None else validate_data(self, X, accept_sparse="csr", reset=False)
        radius = self.radius if radius is None else radius
        indices, distances = asked._tree.query_radius(X, radius, return_distance=True, sort_results=sort_results)
        return (distances, indices) if return_distance else indices


class NearestNeighbors(KNeighbors, RadiusNeighbors, neighbors.NearestNeighbors):
    """``sklearn.neighbors.NearestNeighbors`` with our neighbours.

    >>> NearestNeighbors(n_neighbors=2).fit([[0.0], [3.0], [1.0]]).kneighbors([[2.0]])
    (array([[1., 1.]]), array([[1, 2]]))
    """


class KNeighborsClassifier(KNeighbors, neighbors.KNeighborsClassifier):
    """``sklearn.neighbors.KNeighborsClassifier`` with our neighbours and votes: equal votes go to the smallest label.

    >>> KNeighborsClassifier(n_neighbors=2).fit([[0.0], [3.0], [1.0]], ["b", "b", "a"]).predict([[0.0]])
    array(['a'], dtype='<U1')
    """

    def predict(self, X: Any) -> np.ndarray:
        """Returns the label with the largest share of the votes, (n_queries,) or (n_queries, n_outputs)."""
        weights, indices = self._find_weighted(X)
        chosen = [next(largest_class(codes, weights, [indices.shape[1]])) for codes in self._codes(indices)]
        if not self.outputs_2d_:
            return self.classes_[chosen[0].numpy()]
        return np.column_stack([classes[places.numpy()] for classes, places in zip(self.classes_, chosen, strict=True)])

    def predict_proba(self, X: Any) -> Any:
        """Returns the shares of the votes, (n_queries, n_classes); for several outputs a list of such arrays."""
        weights, indices = self._find_weighted(X)
        shares = []
        outputs = self.classes_ if self.outputs_2d_ else [self.classes_]
        for codes, classes in zip(self._codes(indices), outputs, strict=True):
            of_output = torch.zeros((len(indices), len(classes)), dtype=torch.float64)
            write_shares(of_output, codes, weights)
            shares.append(of_output.numpy())
        return shares if self.outputs_2d_ else shares[0]

    def _codes(self, indices: Tensor) -> list[Tensor]:
        """Returns for each output the place of the rows' labels among the classes, in the shape of the indices."""
        columns = self._y.reshape(self.n_samples_fit_, -1).T
        return [torch.from_numpy(column[indices.numpy()]) for column in columns]


class KNeighborsRegressor(KNeighbors, neighbors.KNeighborsRegressor):
    """``sklearn.neighbors.KNeighborsRegressor`` with our neighbours and averages, which are float64.

    >>> KNeighborsRegressor(n_neighbors=2).fit([[0.0], [3.0], [1.0]], [10, 40, 20]).predict([[0.0]])
    array([15.])
    """

    def predict(self, X: Any) -> np.ndarray:
        """Returns the weighted averages of the neighbours' targets, (n_queries,) or (n_queries, n_outputs)."""
        weights, indices = self._find_weighted(X)
        if self._y.dtype.kind not in "buif":
            raise TypeError(f"y has dtype {self._y.dtype}, but an average needs numbers")
        targets = self._y.reshape(self.n_samples_fit_, -1)[indices.flatten().numpy()].astype(np.float64)
        places = torch.arange(len(targets)).view_as(indices)
        averages = average(torch.from_numpy(targets), places, weights).numpy()
        return averages[:, 0] if self._y.ndim == 1 else averages


class RadiusNeighborsClassifier(RadiusNeighbors, neighbors.RadiusNeighborsClassifier):
    """``sklearn.neighbors.RadiusNeighborsClassifier`` with our neighbours."""

    def predict_proba(self, X: Any) -> Any:
        """Returns the shares of the votes, (n_queries, n_classes); for several outputs a list of such arrays.

        With weights="uniform" scikit-learn would count the votes of some metrics in a search of its own; None means the
        same weights, and it asks ``radius_neighbors``.
        """
        asked = self._copy()
        asked.weights = None if self.weights == "uniform" else self.weights
        return super(RadiusNeighborsClassifier, asked).predict_proba(X)


class RadiusNeighborsRegressor(RadiusNeighbors, neighbors.RadiusNeighborsRegressor):
    """``sklearn.neighbors.RadiusNeighborsRegressor`` with our neighbours."""


class KNeighborsTransformer(KNeighbors, neighbors.KNeighborsTransformer):
    """``sklearn.neighbors.KNeighborsTransformer`` with our neighbours."""


class RadiusNeighborsTransformer(RadiusNeighbors, neighbors.RadiusNeighborsTransformer):
    """``sklearn.neighbors.RadiusNeighborsTransformer`` with our neighbours."""


def kneighbors_graph(
    X: Any,
    n_neighbors: int,
    *,
    mode: str = "connectivity",
    metric: Any = "minkowski",
    p: float = 2,
    metric_params: dict[str, Any] | None = None,
    include_self: bool | str = False,
    n_jobs: int | None = None,
) -> Any:
    """Returns the graph of ``sklearn.neighbors.kneighbors_graph`` with our neighbours, a CSR matrix.

    >>> kneighbors_graph([[0.0], [3.0], [1.0]], 1).toarray()
    array([[0., 0., 1.],
           [0., 0., 1.],
           [1., 0., 0.]])
    """
    params: dict[str, Any] = {"metric": metric, "p": p, "metric_params": metric_params}
    if not isinstance(X, KNeighborsMixin):
        X = NearestNeighbors(n_neighbors=n_neighbors, **params).fit(X)
    return _kneighbors_graph(X, n_neighbors, mode=mode, include_self=include_self, n_jobs=n_jobs, **params)


def radius_neighbors_graph(
    X: Any,
    radius: float,
    *,
    mode: str = "connectivity",
    metric: Any = "minkowski",
    p: float = 2,
    metric_params: dict[str, Any] | None = None,
    include_self: bool | str = False,
    n_jobs: int | None = None,
) -> Any:
    """Returns the graph of ``sklearn.neighbors.radius_neighbors_graph`` with our neighbours, a CSR matrix."""
    params: dict[str, Any] = {"metric": metric, "p": p, "metric_params": metric_params}
    if not isinstance(X, RadiusNeighborsMixin):
        X = NearestNeighbors(radius=radius, **params).fit(X)
    return _radius_neighbors_graph(X, radius, mode=mode, include_self=include_self, n_jobs=n_jobs, **params)
