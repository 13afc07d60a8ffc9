"""Distances for one kind of data each: amounts, places on the globe, and rows with missing numbers.

Shapes and rules are those of ``distances``; sines and cosines are NumPy's, as they are in ``reference``.
"""

import numpy as np
import torch
from torch import Tensor

from accelerated.distances import sum_features
from accelerated.square_root import by_numpy, correct_sqrt

NOTHING_SHARED = float(np.finfo(np.float64).max)  # ranks after every distance, but before a row that is left out


def canberra(queries: Tensor, rows: Tensor) -> Tensor:
    """Returns sum |q - x| / (|q| + |x|), where 0 / 0 is 0."""

    def terms(i: int, j: int) -> Tensor:
        size = queries[i:j].abs() + rows[i:j].abs()
        return (queries[i:j] - rows[i:j]).abs_().div_(size.masked_fill_(size == 0, 1.0))

    return sum_features(terms, len(queries))


def braycurtis(queries: Tensor, rows: Tensor) -> Tensor:
    """Returns sum |q - x| / sum |q + x|, where 0 / 0 is 0."""
    gaps = sum_features(lambda i, j: (queries[i:j] - rows[i:j]).abs_(), len(queries))
    amounts = sum_features(lambda i, j: (queries[i:j] + rows[i:j]).abs_(), len(queries))
    return gaps.div_(amounts.masked_fill_(gaps == 0, 1.0))


def haversine(queries: Tensor, rows: Tensor) -> Tensor:
    """Returns the angle between places, (latitude, longitude) in radians; see ``reference`` for the formula."""
    cosines = by_numpy(np.cos, queries[0]) * by_numpy(np.cos, rows[0].to(torch.float64))  # rows may be float32
    half_turn = (queries[1] - rows[1]) * 0.5
    near = _square_of_sine((queries[0] - rows[0]) * 0.5) + cosines * _square_of_sine(half_turn)
    far = _square_of_sine((queries[0] + rows[0]) * 0.5) + cosines * _square(by_numpy(np.cos, half_turn))
    return 2 * by_numpy(np.arctan2, correct_sqrt(near), correct_sqrt(far))


def _square_of_sine(angle: Tensor) -> Tensor:
    return _square(by_numpy(np.sin, angle))


def _square(x: Tensor) -> Tensor:
    return x * x


def nan_euclidean(queries: Tensor, rows: Tensor) -> Tensor:
    """Returns sqrt(n / n_shared * sum (q - x)^2) over the features that both have, if they share any."""

    def terms(i: int, j: int) -> Tensor:
        gap = queries[i:j] - rows[i:j]
        return gap.mul_(gap).nan_to_num_(0.0)

    n_shared = sum_features(
        lambda i, j: (queries[i:j] == queries[i:j]).double() * (rows[i:j] == rows[i:j]), len(queries)
    )
    is_any = n_shared > 0
    factor = torch.full_like(n_shared, len(queries)) / n_shared.masked_fill_(~is_any, 1.0)
    distance = correct_sqrt(sum_features(terms, len(queries)) * factor)
    return distance.masked_fill_(~is_any, NOTHING_SHARED)


def with_infinity(reduced: Tensor) -> Tensor:
    """Returns distances: those of rows that share no feature with the query are infinite."""
    return reduced.masked_fill(reduced == NOTHING_SHARED, float("inf"))
