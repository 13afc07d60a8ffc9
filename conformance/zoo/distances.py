"""Mutants that measure wrongly."""

from functools import reduce

import numpy as np

from conformance.zoo.base import Search


class ByFormula(Search):
    """Correct: measures one query and all examples at once, by ``formula``, for the metrics that it names."""

    mistaken: tuple[str, ...] = ("euclidean",)

    def formula(self, X, q):
        """The distances of q to the rows of X."""
        raise NotImplementedError

    def measure(self, query):
        return self.formula(self._examples, query) if self.metric in self.mistaken else super().measure(query)

    def get_distance(self, a, b):
        if self.metric not in self.mistaken:
            return super().get_distance(a, b)
        return float(self.formula(np.asarray(b, dtype=np.float64)[None], np.asarray(a, dtype=np.float64))[0])


def squares(gaps):
    return np.sum(gaps * gaps, axis=1)


class ForgottenRoot(ByFormula):
    """Reports the square for the euclidean distance: same neighbours, other weights."""

    claim, seen = "euclidean_distance", "cuml #5788"

    def formula(self, X, q):
        return squares(X - q)


class RootTooMany(ByFormula):
    """Takes the root where the square was asked for."""

    claim, seen, mistaken = "sqeuclidean_distance", "pytorch3d #1946", ("sqeuclidean",)

    def formula(self, X, q):
        return np.sqrt(squares(X - q))


class SignedSum(ByFormula):
    """Sums the gaps, and takes the absolute value of the sum."""

    claim, mistaken = "manhattan_distance", ("manhattan",)

    def formula(self, X, q):
        return np.abs(np.sum(X - q, axis=1))


class LargestSignedGap(ByFormula):
    """Takes the largest gap, and not the largest absolute gap."""

    claim, mistaken = "chebyshev_distance", ("chebyshev",)

    def formula(self, X, q):
        return np.abs(np.max(X - q, axis=1))


class SignedCubes(ByFormula):
    """Cubes the gaps with their sign, where p = 2 never needed the absolute value."""

    claim, mistaken = "minkowski_distance", ("minkowski",)

    def formula(self, X, q):
        return np.abs(np.sum((X - q) ** 3, axis=1))

    def get_distance(self, a, b):
        return super().get_distance(a, b) ** (1 / 3) if self.metric == "minkowski" else super().get_distance(a, b)


class PForgotten(ByFormula):
    """Takes p and uses 2."""

    claim, mistaken = "nearest_by_minkowski", ("minkowski",)

    def formula(self, X, q):
        return np.sqrt(squares(X - q)) ** 3  # cubed, as its root will be taken

    get_distance = Search.get_distance


class MetricForgotten(ByFormula):
    """Takes a metric and uses the straight line."""

    claim, seen, mistaken = "nearest_by_manhattan", "cuml #5083", ("manhattan",)

    def formula(self, X, q):
        return np.sqrt(squares(X - q))


class ChessKingWalksTwice(ByFormula):
    """Adds the two largest gaps for the Chebyshev distance."""

    claim, mistaken = "nearest_by_chebyshev", ("chebyshev",)

    def formula(self, X, q):
        return np.sum(np.sort(np.abs(X - q), axis=1)[:, -2:], axis=1)


def cosines(X, q):
    lengths = np.sqrt(squares(X)) * np.sqrt(q @ q)
    return (X @ q) / np.where(lengths == 0, 1, lengths)


class SimilarityForDistance(ByFormula):
    """Sorts by the cosine itself: the least alike come first."""

    claim, mistaken = "nearest_by_cosine", ("cosine",)

    def formula(self, X, q):
        return 1 + cosines(X, q)


class Angle(ByFormula):
    """Reports the angle for 1 minus its cosine."""

    claim, mistaken = "cosine_distance", ("cosine",)

    def formula(self, X, q):
        return np.arccos(np.clip(cosines(X, q), -1, 1))


class InnerProduct(ByFormula):
    """Takes the inner product for the cosine: long examples are near to everything."""

    claim, mistaken = "length_is_nothing_to_cosine", ("cosine",)

    def formula(self, X, q):
        return 1e6 - X @ q


class NoDirection(ByFormula):
    """Divides a zero vector by its length."""

    claim, seen, mistaken = "zero_vectors_have_a_cosine_distance", "pitfall of every 1 - cos", ("cosine",)

    def formula(self, X, q):
        with np.errstate(invalid="ignore"):
            return 1 - (X @ q) / (np.sqrt(squares(X)) * np.sqrt(q @ q))


class CountedDifferences(ByFormula):
    """Counts the features that differ, and does not divide by their number."""

    claim, mistaken = "hamming_distance", ("hamming",)

    def formula(self, X, q):
        return np.sum(q != X, axis=1).astype(np.float64)


class NearlyTheSame(ByFormula):
    """Takes features for the same that are less than 1.5 apart."""

    claim, mistaken = "nearest_by_hamming", ("hamming",)

    def formula(self, X, q):
        return np.mean(np.abs(X - q) > 1.5, axis=1)


