"""The right predictions, in rational arithmetic, where the neighbours are determined; for averages and votes."""

from collections.abc import Sequence
from fractions import Fraction
from operator import mul
from typing import Any

import numpy as np

from conformance.cases import Case
from conformance.oracle.bounds import coarseness
from conformance.oracle.exact import Number, exact, exact_distances, nearest

WEIGHT_ROUNDINGS = 16  # a distance of at most 3 features rounds 7 times, 1 / distance once; doubled


def exact_of_all(case: Case) -> list[list[Number]]:
    """The exact distances of each query to all rows."""
    return [exact_distances(case.X, query, case.metric) for query in case.Q]


def nearest_distances(case: Case) -> list[np.ndarray]:
    """The distances of each query to its k nearest rows, nearest first; weights are made from them."""
    power = 0.5 if case.metric == "euclidean" else 1
    return [np.array([float(row[j]) ** power for j in nearest(row, case.k)]) for row in exact_of_all(case)]


def weights_of(case: Case) -> list[list[float]]:
    """The weights of each query's neighbours; those at distance 0 count alone."""
    if case.weights == "uniform":
        return [[1.0] * case.k for _ in case.Q]
    return [inverse_weights(row) for row in nearest_distances(case)]


def inverse_weights(distances: np.ndarray) -> list[float]:
    """1 / distance, or for neighbours of which some are at distance 0, 1 for these and 0 for the others."""
    return [float(d == 0) for d in distances] if np.any(distances == 0) else [1 / d for d in distances.tolist()]


def targets_of(case: Case) -> np.ndarray:
    """The targets of a case that has targets."""
    assert case.y is not None
    return case.y


def averages_of(case: Case, weights: Sequence[Sequence[float]] | None = None) -> list[Any]:
    """The weighted average for each query, a number or a list with one for each output, rounded once."""
    weights = weights or weights_of(case)
    return [
        average(targets_of(case)[nearest(row, case.k)], w) for row, w in zip(exact_of_all(case), weights, strict=True)
    ]


def average(y: np.ndarray, weights: Sequence[float]) -> Any:
    """The weighted average of the targets, a number or a list with one for each output, rounded once."""
    w = [exact(weight) for weight in weights]
    columns = y.astype(np.float64).reshape(len(y), -1).T.tolist()
    means = [float(Fraction(sum(map(mul, w, map(exact, column)))) / sum(w)) for column in columns]
    return means if y.ndim == 2 else means[0]


def assert_score(score: Any, expected: float, roundings: float) -> None:
    """Raises AssertionError unless the score is the expected one, up to this number of roundings of 1 in its type."""
    if not abs(float(score) - expected) <= roundings * 2.0**-53 * coarseness(score):
        raise AssertionError(f"score={float(score)!s}, but should be {expected!s}")
