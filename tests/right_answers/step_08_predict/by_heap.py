"""The k nearest from ``heapq.nsmallest``, votes from a dictionary that is built in the order of the labels."""

import heapq

import numpy as np


class KNNClassifier:
    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y):
        self._X, self._y = np.array(X, dtype=float), list(y)
        return self

    def predict(self, X):
        return np.array([self._vote(self._nearest(x)) for x in X])

    def _nearest(self, x):
        distances = [np.sqrt(np.sum((row - x) ** 2)) for row in self._X]
        return heapq.nsmallest(self.n_neighbors, range(len(distances)), key=distances.__getitem__)

    def _vote(self, rows):
        votes = dict.fromkeys(sorted(self._y[i] for i in rows), 0)
        for i in rows:
            votes[self._y[i]] += 1
        return max(votes, key=votes.get)
