"""How long |q - x| can be without a distance being greater than a given one, for the metrics of ``metrics``.

Each takes the distances, (n,), and the queries, (n, n_features), and returns the radius of each query, (n,).
"""

import numpy as np
import torch
from torch import Tensor

from accelerated.distances import has_direction
from accelerated.square_root import correct_sqrt, power


def of_distance(distance: Tensor, queries: Tensor) -> Tensor:
    """Returns the distance itself, where it is |q - x| or, for manhattan, the sum of the gaps."""
    return distance


def of_square(square: Tensor, queries: Tensor) -> Tensor:
    """Returns the root, where the distance is |q - x|^2."""
    return correct_sqrt(square)


def with_zero_apart(units: Tensor) -> Tensor:
    """Returns unit rows with a feature more, which is 1 for the zero vector alone.

    So half of the squared length |u - v|^2 is the cosine distance for zero vectors, too: 0 from one to another, and 1
    from one to a unit vector.
    """
    is_zero = ~has_direction(units.T)[:, None]
    return torch.cat([units, is_zero.to(units.dtype)], 1)


def of_half_square(half_square: Tensor, queries: Tensor) -> Tensor:
    """Returns the length whose square is twice the distance, as for cosine."""
    return correct_sqrt(2 * half_square)


def of_power_sum(p: float, power_sum: Tensor, queries: Tensor) -> Tensor:
    """Returns the radius for a sum of gaps to the power p, a whole number.

    A power below 2^-1022 may have lost digits, or be 0: that is less than 2^-1022 for each feature.
    """
    lost = queries.shape[1] * float(np.finfo(np.float64).tiny)
    return of_minkowski(p, power(power_sum + lost, 1 / p), queries)


def power_sum_within(p: int, distance: Tensor) -> Tensor:
    """Returns the most that a sum of gaps to the power p can be if its root, as computed, is not above ``distance``.

    The exponent 1 / p is rounded by 2^-53 of itself, which moves the root of a sum from 5e-324 to 1e308 by less than
    750 / p 2^-53 of itself, and the library's ``pow`` is off by some units of 2^-53: together less than 2^-43. So the
    sum is at most (distance (1 + 2^-43))^p, which is less than 2^-38 above distance^p for a p up to 16. Products round
    that by p 2^-53 of itself, and by less than 2^-1000 where they lose digits below 2^-1022.
    """
    total = distance
    for _ in range(p - 1):
        total = total * distance
    return total * (1 + 2.0**-37) + 2.0**-1000


def tree_distance_of_power_sum(p: float, power_sum: Tensor) -> Tensor:
    """Returns the root; the powers below 2^-1022 that the sum may have lost are less than 2^-1000 together."""
    return power(power_sum + 2.0**-1000, 1 / p)


def of_minkowski(p: float, distance: Tensor, queries: Tensor) -> Tensor:
    """Returns the radius for p >= 2: by Hölder |z|_2 <= d^(1/2 - 1/p) |z|_p in d features, equal if all gaps are equal.

    The distance is a root: the gaps, their powers, which take up to p roundings, the sum and a library's ``pow`` are
    off by less than (d + 3 p + 16) 2^-53 of it, and the root divides that by p. That is less than the (2 d + 32) 2^-53
    that ``frame.reach`` allows; 2^-40 pays for the roots here, and for a library that is less precise.
    """
    return distance * (float(np.power(queries.shape[1], 0.5 - 1 / p)) * (1 + 2.0**-40))


def manhattan_radius_of_minkowski(p: float, distance: Tensor, queries: Tensor) -> Tensor:
    """Returns the most that the sum of the gaps can be: |z|_1 <= d^(1 - 1/p) |z|_p; roundings as for the radius."""
    return distance * (float(np.power(queries.shape[1], 1 - 1 / p)) * (1 + 2.0**-40))
