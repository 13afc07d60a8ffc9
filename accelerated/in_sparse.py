"""Distances of pairs of sparse rows, and unit rows, with the bits that dense rows have: zeros are passed over.

A sum of squares has no term below 0, and x + 0 is x. So the zeros may be left out of it, as long as the other terms are
added in the order of the dense sum. That order is a tree (``distances.pairwise_sum``): its leaves are parts of up to
128 features, and each node adds its left half and its right half. A part has eight running sums, and the last one up to
seven more terms. Here each term is added to its running sum, from the first feature to the last; a running sum without
a term is 0, and of two halves without terms on one side the other is the sum.

Queries and rows are ``csr_array``, (n, n_features) each, the columns of each row ascending and stored once.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

FULL = 128  # features that are added in eight running sums; more are added in halves
TERMS_AT_ONCE = 2**16  # whose running sums and places take some MiB
MOST_EMPTY = 8  # nodes of the trees for each that has a sum: with fewer, all nodes are added


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
    if rows.data.all():  # as most matrices store no zero
        return np.diff(rows.indptr) > 0
    n_before = np.concatenate([[0], np.cumsum(rows.data != 0)])  # numbers that are not 0, before each that is stored
    return np.diff(n_before[rows.indptr]) > 0


@np.errstate(under="ignore")
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


def add_in_order(place: np.ndarray, terms: np.ndarray, n: int) -> np.ndarray:
    """Returns n sums: each term is added to the one at its place, the first term first."""
    return np.bincount(place, terms, n).astype(np.float64, copy=False)  # without terms it returns whole numbers


def sum_of_features(terms: Any) -> np.ndarray:
    """Returns the sum of each row, (n,), of numbers of at least 0, with the bits of ``np.sum`` of the dense row.

    >>> from scipy.sparse import random_array
    >>> terms = random_array((5, 1000), density=0.3, format="csr")
    >>> bool((sum_of_features(terms) == [np.sum(row) for row in terms.toarray()]).all())
    True
    """
    n_at_once = max(1, TERMS_AT_ONCE // max(1, int(np.diff(terms.indptr).max())))
    return np.concatenate([_sum_of_some(terms, at, at + n_at_once) for at in range(0, terms.shape[0], n_at_once)])


def _sum_of_some(terms: Any, start: int, stop: int) -> np.ndarray:
    """Returns the sums of the rows from start to stop."""
    starts = terms.indptr[start : stop + 1]
    some, n, n_features = slice(starts[0], starts[-1]), len(starts) - 1, terms.shape[1]
    data, columns, row = terms.data[some], terms.indices[some], np.repeat(np.arange(n), np.diff(starts))
    if n_features < 8:
        return add_in_order(row, data, n)
    tree = _tree(n_features)
    columns = columns.astype(np.intp, copy=False)
    node = (row << tree.depth) + tree.path[columns]  # ascending, as the columns of each row are
    first = np.flatnonzero(np.diff(node, prepend=-1))  # of the terms of each part
    n_parts, n_sums = len(first), 8 + n_features % 8
    part = np.repeat(np.arange(n_parts), np.diff(first, append=len(node)))
    place = tree.running[columns] * n_parts + part
    r = add_in_order(place, data, n_sums * n_parts).reshape(n_sums, n_parts)
    total = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]))
    for last in r[8:]:
        total = total + last
    return _add_halves(node[first], total, tree.depth, n)


def _add_halves(node: np.ndarray, total: np.ndarray, depth: int, n: int) -> np.ndarray:
    """Returns the sums of n trees, (n,), from those of some nodes, which are ascending, at the ``depth``.

    While few nodes have a sum, these are added as a list, and then all of them, where a missing one is 0.
    """
    while depth and n << depth > MOST_EMPTY * len(node):
        node, total = _add_siblings(node >> 1, total)
        depth -= 1
    sums = np.zeros(n << depth)
    sums[node] = total
    for _ in range(depth):
        sums = sums[::2] + sums[1::2]
    return sums


def _add_siblings(parent: np.ndarray, total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the parents, each once, and their sums: a left half and a right half stand side by side."""
    is_right = np.diff(parent, prepend=-1) == 0
    left = np.flatnonzero(is_right) - 1
    total[left] += total[left + 1]
    return parent[~is_right], total[~is_right]


class Tree(NamedTuple):
    """The order in which the features of a row are added."""

    path: np.ndarray  # int64 (n_features,): the way from the root to the feature's part, a bit for each half
    running: (
        np.ndarray
    )  # int64 (n_features,): the running sum from 0 to 7 that the feature is added to, or its last term
    depth: int  # the number of bits; a part that is nearer to the root has zeros at the end


@lru_cache(maxsize=2)
def _tree(n_features: int) -> Tree:
    parts = _parts(0, n_features, 0, 0)
    depth = max(level for *_, level in parts)
    size = [stop - start for start, stop, *_ in parts]
    path = np.repeat([path << (depth - level) for *_, path, level in parts], size)
    running = (np.arange(n_features) - np.repeat([start for start, *_ in parts], size)) % 8
    n_last = n_features % 8  # all in the last part, because left halves are multiples of 8
    running[n_features - n_last :] = 8 + np.arange(n_last)
    return Tree(path, running, depth)


def _parts(start: int, stop: int, path: int, level: int) -> list[tuple[int, int, int, int]]:
    """Returns the first feature of each part, the one after its last, its path and its level."""
    if stop - start <= FULL:
        return [(start, stop, path, level)]
    middle = start + (stop - start) // 2 // 8 * 8
    return _parts(start, middle, 2 * path, level + 1) + _parts(middle, stop, 2 * path + 1, level + 1)
