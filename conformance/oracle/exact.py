"""The slow and obvious oracle: distances in rational arithmetic, which does not round and so decides every near-tie."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isqrt
from typing import Any

import numpy as np

Number = Any  # an int or a Fraction
RANKED_BY = {"euclidean": "sqeuclidean"}  # roots are not rational, and do not change an order


def sqeuclidean(a: list[Number], b: list[Number]) -> Number:
    return sum((x - y) * (x - y) for x, y in zip(a, b, strict=True))


def manhattan(a: list[Number], b: list[Number]) -> Number:
    return sum(abs(x - y) for x, y in zip(a, b, strict=True))


def chebyshev(a: list[Number], b: list[Number]) -> Number:
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


def minkowski_3(a: list[Number], b: list[Number]) -> Number:
    """The sum under the root, for p = 3."""
    return sum(abs(x - y) ** 3 for x, y in zip(a, b, strict=True))


def hamming(a: list[Number], b: list[Number]) -> Number:
    return Fraction(sum(x != y for x, y in zip(a, b, strict=True)), len(a))


def jaccard(a: list[Number], b: list[Number]) -> Number:
    either = sum(x != 0 or y != 0 for x, y in zip(a, b, strict=True))
    only_one = sum((x != 0) != (y != 0) for x, y in zip(a, b, strict=True))
    return Fraction(only_one, either) if either else 0


def cosine(a: list[Number], b: list[Number]) -> Number:
    """To 200 binary digits, as the root is not rational; 1 from a zero vector, which has no direction."""
    product, squares = sum(x * y for x, y in zip(a, b, strict=True)), sum(x * x for x in a) * sum(y * y for y in b)
    if not squares:
        return int(any(a) != any(b))
    squares = Fraction(squares)
    digits = 200 + max(0, squares.denominator.bit_length() - squares.numerator.bit_length())
    return 1 - Fraction(product) / root(squares, 2**digits)


DISTANCES: dict[str, Callable[[list[Number], list[Number]], Number]] = {
    "sqeuclidean": sqeuclidean,
    "manhattan": manhattan,
    "chebyshev": chebyshev,
    "minkowski": minkowski_3,
    "hamming": hamming,
    "jaccard": jaccard,
    "cosine": cosine,
}


def exact_distances(X: np.ndarray, query: np.ndarray, metric: str) -> list[Number]:
    """The distances of rows to the query, by which they are ranked; euclidean squared, minkowski (p = 3) cubed.

    >>> exact_distances(np.array([[0.5], [3.0]]), np.array([0.0]), "euclidean")
    [Fraction(1, 4), 9]
    """
    distance = DISTANCES[RANKED_BY.get(metric, metric)]
    q = [exact(value) for value in query.tolist()]
    return [distance([exact(value) for value in row], q) for row in X.tolist()]


def exact(value: float) -> Number:
    """The exact value of a float; a whole one as int, which is faster."""
    return int(value) if value == int(value) else Fraction(value)


def root(square: Fraction, scale: int) -> Fraction:
    """The square root, rounded down to a multiple of 1 / scale."""
    return Fraction(isqrt(square.numerator * scale * scale // square.denominator), scale)


def nearest(distances: Sequence[Number], k: int) -> list[int]:
    """The indices of the k smallest distances; of equal distances the first."""
    return sorted(range(len(distances)), key=lambda i: (distances[i], i))[:k]


def is_determined(distances: Sequence[Number], k: int) -> bool:
    """Whether the k-th place is not shared, so that rounding and ties do not decide who is among the k nearest."""
    ranked = sorted(distances)
    return k == len(ranked) or ranked[k - 1] < ranked[k]
