"""Right searches with habits of their own, which a learner's claim must not accuse."""

import heapq
from math import sqrt

import numpy as np

Answer = tuple[np.ndarray, np.ndarray]


def in_plain_loops(X: np.ndarray, Q: np.ndarray, k: int) -> Answer:
    """Adds the squares from left to right, so that the last bits differ from NumPy's sum."""
    distances = [[sqrt(sum((a - b) ** 2 for a, b in zip(q, x, strict=True))) for x in X.tolist()] for q in Q.tolist()]
    found = [heapq.nsmallest(k, zip(row, range(len(row)), strict=True)) for row in distances]
    return np.array([[d for d, _ in row] for row in found]), np.array([[i for _, i in row] for row in found])


def ties_to_the_last(X: np.ndarray, Q: np.ndarray, k: int) -> Answer:
    """Of equal distances takes the row that comes last."""
    distances = np.sqrt(np.sum((Q[:, None] - X[None]) ** 2, axis=2))
    order = len(X) - 1 - np.argsort(distances[:, ::-1], axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, order, axis=1), order


def feature_by_feature(X: np.ndarray, Q: np.ndarray, k: int) -> Answer:
    """Adds the features from the last to the first, and sorts without a rule for ties."""
    squares = np.zeros((len(Q), len(X)))
    for q, x in zip(Q.T[::-1], X.T[::-1], strict=True):
        squares += (q[:, None] - x) ** 2
    order = np.argsort(squares, axis=1)[:, :k]
    return np.sqrt(np.take_along_axis(squares, order, axis=1)), order


def off_by_a_bit(X: np.ndarray, Q: np.ndarray, k: int) -> Answer:
    """Rounds every distance up to the next number, as another way to take the root may."""
    distances, indices = in_plain_loops(X, Q, k)
    return np.where(distances > 0, np.nextafter(distances, np.inf), 0.0), indices


INNOCENTS = {
    "a search in plain Python, whose sums end in other bits": in_plain_loops,
    "a search that gives equal distances to the last row, as libraries may": ties_to_the_last,
    "a search that adds features in another order": feature_by_feature,
    "a search whose distances differ in the last bit": off_by_a_bit,
}
