"""Mutants that a beginner writes at a whiteboard, where classes are voted for."""

import numpy as np

from conformance.zoo.base import Classifier


class OneOutput(Classifier):
    """Correct: a mutant changes ``predict_classes``, which is asked where the labels have one axis."""

    def predict(self, X):
        if not self.has_one_output():
            return super().predict(X)
        return self.predict_classes(X)

    def predict_classes(self, X):
        """The predictions, (n_queries,)."""
        raise NotImplementedError


class SortsPairsWithLabels(Classifier):
    """Sorts pairs of a distance and a label, so that equal distances go to the smaller label."""

    claim, seen = "names_do_not_choose_the_neighbor", "sorted(zip(distances, y))"

    def choose(self, distances, k, leave_out):
        if not self.has_one_output():
            return super().choose(distances, k, leave_out)
        order = np.lexsort((self._codes, distances))
        return order[order != leave_out][:k]


class RoundedMeanOfLabels(OneOutput):
    """Averages the labels and rounds, as if classes were numbers."""

    claim, seen = "the_majority_wins", "round(np.mean(labels))"

    def predict_classes(self, X):
        codes = self._codes[self.kneighbors(X)[1]]
        return self.classes_[np.rint(codes.mean(axis=1)).astype(int)]


class NearestMean(OneOutput):
    """Predicts the class whose mean is nearest, which is another method."""

    claim, seen = "the_majority_wins", "nearest centroid"

    def predict_classes(self, X):
        self.kneighbors(X)  # which refuses what cannot be asked
        queries = self._examples if X is None else self._check_queries(X)
        means = [self._examples[self._codes == code].mean(axis=0) for code in range(len(self.classes_))]
        return self.classes_[[np.argmin([self.get_distance(query, mean) for mean in means]) for query in queries]]


class SmallestSumOfDistances(OneOutput):
    """Predicts the class with the smallest sum of distances, to which each further vote adds."""

    claim, seen = "the_majority_wins", "distances[label] += d"

    def predict_classes(self, X):
        distances, indices = self.kneighbors(X)
        n = len(self.classes_)
        return self.classes_[[self._elect(self._codes[i], d, n) for d, i in zip(distances, indices, strict=True)]]

    def _elect(self, codes, distances, n_classes):
        sums = np.bincount(codes, distances, n_classes)
        return np.argmin(np.where(np.bincount(codes, minlength=n_classes), sums, np.inf))


class ExactMatchDecides(OneOutput):
    """Returns the label of a row that equals the query, before it counts votes."""

    claim, seen = "the_majority_wins", "if distance == 0: return label"

    def predict_classes(self, X):
        distances, indices = self.kneighbors(X)
        nearest = self.classes_[self._codes[indices[:, 0]]]
        return np.where(distances[:, 0] == 0, nearest, self.classes_[np.argmax(self.predict_proba(X), axis=1)])


class CommonestOfAllBreaksTies(OneOutput):
    """Predicts the commonest class of all training rows where the vote is tied, though it may have no vote."""

    claim, seen = "the_majority_wins", "statistics.mode(y) after a StatisticsError"

    def predict_classes(self, X):
        shares = self.predict_proba(X)
        tied = np.sum(shares == shares.max(axis=1, keepdims=True), axis=1) > 1
        return self.classes_[np.where(tied, np.argmax(np.bincount(self._codes)), np.argmax(shares, axis=1))]


class VotesNeverReset(OneOutput):
    """Makes one counter before the loop over the queries, in which the votes of all queries add up."""

    claim, seen = "votes_without_the_row_itself", "Counter(), one line too high"

    def predict_classes(self, X):
        return self.classes_[np.argmax(np.cumsum(self.predict_proba(X), axis=0), axis=1)]


class NeverDecoded(OneOutput):
    """Predicts the number of a class, and not its label."""

    claim, seen = "labels_come_back_as_they_were", "np.unique(y, return_inverse=True)[1]"

    def predict_classes(self, X):
        return np.argmax(self.predict_proba(X), axis=1)


class DecodedAsMet(OneOutput):
    """Numbers classes in the order of the alphabet, and decodes them in the order in which they were met."""

    claim, seen = "labels_come_back_as_they_were", "dict.fromkeys(y) beside sorted(set(y))"

    def predict_classes(self, X):
        first = np.unique(self._codes, return_index=True)[1]
        return self.classes_[np.argsort(first)][np.argmax(self.predict_proba(X), axis=1)]


class SquaredVotes(Classifier):
    """Weighs votes by 1 / distance squared."""

    claim, seen = "votes_weigh_by_inverse_distance", "1 / d**2"

    def weigh(self, distances):
        return super().weigh(distances) ** 2 if self.weights == "distance" else super().weigh(distances)


class FarthestVotesMost(Classifier):
    """Adds distances where it should add weights, so that the farthest votes most."""

    claim, seen = "votes_weigh_by_inverse_distance", "votes[label] += d"

    def weigh(self, distances):
        return distances + 1e-9 if self.weights == "distance" else super().weigh(distances)


class NearlyAloneVotes(Classifier):
    """Adds a small number to every distance, which then outweighs the distances that are smaller."""

    claim, seen = "tiny_distances_vote_alike", "1 / (d + 1e-8)"

    def weigh(self, distances):
        return 1 / (distances + 1e-8) if self.weights == "distance" else super().weigh(distances)
