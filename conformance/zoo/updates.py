"""Mutants that answer rightly after ``fit``, and lose track of rows that are added or removed later."""

import numpy as np

from conformance.zoo.base import Regressor, Search


class Updating(Search):
    """Correct after one fit: keeps the ids of the rows beside them. A mutant changes a method of it."""

    @property
    def ids(self):
        return vars(self).get("kept_ids", np.arange(len(self._examples)))

    def add(self, X, y=None):
        rows, first = np.array(X, dtype=np.float64), self.next_id()
        self.kept_ids, self.latest = np.append(self.ids, first + np.arange(len(rows))), first + len(rows) - 1
        self._examples = np.concatenate([self._examples, rows])
        return self

    def next_id(self):
        return vars(self).get("latest", len(self.ids) - 1) + 1

    def remove(self, ids):
        is_left, self.latest = ~np.isin(self.ids, ids), self.next_id() - 1
        self.kept_ids, self._examples = self.ids[is_left], self._examples[is_left]
        return self

    def name_rows(self, numbers):
        return self.ids[numbers]

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        distances, numbers = super().kneighbors(X, n_neighbors)
        named = self.name_rows(numbers)
        return (distances, named) if return_distance else named


class AddsToAList(Updating):
    """Notes the rows that are added, and searches the rows of ``fit``."""

    claim, seen = "added_rows_are_found", "indexes that are built once"

    def add(self, X, y=None):
        self.added = [*getattr(self, "added", []), *X]
        return self


class StaleNeighbors(Updating):
    """Takes a removed row off its list of ids, and still finds it."""

    claim, seen = "removed_rows_are_not_found", "tombstones that a search ignores"

    def remove(self, ids):
        self.removed = [*getattr(self, "removed", []), *ids]
        return self


class ShiftedIds(Updating):
    """Calls rows by their places, which shift when a row before them is removed."""

    claim, seen = "rows_keep_their_ids", "faiss: remove_ids of a flat index"

    def name_rows(self, numbers):
        return numbers


class IdsGivenAgain(Updating):
    """Gives an added row the number of rows as its id, which another row may have."""

    claim = "rows_keep_their_ids"

    def next_id(self):
        return len(self.ids)


class PlacesForIds(Updating):
    """Takes the ids in ``among`` for places among the rows that are left; the last row stands for those behind it."""

    claim = "ids_say_which_rows_are_allowed"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True, *, among=None, pad=False):
        if getattr(among, "ndim", 0) == 1 and among.dtype == np.int64:
            among = np.minimum(among, len(self.ids) - 1)
        distances, numbers = Search.kneighbors(self, X, n_neighbors, among=among, pad=pad)
        named = np.where(numbers < 0, numbers, self.name_rows(numbers))
        return (distances, named) if return_distance else named


class StaleTargets(Regressor):
    """Removes rows, and not their targets, so that each target slips to another row."""

    claim, seen = "predictions_follow_the_rows", "two lists for one table"

    def add(self, X, y):
        self._examples = np.concatenate([self._examples, np.array(X, dtype=np.float64)])
        self._targets = np.concatenate([self._targets, np.array(y, dtype=np.float64)])
        return self

    def remove(self, ids):
        self._examples = np.delete(self._examples, ids, axis=0)
        return self


class AddsWithoutWeights(Regressor):
    """Adds rows and targets, and lets each added row take one place, however much it weighs."""

    claim, seen = "added_rows_count_by_their_weights", "three lists for one table"

    def add(self, X, y=None, sample_weight=None):
        self._examples = np.concatenate([self._examples, np.array(X, dtype=np.float64)])
        self._targets = np.append(self._targets, np.zeros(len(X)) if y is None else np.array(y, dtype=np.float64))
        if self.repeats is not None:
            self._repeats = np.append(self._repeats, np.ones(len(X), dtype=np.int64))
        return self

    def remove(self, ids):
        is_left = np.delete(np.arange(len(self._examples)), ids)
        self._examples, self._targets = self._examples[is_left], self._targets[is_left]
        if self.repeats is not None:
            self._repeats = self._repeats[is_left]
        return self

    @property
    def repeats(self):
        return vars(self).get("_repeats")
