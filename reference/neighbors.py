"""The k-nearest neighbours of a query: measure its distance to every example, sort, and keep the first k.

Sorting n distances costs O(n log n).

One rule makes every answer unique: neighbours are sorted by (distance, training index). Of two examples at the same
distance the earlier one comes first, even if only one of them fits among the k.

Source: Fix and Hodges, Discriminatory Analysis, 1951; Cover and Hart, Nearest Neighbor Pattern Classification, 1967.
"""

from typing import Any

import numpy as np

from knn_inputs.among import check_enough, read_among
from knn_inputs.containers import one_row
from knn_inputs.parameters import check_flag, check_n_neighbors
from reference.base import NeighborsBase
from reference.metrics import take_root


class KNeighbors(NeighborsBase):
    """The search that ``NearestNeighbors`` and the two predictors by k neighbours share."""

    _repeats: Any = None  # int64 (n,): how often each example counts, in a predictor with sample weights; None: once

    def __init__(self, n_neighbors=5, *, metric="minkowski", p=2, metric_params=None):
        super().__init__(metric=metric, p=p, metric_params=metric_params)
        self.n_neighbors = n_neighbors

    def choose(self, distances, k, leave_out=-1):
        """Returns the indices of the k smallest of the measured distances, (k,), without the index ``leave_out``.

        A stable sort keeps equal distances in the order of the examples: that is the tie rule.

        >>> KNeighbors().choose(np.array([2.0, 1.0, 2.0, 0.0]), k=3).tolist()
        [3, 1, 0]
        """
        order = np.argsort(distances, kind="stable")  # (n,)
        return order[order != leave_out][:k]  # (k,)

    def get_neighbors(self, example, *, among=None):
        """Returns one example's neighbours, nearest first: a list of (index, distance). Raises like ``kneighbors``."""
        distances, indices = self.kneighbors([example] if self._holds_objects() else one_row(example), among=among)
        return list(zip(indices[0].tolist(), distances[0].tolist(), strict=True))

    @np.errstate(over="ignore", under="ignore")  # a distance that overflows is refused, and underflow is documented
    def kneighbors(self, X=None, n_neighbors=None, return_distance=True, *, among=None, pad=False):
        """Returns distances (float64) and indices (int64) of the neighbours, both (n_queries, k), nearest first.

        With X=None the queries are the training examples, and none is its own neighbour. It is left out by its index,
        not by a distance of 0, because a duplicate is at distance 0 too.

        ``among`` allows only some examples: a mask of bools, (n,), or a list of indices for all queries, or one of
        either for each query. With pad=True a query may have fewer than k neighbours: the missing places hold the index
        -1 and the distance infinity.

        Raises NotFittedError before ``fit``, TypeError if k is not an int, and ValueError if k is below 1 or above the
        number of examples to choose from, or if the queries do not match the examples; for a bad ``among`` it raises
        as ``knn_inputs.among`` says.

        >>> from reference import NearestNeighbors
        >>> model = NearestNeighbors(1).fit([[0], [3], [1]])
        >>> model.kneighbors([[4], [0]])
        (array([[1.],
               [0.]]), array([[1],
               [0]]))
        >>> model.kneighbors([[4], [0]], among=[0, 2], return_distance=False).tolist()
        [[2], [0]]
        """
        check_flag(return_distance, "return_distance")
        queries = self._check_queries(X)
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        k = self._check_k(k, leave_one_out=X is None, pad=check_flag(pad, "pad"))
        allowed = self._read_among(among, k, len(queries), leave_one_out=X is None, pad=pad)
        distances = np.full((len(queries), k), np.inf)
        indices = np.full((len(queries), k), -1, dtype=np.int64)
        for i, query in enumerate(queries):
            measured = self.measure(query)  # (n,)
            if allowed is not None:
                measured = np.where(allowed.mask(i), measured, np.nan)  # which a sort puts behind every distance
            nearest = self.choose(measured, k, leave_out=i if X is None else -1)  # (k,)
            nearest = nearest[~np.isnan(measured[nearest])]
            distances[i, : len(nearest)] = take_root(measured[nearest], self._metric, self._p)
            indices[i, : len(nearest)] = nearest
        return (distances, indices) if return_distance else indices

    def _check_k(self, k, leave_one_out, pad=False):
        return check_n_neighbors(k, np.inf if pad else len(self._examples), leave_one_out)

    def _read_among(self, among, k, n_queries, leave_one_out, pad):
        allowed = read_among(among, n_queries, len(self._examples))
        if allowed is not None and not pad:
            check_enough(allowed, k, n_queries, leave_one_out, self._repeats)
        return allowed

    def _check_examples(self, X):
        check_n_neighbors(self.n_neighbors)
        return super()._check_examples(X)
