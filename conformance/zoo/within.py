"""Mutants that find the right rows within a radius, and predict wrongly from them."""

import numpy as np

from conformance.zoo.base import RadiusClassifier, RadiusRegressor


class AveragesExclusive(RadiusRegressor):
    """Averages the rows that are nearer than the radius, and not those at the radius, where there are any nearer."""

    claim, seen = "averages_within_a_radius", "d < radius"

    def choose_within(self, distances, measured, radius, leave_out=-1):
        found = super().choose_within(distances, measured, radius, leave_out)
        nearer = found[distances[found] < radius]
        return nearer if len(nearer) else found


class DividesByTheLongest(RadiusRegressor):
    """Fills the targets of each query with zeros up to the longest list, and takes the means."""

    claim, seen = "averages_within_a_radius", "padded arrays"

    def predict(self, X):
        predicted = super().predict(X)
        if X is None or self.weights != "uniform":
            return predicted
        counts = self.count_within(X)
        return (predicted.T * counts / np.max(counts)).T


class AddsALittleWithin(RadiusRegressor):
    """Adds 1e-8 to every distance, so that no weight is infinite."""

    claim, seen = "averages_within_weigh_by_inverse_distance", "1 / (distance + 1e-8)"

    def weigh(self, distances):
        return 1 / (distances + 1e-8) if self.weights == "distance" else super().weigh(distances)


class NearestWithinWins(RadiusClassifier):
    """Predicts the class of the nearest row within the radius."""

    claim = "the_majority_within_wins"

    def combine(self, codes, weights, n_classes):
        return super().combine(codes[:1], np.ones(1), n_classes)


class FirstClassForOutliers(RadiusClassifier):
    """Takes the largest of no votes, which is that of the first class, in place of the outlier label."""

    claim, seen = "an_outlier_gets_its_label", "argmax of zeros"

    def predict(self, X):
        predicted = super().predict(X)
        if self.outlier_label is None or isinstance(self.classes_, list):
            return predicted
        return np.where(self.count_within(X) > 0, predicted, self.classes_[0])


class ZeroWithoutRows(RadiusRegressor):
    """Predicts 0 for a query that has no row within the radius."""

    claim, seen = "without_rows_within_nothing_is_predicted", "np.nan_to_num"

    def predict(self, X):
        has_rows = self.count_within(X) > 0
        if X is None or np.all(has_rows):
            return super().predict(X)
        predicted = np.zeros((len(has_rows), *self._targets.shape[1:]))
        if np.any(has_rows):
            predicted[has_rows] = super().predict(np.asarray(X)[has_rows])
        return predicted


class TwinsLeftOutOfTheAverage(RadiusRegressor):
    """Leaves all rows at distance 0 out of a row's own prediction, its twins too, where any others are within."""

    claim, seen = "a_row_is_left_out_of_the_average_within", "neighbours with d > 0"

    def choose_within(self, distances, measured, radius, leave_out=-1):
        found = super().choose_within(distances, measured, radius, leave_out)
        others = found[distances[found] > 0]
        return others if leave_out >= 0 and len(others) else found


class AddsFarthestFirst(RadiusRegressor):
    """Adds the targets within the radius from the farthest to the nearest."""

    claim, seen = "same_predictions_within", "sums in any order"

    def _weighted_neighbors(self, X):
        return [(indices[::-1], weights[::-1]) for indices, weights in super()._weighted_neighbors(X)]
