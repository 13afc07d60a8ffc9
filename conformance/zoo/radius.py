"""Mutants that search within a radius wrongly, or make wrong graphs."""

import numpy as np

from conformance.zoo.base import Search


class RadiusExclusive(Search):
    """Takes the rows that are nearer than the radius, and not those at the radius."""

    claim, seen = "rows_at_the_radius_are_within", "d < radius"

    def choose_within(self, distances, measured, radius, leave_out=-1):
        found = super().choose_within(distances, measured, radius, leave_out)
        return found[distances[found] < radius]


class WithinInOrderOfRows(Search):
    """Returns the rows within the radius in the order of their indices."""

    claim, seen = "rows_within_come_nearest_first", "scikit-learn: sort_results=False"

    def choose_within(self, distances, measured, radius, leave_out=-1):
        return np.sort(super().choose_within(distances, measured, radius, leave_out))


class DistancesWithinSorted(Search):
    """Returns the rows within the radius in the order of their indices, and sorts the distances alone."""

    claim = "distances_within_belong_to_their_rows"

    def radius_neighbors(self, X=None, radius=None, return_distance=True, *, among=None):
        distances, indices = super().radius_neighbors(X, radius, among=among)
        for i, found in enumerate(indices):
            indices[i] = np.sort(found)
        return (distances, indices) if return_distance else indices


class NoTwinsWithin(Search):
    """Leaves a row out of those within its radius by its distance of 0, and all of its twins with it."""

    claim, seen = "a_row_is_left_out_of_those_within_its_radius", "neighbours with d > 0"

    def choose_within(self, distances, measured, radius, leave_out=-1):
        found = super().choose_within(distances, measured, radius, leave_out)
        return found if leave_out < 0 else found[distances[found] > 0]


class FirstRadiusForAll(Search):
    """Takes the radius of the first query for all of them."""

    claim = "each_query_may_have_a_radius_of_its_own"

    def radius_neighbors(self, X=None, radius=None, return_distance=True, *, among=None):
        radius = radius if np.ndim(radius) == 0 else float(radius[0])
        return super().radius_neighbors(X, radius, return_distance, among=among)


class ComparesSquares(Search):
    """Compares the sum of squares with the square of the radius: sqrt(3) squared is below 3."""

    claim, seen = "same_rows_within", "scikit-learn: reduced distances"

    def choose_within(self, distances, measured, radius, leave_out=-1):
        found = super().choose_within(distances, measured, radius, leave_out)
        if self._metric not in ("euclidean", "minkowski"):
            return found
        squares = np.round(distances[found] ** 2, 6)
        return found[squares <= radius * radius]


class SelfInTheGraph(Search):
    """Adds each row to its own neighbours in a graph, as its first."""

    claim, seen = "a_graph_has_each_neighbor_once", "scikit-learn: include_self=True"

    def kneighbors_graph(self, X=None, n_neighbors=None, mode="connectivity"):
        graph = super().kneighbors_graph(X, n_neighbors, mode)
        if X is not None:
            return graph
        indices = np.insert(graph.indices, graph.indptr[:-1], np.arange(graph.shape[0]))
        data = np.insert(graph.data, graph.indptr[:-1], 0.0)
        return graph._replace(data=data, indices=indices, indptr=graph.indptr + np.arange(graph.shape[0] + 1))


class CountsTheRowItself(Search):
    """Counts each row among those within its own radius."""

    claim, seen = "counts_within_are_those_of_the_rows", "scikit-learn: query_radius of the training rows"

    def count_within(self, X=None, radius=None):
        queries = np.asarray(self._examples if X is None else X, dtype=np.float64)
        return np.array([np.count_nonzero(self.measure(query) <= radius) for query in queries])


class PairsBothWays(Search):
    """Lists a pair of near duplicates once for each of its rows."""

    claim, seen = "near_duplicates_are_the_pairs_within_the_radius", "a matrix of distances and its mirror image"

    def near_duplicates(self, radius=None):
        table = np.array([self.measure(row) for row in self._examples])
        np.fill_diagonal(table, np.inf)
        return np.argwhere(table <= radius)


class EitherIsEnough(Search):
    """Takes a pair for mutual neighbours if one of its rows is among the k nearest of the other."""

    claim, seen = "mutual_neighbors_are_neighbors_of_each_other", "a graph of neighbours plus its transpose"

    def mutual_neighbors(self, n_neighbors=None):
        near = self.kneighbors(None, n_neighbors)[1]
        pairs = [sorted((i, j)) for i, rows in enumerate(near.tolist()) for j in rows]
        return np.unique(np.array(pairs, dtype=np.int64).reshape(-1, 2), axis=0)
