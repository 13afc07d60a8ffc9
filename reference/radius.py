"""The neighbours within a radius of a query: measure its distance to every example, and keep those that are near.

The radius is inclusive: an example at exactly that distance is a neighbour. Queries have different numbers of
neighbours, so the answer is an array of arrays. Its order is that of the k nearest: by (distance, training index).

Source: Bentley, Stanat and Williams, The complexity of finding fixed-radius near neighbors, 1977.
"""

import numpy as np

from knn_inputs.among import read_among
from knn_inputs.parameters import check_flag
from knn_inputs.radius import check_radius, read_radii
from reference.base import NeighborsBase
from reference.metrics import take_root


class RadiusNeighbors(NeighborsBase):
    """The search that ``NearestNeighbors`` and the two predictors by radius share."""

    def __init__(self, radius=1.0, *, metric="minkowski", p=2, metric_params=None):
        super().__init__(metric=metric, p=p, metric_params=metric_params)
        self.radius = radius

    def choose_within(self, distances, measured, radius, leave_out=-1):
        """Returns the indices of the distances up to the radius, nearest first, without the index ``leave_out``.

        The order is that of the measured numbers: for Minkowski they are the sums under the roots, which can differ
        where the rounded roots are equal.

        >>> distances = np.array([2.0, 1.0, 3.0, 1.0])
        >>> RadiusNeighbors().choose_within(distances, measured=distances, radius=2.0).tolist()
        [1, 3, 0]
        """
        order = np.argsort(measured, kind="stable")  # (n,)
        return order[(distances[order] <= radius) & (order != leave_out)]

    @np.errstate(over="ignore", under="ignore")  # a distance that overflows is refused, and underflow is documented
    def radius_neighbors(self, X=None, radius=None, return_distance=True, *, among=None):
        """Returns distances and indices of all neighbours within the radius, nearest first, as arrays of arrays.

        Both are object arrays (n_queries,), of a float64 and an int64 array for each query. The radius, one number or
        one for each query, is the constructor's if it is None; a distance equal to it is within. With X=None the
        queries are the training examples, each without itself, left out by its index. ``among`` allows only some
        examples, as in ``kneighbors``, any number of them.

        Raises NotFittedError before ``fit``, TypeError if the radius is not a number, and ValueError if it is NaN or
        below 0, if there are not as many as queries, or if the queries do not match the examples; for a bad ``among``
        it raises as ``knn_inputs.among`` says.

        >>> from reference import NearestNeighbors
        >>> distances, indices = NearestNeighbors(radius=2).fit([[0], [3], [1]]).radius_neighbors([[2], [9]])
        >>> distances[0].tolist(), indices[0].tolist(), len(indices[1])
        ([1.0, 1.0, 2.0], [1, 2, 0], 0)
        """
        check_flag(return_distance, "return_distance")
        queries = self._check_queries(X)
        radii = read_radii(self.radius if radius is None else radius, len(queries))
        allowed = read_among(among, len(queries), len(self._examples))
        distances, indices = np.empty((2, len(queries)), dtype=object)
        for i, query in enumerate(queries):
            measured = self.measure(query)  # (n,)
            from_query = take_root(measured, self._metric, self._p)
            if allowed is not None:
                from_query = np.where(allowed.mask(i), from_query, np.nan)  # which is within no radius
            indices[i] = self.choose_within(from_query, measured, radii[i], leave_out=i if X is None else -1)
            distances[i] = from_query[indices[i]]
        return (distances, indices) if return_distance else indices

    def count_within(self, X=None, radius=None, *, among=None):
        """Returns how many neighbours each query has within the radius, int64 (n_queries,).

        Raises like ``radius_neighbors``.
        """
        indices = self.radius_neighbors(X, radius, return_distance=False, among=among)
        return np.array([len(found) for found in indices])

    def _check_examples(self, X):
        check_radius(self.radius)
        return super()._check_examples(X)
