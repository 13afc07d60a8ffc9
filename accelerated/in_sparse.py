"""Distances of pairs of sparse rows, and unit rows, with the bits that dense rows have: zeros are passed over.

A sum of squares has no term below 0, and x + 0 is x. So the zeros may be left out of it, as long as the other terms are
added in the order of the dense sum. That order is a tree (``distances.pairwise_sum``): parts of up to 128 features,
each with eight running sums and up to seven last terms, which are added to one another in the end. Here each term is
added to its running sum, from the first feature to the last; a running sum without a term is 0.

Queries and rows are ``csr_array``, (n, n_features) each, the columns of each row ascending and stored once.
"""

from functools import lru_cache
from typing import Any

import numpy as np

FULL = 128  # features that are added in eight running sums; more are added in halves
SUMS_AT_ONCE = 2**18  # running sums that are held: 2 MiB, which a core's cache holds


def sqeuclidean(queries: Any, rows: Any) -> np.ndarray:
    """Returns sum (q - x)^2 of the pairs, (n,)."""
    gap = queries - rows  # which stores no zeros
    gap.data *= gap.data
    return sum_of_features(gap)


def euclidean(queries: Any, rows: Any) -> np.ndarray:
    """Returns sqrt(sum (q - x)^2) of the pairs, (n,)."""
    return np.sqrt(sqeuclidean(queries, rows))


def cosine(queries: Any, rows: Any) -> np.ndarray:
    """Returns 1 - cos(angle) of pairs of unit rows, (n,), as ``distances.cosine`` does."""
    distance = sqeuclidean(queries, rows) * 0.5
    distance[has_direction(queries) != has_direction(rows)] = 1.0
    return distance


def has_direction(rows: Any) -> np.ndarray:
    """Tells which rows are not zero, (n,)."""
    n_before = np.concatenate([[0], np.cumsum(rows.data != 0)])  # numbers that are not 0, before each that is stored
    return np.diff(n_before[rows.indptr]) > 0


def unit_rows(rows: Any) -> np.ndarray:
    """Returns the stored numbers of the rows divided as ``distances.unit_rows`` divides."""
    row, largest = row_of_each(rows), np.zeros(rows.shape[0])
    np.maximum.at(largest, row, np.abs(rows.data))
    scaled = rows.data / np.where(largest == 0, 1.0, largest)[row]
    squares = type(rows)((scaled * scaled, rows.indices, rows.indptr), shape=rows.shape)
    length = np.sqrt(sum_of_features(squares))
    return scaled / np.where(length == 0, 1.0, length)[row]


def present(rows: Any) -> np.ndarray:
    """Returns 1 for each stored number that is not 0, for ``jaccard``."""
    return (rows.data != 0).astype(np.float64)


def row_of_each(rows: Any) -> np.ndarray:
    """Returns the row of each stored number, int64."""
    return np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))


def sum_of_features(terms: Any) -> np.ndarray:
    """Returns the sum of each row, (n,), of numbers of at least 0, with the bits of ``np.sum`` of the dense row.

    >>> from scipy.sparse import random_array
    >>> terms = random_array((5, 1000), density=0.3, format="csr")
    >>> bool((sum_of_features(terms) == [np.sum(row) for row in terms.toarray()]).all())
    True
    """
    n, n_features = terms.shape
    n_at_once = max(1, SUMS_AT_ONCE // _n_sums(n_features))
    parts = [_sum_of_some(terms[start : start + n_at_once]) for start in range(0, n, n_at_once)]
    return np.concatenate(parts)


def _sum_of_some(terms: Any) -> np.ndarray:
    n, n_features = terms.shape
    n_sums = _n_sums(n_features)
    place = _running_sums(n_features)[terms.indices] * n + row_of_each(terms)
    running = add_in_order(place, terms.data, n_sums * n).reshape(n_sums, n)
    if n_features < 8:
        return running[0]
    n_last = n_features % 8
    r = running[: n_sums - n_last].reshape(-1, 8, n).swapaxes(0, 1)  # (8, n_parts, n)
    parts = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]))
    for term in running[n_sums - n_last :]:
        parts[-1] += term
    return _add_in_halves(parts, n_features)


def add_in_order(place: np.ndarray, terms: np.ndarray, n: int) -> np.ndarray:
    """Returns n sums: each term is added to the one at its place, the first term first."""
    return np.bincount(place, terms, n).astype(np.float64, copy=False)  # without terms it returns whole numbers


def _add_in_halves(parts: np.ndarray, n_features: int) -> np.ndarray:
    """Returns the sum of the parts, (n_parts, n), of so many features, (n,), in the order of the tree."""
    if n_features <= FULL:
        return parts[0]
    left = _half(n_features)
    n_parts = _n_parts(left)
    return _add_in_halves(parts[:n_parts], left) + _add_in_halves(parts[n_parts:], n_features - left)


def _half(n_features: int) -> int:
    """Returns how many of the features are in the left half: a multiple of 8, so that only the last part has a rest."""
    return n_features // 2 // 8 * 8


@lru_cache(maxsize=2**12)
def _n_parts(n_features: int) -> int:
    """Returns the number of parts of up to 128 features."""
    if n_features <= FULL:
        return 1
    return _n_parts(_half(n_features)) + _n_parts(n_features - _half(n_features))


def _n_sums(n_features: int) -> int:
    """Returns the number of running sums, eight for each part, and of last terms; one for fewer than 8 features."""
    return 8 * _n_parts(n_features) + n_features % 8 if n_features >= 8 else 1


@lru_cache(maxsize=8)
def _running_sums(n_features: int) -> np.ndarray:
    """Returns the number of the running sum that each feature is added to, int64 (n_features,)."""
    if n_features < 8:
        return np.zeros(n_features, dtype=np.int64)
    of_part = np.repeat(8 * np.arange(_n_parts(n_features)), _sizes(n_features))
    start = np.repeat(np.cumsum([0, *_sizes(n_features)[:-1]]), _sizes(n_features))
    feature = np.arange(n_features)
    number = of_part + (feature - start) % 8
    n_last = n_features % 8
    if n_last:
        number[-n_last:] = 8 * _n_parts(n_features) + np.arange(n_last)
    return number


def _sizes(n_features: int) -> list[int]:
    """Returns the number of features in each part."""
    if n_features <= FULL:
        return [n_features]
    return _sizes(_half(n_features)) + _sizes(n_features - _half(n_features))
