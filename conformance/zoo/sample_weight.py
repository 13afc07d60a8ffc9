"""Mutants that weigh rows wrongly: by ``sample_weight``, and by the weight of their class."""

import numpy as np

from conformance.zoo.base import Classifier, Regressor


class NearerByWeight(Regressor):
    """Divides the distance of a row by its sample weight, and lets each row take one place."""

    claim, seen = "a_row_takes_as_many_places_as_it_weighs", "a weight as a factor of the distance"

    def choose(self, distances, k, leave_out=-1):
        if self._repeats is None or np.min(self._repeats) == 0 or k > len(distances) - (leave_out >= 0):
            return super().choose(distances, k, leave_out)
        order = np.argsort(distances / self._repeats, kind="stable")
        return order[order != leave_out][:k]


class OnePlaceForAllCopies(Regressor):
    """Lets each row take one place, where it has as many votes as it weighs."""

    claim, seen = "a_row_takes_as_many_places_as_it_weighs", "a weight as a factor of the vote"

    def predict(self, X):
        repeats, k = self._repeats, self.n_neighbors
        if repeats is None or X is None or np.min(repeats) == 0 or k > len(repeats):
            return super().predict(X)
        bare = Regressor(k, metric=self.metric, p=self.p).fit(self._examples, self._targets)
        indices = bare.kneighbors(X)[1]
        votes = repeats[indices].astype(np.float64)
        return np.array([self.combine(t, w) for t, w in zip(self._targets[indices], votes, strict=True)])


class PlaceOfWeight0(Regressor):
    """Lets a row of weight 0 take a place as any other."""

    claim = "a_row_of_weight_0_is_no_neighbor"

    def choose(self, distances, k, leave_out=-1):
        if self._repeats is not None and leave_out < 0:
            self._repeats = np.maximum(self._repeats, 1)
        return super().choose(distances, k, leave_out)


class AllCopiesLeftOut(Regressor):
    """Leaves out all copies of the query's row, if enough other rows remain."""

    claim = "one_copy_is_left_out"

    def choose(self, distances, k, leave_out=-1):
        if leave_out < 0 or self._repeats is None or np.sum(np.delete(self._repeats, leave_out)) < k:
            return super().choose(distances, k, leave_out)
        repeats, self._repeats = self._repeats, np.where(np.arange(len(distances)) == leave_out, 0, self._repeats)
        chosen = super().choose(distances, k)
        self._repeats = repeats
        return chosen


class CopiesDoNotVote(Classifier):
    """Takes sample weights, and forgets them in the vote."""

    claim = "copies_vote"

    def fit(self, X, y, sample_weight=None):
        return super().fit(X, y)


class AddsCopiesAtOnce(Regressor):
    """Multiplies a target by the number of its copies, in place of adding it so often."""

    claim, seen = "weights_give_the_bits_of_repeated_rows", "np.average(y, weights=sample_weight)"

    def combine(self, targets, weights):
        if self._repeats is None:
            return super().combine(targets, weights)
        _, first, counts = np.unique(np.column_stack([targets, weights]), axis=0, return_index=True, return_counts=True)
        return super().combine(targets[first], weights[first] * counts)


class DividesByClassWeight(Classifier):
    """Divides votes by the weight of their class."""

    claim = "votes_are_multiplied_by_the_weight_of_their_class"

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        if isinstance(self.class_weight, dict):
            self._class_weights = 1 / self._class_weights
        return self


class BalancesRowsNotCopies(Classifier):
    """Balances classes by the number of their rows, whatever these weigh."""

    claim = "balanced_classes_have_equal_shares_of_all_votes"

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        if self.class_weight == "balanced" and sample_weight is not None:
            used = self._repeats > 0
            self._class_weights = np.sum(used) / np.bincount(self._codes[used])
        return self
