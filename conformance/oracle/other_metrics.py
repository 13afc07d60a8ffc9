"""Distances that are asked for less often, in rational arithmetic; those of places by a formula of their own."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from conformance.oracle.exact import Number, exact, sqeuclidean

Row = list[Number]


def canberra(X: np.ndarray, a: Row, b: Row) -> Number:
    """sum |a - b| / (|a| + |b|), where 0 / 0 is 0."""
    return sum(Fraction(abs(x - y)) / (abs(x) + abs(y)) for x, y in zip(a, b, strict=True) if x or y)


def braycurtis(X: np.ndarray, a: Row, b: Row) -> Number:
    """sum |a - b| / sum |a + b|, where 0 / 0 is 0."""
    pairs = list(zip(a, b, strict=True))
    gaps, amounts = sum(abs(x - y) for x, y in pairs), sum(abs(x + y) for x, y in pairs)
    return Fraction(gaps) / amounts if gaps else 0


def seuclidean(X: np.ndarray, a: Row, b: Row) -> Number:
    """The square, sum (a - b)^2 / V, with the variances V of the columns of X, divided by n - 1."""
    total: Number = 0
    for x, y, column in zip(a, b, X.T.tolist(), strict=True):
        numbers = [Fraction(value) for value in column]
        mean = sum(numbers) / len(numbers)
        total += Fraction((x - y) ** 2) / (sum((value - mean) ** 2 for value in numbers) / (len(numbers) - 1))
    return total


def nan_euclidean(X: np.ndarray, a: Row, b: Row) -> Number:
    """The square, n / n_shared sum (a - b)^2 over the features that both have; infinity if they share none."""
    shared = [(x, y) for x, y in zip(a, b, strict=True) if x is not None and y is not None]
    return Fraction(len(a), len(shared)) * sqeuclidean(*map(list, zip(*shared, strict=True))) if shared else math.inf


def haversine(X: np.ndarray, a: Row, b: Row) -> Number:
    """The angle between two places as points on the sphere: arctan of |u x v| / u.v, right in every direction."""
    u, v = _on_sphere(a), _on_sphere(b)
    return math.atan2(float(np.linalg.norm(np.cross(u, v))), float(np.dot(u, v)))


def _on_sphere(place: Row) -> np.ndarray:
    latitude, longitude = map(float, place)
    east = math.cos(latitude)
    return np.array([east * math.cos(longitude), east * math.sin(longitude), math.sin(latitude)])


DISTANCES: dict[str, tuple[Callable[[np.ndarray, Row, Row], Number], int]] = {  # and the power that they return
    "canberra": (canberra, 1),
    "braycurtis": (braycurtis, 1),
    "seuclidean": (seuclidean, 2),
    "nan_euclidean": (nan_euclidean, 2),
    "haversine": (haversine, 1),
}
TOLERANCES = {"haversine": 2.0**-24}  # absolute; of others relative
TOLERANCE = 2.0**-40


def right_distance(X: np.ndarray, a: np.ndarray, b: np.ndarray, metric: str) -> float:
    """The distance of a and b, rounded once; X are the training rows."""
    measure, power = DISTANCES[metric]
    numbers = ([None if value != value else exact(value) for value in row.tolist()] for row in (a, b))
    return float(float(measure(X, *numbers)) ** (1 / power))


def is_right(distance: float, X: np.ndarray, a: np.ndarray, b: np.ndarray, metric: str) -> bool:
    """Whether a float64 distance of a and b is right up to rounding, for up to 10 rows of 3 whole numbers up to 4.

    With u = 2^-53, gaps and amounts are exact, and canberra, braycurtis and nan_euclidean take at most 16 roundings. In
    a variance, the mean of whole numbers up to 4 rounds once, by 4 u; a gap to it, at most 8, is off by 12 u, and its
    square by 2^8 u. So the sum of 10 squares, which is 0.9 or more, is off by less than 2^13 u of itself; the root of
    the distance halves that, which leaves 2^-41 for all other roundings. An angle 2 arcsin(sqrt(h)) is off by 2 sqrt(e)
    if h is off by e = 2^-51 where h is 1, on the opposite side of the globe: less than 2^-24.
    """
    wanted = right_distance(X, a, b, metric)
    if math.isinf(wanted) or not math.isfinite(distance):
        return distance == wanted
    return abs(distance - wanted) <= TOLERANCES.get(metric, TOLERANCE * wanted)
