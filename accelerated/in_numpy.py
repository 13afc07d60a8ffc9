"""Distances of one query to rows, or of pairs of a query and a row, in NumPy: the bits are those of ``distances``.

A block of rows is turned over there, feature first, which pays if many queries share it. Here rows stay as they lie,
and a query is subtracted from each. NumPy uses the calling thread alone, and a call of it costs less than one of torch.

A query is (n_features,) in float64, or there are as many queries as rows, (n, n_features). Rows are (n, n_features),
and distances (n,). Rows in float32 are subtracted in float64, and the sign of a gap does not matter to its magnitude or
square.
"""

import numpy as np

from accelerated.distances import pairwise_sum

FEWEST_BY_ROW = 16  # features: `python -m benchmarks.constants FEWEST_BY_ROW`


def sqeuclidean(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Returns sum (q - x)^2."""
    gap = gaps(query, rows)
    gap *= gap
    return sum_of_features(gap)


def euclidean(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Returns sqrt(sum (q - x)^2)."""
    return np.sqrt(sqeuclidean(query, rows))


def manhattan(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Returns sum |q - x|."""
    gap = gaps(query, rows)
    return sum_of_features(np.abs(gap, out=gap))


def chebyshev(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Returns max |q - x|."""
    gap = gaps(query, rows)
    return np.abs(gap, out=gap).max(axis=0)


def cosine(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Returns 1 - cos(angle) of unit vectors, as ``distances.cosine`` does."""
    distance = sqeuclidean(query, rows) * 0.5
    distance[_has_direction(rows) != _has_direction(query)] = 1.0
    return distance


def _has_direction(vectors: np.ndarray) -> np.ndarray | np.bool:
    """Tells which vectors, (..., n_features), are not zero; the first feature decides for most, if few are zero."""
    found = vectors[..., 0] != 0
    return found if found.all() else vectors.any(axis=-1)


def seuclidean(query: np.ndarray, rows: np.ndarray, V: np.ndarray) -> np.ndarray:
    """Returns sqrt(sum (q - x)^2 / V)."""
    gap = gaps(query, rows)
    gap *= gap
    gap /= V[:, None]
    return np.sqrt(sum_of_features(gap))


def weighted_euclidean(query: np.ndarray, rows: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Returns sqrt(sum w (q - x)^2)."""
    gap = gaps(query, rows)
    gap *= gap
    gap *= w[:, None]
    return np.sqrt(sum_of_features(gap))


def mahalanobis(query: np.ndarray, rows: np.ndarray, VI: np.ndarray) -> np.ndarray:
    """Returns sqrt((q - x)^T VI (q - x)); a sum below 0, by rounding, stands for 0."""
    gap = gaps(query, rows)
    weighted, terms = np.empty_like(gap), np.empty_like(gap)  # which lie in memory as the gaps do
    for i, weights in enumerate(VI):
        weighted[i] = sum_of_features(np.multiply(gap, weights[:, None], out=terms))
    weighted *= gap
    return np.sqrt(np.maximum(sum_of_features(weighted), 0.0) + 0.0)  # 0.0 also for -0.0


def gaps(query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Returns x - q, (n_features, n): in memory row after row, but feature after feature if these are few.

    To begin with a row takes NumPy as long as to add some dozens of numbers, so it is to go along the longer side.
    """
    if rows.shape[1] < FEWEST_BY_ROW:
        return np.subtract(rows.T, np.atleast_2d(query).T, order="C")
    return (rows - query).T


def sum_of_features(terms: np.ndarray) -> np.ndarray:
    """Returns the sum over features, (n,), of terms that lie as ``gaps`` do, in the order of ``np.sum`` over one row.

    The terms may be overwritten.

    >>> terms = gaps(np.zeros(10), np.random.default_rng(0).random((5, 10)))
    >>> bool((sum_of_features(terms.copy()) == [np.sum(row) for row in terms.T.copy()]).all())
    True
    """
    if len(terms) >= FEWEST_BY_ROW:
        return np.sum(terms.T, axis=1)
    return pairwise_sum(lambda i, j: terms[i:j], 0, len(terms))
