"""Distances of one query to rows, in NumPy: the same bits as in ``distances``, without its cost for a block of rows.

There rows are turned over, feature first, which pays if many queries share it. One query is subtracted from the rows as
they lie. NumPy uses the calling thread alone, and a call of it costs less than one of torch.

A query is (n_features,) in float64, rows are (n, n_features), and distances (n,). Rows in float32 are subtracted in
float64, and the sign of a gap does not matter to its magnitude or square.
"""

import numpy as np

from accelerated.distances import pairwise_sum

FEWEST_BY_ROW = 16  # features: `python -m benchmarks.constants FEWEST_BY_ROW`


def sqeuclidean(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Returns sum (q - x)^2."""
    gap = rows - query
    gap *= gap
    return sum_of_rows(gap)


def euclidean(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Returns sqrt(sum (q - x)^2)."""
    return np.sqrt(sqeuclidean(query, rows))


def manhattan(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Returns sum |q - x|."""
    gap = rows - query
    return sum_of_rows(np.abs(gap, out=gap))


def chebyshev(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Returns max |q - x|."""
    gap = rows - query
    return np.abs(gap, out=gap).max(axis=1)


def cosine(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Returns 1 - cos(angle) of unit vectors, as ``distances.cosine`` does."""
    distance = sqeuclidean(query, rows) * 0.5
    distance[rows.any(axis=1) != query.any()] = 1.0
    return distance


def sum_of_rows(terms: np.ndarray) -> np.ndarray:
    """Returns the sum of each row of terms, (n, n_features), in the order of ``np.sum`` over one row.

    Over short rows NumPy takes longer to begin with a row than to add it, so they are added feature by feature.

    >>> terms = np.random.default_rng(0).random((5, 10))
    >>> sum_of_rows(terms).tolist() == [np.sum(row) for row in terms]
    True
    """
    n_features = terms.shape[1]
    if n_features >= FEWEST_BY_ROW:
        return np.sum(terms, axis=1)
    return pairwise_sum(lambda i, j: terms.T[i:j], 0, n_features)  # of fewer than 16 it changes none
