"""Mutants that read arrays of other libraries wrongly, or return tensors with wrong gradients."""

import sys

import numpy as np

from conformance.zoo.base import Search


class RootOfZero(Search):
    """Returns tensors, and leaves the gradient to the root of the sum of squares, which is NaN at distance 0."""

    claim, seen = "gradients_are_those_of_the_distances", "torch: the gradient of sqrt at 0"

    def fit(self, X, y=None):
        import torch  # noqa: F401

        return super().fit(X, y)

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True, **options):
        if not (return_distance and hasattr(X, "requires_grad") and self.metric == "euclidean"):
            return super().kneighbors(X, n_neighbors, return_distance, **options)
        torch = sys.modules["torch"]
        rows = X.detach().numpy()
        indices = torch.from_numpy(super().kneighbors(rows, n_neighbors, return_distance=False, **options))
        gaps = X[:, None] - torch.from_numpy(self._examples)[indices]
        return torch.sqrt((gaps * gaps).sum(2)), indices


class StridesForgotten(Search):
    """Reads the memory of an array of another library from its start, and forgets the strides."""

    claim = "arrays_of_other_libraries_are_read"

    def _check_examples(self, X):
        is_foreign = hasattr(X, "__dlpack__") and not hasattr(X, "__array__")
        return super()._check_examples(_as_it_lies(np.from_dlpack(X)) if is_foreign else X)


def _as_it_lies(rows):
    return rows.ravel(order="K").reshape(rows.shape)
