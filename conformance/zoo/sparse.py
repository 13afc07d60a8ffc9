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
