"""Mutants that find the right neighbours and count their votes wrongly."""

import numpy as np

from conformance.zoo.base import Classifier


class LastClassWins(Classifier):
    """Never updates the best score so far, so that the last class with any weight wins."""

    claim, seen = "votes_weigh_by_inverse_distance", "numpy-ml: nonparametric/knn.py"

    def combine(self, codes, weights, n_classes):
        shares = super().combine(codes, weights, n_classes)
        if self.weights != "distance":
            return shares
        return np.where(np.arange(n_classes) == max(codes), 1.0, 0.0)


class NearestBreaksTies(Classifier):
    """Of classes with as many votes takes the one that was met first."""

    claim, seen = "equal_votes_go_to_the_smallest_label", "scikit-learn #21006; Counter.most_common"

    def predict(self, X):
        if not self.has_one_output() or self.weights != "uniform":
            return super().predict(X)
        codes = [self._codes[i].tolist() for i in self.kneighbors(X)[1]]
        return self.classes_[[max(votes, key=votes.count) for votes in codes]]


class OnlyTheNearest(Classifier):
    """Predicts the class of the nearest neighbour, whatever k is."""

    claim = "the_majority_wins"

    def combine(self, codes, weights, n_classes):
        return super().combine(codes[:1], np.ones(1), n_classes)


class OneVoteEach(Classifier):
    """Calls the given function, and counts every vote as one."""

    claim = "votes_weigh_as_given"

    def weigh(self, distances):
        weights = super().weigh(distances)
        return np.ones(distances.shape) if callable(self.weights) else weights


class NearlyExact(Classifier):
    """Takes distances below 1e-8 for 0, and lets them vote as exact matches."""

    claim, seen = "a_tiny_distance_is_no_exact_match", "np.isclose(distances, 0)"

    def weigh(self, distances):
        return super().weigh(np.where(distances < 1e-8, 0.0, distances) if self.weights == "distance" else distances)


class InfinityOverInfinity(Classifier):
    """Divides infinite weights by their sum, and predicts the first class where shares are NaN."""

    claim, seen = "a_tiny_distance_votes_as_an_exact_match", "1 / distance, normalised"

    def weigh(self, distances):
        if self.weights != "distance" or np.any(distances == 0):
            return super().weigh(distances)
        with np.errstate(over="ignore"):
            return np.minimum(1 / distances, 1e308)

    @np.errstate(over="ignore", invalid="ignore")
    def combine(self, codes, weights, n_classes):
        if np.any(np.asarray(weights) >= 1e308):
            return np.eye(n_classes)[0]
        return super().combine(codes, weights, n_classes)


class CappedWeights(Classifier):
    """Caps weights, so that an exact match counts hardly more than a near one: two others can outvote it."""

    claim, seen = "an_exact_match_votes_alone", "aprender #2198"

    def weigh(self, distances):
        if self.weights != "distance":
            return super().weigh(distances)
        return 1 / np.maximum(distances, 0.9)


class WidthOfTheFirstLabel(Classifier):
    """Keeps labels in an array made for the first one: "a long name" is cut off."""

    claim, seen = "labels_come_back_as_they_were", "NumPy: strings of fixed width"

    def predict(self, X):
        predicted = super().predict(X)
        return predicted.astype("U1") if predicted.dtype.kind == "U" else predicted


class TwoClasses(Classifier):
    """Always has a column for a second class."""

    claim, seen = "one_class_is_predicted_always", "binary formulas"

    def combine(self, codes, weights, n_classes):
        shares = super().combine(codes, weights, n_classes)
        return np.append(shares, 0.0) if n_classes == 1 else shares


class FirstOutputForAll(Classifier):
    """Predicts the first output, and copies it."""

    claim, seen = "each_output_has_votes_of_its_own", "scikit-learn #8093"

    def predict(self, X):
        predicted = super().predict(X)
        return predicted if self.has_one_output() else np.tile(predicted[:, :1], predicted.shape[1])


class KnowsTheLabel(Classifier):
    """Leaves nothing out: every training row votes for itself too."""

    claim, seen = "votes_without_the_row_itself", "scikit-learn #30047"

    def predict(self, X):
        return super().predict(self._examples if X is None else X)


class Counts(Classifier):
    """Returns the votes themselves for their shares."""

    claim, seen = "shares_are_the_part_of_the_votes", "cuml #2743"

    def combine(self, codes, weights, n_classes):
        return super().combine(codes, weights, n_classes) * sum(weights)


class ClassesAsMet(Classifier):
    """Has columns in the order in which classes were met in the data."""

    claim = "shares_are_in_the_order_of_classes"

    def predict_proba(self, X):
        shares = super().predict_proba(X)
        if not self.has_one_output():
            return shares
        first = np.unique(self._codes, return_index=True)[1]
        return shares[:, np.argsort(first)]

    def predict(self, X):
        return (
            self.classes_[np.argmax(super().predict_proba(X), axis=1)] if self.has_one_output() else super().predict(X)
        )


class SecondOpinion(Classifier):
    """Predicts by the nearest where the vote is close, and says the shares of the vote."""

    claim = "the_largest_share_is_predicted"

    def predict(self, X):
        if not self.has_one_output():
            return super().predict(X)
        shares, (_, indices) = self.predict_proba(X), self.kneighbors(X)
        nearest = self.classes_[self._codes[indices[:, 0]]]
        return np.where(shares.max(axis=1) > 0.7, self.classes_[np.argmax(shares, axis=1)], nearest)


class ShareOfErrors(Classifier):
    """Scores by the share of errors."""

    claim = "the_score_is_accuracy"

    def score(self, X, y):
        return 1 - super().score(X, y)


class LabelIsAFeature(Classifier):
    """Takes the label for one more feature, by a table from which it was not removed."""

    claim, seen = "other_names_for_classes", "tutorials that keep X and y in one table"

    def measure(self, query):
        distances = super().measure(query)
        names = self.classes_[self._codes] if self.has_one_output() else np.zeros(len(distances))
        return distances + np.abs(names) if names.dtype.kind in "if" else distances


class Balanced(Classifier):
    """Divides votes by the frequency of their class, unasked."""

    claim = "twins_of_the_winners_change_nothing"

    def combine(self, codes, weights, n_classes):
        frequency = np.bincount(self._codes, minlength=n_classes) if self.has_one_output() else np.ones(n_classes)
        shares = super().combine(codes, weights, n_classes) / np.maximum(frequency, 1)
        return shares / shares.sum()


class NearestAbstains(Classifier):
    """Skips the first neighbour, as if it were always the query itself."""

    claim, seen = "a_prediction_confirms_itself", "leave-one-out by dropping the first"

    def combine(self, codes, weights, n_classes):
        return (
            super().combine(codes[1:], weights[1:], n_classes)
            if len(codes) > 1
            else super().combine(codes, weights, n_classes)
        )


class MiddleClass(Classifier):
    """Predicts the middle one of the neighbours' labels, as if classes were ranks."""

    claim = "losers_can_change_their_name"

    def combine(self, codes, weights, n_classes):
        if self.weights != "uniform":
            return super().combine(codes, weights, n_classes)
        return np.eye(n_classes)[np.sort(codes)[len(codes) // 2]]


class LastVoteFirst(Classifier):
    """Adds votes from the farthest to the nearest: the same number, in other bits."""

    claim = "same_votes"

    def combine(self, codes, weights, n_classes):
        return super().combine(codes[::-1], weights[::-1], n_classes)
