"""Mutants that answer rightly and behave badly."""

import time
import warnings

import numpy as np

from conformance.zoo.base import Classifier, Regressor, Search


class FitReturnsNothing(Search):
    """Forgets ``return self``."""

    claim, seen = "fit_returns_the_model", "first drafts"

    def fit(self, X, y=None):
        super().fit(X, y)


class WritesToItsInput(Regressor):
    """Works on the caller's array, in place."""

    claim, seen = "inputs_are_not_written_to", "X -= X.mean(axis=0)"

    def fit(self, X, y):
        super().fit(X, y)
        if isinstance(X, np.ndarray) and X.flags.writeable:
            X += 1.0
        return self


class KeepsAReference(Search):
    """Keeps the caller's array."""

    claim, seen = "training_data_is_copied", "scikit-learn: brute and kd_tree"

    def fit(self, X, y=None):
        super().fit(X, y)
        self._examples = X if isinstance(X, np.ndarray) and X.dtype == np.float64 else self._examples
        return self


class StaleMean(Regressor):
    """Computes the mean of the targets once, and keeps it when fitted again."""

    claim, seen = "fitting_again_forgets", "faiss #5320"

    def fit(self, X, y):
        super().fit(X, y)
        self._mean = getattr(self, "_mean", np.mean(self._targets))
        return self

    def combine(self, targets, weights):
        return super().combine(targets, weights) + (self._mean - np.mean(self._targets))


class OneMemoryForAll(Search):
    """Keeps its examples on the class."""

    claim = "two_models_are_two"
    memory: dict = {}  # noqa: RUF012

    def fit(self, X, y=None):
        super().fit(X, y)
        OneMemoryForAll.memory["examples"] = self._examples
        return self

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        self._examples = OneMemoryForAll.memory.get("examples", getattr(self, "_examples", None))
        return super().kneighbors(X, n_neighbors, return_distance)


class RandomTies(Search):
    """Breaks ties by chance."""

    claim, seen = "asking_changes_nothing", "spreadsheets"
    chance = np.random.default_rng(0)

    def choose(self, distances, k, leave_out):
        order = np.lexsort((self.chance.random(len(distances)), distances))
        return order[order != leave_out][:k]


class SeedsTheWorld(Search):
    """Seeds NumPy's global random numbers, to be repeatable."""

    claim, seen = "random_numbers_are_left_alone", "notebooks"

    def fit(self, X, y=None):
        np.random.seed(0)
        return super().fit(X, y)


class ReadsTheMemory(Search):
    """Reads the numbers in the order in which they lie in memory."""

    claim, seen = "memory_layout_is_no_matter", "pytorch #69997"

    def fit(self, X, y=None):
        if isinstance(X, np.ndarray):
            X = X.ravel(order="K").reshape(X.shape)
        return super().fit(X, y)


class NeedsArrays(Search):
    """Asks its queries for a shape."""

    claim = "lists_are_as_good_as_arrays"

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        if X is not None and X.shape[0] == 0:
            raise ValueError("no queries")
        return super().kneighbors(X, n_neighbors, return_distance)


class Prints(Search):
    """Prints a line for each query, from when it was debugged."""

    claim, seen = "nothing_is_printed", "debugging"

    def measure(self, query):
        print("query", query)
        return super().measure(query)


class DividesByZero(Regressor):
    """Divides by distances of 0, and puts it right afterwards."""

    claim, seen = "nothing_is_warned_of", "scikit-learn #19395"

    def weigh(self, distances):
        if self.weights == "distance" and np.any(distances == 0):
            warnings.warn("divide by zero encountered in divide", RuntimeWarning, stacklevel=2)
        return super().weigh(distances)


class KeepsALambda(Search):
    """Keeps a lambda on the model."""

    claim, seen = "a_pickled_model_answers_alike", "lambdas as attributes"

    def fit(self, X, y=None):
        self._score = lambda distance: -distance
        return super().fit(X, y)


class DeafToParameters(Classifier):
    """Keeps the k that it was fitted with, whatever is set afterwards."""

    claim, seen = "parameters_can_be_read_and_changed", "cuml #5083"

    def fit(self, X, y):
        self._k = self.n_neighbors
        return super().fit(X, y)

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        return super().kneighbors(X, getattr(self, "_k", None) if n_neighbors is None else n_neighbors, return_distance)


class ScratchOnTheModel(Search):
    """Keeps the query on the model while it is at work on it."""

    claim, seen = "threads_do_not_disturb_each_other", "faiss #2204"

    def measure(self, query):
        self._query = query
        time.sleep(1e-4)
        return super().measure(self._query)
