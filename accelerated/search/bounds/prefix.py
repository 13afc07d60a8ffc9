"""Rows seen through a few directions: rows of fewer numbers, which are not farther apart than the rows themselves.

Real rows, such as images, differ mostly in a few of all possible directions. Let P have m of them as orthonormal
columns, and let R be the projection on the rest of the space, so that |x|^2 = |xP|^2 + |xR|^2. Then

    y(x) = (xP, |xR|)      has      |q - x|^2 = |(q - x)P|^2 + |(q - x)R|^2 >= |(q - x)P|^2 + (|qR| - |xR|)^2,

which is |y(q) - y(x)|^2. So a lower bound on the distance of y(q) and y(x), which have m + 1 numbers, is one on that of
q and x. (Principal directions of a sample make the bound high; any other directions would be as safe.)

Rounding. Let P~, d x m, be the directions as computed, in float64, and delta = |P~^T P~ - I| in the Frobenius norm,
which is off by less than m d 2^-52 as computed, because each of its m^2 numbers is off by less than d 2^-52. The
polar factor P of P~ is orthonormal and within delta of P~, because |s - 1| <= |s^2 - 1| for each singular value s. A
sum of d products is off by less than d 2^-52 of its magnitudes, which by Cauchy and Schwarz are at most |x| times the
length of the direction. So z, as computed, is off from xP by at most

    e |x|,      e = delta + d 2^-52 (1 + delta) sqrt(m).

|xR| is taken as the root of |x|^2 - |z|^2, or 0 if that is negative. That difference is off from |xR|^2 by at most t
|x|^2, t = 2 e + e^2 + (d + m + 8) 2^-52. So its root is off by at most sqrt(t) |x|, as (a - b)^2 <= |a^2 - b^2|, and
y(x), as computed, is off by at most ``blur`` |x|, blur = e + sqrt(t) + 2^-50, which is about 10^-6, and the distance of
y(q) and y(x) by blur (|q| + |x|) <= blur (2 |q| + |q - x|). Squares that underflow, below 1e-308, cost less than
1e-150.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from accelerated.search.bounds.sampled import compared, expected_candidates

CHOICES = (4, 8, 16, 32, 64, 128)  # numbers of directions
MOST_FEATURES = 2**12  # features, so that a sample in float64 takes 16 MiB
OF_BOUND = 16  # the work to make minima of a bound, in the unit of ``Costs``


class Prefix(NamedTuple):
    """Maps x, in the frame, to y(x)."""

    directions: Tensor  # float64 (n_columns, n_directions)
    blur: float  # how much y(x) can be off, for a row of length 1

    @property
    def n_numbers(self) -> int:
        """Returns how many numbers y(x) has."""
        return self.directions.shape[1] + 1

    @classmethod
    def make(cls, directions: Tensor) -> "Prefix":
        """Returns the prefix of these directions, and how much it can be off."""
        d, m = directions.shape
        identity = torch.eye(m, dtype=directions.dtype, device=directions.device)
        delta = float(torch.linalg.matrix_norm(directions.T @ directions - identity)) + m * d * 2.0**-52
        of_leading = delta + d * 2.0**-52 * (1 + delta) * m**0.5
        of_square = 2 * of_leading + of_leading**2 + (d + m + 8) * 2.0**-52
        return cls(directions, (of_leading + of_square**0.5 + 2.0**-50) * (1 + 2.0**-40))

    def to(self, device: torch.device) -> "Prefix":
        """Returns the prefix on a device."""
        return self._replace(directions=self.directions.to(device))

    def apply(self, points: Tensor) -> Tensor:
        """Returns y of points, float64 (n, n_directions + 1); NaN or infinity where a square overflows."""
        leading = points @ self.directions
        rest = torch.linalg.vecdot(points, points) - torch.linalg.vecdot(leading, leading)
        return torch.cat([leading, rest.clamp_(min=0).sqrt_()[:, None]], 1)

    def longest(self, length: Tensor) -> Tensor:
        """Returns the most that x can be long, (n,), for the length of y(x) as computed: |y(x)| >= (1 - blur) |x|."""
        return length * (1 + 2.0**-48) / max(0.0, 1 - self.blur)

    def widen(self, squared: Tensor, length: Tensor) -> Tensor:
        """Returns squared distances of y(q) and y(x) for those of q and x, (n,), and the lengths of q, (n,)."""
        distance = squared.sqrt() * (1 + self.blur) + 2 * self.blur * length + 1e-150
        return distance.square() * (1 + 2.0**-48)


class Costs(NamedTuple):
    """How long parts of a search take: as long as a product takes for so many numbers of a short row."""

    row: float  # the product for a whole row
    candidate: float  # to measure a pair


def choose_prefix(sample: Tensor, n_rows: int, k: int, costs: Costs, least_gain: float) -> Prefix | None:
    """Returns the prefix with the least work in a search, as a sample predicts; None if the gain is less than asked.

    The sample is in the frame, on the CPU.
    """
    n_columns = sample.shape[1]
    choices = [m for m in CHOICES if m < n_columns]
    directions = principal_directions(sample, choices[-1]) if choices else None
    if directions is None:
        return None
    prefixes = [Prefix.make(directions[:, :m].contiguous()) for m in choices]
    shorter = [prefix.apply(sample) for prefix in prefixes]
    left = expected_candidates(sample, [torch.cdist(short[compared(sample)], short) for short in shorter], n_rows)
    of_candidate = costs.candidate / n_rows
    work = [
        OF_BOUND + prefix.n_numbers + of_candidate * k * of_each for prefix, of_each in zip(prefixes, left, strict=True)
    ]
    if min(work) * least_gain > OF_BOUND + costs.row + of_candidate * k:
        return None
    return prefixes[work.index(min(work))]


def principal_directions(sample: Tensor, n: int) -> Tensor | None:
    """Returns n directions in which the sample spreads most, (n_columns, n), the first most; None if it overflows.

    Two steps of subspace iteration from some of its rows (Halko, Martinsson and Tropp, Finding structure with
    randomness, 2011, algorithm 4.4).
    """
    directions = sample[:: max(1, len(sample) // n)][:n].T
    for _ in range(2):
        directions = sample.T @ (sample @ directions)
        if not bool(directions.isfinite().all()):
            return None
        directions = torch.linalg.qr(directions).Q
    of_sample = sample @ directions
    return directions @ torch.linalg.eigh(of_sample.T @ of_sample).eigenvectors.flip(1)
