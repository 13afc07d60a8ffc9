"""A loop over the candidates, with an accuracy for each, and the last sort by the smaller k."""

from collections import Counter

import numpy as np


def choose_k(X, y, candidates):
    accuracies = {k: np.mean([_predict(X, y, i, k) == y[i] for i in range(len(X))]) for k in candidates}
    return min(candidates, key=lambda k: (-accuracies[k], k))


def _predict(X, y, i, k):
    distances = np.linalg.norm(X - X[i], axis=1)
    distances[i] = np.inf
    votes = Counter(y[np.argsort(distances, kind="stable")[:k]].tolist())
    return min(votes, key=lambda label: (-votes[label], label))
