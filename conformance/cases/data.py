"""Data on which implementations of nearest neighbours differ.

Each function makes rows from a random generator, a number of rows and a number of features; ``DATA`` lists them.
"""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator


def lattice(rng: Generator, n: int, d: int) -> np.ndarray:
    """Small integers: all arithmetic is exact, so ties are true ties, and there are many."""
    return rng.integers(-4, 5, (n, d)).astype(np.float64)


def gaussian(rng: Generator, n: int, d: int) -> np.ndarray:
    """Ordinary numbers: rounding everywhere, ties nowhere."""
    return rng.normal(size=(n, d))


def duplicates(rng: Generator, n: int, d: int) -> np.ndarray:
    """One to three different rows, many times each."""
    return rng.normal(size=(3, d))[rng.integers(0, rng.integers(1, 4), n)]


def large_offset(rng: Generator, n: int, d: int) -> np.ndarray:
    """The unit cube, far from the origin: the expanded form loses every digit."""
    return rng.random((n, d)) + 10.0 ** rng.integers(4, 13)


def offset(rng: Generator, n: int, d: int) -> np.ndarray:
    """The unit cube, so far from the origin that float32 keeps only a few of its digits."""
    return rng.random((n, d)) + 10.0 ** rng.integers(2, 6)


def far_clusters(rng: Generator, n: int, d: int) -> np.ndarray:
    """Two tight clusters far apart: subtracting the mean leaves both far from the origin."""
    return rng.normal(scale=0.01, size=(n, d)) + rng.choice([0.0, 1e6, 1e8]) * rng.integers(0, 2, (n, 1))


def huge_column(rng: Generator, n: int, d: int) -> np.ndarray:
    """One column is far larger than the rest, like seconds since 1970 beside features of about 1."""
    rows = rng.random((n, d))
    rows[:, rng.integers(0, d)] += 1.7e9 + rng.integers(0, 3, n)
    return rows


def near_ties(rng: Generator, n: int, d: int) -> np.ndarray:
    """One row of numbers, each moved by up to three units in the last place, with either sign."""
    row = rng.normal(size=d)
    return rng.choice([-1.0, 1.0], (n, d)) * (row + rng.integers(0, 4, (n, d)) * np.spacing(row))


def permuted_gaps(rng: Generator, n: int, d: int) -> np.ndarray:
    """Rows with the same gaps to the first row, reordered: equal on paper, different by the order of addition."""
    gaps = rng.normal(size=d)
    return np.array([np.zeros(d), *(rng.permutation(gaps) for _ in range(n - 1))])


def mixed_scales(rng: Generator, n: int, d: int) -> np.ndarray:
    """Integers with a power of two for each column, and some columns constant."""
    return lattice(rng, n, d) * 2.0 ** rng.integers(-12, 13, d) * rng.integers(0, 2, d)


def extreme(rng: Generator, n: int, d: int) -> np.ndarray:
    """Integers scaled by a power of two so that their squares are almost infinite, or so small that some are 0."""
    return lattice(rng, n, d) * 2.0 ** rng.choice([490, -490, -538])


DATA: list[Callable[[Generator, int, int], np.ndarray]] = [
    lattice,
    gaussian,
    duplicates,
    large_offset,
    far_clusters,
    huge_column,
    near_ties,
    permuted_gaps,
    mixed_scales,
    extreme,
]
DTYPES = ["float64", "float32", "float16", "int8", "uint8", "int64", "bool", ">f8"]
N_FEATURES = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 64, 127, 128, 129, 136, 257]  # around the steps of pairwise summation
COMMON_METRICS = ("euclidean", "manhattan", "chebyshev")
SMALL_TYPES = ("uint8", "int8", "uint16", "int16", "int32", "float16", "bool")
OTHER_METRICS = ("seuclidean", "mahalanobis", "canberra", "braycurtis", "haversine", "nan_euclidean")
BIT_METRICS = ["euclidean", "sqeuclidean", "manhattan", "chebyshev", "cosine", "hamming", "jaccard"]


def mixed_dtypes(rng: Generator, rows: np.ndarray) -> np.ndarray:
    """The rows in any numeric type that can hold their magnitude, and in any memory layout."""
    fitting = [dtype for dtype in DTYPES if np.max(np.abs(rows)) <= _largest(np.dtype(dtype))]
    dtype = np.dtype(rng.choice(fitting))
    rows = (np.abs(rows) if dtype.kind in "bu" else rows).astype(dtype)
    layouts = [rows, np.asfortranarray(rows), rows[::-1], np.repeat(rows, 2, axis=1)[:, ::2]]
    rows = layouts[rng.integers(len(layouts))]
    rows.flags.writeable = False
    return rows


def _largest(dtype: np.dtype) -> float:
    if dtype.kind == "b":
        return 1.0
    return float(np.iinfo(dtype).max if dtype.kind in "iu" else np.finfo(dtype).max)
