"""Rows as points whose straight-line distance limits another metric's, so that the bounds for straight lines serve it.

An embedding serves bounds alone: every distance is measured on gaps of the rows as they were given. ``embed(rows)``
returns the points, float64, and ``radius(distance, queries)`` says how far the points of a query and a row can be from
one another, as rounded, without the measured distance being above ``distance``: both (n,), see ``Metric``.

u = 2^-53 is the unit roundoff.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from accelerated.square_root import by_numpy

U = 2.0**-53


class Embedding(NamedTuple):
    """The two functions."""

    embed: Callable[[Tensor], Tensor]
    radius: Callable[[Tensor, Tensor], Tensor]


def scale_features(scale: np.ndarray, factor: float) -> Embedding:
    """Returns the embedding x -> s x, a scale for each feature, for the distance sqrt(sum v (q - x)^2).

    v is the weight, or 1 / V, and s its root: s^2 is off by at most 4 u v (a root and a quotient). ``factor`` is the
    largest v, or 1. With the gap z, the exact distance is D.

    * ``frame.reach`` pays for the relative errors of the measured distance d. Besides, a square z^2 below 2^-1022 is
      off by up to 2^-1074, times v, and so is a product. So D <= d + sqrt(2 n factor) 2^-537.
    * |s z| <= D (1 + 2 u). Each point is s x (1 + e), |e| <= u, and so the points are at most u (|s q| + |s x|)
      farther apart than |s z|, where |s x| <= |s q| + |s z|. That is 2 u |s q| + u |s z|; the length |s q| as
      computed is off by less than half of itself, which 4 u |s q| pay for.
    """
    lost = float(np.sqrt(2.0 * len(scale) * factor)) * 2.0**-537
    return Embedding(partial(_scale, scale), partial(_scaled_radius, scale, lost))


def _scale(scale: np.ndarray, rows: Tensor) -> Tensor:
    return rows.to(torch.float64) * torch.tensor(scale, device=rows.device)


def _scaled_radius(scale: np.ndarray, lost: float, distance: Tensor, queries: Tensor) -> Tensor:
    length = torch.linalg.vector_norm(_scale(scale, queries), dim=1)
    return (distance + lost) * (1 + 8 * U) + 4 * U * length


def factorise(VI: np.ndarray) -> Embedding | None:
    """Returns the embedding x -> L^T x, where VI = L L^T, for the distance sqrt(z^T VI z), z = q - x.

    Returns None unless VI is proven to be definite, and so well that rounding may be limited: then the search is
    exhaustive. n is the number of features, |.| of a matrix its Frobenius norm, and D the exact distance.

    * Cholesky's factor of A has L L^T = A + E with |E| <= gamma_{n+1} |L|^2 (Higham, Accuracy and Stability of
      Numerical Algorithms, 2002, theorem 10.3). So if VI - t I has a factor C, the least eigenvalue of VI is at least
      t - gamma_{n+1} |C|^2 - u |C|^2, the last for subtracting t from a diagonal: that is ``least`` with 4 (n + 2) u.
    * The measured square adds n^2 products of two gaps and an entry, each with at most 2 n + 6 roundings. So it is off
      by at most gamma_{2n+6} |VI| |z|^2, and |z|^2 <= D^2 / least: ``measured`` of D^2. What is flushed to 0 is at most
      2^-1074 in each of n products for each of n gaps, which are below 2e150: 2^-280 n pay for its root.
      So D <= (d + 2^-280 n) (1 + measured) for a measured distance d if ``measured`` is at most 1/4.
    * |L^T z|^2 = D^2 + z^T E z <= D^2 (1 + factored).
    * A point is a product of n terms, off by at most gamma_n |L| |x|, and |x| <= |q| + |z|, |z| <= D / sqrt(least).
    """
    n, spread = len(VI), np.linalg.norm(VI)
    try:
        target = float(np.linalg.eigvalsh(VI)[0]) / 2
        shifted = np.linalg.cholesky(VI - target * np.eye(n))
        factor = np.linalg.cholesky(VI)
    except np.linalg.LinAlgError:
        return None
    least = target - 4 * (n + 2) * U * float(np.sum(shifted * shifted))
    measured = 4 * (n + 4) * U * float(spread) / least
    if not (least > 0 and measured <= 0.25):
        return None
    size = float(np.linalg.norm(factor))
    factored = 2 * (n + 2) * U * size * size / least
    errors = _Errors((1 + measured) * (1 + factored), 2 * (n + 1) * U * size, least**-0.5, 2.0**-280 * n)
    return Embedding(partial(_multiply, factor), partial(_factorised_radius, errors))


class _Errors(NamedTuple):
    growth: float  # of a distance, at most
    of_point: float  # for each unit of length of its row
    of_gap: float  # length of a gap for each unit of distance, at most
    lost: float


def _multiply(factor: np.ndarray, rows: Tensor) -> Tensor:
    return rows.to(torch.float64) @ torch.tensor(factor, device=rows.device)


def _factorised_radius(errors: _Errors, distance: Tensor, queries: Tensor) -> Tensor:
    exact = (distance + errors.lost) * errors.growth
    lengths = 2 * torch.linalg.vector_norm(queries, dim=1) + exact * errors.of_gap
    return (exact + errors.of_point * lengths) * (1 + 2.0**-40)


def to_sphere() -> Embedding:
    """Returns the embedding of (latitude, longitude) on the unit sphere, whose chords are 2 sin(angle / 2).

    Angles are below 2^4, so a gap is off by at most 2^-49, and so are the two numbers sin(half gap) and sqrt(cos cos)
    sin(half turn) whose squares ``haversine`` adds, up to a few u of each. The angle is twice the arctan2 of the length
    of both, so it is off by less than 2^-45. A coordinate on the sphere is a product of two sines or cosines, each
    within 2^-51, so points are off by less than 2^-48. A chord grows by at most as much as its angle. All that is less
    than 2^-40.
    """
    return Embedding(_on_sphere, _chord)


def _on_sphere(places: Tensor) -> Tensor:
    latitude, longitude = places.to(torch.float64).unbind(1)
    east = latitude.cos()
    return torch.stack([east * longitude.cos(), east * longitude.sin(), latitude.sin()], 1)


def _chord(angle: Tensor, queries: Tensor) -> Tensor:
    half = (angle * 0.5).clamp(max=float(np.pi) / 2)
    return 2 * by_numpy(np.sin, half) + 2.0**-40
