"""What it means for two answers to agree: the same bits, or the same up to a rounding that was derived.

The comparers raise AssertionError and return nothing, so that a result cannot be ignored.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isqrt

import numpy as np

ROUNDOFF = Fraction(1, 2**53)  # of float64
SMALLEST = Fraction(1, 2**1074)  # the smallest positive float64


def assert_same_bits(actual: np.ndarray, expected: np.ndarray, name: str) -> None:
    """Raises AssertionError unless shape, dtype and every bit are the same; 0.0 and -0.0 are not.

    >>> assert_same_bits(np.array([0.1 + 0.2]), np.array([0.3]), "sums")
    Traceback (most recent call last):
    AssertionError: sums[0]=0.30000000000000004, but should be 0.3
    """
    __tracebackhide__ = True
    if actual.dtype != expected.dtype or actual.shape != expected.shape:
        raise AssertionError(
            f"{name} has dtype {actual.dtype} and shape {actual.shape}, "
            f"but should have {expected.dtype} and {expected.shape}"
        )
    different = np.argwhere(_bits(actual) != _bits(expected))
    if len(different):
        where = tuple(different[0].tolist())
        place = ", ".join(map(str, where))
        raise AssertionError(f"{name}[{place}]={actual[where]!s}, but should be {expected[where]!s}")


def _bits(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array).view(f"u{array.itemsize}") if array.dtype.kind == "f" else array


def assert_admissible(
    indices: Sequence[int], k: int, exact: Sequence[Fraction], bounds: Sequence[Fraction], name: str
) -> None:
    """Raises AssertionError unless the indices are k sorted neighbours for some table of distances within the bounds.

    ``exact[j]`` is the distance of row j in exact arithmetic, and an implementation may be wrong about it by
    ``bounds[j]``, at least 0. Write D for exact, E for bounds, and L for the largest D - E among the answers up to and
    including one. There is a table D' with |D' - D| <= E for which the answer is right if and only if

    * order: every answer has D + E >= its L;
    * completeness: every row left out has D + E >= the L of the last answer.

    If: give each answer its L as D', which the order allows (it is at least its own D - E), and every other row its
    D + E; then D' does not fall along the answers, and nobody left out is nearer. Only if: let i be an answer or a row
    left out, and j an answer that comes before it or is it; then D_i + E_i >= D'_i >= D'_j >= D_j - E_j. So nobody who
    computes within E and then selects correctly, with any rule for ties, is accused, and nothing more can be asked.

    >>> assert_admissible([2, 0], 2, [Fraction(5), Fraction(4), Fraction(1)], [Fraction(0)] * 3, "neighbors")
    Traceback (most recent call last):
    AssertionError: neighbors=[2, 0], but row 1 at 4 is left out and nearer than row 0 at 5
    """
    __tracebackhide__ = True
    answer = [int(i) for i in indices]
    if len(answer) != k:
        raise AssertionError(f"{name}={answer}, but should be {k} indices")
    if len(set(answer)) < k or not all(0 <= i < len(exact) for i in answer):
        raise AssertionError(f"{name}={answer}, but should be different indices from 0 to {len(exact) - 1}")
    farthest = answer[0]
    for i in answer:
        farthest = max(farthest, i, key=lambda j: exact[j] - bounds[j])
        if exact[i] + bounds[i] < exact[farthest] - bounds[farthest]:
            raise AssertionError(
                f"{name}={answer}, but row {i} at {float(exact[i]):.17g} "
                f"should come before row {farthest} at {float(exact[farthest]):.17g}"
            )
    for i in set(range(len(exact))) - set(answer):
        if exact[i] + bounds[i] < exact[farthest] - bounds[farthest]:
            raise AssertionError(
                f"{name}={answer}, but row {i} at {float(exact[i]):.17g} is left out "
                f"and nearer than row {farthest} at {float(exact[farthest]):.17g}"
            )


REDUCE: dict[str, Callable[[list[Fraction]], Fraction]] = {
    "sqeuclidean": lambda gaps: sum((gap * gap for gap in gaps), Fraction(0)),
    "manhattan": lambda gaps: sum(gaps, Fraction(0)),
    "chebyshev": max,
}


def exact_distances(X: np.ndarray, query: np.ndarray, metric: str) -> list[Fraction]:
    """Distances of a query to each row in rational arithmetic: sqeuclidean, manhattan or chebyshev."""
    q = [Fraction(float(value)) for value in query]
    rows = ([abs(Fraction(float(a)) - b) for a, b in zip(row, q, strict=True)] for row in X)
    return [REDUCE[metric](gaps) for gaps in rows]


def difference_bounds(exact: Sequence[Fraction], n_features: int, metric: str) -> list[Fraction]:
    """How far float64 may be from ``exact_distances`` by summing differences, in any order of addition.

    With u = 2^-53, gamma_n = n u / (1 - n u) and d features (Higham, Accuracy and Stability of Numerical Algorithms,
    2002, sections 3.1 and 4.2), relative to the distance:

    * sqeuclidean: the gap and its square round, and d - 1 additions: the gap counts twice, so gamma_{d+2}. Taking the
      root and sorting by it is another rounding, of the root, which is two of the square: gamma_{d+4}. A square that
      underflows is off by at most half of the smallest float64; sums do not underflow;
    * manhattan: the gap rounds, and d - 1 additions: gamma_d;
    * chebyshev: the gap rounds: gamma_1.
    """
    roundings = {"sqeuclidean": n_features + 4, "manhattan": n_features, "chebyshev": 1}[metric]
    underflow = n_features * SMALLEST if metric == "sqeuclidean" else 0
    return [_gamma(roundings) * distance + underflow for distance in exact]


def expansion_bounds(X: np.ndarray, query: np.ndarray) -> list[Fraction]:
    """How far float64 may be from the exact squared distance as |x|^2 + |q|^2 - 2 x.q, in any order of addition.

    Each of the three sums is off by at most gamma_d times the sum of its magnitudes, at most |x|^2, |q|^2 and
    2 |x| |q|; adding the three rounds twice more, and root and sorting count two: gamma_{d+4} (|x| + |q|)^2. Each of
    the products may underflow, by at most half of the smallest float64: d of x, d of q and d doubled, 2 d halves; as
    much again for the factors (1 + gamma). Setting a negative result to 0 only brings it nearer.

    It covers scikit-learn's trees too, which sum differences: |x - q| <= |x| + |q|, and the distance to a box is
    rounded like a distance to a point.
    """
    origin = np.zeros(X.shape[1])
    lengths = [_root_above(square) for square in exact_distances(X, origin, "sqeuclidean")]
    q_length = _root_above(exact_distances(query[None], origin, "sqeuclidean")[0])
    underflow = 4 * len(query) * SMALLEST
    return [_gamma(len(query) + 4) * (length + q_length) ** 2 + underflow for length in lengths]


def minkowski_bounds(distances: np.ndarray, n_features: int, p: float) -> list[Fraction]:
    """How far apart two float64 Minkowski distances may be that take powers of the same scaled gaps.

    Both have the same bits up to t = gap / largest, at most 1, and use the same rounded 1/p. A ``pow`` is within 1 unit
    in the last place (as glibc and SLEEF document), a relative 2 u; so the sum of t^p is within 2 u + d u of the exact
    one, its 1/p-th power within (d + 2) u / p + 2 u, and the product with the largest gap rounds once more. A t^p that
    underflows costs nothing: the largest t is 1, so the sum is at least 1. Two of them, and as much again for the terms
    in u^2 and for a ``pow`` that misses its promise: 4 ((d + 2) / p + 3) u, and the smallest float64 for a product that
    is subnormal.
    """
    relative = 4 * ((n_features + 2) / Fraction(p) + 3) * ROUNDOFF
    return [relative * Fraction(float(distance)) + SMALLEST for distance in distances]


def _gamma(n: int) -> Fraction:
    return n * ROUNDOFF / (1 - n * ROUNDOFF)


def _root_above(square: Fraction) -> Fraction:
    """A number at least the square root and hardly more: isqrt rounds down, so one is added."""
    scale = 2**1200  # the square of the smallest float64 is 2^-2148
    return Fraction(isqrt(square.numerator * scale * scale // square.denominator) + 1, scale)


def similarity_bounds(
    A: np.ndarray, k: np.ndarray, y: np.ndarray, cut_off: float, entry_errors: float, invertible: bool = False
) -> np.ndarray | None:
    """How far apart two float64 predictions k^T pinv(A) y may be, (n_queries,); None where rounding decides the rank.

    With ``invertible`` also None where anything is cut off: then pinv(A) y does not solve A x = y.

    A is K + jitter I, (n, n); k are the queries' similarities, (n_queries, n); each entry of either may be wrong by
    ``entry_errors``, in units of u = 2^-53. Only singular values above ``cut_off`` times the largest are inverted.

    Solvers are backward stable: what comes out is exact for some A + E, |E| <= 8 n^2 u |A|, which covers Cholesky
    (Higham, Accuracy and Stability of Numerical Algorithms, 2002, theorem 10.4, with n gamma_{3n+1} <= 4 n^2 u) and the
    modest factor of eigenvalues and singular values; forming pinv(A) first and then multiplying is within it too. With
    w = pinv(A) k the prediction is w.y and moves, to first order, by k^T pinv(A) E pinv(A) y = w^T E pinv(A) y. So
    with the condition number c = |A| |pinv(A)|

        |difference| <= c |y| (|w| e + |k error| / |A|),    e = 8 n^2 u + n entry_errors u / |A|.

    If the rank is less than n there are two terms more (Wedin, Perturbation theory for pseudo-inverses, 1973): one as
    large again, and one with |pinv(A)| |k| for |w|. Two of them, and as much again for the terms of second
    order, which stay below as long as c e is: where it is above 1e-3, or a singular value lies near the cut-off,
    nothing is determined.
    """
    n = len(A)
    left, values, right = np.linalg.svd(A)
    kept = values > cut_off * values[0]
    near = (values > cut_off / 4 * values[0]) & (values < 1000 * cut_off * values[0])
    if not kept.any() or near.any() or (invertible and not kept.all()):
        return None
    u, largest, smallest = float(ROUNDOFF), values[0], values[kept].min()
    error = 8 * n * n * u + n * entry_errors * u / largest
    condition = largest / smallest
    if condition * error > 1e-3:
        return None
    inverse = (right.T[:, kept] / values[kept]) @ left.T[kept]
    weights = np.linalg.norm(k @ inverse, axis=1)
    lengths = np.linalg.norm(k, axis=1)
    moved = weights if kept.all() else 2 * weights + lengths / smallest
    missed = np.sqrt(n) * entry_errors * u / largest
    return 4 * condition * np.linalg.norm(y) * (moved * error + missed)