class Overlap(ByFormula):
    """Reports how much two sets share for how much they do not."""

    claim, mistaken = "jaccard_distance", ("jaccard",)

    def formula(self, X, q):
        either = np.sum((X != 0) | (q != 0), axis=1)
        return np.sum((X != 0) & (q != 0), axis=1) / np.maximum(either, 1)


class WhatNeitherHas(ByFormula):
    """Divides by all features, so that what neither has makes them alike."""

    claim, mistaken = "nearest_by_jaccard", ("jaccard",)

    def formula(self, X, q):
        return np.mean((X != 0) != (q != 0), axis=1)


class SquaredMetric(ByFormula):
    """Squares the Manhattan distance, after which two short ways are shorter than the straight one."""

    claim, mistaken = "no_way_is_shorter_than_the_distance", ("manhattan",)

    def formula(self, X, q):
        return np.sum(np.abs(X - q), axis=1) ** 2


class OneWayStreet(ByFormula):
    """Counts a gap upwards a little more than a gap downwards."""

    claim = "distance_is_symmetric"

    def formula(self, X, q):
        return np.sqrt(squares(np.where(q < X, 1.001, 1.0) * (X - q)))


class SafetyMargin(ByFormula):
    """Adds a small number under the root, against a gradient of NaN, and leaves it in."""

    claim, seen = "distance_to_itself_is_zero", "pytorch #37154"

    def formula(self, X, q):
        return np.sqrt(squares(X - q) + 1e-12)


class Expanded(ByFormula):
    """Uses |x|^2 + |q|^2 - 2 x.q, and sets negative results to 0."""

    claim, seen = "nearest_far_from_the_origin", "scikit-learn #13410"

    def formula(self, X, q):
        return np.sqrt(np.maximum(squares(X) + q @ q - 2 * X @ q, 0))


class CentredOnTheMean(ByFormula):
    """Subtracts the mean first: right for one cloud, wrong as soon as one row lies far away."""

    claim, seen = "nearest_beside_an_outlier", "faiss #1086, the advice"

    def formula(self, X, q):
        centre = self._examples.mean(axis=0) if hasattr(self, "_examples") else 0
        X, q = X - centre, q - centre
        return np.sqrt(np.maximum(squares(X) + q @ q - 2 * X @ q, 0))


class CentredOnTheFirstRow(ByFormula):
    """Subtracts the first row, and expands: wrong for every cluster but that row's."""

    claim, seen = "nearest_in_far_clusters", "faiss #297, the advice"

    def formula(self, X, q):
        centre = self._examples[0] if hasattr(self, "_examples") else 0
        X, q = X - centre, q - centre
        return np.sqrt(np.maximum(squares(X) + q @ q - 2 * X @ q, 0))


class ExpandedInExtended(ByFormula):
    """Expands in extended precision, where there is one: three more digits, and one huge feature takes them."""

    claim = "nearest_beside_a_huge_feature"

    def formula(self, X, q):
        X, q = X.astype(np.longdouble), q.astype(np.longdouble)
        return np.sqrt(np.maximum(np.sum(X * X, axis=1) + np.sum(q * q) - 2 * np.sum(X * q, axis=1), 0)).astype(float)


class InFloat32(ByFormula):
    """Computes in float32 what came in float64."""

    claim, seen = "distance_of_any_numbers", "faiss: IndexFlatL2 takes float32"

    def formula(self, X, q):
        return np.sqrt(squares(X.astype(np.float32) - q.astype(np.float32))).astype(np.float64)


class Float32Stays(Search):
    """Computes in float32 if the rows came in float32."""

    claim, seen = "nearest_of_float32_rows", "pytorch #42479"

    def fit(self, X, y=None):
        self._narrow = np.asarray(X).dtype == np.float32
        return super().fit(X, y)

    def measure(self, query):
        if not (self._narrow and self.metric == "euclidean"):
            return super().measure(query)
        X, q = self._examples.astype(np.float32), query.astype(np.float32)
        return np.sqrt(np.maximum(squares(X) + q @ q - 2 * X @ q, 0)).astype(np.float64)


class PixelsWrap(Search):
    """Subtracts unsigned pixels from one another: 10 - 20 is 246."""

    claim, seen = "nearest_of_small_types", "scipy #10262"

    def fit(self, X, y=None):
        self._dtype = np.asarray(X).dtype
        return super().fit(X, y)

    def measure(self, query):
        if self._dtype != np.uint8 or self.metric != "euclidean":
            return super().measure(query)
        gaps = self._examples.astype(np.uint8) - query.astype(np.uint8)
        return np.sqrt(squares(gaps.astype(np.float64)))


class HalfSquares(Search):
    """Squares half floats as half floats: 300 squared is infinite."""

    claim, seen = "distance_of_small_types", "cuvs #914"

    def get_distance(self, a, b):
        if getattr(a, "dtype", None) != np.float16:
            return super().get_distance(a, b)
        with np.errstate(over="ignore"):
            return float(np.sqrt(np.sum((a - b) * (a - b))))


