"""A loop over the features, which adds tables of squares."""

import numpy as np


def get_distances(Q, X):
    squares = np.zeros((len(Q), len(X)))
    for j in range(X.shape[1]):
        squares += np.subtract.outer(Q[:, j], X[:, j]) ** 2
    return squares**0.5
