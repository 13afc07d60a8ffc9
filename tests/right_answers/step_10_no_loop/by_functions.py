"""Named steps in functions, with the square of ``np.linalg.norm`` replaced by a dot product."""

import numpy as np


def get_distances(Q, X):
    return np.sqrt(_without_negatives(_squares(Q, X)))


def _squares(Q, X):
    return _norms(Q).reshape(-1, 1) + _norms(X).reshape(1, -1) - 2.0 * np.matmul(Q, X.transpose())


def _norms(rows):
    return np.square(rows).sum(axis=1)


def _without_negatives(squares):
    squares[squares < 0] = 0.0
    return squares
