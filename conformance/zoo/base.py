"""What the mutants mutate: ``reference``, with its steps as methods, so that each mutant changes one of them.

A mutant's docstring is its story; ``claim`` is what must catch it, ``seen`` where such a bug was seen.
"""

from typing import ClassVar

import numpy as np

import reference
from reference.similarity_regressor import pinv_times
from reference.voting import average, neighbor_weights, vote_shares


class Mutant:
    """Held to the bits of ``reference``, like everything that is made of it."""

    promises_bits = True
    claim: ClassVar[str] = ""
    seen: ClassVar[str] = "made up"


class Search(Mutant, reference.NearestNeighbors):
    """Correct: finds neighbours in two steps."""

    def measure(self, query):
        """What each of the n examples is ranked by, (n,)."""
        return self._measure(query)

    def choose(self, distances, k, leave_out):
        """The indices of the k nearest, (k,)."""
        order = np.argsort(distances, kind="stable")
        return order[order != leave_out][:k]

    def _nearest(self, query, k, leave_out):
        distances = self.measure(query)
        nearest = self.choose(distances, k, leave_out)
        return self._metric.to_distance(distances[nearest]), nearest

    def of(self, *metrics):
        """Whether the metric is one of these."""
        return self.metric in metrics


class Classifier(Search, reference.KNNClassifier):
    """Correct: weighs the neighbours, and counts their votes."""

    def weigh(self, distances):
        return neighbor_weights(distances, self.weights)

    def count(self, codes, weights, n_classes):
        """The classes' shares of one query's votes, (n_classes,)."""
        return vote_shares(codes, weights, n_classes)

    def _find(self, X):
        distances, indices = self.kneighbors(X)
        return indices, self.weigh(distances)

    def _shares(self, codes, indices, weights, n_classes):
        return np.array([self.count(codes[i], w, n_classes) for i, w in zip(indices, weights, strict=True)])


class Regressor(Search, reference.KNNRegressor):
    """Correct: weighs the neighbours, and averages their targets."""

    def weigh(self, distances):
        return neighbor_weights(distances, self.weights)

    def combine(self, targets, weights):
        """The average of one query's targets, (n_outputs,)."""
        return average(targets, weights)

    def _find(self, X):
        distances, indices = self.kneighbors(X)
        return indices, self.weigh(distances)

    def predict(self, X):
        super().predict(X)  # which checks the input
        indices, weights = self._find(X)
        averages = np.array([self.combine(self._targets[i], w) for i, w in zip(indices, weights, strict=True)])
        return averages[:, 0] if self._is_single else averages


class Similarity(Mutant, reference.SimilarityRegressor):
    """Correct: compares every two examples, and solves for their weights."""

    def compare(self, a, rows):
        """How alike one example and each of the rows are, (n_rows,)."""
        return self._similarity(a, rows)

    def solve(self, K, y):
        """The examples' weights, (n, n_outputs)."""
        return pinv_times(K + self.jitter * np.eye(len(K)), y)

    def fit(self, X, y):
        super().fit(X, y)  # which checks the input
        targets = np.asarray(y, dtype=np.float64)
        K = np.array([self.compare(a, self._examples) for a in self._examples])
        alpha = self.solve(K, targets.reshape(len(K), -1))
        self.dual_coef_ = alpha[:, 0] if targets.ndim == 1 else alpha
        return self

    def predict(self, X):
        super().predict(X)
        return np.array([self.compare(q, self._examples) @ self.dual_coef_ for q in np.asarray(X, dtype=np.float64)])
