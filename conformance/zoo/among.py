"""Mutants that search rightly among all rows, and wrongly among those that a query is allowed to choose."""

import numpy as np

from conformance.zoo.base import Regressor, Search


class Among(Search):
    """Correct: a mutant changes ``only``, which gets and returns the arguments of ``kneighbors``."""

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True, *, among=None, pad=False):
        if among is not None:
            among, pad = self.only(among, pad)
        return super().kneighbors(X, n_neighbors, return_distance, among=among, pad=pad)

    def only(self, among, pad):
        return among, pad


def dtype_for_all(among):
    """The type of the entries of an array that holds a set for all queries; None for any other argument."""
    return among.dtype if isinstance(among, np.ndarray) and among.ndim == 1 else None


class FilterAfterTheSearch(Search):
    """Finds the k nearest of all rows, and drops those that are not allowed afterwards."""

    claim, seen = "neighbors_among_a_mask", "filters of vector databases that run after the search"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True, *, among=None, pad=False):
        distances, indices = super().kneighbors(X, n_neighbors, pad=pad)
        if dtype_for_all(among) == np.bool_:
            indices = np.where(among[indices], indices, -1)
        elif among is not None:
            distances, indices = super().kneighbors(X, n_neighbors, among=among, pad=pad)
        return (distances, indices) if return_distance else indices


class MaskUpsideDown(Among):
    """Takes True in a mask for a row that is not allowed, where enough others are left."""

    claim, seen = "neighbors_among_a_mask", "masks of NumPy, in which True is left out"

    def only(self, among, pad):
        is_mask = dtype_for_all(among) == np.bool_
        return (~among if is_mask and 2 * np.count_nonzero(among) <= len(among) else among), pad


class PlacesAmongTheAllowed(Search):
    """Returns the places of the neighbours among the rows that are allowed, in place of their indices."""

    claim, seen = "neighbors_among_indices", "a subset that is fitted by itself"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True, *, among=None, pad=False):
        distances, indices = super().kneighbors(X, n_neighbors, among=among, pad=pad)
        if dtype_for_all(among) == np.int64:
            indices = np.where(indices < 0, indices, np.searchsorted(np.unique(among), indices))
        return (distances, indices) if return_distance else indices


class SetOfTheFirstQuery(Among):
    """Takes the rows that the first query may choose for those of all queries."""

    claim = "neighbors_among_a_set_for_each_query"

    def only(self, among, pad):
        is_for_each = among.ndim == 2 if isinstance(among, np.ndarray) else isinstance(among[0], list)
        return (among[0] if is_for_each else among), pad


class SelfAmongTheAllowed(Search):
    """Does not leave a row out of its own neighbours where only some rows are allowed."""

    claim = "a_row_is_left_out_among_others"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True, *, among=None, pad=False):
        X = self._examples if X is None and among is not None else X
        return super().kneighbors(X, n_neighbors, return_distance, among=among, pad=pad)


class PaddedWithRow0(Search):
    """Fills missing places with row 0, at an infinite distance."""

    claim, seen = "missing_neighbors_are_padded", "arrays of indices that start as zeros"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True, *, among=None, pad=False):
        distances, indices = super().kneighbors(X, n_neighbors, among=among, pad=pad)
        indices = np.maximum(indices, 0)
        return (distances, indices) if return_distance else indices


class PaddedUnasked(Among):
    """Fills missing places also where that was not asked for."""

    claim, seen = "too_few_allowed_rows_are_refused", "faiss: -1 in silence"

    def only(self, among, pad):
        return among, True


class TiesInTheOrderOfTheList(Search):
    """Among indices, sorts equal distances in the order in which the indices are listed."""

    claim = "same_neighbors_among_rows"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True, *, among=None, pad=False):
        distances, indices = super().kneighbors(X, n_neighbors, among=among, pad=pad)
        if dtype_for_all(among) == np.int64:
            place = {int(row): i for i, row in enumerate(among)}
            for of_query, line in zip(distances, indices, strict=True):
                line[:] = sorted(line, key=lambda row: (of_query[line == row][0], place.get(int(row), -1)))
        return (distances, indices) if return_distance else indices


class FirstSetWithin(Search):
    """Within a radius takes the rows that the first query may choose for those of all queries."""

    claim = "rows_within_a_radius_are_allowed_ones"

    def radius_neighbors(self, X=None, radius=None, return_distance=True, *, among=None):
        among = among[0] if isinstance(among, list) and isinstance(among[0], list) else among
        return super().radius_neighbors(X, radius, return_distance, among=among)


class CountsBeforeTheFilter(Search):
    """Counts all rows within the radius, those too that are not allowed."""

    claim = "only_allowed_rows_are_counted"

    def count_within(self, X=None, radius=None, *, among=None):
        return super().count_within(X, radius)


class PlacesBeforeTheFilter(Regressor):
    """Fills the places with copies of all weighted rows, and takes those that are not allowed away afterwards."""

    claim = "allowed_rows_take_as_many_places_as_they_weigh"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True, *, among=None, pad=False):
        if self._repeats is None or dtype_for_all(among) != np.bool_:
            return super().kneighbors(X, n_neighbors, return_distance, among=among, pad=pad)
        distances, indices = super().kneighbors(X, n_neighbors, pad=pad)
        indices = np.where(among[indices], indices, -1)
        return (distances, indices) if return_distance else indices


class SparseRowsUnfiltered(Search):
    """Searches all rows of a sparse matrix, also those that are not allowed."""

    claim = "sparse_rows_are_filtered_too"

    def fit(self, X, y=None):
        self.is_sparse = hasattr(X, "tocsr")
        return super().fit(X, y)

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True, *, among=None, pad=False):
        among = None if self.is_sparse else among
        return super().kneighbors(X, n_neighbors, return_distance, among=among, pad=pad)
