"""How far floating-point numbers may be from the exact ones, each bound with its derivation beside it.

u = 2^-53 is the unit roundoff of float64, and gamma_n = n u / (1 - n u) bounds the relative error after n roundings
(Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1).
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from conformance.oracle.exact import Number

ROUNDOFF = Fraction(1, 2**53)  # of float64
SMALLEST = Fraction(1, 2**1074)  # the smallest positive float64


def difference_bounds(
    exact: Sequence[Number], n_features: int, metric: str, roundoff: Fraction = ROUNDOFF
) -> list[Number]:
    """How far a float64 sum of differences may be from ``exact_distances``, in any order of addition.

    For another type than float64 the ``roundoff`` is u; it needs numbers that the type holds, and whose squares do not
    underflow. With d features; relative to the distance, but absolute for the last two:

    * sqeuclidean: the gap and its square round, and d - 1 additions: the gap counts twice, so gamma_{d+2}. Taking the
      root and sorting by it, within 1 unit in the last place, is 2 u of the root and 4 u of the square: gamma_{d+6}. A
      square that underflows is off by at most half of the smallest float64; sums do not underflow;
    * manhattan: the gap rounds, and d - 1 additions: gamma_d;
    * chebyshev: the gap rounds: gamma_1;
    * minkowski with p = 3: the gap counts three times, two products (or a ``pow``, within 1 unit in the last place,
      which is 2 u), and d - 1 additions: gamma_{d+4}. The root is a ``pow`` with 1/3 rounded: 2 u and, for sums from
      1 to 2^30, u log(2^30) / 3 < 7 u; cubed 27 u: gamma_{d+32};
    * hamming, jaccard: counts are exact, a quotient rounds, and so does 1 minus it: 2 u, as both are at most 1;
    * cosine as 1 - x.y / (|x| |y|): the product rounds gamma_d |x| |y|, each length d/2 + 1 times, then a product, a
      quotient and a difference: (2 d + 5) u, as both terms are at most 1; doubled for the terms in u^2.
    """
    if metric in ("hamming", "jaccard"):
        return [2 * roundoff] * len(exact)
    if metric == "cosine":
        return [2 * (2 * n_features + 5) * roundoff] * len(exact)
    squared = metric in ("euclidean", "sqeuclidean")
    roundings = {"manhattan": n_features, "chebyshev": 1, "minkowski": n_features + 32}.get(metric, n_features + 6)
    underflow = n_features * SMALLEST if squared else 0
    return [_gamma(roundings, roundoff) * distance + underflow for distance in exact]


def minkowski_bounds(distances: np.ndarray, n_features: int, p: float) -> list[Fraction]:
    """How far apart two float64 Minkowski distances may be that take powers of the same scaled gaps.

    Both have the same bits up to t = gap / largest, at most 1, and use the same rounded 1/p. A ``pow`` is within 1 unit
    in the last place (as glibc and SLEEF document), a relative 2 u; so the sum of t^p is within 2 u + d u of the exact
    one, its 1/p-th power within (d + 2) u / p + 2 u, and the product with the largest gap rounds once more. A t^p that
    underflows costs nothing: the largest t is 1, so the sum is at least 1. There are two such distances, and
    their sum is doubled for the terms in u^2 and for a ``pow`` that misses its promise: 4 ((d + 2) / p + 3) u, and the
    smallest float64 for a product that is subnormal.
    """
    relative = 4 * ((n_features + 2) / Fraction(p) + 3) * ROUNDOFF
    return [relative * Fraction(float(distance)) + SMALLEST for distance in distances]


def _gamma(n: int, roundoff: Fraction) -> Fraction:
    return n * roundoff / (1 - n * roundoff)


def coarseness(answer: Any) -> int:
    """The roundoff of the answer's type divided by that of float64, at least 1."""
    dtype = np.asarray(answer).dtype
    return max(1, int(np.finfo(dtype).eps / np.finfo(np.float64).eps)) if dtype.kind == "f" else 1


def average_bound(k: int, largest: float, roundoff: float, weight_roundings: int = 0) -> float:
    """How far a computed sum w y / sum w of k numbers up to ``largest`` may be from the exact one, added in any order.

    Each w is relatively wrong by ``weight_roundings``, each product rounds, either sum rounds k - 1 times, and the
    quotient once; with sum |w y| at most ``largest`` sum w: (2 weight_roundings + 2 k) u largest, doubled for the
    terms in u^2. The result may have a smaller type than float64: u is the ``roundoff`` of its type.
    """
    return 2 * (2 * weight_roundings + 2 * k) * roundoff * largest


def similarity_bounds(
    A: np.ndarray,
    k: np.ndarray,
    y: np.ndarray,
    cut_off: float,
    entry_errors: float,
    invertible: bool = False,
    *,
    query_errors: float | None = None,
    target_errors: float = 0.0,
) -> np.ndarray | None:
    """How far apart two float64 predictions k^T pinv(A) y may be, (n_queries,); None where rounding decides the rank.

    With ``invertible`` also None where anything is cut off: then pinv(A) y does not solve A x = y.

    A is K + jitter I, (n, n); k are the queries' similarities, (n_queries, n). Each entry of A may be wrong by
    ``entry_errors``, in units of u = 2^-53, and one of k by ``query_errors``, or by as much. y may be wrong by a vector
    of length ``target_errors``, which moves w.y, below, by |w| times that. Only singular values above ``cut_off`` times
    the largest are inverted.

    Solvers are backward stable: their result is exact for some A + E, |E| <= 8 n^2 u |A|, which covers Cholesky
    (Higham, Accuracy and Stability of Numerical Algorithms, 2002, theorem 10.4, with n gamma_{3n+1} <= 4 n^2 u) and the
    modest factor of eigenvalues and singular values; forming pinv(A) first and then multiplying is within it too. With
    w = pinv(A) k the prediction is w.y and moves, to first order, by k^T pinv(A) E pinv(A) y = w^T E pinv(A) y. So
    with the condition number c = |A| |pinv(A)|

        |difference| <= c |y| (|w| e + |k error| / |A|),    e = 8 n^2 u + n entry_errors u / |A|.

    If the rank is less than n there are two terms more (Wedin, Perturbation theory for pseudo-inverses, 1973): one as
    large again, and one with |pinv(A)| |k| for |w|. There are two predictions, and the sum is
    doubled for the terms of second order, which are smaller than those of first order while c e is small: where c e is
    above 1e-3, or a singular value lies near the cut-off, no bound is given.
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
    missed = np.sqrt(n) * (entry_errors if query_errors is None else query_errors) * u / largest
    return 4 * (condition * np.linalg.norm(y) * (moved * error + missed) + weights * target_errors)
