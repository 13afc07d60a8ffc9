"""Mutants that take medians, deviations, ties and explanations wrongly."""

import numpy as np

from conformance.zoo.base import Classifier, Regressor


class LowerMedian(Regressor):
    """Takes the lower of the two middle targets for an even k."""

    claim, seen = "the_median_is_in_the_middle", "statistics.median_low; torch.median"

    def combine(self, targets, weights):
        if self.aggregate != "median" or self.weights != "uniform":
            return super().combine(targets, weights)
        return np.sort(targets, axis=0)[(len(targets) - 1) // 2]


class MedianOfBareTargets(Regressor):
    """Takes the median of the targets, whatever their weights."""

    claim = "the_weighted_median_is_at_half_of_the_weight"

    def combine(self, targets, weights):
        return super().combine(targets, np.ones(len(targets)) if self.aggregate == "median" else weights)


class DeviationOfASample(Regressor):
    """Divides by k - 1 in the standard deviation, where k is above 1."""

    claim, seen = "the_deviation_is_that_of_the_targets", "pandas: std"

    def predict(self, X, return_std=False):
        predicted = super().predict(X, return_std)
        if not return_std:
            return predicted
        averages, spread = predicted
        return averages, spread * np.sqrt(self.n_neighbors / max(1, self.n_neighbors - 1))


class AnyTwoTie(Classifier):
    """Calls votes tied if any two classes have the same share, also behind the winner."""

    claim = "votes_tie_where_the_most_votes_are_shared"

    def tied_votes(self, X=None):
        if not self.has_one_output():
            return super().tied_votes(X)
        return np.array([len(set(row[row > 0])) < np.sum(row > 0) for row in self.predict_proba(X)])


class ExplainsOtherWeights(Regressor):
    """Explains every prediction with equal weights."""

    claim = "an_explanation_makes_the_prediction"

    def explain(self, X=None):
        explained = super().explain(X)
        return explained._replace(weights=np.ones(explained.distances.shape))
