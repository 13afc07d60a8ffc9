"""Distances of queries to training rows, with the bits of a readable loop over the pairs.

Arrays are feature first, and the caller chooses the other dimensions: queries (n_features, a, 1) and rows (n_features,
1, b) have distances (a, b), and n pairs, (n_features, n) each, have n distances. So one operation makes the gaps of all
pairs in one feature, and the features are added in a stated order.

Only operations that round the same everywhere are used: tensor + - * /, abs, comparison, maximum. ``torch.sum``,
``torch.sqrt`` (see ``square_root``) and fused operations are not allowed; a test reads this file for them.
"""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from accelerated.square_root import correct_sqrt, power

Numbers = TypeVar("Numbers", Tensor, np.ndarray)


def pairwise_sum(terms: Callable[[int, int], Numbers], start: int, stop: int) -> Numbers:
    """Returns the sum over features of ``terms(i, j)``, new numbers (j - i, ...), in the order of ``np.sum`` of a row.

    NumPy, from 2.3, adds a contiguous row pairwise: fewer than 8 terms left to right; up to 128 in eight running sums,
    combined as ((0+1)+(2+3))+((4+5)+(6+7)), then the last terms; more in halves, rounded down to a multiple of 8.

    >>> values = torch.rand(1000, dtype=torch.float64)
    >>> bool(pairwise_sum(lambda i, j: values[i:j].clone(), 0, 1000) == np.sum(values.numpy()))
    True
    """
    n = stop - start
    if n > 128:
        middle = start + n // 2 // 8 * 8
        return pairwise_sum(terms, start, middle) + pairwise_sum(terms, middle, stop)
    if n < 8:
        first = terms(start, stop)
        return _add(first[0], first[1:])
    r = terms(start, start + 8)  # eight running sums
    rest = stop - n % 8
    for i in range(start + 8, rest, 8):
        r += terms(i, i + 8)
    return _add(((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7])), terms(rest, stop))


def sum_side_by_side(terms: Tensor) -> Tensor:
    """Returns the same sum of terms (n, ...) that are all in memory: equal halves are added together.

    So a GPU runs some dozens of operations, not some hundreds.
    """
    n = len(terms)
    if n <= 128:
        return pairwise_sum(lambda i, j: terms[i:j] if i else terms[i:j].clone(), 0, n)
    middle = n // 2 // 8 * 8
    if 2 * middle != n:
        return sum_side_by_side(terms[:middle]) + sum_side_by_side(terms[middle:])
    halves = sum_side_by_side(terms.unflatten(0, (2, middle)).transpose(0, 1))
    return halves[0] + halves[1]


def sum_features(terms: Callable[[int, int], Tensor], n: int) -> Tensor:
    """Returns the sum over n features. Pairs are few, so their terms are added at once, on a CPU by NumPy itself."""
    if n < 8 or (none := terms(0, 0)).ndim != 2:
        return pairwise_sum(terms, 0, n)
    if none.device.type != "cpu":
        return sum_side_by_side(terms(0, n))
    return torch.from_numpy(np.sum(terms(0, n).T.contiguous().numpy(), axis=1))


def _add(total: Numbers, terms: Numbers) -> Numbers:
    for term in terms:
        total = total + term
    return total


def sqeuclidean(queries: Tensor, rows: Tensor) -> Tensor:
    """Returns sum (q - x)^2."""

    def terms(i: int, j: int) -> Tensor:
        gap = queries[i:j] - rows[i:j]  # (j - i, ...)
        return gap.mul_(gap)

    return sum_features(terms, len(queries))


def euclidean(queries: Tensor, rows: Tensor) -> Tensor:
    """Returns sqrt(sum (q - x)^2)."""
    return correct_sqrt(sqeuclidean(queries, rows))


def manhattan(queries: Tensor, rows: Tensor) -> Tensor:
    """Returns sum |q - x|."""
    return sum_features(lambda i, j: (queries[i:j] - rows[i:j]).abs_(), len(queries))


