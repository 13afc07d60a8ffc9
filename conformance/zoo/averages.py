"""Mutants that find the right neighbours and average wrongly."""

import numpy as np

from conformance.zoo.base import Regressor


class Median(Regressor):
    """Takes the median of the targets."""

    claim = "averages_of_targets"

    def combine(self, targets, weights):
        return np.median(targets, axis=0)


class DividesByTheConstant(Regressor):
    """Divides by 3, which k was when it was written, where k is more."""

    claim = "averages_of_everything_when_k_is_n"

    def combine(self, targets, weights):
        return super().combine(targets, weights) * (len(targets) / 3 if len(targets) > 3 else 1)


class WholeAverages(Regressor):
    """Answers in the type of the targets: 0 and 1 make 0."""

    claim = "averages_of_whole_numbers"

    def fit(self, X, y):
        self._whole = np.asarray(y).dtype.kind in "iub"
        return super().fit(X, y)

    def combine(self, targets, weights):
        averaged = super().combine(targets, weights)
        return np.floor(averaged) if self._whole else averaged


class SumsInTheirType(Regressor):
    """Sums targets in the type in which they came: 255 + 255 is 254."""

    claim, seen = "averages_of_small_types", "NumPy: uint8 + uint8"

    def fit(self, X, y):
        self._type = np.asarray(y).dtype
        return super().fit(X, y)

    def combine(self, targets, weights):
        if self._type.kind not in "iu" or self.weights != "uniform":
            return super().combine(targets, weights)
        return targets.astype(self._type).sum(axis=0, dtype=self._type) / len(targets)


class TargetsInFloat32(Regressor):
    """Keeps targets in float32, as images are."""

    claim, seen = "averages_of_far_numbers", "scikit-learn: float32 targets"

    def combine(self, targets, weights):
        return super().combine(targets.astype(np.float32).astype(np.float64), weights)


class OneMeanForAll(Regressor):
    """Takes the mean over neighbours and outputs."""

    claim = "averages_of_each_output"

    def combine(self, targets, weights):
        return np.full(targets.shape[1:], np.mean(super().combine(targets, weights)))


class SquaredWeights(Regressor):
    """Weighs by 1 / distance squared."""

    claim = "averages_by_inverse_distance"

    def weigh(self, distances):
        return super().weigh(distances) ** 2 if self.weights == "distance" else super().weigh(distances)


class NearlyAlone(Regressor):
    """Adds a small number to every distance, so that an exact match counts nearly alone."""

    claim, seen = "an_exact_match_counts_alone", "scikit-learn #3760, the work-around"

    def weigh(self, distances):
        return 1 / (distances + 1e-6) if self.weights == "distance" else super().weigh(distances)


class ZeroIsTheOnlyInfinity(Regressor):
    """Looks for distances of 0, and not for weights that are infinite."""

    claim = "a_tiny_distance_is_an_exact_match"

    def weigh(self, distances):
        if self.weights != "distance" or np.any(distances == 0):
            return super().weigh(distances)
        with np.errstate(over="ignore"):
            return 1 / distances


class WeightsOfSquares(Regressor):
    """Calls the given function on squared distances."""

    claim = "averages_by_given_weights"

    def weigh(self, distances):
        return super().weigh(distances**2 if callable(self.weights) else distances)


class KnowsTheAnswer(Regressor):
    """Leaves nothing out: every training row predicts itself too."""

    claim, seen = "averages_without_the_row_itself", "scikit-learn #30047"

    def predict(self, X):
        return super().predict(self._examples if X is None else X)


class ScoreByTheTrainingMean(Regressor):
    """Measures R^2 from the mean of the training targets."""

    claim = "the_score_is_r_squared"

    def score(self, X, y):
        errors, deviations = np.asarray(y) - self.predict(X), np.asarray(y) - np.mean(self._targets)
        return 1 - float(np.sum(errors**2) / np.sum(deviations**2))


class Shrunken(Regressor):
    """Shrinks predictions to 0 a little."""

    claim, seen = "averages_are_linear", "ridge habits"

    def combine(self, targets, weights):
        return super().combine(targets, weights) * len(targets) / (len(targets) + 1e-3)


class FarthestFirst(Regressor):
    """Adds from the farthest to the nearest: the same number, in other bits."""

    claim = "same_averages"

    def combine(self, targets, weights):
        return super().combine(targets[::-1], weights[::-1])
