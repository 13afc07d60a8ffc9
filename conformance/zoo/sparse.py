"""Mutants that read sparse matrices wrongly."""

import numpy as np

from conformance.zoo.base import Search


class TakesStoredZerosForPresent(Search):
    """Under jaccard takes every entry that a sparse matrix stores for present, also a zero."""

    claim = "a_sparse_matrix_has_the_neighbors_of_the_dense_one"

    def _check_examples(self, X):
        if hasattr(X, "tocsr") and self.metric == "jaccard":
            X = X.copy()
            X.data[:] = 1
        return super()._check_examples(X)


class LosesPartsOfANumber(Search):
    """Of the parts of a number that a sparse matrix stores keeps the last, in place of their sum."""

    claim, seen = "a_sparse_matrix_has_the_neighbors_of_the_dense_one", "dense[X.row, X.col] = X.data"

    def _check_examples(self, X):
        if hasattr(X, "tocsr"):
            stored, dense = X.tocoo(), np.zeros(X.shape)
            dense[stored.coords] = stored.data
            X = dense
        return super()._check_examples(X)


class LosesTwinsWithin(Search):
    """Of sparse rows within a radius loses those at distance 0, which a sparse matrix of distances does not store."""

    claim, seen = "a_sparse_matrix_has_the_rows_within_a_radius_of_the_dense_one", "distances.nonzero()"

    def _check_queries(self, X):
        self.is_asked_sparse = hasattr(X, "tocsr")
        return super()._check_queries(X)

    def choose_within(self, distances, measured, radius, leave_out=-1):
        found = super().choose_within(distances, measured, radius, leave_out)
        return found[distances[found] > 0] if self.is_asked_sparse else found
