"""Mutants that measure wrongly by metrics that are asked for less often."""

import numpy as np

from conformance.zoo.base import Search
from conformance.zoo.distances import ByFormula, squares


class DividesByTheVarianceTwice(ByFormula):
    """Divides gaps by V, and not by its root, before squaring them."""

    claim, mistaken = "seuclidean_distance", ("seuclidean",)

    def formula(self, X, q):
        return np.sqrt(squares((X - q) / self._params["V"]))


class ScalesTheRows(ByFormula):
    """Divides rows and query by the root of V, and then subtracts: on paper the same."""

    claim, mistaken = "same_neighbors_by_other_metrics", ("seuclidean",)

    def formula(self, X, q):
        scale = np.sqrt(self._params["V"])
        return np.sqrt(squares(X / scale - q / scale))


class NothingDividedByNothing(ByFormula):
    """Adds a small number to the denominator of each share, so that two zeros do not give NaN."""

    claim, mistaken = "canberra_distance", ("canberra",)

    def formula(self, X, q):
        return np.sum(np.abs(X - q) / (np.abs(X) + np.abs(q) + 1e-8), axis=1)


class MeanOfShares(ByFormula):
    """Averages the share of each feature, and does not divide the sum of gaps by the sum of amounts."""

    claim, mistaken = "braycurtis_distance", ("braycurtis",)

    def formula(self, X, q):
        amounts = np.abs(X + q)
        return np.mean(np.abs(X - q) / np.where(amounts == 0, 1, amounts), axis=1)


class LongitudeFirst(ByFormula):
    """Takes the first column for the longitude and the second for the latitude."""

    claim, mistaken = "haversine_distance", ("haversine",)

    def formula(self, X, q):
        east, half = np.cos(X[:, 1]) * np.cos(q[1]), (X - q) / 2
        h = np.sin(half[:, 1]) ** 2 + east * np.sin(half[:, 0]) ** 2
        return 2 * np.arcsin(np.sqrt(np.clip(h, 0, 1)))


class GapsMakeNear(ByFormula):
    """Adds the squares of the shared features, and does not scale the sum up for those that are missing."""

    claim, mistaken = "nan_euclidean_distance", ("nan_euclidean",)

    def formula(self, X, q):
        gaps = X - q
        distances = np.sqrt(np.nansum(gaps * gaps, axis=1))
        return np.where(np.all(np.isnan(gaps), axis=1), np.inf, distances)


class NothingSharedIsNear(ByFormula):
    """Sums no squares for a row that shares no feature with the query, and so puts it at distance 0."""

    claim, mistaken = "rows_that_share_nothing_come_last", ("nan_euclidean",)

    def formula(self, X, q):
        gaps = X - q
        n_shared = np.sum(~np.isnan(gaps), axis=1)
        return np.sqrt(np.nansum(gaps * gaps, axis=1) * (len(q) / np.maximum(n_shared, 1)))


class TakesL1ForL2(Search):
    """Reads l1 as l2."""

    claim = "other_names_mean_the_same_metric"

    def fit(self, X, y=None):
        if self.metric == "l1":
            self.metric = "l2"
        return super().fit(X, y)
