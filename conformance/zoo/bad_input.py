"""Mutants that answer what has no answer."""

import numpy as np

from conformance.zoo.base import Regressor, Search
from reference.distances import DISTANCES


class MissingIsZero(Search):
    """Fills in 0 for what is missing in the training data."""

    claim, seen = "missing_numbers_are_refused", "np.nan_to_num"

    def fit(self, X, y=None):
        try:
            return super().fit(np.nan_to_num(np.asarray(X, dtype=np.float64)), y)
        except (TypeError, ValueError):
            return super().fit(X, y)


class MissingIsZeroInQueries(Search):
    """Fills in 0 for what is missing in a query."""

    claim, seen = "missing_numbers_in_queries_are_refused", "faiss: NaN gives -1"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        filled = np.nan_to_num(X) if isinstance(X, np.ndarray) and X.dtype.kind == "f" else X
        return super().kneighbors(filled, n_neighbors, return_distance)


class MissingTargetsAreZero(Regressor):
    """Fills in 0 for a target that is missing."""

    claim, seen = "missing_targets_are_refused", "np.nan_to_num"

    def fit(self, X, y):
        y = np.asarray(y)
        return super().fit(X, np.nan_to_num(y) if y.dtype.kind == "f" else y)


class AsManyAsThereAre(Search):
    """Takes all rows where k asks for more."""

    claim, seen = "more_neighbors_than_rows_are_refused", "malss #55"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        n = len(getattr(self, "_examples", ()))
        return super().kneighbors(X, n if isinstance(k, int) and k > n > 0 else k, return_distance)


class AtLeastOne(Search):
    """Takes one neighbour where k asks for none."""

    claim = "k_below_one_is_refused"

    def __init__(self, n_neighbors=5, *, metric="euclidean", p=2, metric_params=None):
        k = max(1, n_neighbors) if isinstance(n_neighbors, int) else n_neighbors
        super().__init__(k, metric=metric, p=p, metric_params=metric_params)


class RoundsK(Search):
    """Rounds k down."""

    claim, seen = "k_that_is_no_whole_number_is_refused", "int(k)"

    def __init__(self, n_neighbors=5, *, metric="euclidean", p=2, metric_params=None):
        super().__init__(int(n_neighbors), metric=metric, p=p, metric_params=metric_params)


class ZipsTargets(Regressor):
    """Pairs rows with targets until either ends."""

    claim, seen = "unequal_lengths_are_refused", "zip(X, y)"

    def fit(self, X, y):
        n = min(len(X), len(y))
        return super().fit(X[:n], y[:n])


class FirstFeaturesOnly(Search):
    """Compares as many features as both have."""

    claim, seen = "other_widths_are_refused", "zip(a, b)"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        if isinstance(X, np.ndarray) and X.ndim == 2 and hasattr(self, "_examples"):
            X = X[:, : self._examples.shape[1]]
        return super().kneighbors(X, n_neighbors, return_distance)


class FlatIsOneColumn(Search):
    """Takes training data of one axis for one column."""

    claim, seen = "flat_training_data_is_refused", "reshape(-1, 1)"

    def fit(self, X, y=None):
        X = np.asarray(X)
        return super().fit(X[:, None] if X.ndim == 1 else X, y)


class NothingOfNothing(Search):
    """Answers no queries with no neighbours."""

    claim, seen = "no_queries_are_refused", "torch: (0, k)"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        if isinstance(X, np.ndarray) and X.shape[:1] == (0,):
            nothing = np.empty((0, self.n_neighbors))
            return (nothing, nothing.astype(np.int64)) if return_distance else nothing.astype(np.int64)
        return super().kneighbors(X, n_neighbors, return_distance)


class ZeroRowForNone(Regressor):
    """Takes a row of zeros, with a target of 0, where there are no rows."""

    claim, seen = "no_rows_are_refused", "default values"

    def fit(self, X, y):
        if isinstance(X, np.ndarray) and X.ndim == 2 and len(X) == 0:
            X, y = np.zeros((1, X.shape[1])), np.zeros(1)
        return super().fit(X, y)


class DropsTheImaginary(Search):
    """Keeps the real part of complex numbers."""

    claim, seen = "complex_numbers_are_refused", "astype(float)"

    def fit(self, X, y=None):
        return super().fit(np.real(X) if isinstance(X, np.ndarray) else X, y)


class UnknownIsEuclidean(Search):
    """Falls back to the straight line where it does not know the metric."""

    claim, seen = "unknown_names_are_refused", "dict.get with a default"

    def fit(self, X, y=None):
        if isinstance(self.metric, str) and self.metric not in {*DISTANCES, "minkowski"}:
            self.metric = "euclidean"
        return super().fit(X, y)


class FittedToNothing(Search):
    """Has an example from the beginning."""

    claim = "asking_before_fit_is_refused"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        if not hasattr(self, "_examples") and X is not None:
            self.fit(np.zeros_like(X[:1]))
        return super().kneighbors(X, n_neighbors, return_distance)
