"""Lists and a ``Counter``; the answer is a list."""

from collections import Counter
from math import dist


class KNNClassifier:
    def __init__(self, n_neighbors=5):
        self.n_neighbors = n_neighbors

    def fit(self, X, y):
        self.examples = list(zip(X.tolist(), y.tolist(), strict=True))
        return self

    def predict(self, X):
        return [self._predict_one(query) for query in X.tolist()]

    def _predict_one(self, query):
        ranked = sorted(self.examples, key=lambda example: dist(example[0], query))
        votes = Counter(label for _, label in ranked[: self.n_neighbors])
        most = max(votes.values())
        return min(label for label in votes if votes[label] == most)
