"""Running sums of one-hot labels: the votes for every k at once."""

import numpy as np


def choose_k(X, y, candidates):
    classes, codes = np.unique(y, return_inverse=True)
    distances = np.sqrt(((X[:, None] - X[None]) ** 2).sum(axis=2))
    np.fill_diagonal(distances, np.inf)
    order = np.argsort(distances, axis=1, kind="stable")[:, :-1]
    votes = np.cumsum(np.eye(len(classes))[codes[order]], axis=1)  # (n, n - 1, n_classes)
    correct = np.sum(votes.argmax(axis=2) == codes[:, None], axis=0)  # (n - 1,): for k = 1, 2, ...
    candidates = np.sort(candidates)
    return candidates[np.argmax(correct[candidates - 1])]
