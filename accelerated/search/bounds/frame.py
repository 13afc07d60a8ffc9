"""The frame that rows and queries are seen in: shifted and scaled so that most lengths are near 1.

No bound depends on a good frame. A good one makes the terms of the bounds small.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.multiply import U

N_SAMPLED = 512  # rows that the frame is made from: `python -m benchmarks.constants N_SAMPLED`
N_COMPARED = 64  # of these rows, to estimate how near neighbours are: `python -m benchmarks.constants N_COMPARED`


class Frame(NamedTuple):
    """Maps x to (x - center) * scale."""

    center: Tensor  # (n_features,)
    scale: float  # a power of two, so that scaling does not round
    near: float  # a squared distance, scaled, below which few rows have neighbours

    def apply(self, points: Tensor) -> Tensor:
        """Returns rows or queries in float64, shifted and scaled."""
        return (points.to(torch.float64) - self.center) * self.scale


def take_sample(rows: Tensor) -> Tensor:
    """Returns about 512 of the rows, evenly spread, in float64."""
    return rows[:: max(1, len(rows) // N_SAMPLED)].to(torch.float64)


def choose_frame(rows: Tensor) -> Frame:
    """Returns a frame made from a sample of the rows, without the outermost tenths of each feature.

    The centre is on a coarse grid of powers of two, so that small whole numbers stay small whole numbers.
    """
    sample = take_sample(rows).cpu()
    tail = len(sample) // 10
    center = sample.sort(0).values[tail : len(sample) - tail].mean(0)
    length = torch.linalg.vector_norm(sample - center, dim=1).median()
    if not 0 < length < float("inf"):
        return Frame(torch.zeros_like(center).to(rows.device), 1.0, 0.0)
    grid = _power_of_two(length / rows.shape[1] ** 0.5) / 4
    center = (center / grid).round() * grid
    scale = 1 / _power_of_two(length)
    sample = (sample - center) * scale
    squared = sample.square().sum(1)
    between = squared[:N_COMPARED, None] + squared - 2 * sample[:N_COMPARED] @ sample.T
    between.diagonal().fill_(float("inf"))
    return Frame(center.to(rows.device), scale, _near(between))


def _near(between: Tensor) -> float:
    """Returns 3/4 of the least squared distance of the sample, because among more rows neighbours are nearer.

    Returns 0 unless that is between 0 and 64, as lengths are near 1.
    """
    near = 0.75 * float(between.min())
    return near if 0 < near < 64 else 0.0


def _power_of_two(x: Tensor) -> float:
    return 2.0 ** int(torch.frexp(x).exponent)


def reach(metric: Metric, reduced: Tensor, queries: Tensor, length: Tensor, frame: Frame) -> Tensor:
    """Returns squared distances in the frame, (n,); a row beyond has a measured distance above ``reduced``, (n,).

    The sum, the square root and the steps of ``radius`` are off by at most (2 n_features + 32) 2^-53 of themselves,
    and by squares that vanish below 1e-150. The shift rounds q and x by 2^-53 of their own lengths; that of q, in the
    frame, is ``length``, and |x| <= |q| + |q - x|.
    """
    assert metric.radius is not None
    radius = metric.radius(reduced, queries)
    measured = (radius * (1 + (2 * queries.shape[1] + 32) * U) + 1e-150) * frame.scale
    return ((measured + 4 * U * length) * (1 + 8 * U)).square() * (1 + 8 * U)