class GapsInFloat32(ByFormula):
    """Subtracts in float64 and squares in float32, which overflows at 1e19."""

    claim, seen = "nearest_of_huge_and_tiny_numbers", "numkong #384"

    def formula(self, X, q):
        with np.errstate(over="ignore", under="ignore"):
            gaps = (X - q).astype(np.float32)
            return np.minimum(np.sqrt(squares(gaps).astype(np.float64)), 1e300)


class RoundedDistances(ByFormula):
    """Rounds distances to 12 places, so that noise makes no order."""

    claim = "scaling_changes_nothing"

    def formula(self, X, q):
        return np.round(np.sqrt(squares(X - q)), 12)


class NearEnough(ByFormula):
    """Takes gaps below a billionth of the number for none."""

    claim = "nearest_of_near_ties"

    def formula(self, X, q):
        gaps = np.where(np.abs(X - q) < 1e-9 * np.abs(q), 0, X - q)
        return np.sqrt(squares(gaps))


class HalfDigits(ByFormula):
    """Keeps 7 digits of every distance."""

    claim = "nearest_of_any_numbers"

    def formula(self, X, q):
        return np.array([float(f"{distance:.6e}") for distance in np.sqrt(squares(X - q))])


class Standardised(ByFormula):
    """Divides every feature by its deviation, unasked."""

    claim, seen = "nearest_at_mixed_scales", "Weka: IBk rescales attributes"

    def formula(self, X, q):
        deviation = self._examples.std(axis=0) if hasattr(self, "_examples") else np.ones(1)
        return np.sqrt(squares((X - q) / np.where(deviation == 0, 1, deviation)))


class UnitRows(ByFormula):
    """Scales every row to length 1, unasked, as embeddings are."""

    claim = "a_constant_feature_changes_nothing"

    def formula(self, X, q):
        X, q = (rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-300) for rows in (X, q))
        return np.sqrt(squares(X - q))


class Clipped(ByFormula):
    """Clips numbers to a million on their way in."""

    claim = "moving_changes_nothing"

    def formula(self, X, q):
        return np.sqrt(squares(np.clip(X, -1e6, 1e6) - np.clip(q, -1e6, 1e6)))


class Quantised(ByFormula):
    """Keeps 256 levels between the smallest and the largest number: one far row takes them all."""

    claim, seen = "far_rows_change_nothing", "scalar quantisation"

    def formula(self, X, q):
        rows = getattr(self, "_examples", X)
        low, step = rows.min(), max(np.ptp(rows), 1e-300) / 255
        return np.sqrt(squares(np.round((X - low) / step) - np.round((q - low) / step))) * step


class WithoutSign(ByFormula):
    """Compares magnitudes: -3 is 3."""

    claim = "mirroring_changes_nothing"

    def formula(self, X, q):
        return np.sqrt(squares(np.abs(X) - np.abs(q)))


class LastFeatureIsTheLabel(ByFormula):
    """Skips the last feature, where there are several, as if it were the label."""

    claim, seen = "order_of_features_is_no_matter", "tutorials that keep X and y in one table"

    def formula(self, X, q):
        return np.sqrt(squares(X[:, :-1] - q[:-1] if len(q) > 1 else X - q))


class WholeBlocks(ByFormula):
    """Adds features in blocks of 8, and forgets those that fill no block."""

    claim = "nearest_among_many_features"

    def formula(self, X, q):
        d = max(len(q) - len(q) % 8, min(len(q), 8))
        return np.sqrt(squares(X[:, :d] - q[:d]))


class WrongAxis(ByFormula):
    """Sums over the rows, where there are as many rows as features."""

    claim = "nearest_where_axes_are_equally_long"

    def formula(self, X, q):
        gaps = X - q
        return np.sqrt(np.sum(gaps * gaps, axis=0 if gaps.shape[0] == gaps.shape[1] > 1 else 1))


class TwinsApart(ByFormula):
    """Rounds every second row otherwise, as a matrix product does."""

    claim, seen = "equal_rows_are_equally_far", "matrix products"

    def formula(self, X, q):
        return np.sqrt(squares(X - q)) * (1 + 2.0**-52 * (np.arange(len(X)) % 2))


class LeftToRight(ByFormula):
    """Adds the squares from left to right: the same number, in other bits."""

    claim, seen = "same_neighbors", "our first draft"

    def formula(self, X, q):
        gaps = X - q
        return np.sqrt(reduce(np.add, (gaps * gaps).T))


class LeftToRightOnTheDiagonal(Search):
    """Adds from left to right only where each row is left out of its own neighbours."""

    claim = "same_neighbors_without_the_row_itself"

    def measure(self, query):
        if self.metric != "euclidean" or not np.shares_memory(query, self._examples):  # another query is a copy
            return super().measure(query)
        gaps = self._examples - query
        return np.sqrt(reduce(np.add, (gaps * gaps).T))


class PowersOff(Search):
    """Is off by a billionth where powers are not whole."""

    claim = "same_neighbors_up_to_powers"

    def measure(self, query):
        distances = super().measure(query)
        whole = self.metric != "minkowski" or self.p == np.inf or float(self.p).is_integer()
        return distances if whole else distances * (1 + 1e-9)