def chebyshev(queries: Tensor, rows: Tensor) -> Tensor:
    """Returns max |q - x|."""
    if queries.ndim == 2:  # pairs, few enough to have all gaps at once
        return (queries - rows).abs_().amax(0)
    largest = (queries[0] - rows[0]).abs_()
    gap = torch.empty_like(largest)
    for i in range(1, len(queries)):
        torch.maximum(largest, torch.sub(queries[i], rows[i], out=gap).abs_(), out=largest)
    return largest


def minkowski_sum(queries: Tensor, rows: Tensor, p: int, w: np.ndarray | None = None) -> Tensor:
    """Returns sum w |q - x|^p for a whole p, by repeated multiplication."""

    def terms(i: int, j: int) -> Tensor:
        gap = (queries[i:j] - rows[i:j]).abs_()
        power = gap.clone()
        for _ in range(p - 1):
            power *= gap
        return power if w is None else power.mul_(of_features(w[i:j], power))

    return sum_features(terms, len(queries))


def minkowski(queries: Tensor, rows: Tensor, p: float, w: np.ndarray | None = None) -> Tensor:
    """Returns (sum w |q - x|^p)^(1/p) for any p > 0; gaps are divided by the largest first: no power overflows."""
    largest = chebyshev(queries, rows)
    scale = torch.where(largest == 0, torch.ones_like(largest), largest)

    def terms(i: int, j: int) -> Tensor:
        powers = power((queries[i:j] - rows[i:j]).abs_() / scale, p)
        return powers if w is None else powers.mul_(of_features(w[i:j], powers))

    return largest * power(sum_features(terms, len(queries)), 1 / p)


def of_features(numbers: np.ndarray, gap: Tensor) -> Tensor:
    """Returns a number for each feature, in the shape and on the device of the gaps, (n_features, ...)."""
    return torch.tensor(numbers, dtype=torch.float64, device=gap.device).reshape(-1, *[1] * (gap.ndim - 1))


def cosine(queries: Tensor, rows: Tensor) -> Tensor:
    """Returns 1 - cos(angle) of unit vectors (see ``unit_rows``), as sum (u - v)^2 / 2, which does not cancel.

    A zero vector has no direction: its distance is 0 to another zero vector and 1 to any other vector.
    """
    distance = sqeuclidean(queries, rows) * 0.5
    return distance.masked_fill_(has_direction(queries) != has_direction(rows), 1.0)


def has_direction(rows: Tensor) -> Tensor:
    """Tells which vectors (n_features, ...) are not zero; the first feature decides for most, if few numbers are 0."""
    found = rows[0] != 0
    return found if bool(found.all()) else (rows != 0).any(0)


def unit_rows(rows: Tensor) -> Tensor:
    """Returns each row (n, n_features) divided by its length, and first by its largest entry, so as not to overflow."""
    largest = rows.abs().amax(1, keepdim=True)
    rows = rows / torch.where(largest == 0, torch.ones_like(largest), largest)
    columns = rows.T
    length = correct_sqrt(sum_features(lambda i, j: columns[i:j] * columns[i:j], len(columns)))
    return rows.div_(torch.where(length == 0, torch.ones_like(length), length)[:, None])


def hamming(queries: Tensor, rows: Tensor) -> Tensor:
    """Returns the share of features that differ."""
    differing = _count(torch.ne, queries, rows)
    return differing / torch.full_like(differing, len(queries))


def jaccard(queries: Tensor, rows: Tensor) -> Tensor:
    """Returns, of the features that either has, the share that only one has; rows are 0 and 1 (see ``present``)."""
    either = _count(torch.maximum, queries, rows)
    only_one = _count(torch.ne, queries, rows)
    return only_one / torch.where(either == 0, torch.ones_like(either), either)


def _count(compare: Callable[[Tensor, Tensor], Tensor], queries: Tensor, rows: Tensor) -> Tensor:
    def terms(i: int, j: int) -> Tensor:
        return compare(queries[i:j], rows[i:j]).to(torch.float64)

    return sum_features(terms, len(queries))


def present(rows: Tensor) -> Tensor:
    """Returns 1 where a feature is not 0, for ``jaccard``."""
    return (rows != 0).to(torch.float64)
