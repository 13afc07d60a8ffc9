"""The frame that rows and queries are seen in: shifted and scaled so that most lengths are near 1.

No bound depends on a good frame. A good one makes the terms of the bounds small.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.gaps import Gaps, find_gaps
from accelerated.search.bounds.multiply import U

N_SAMPLED = 512  # rows that the frame is made from: `python -m benchmarks.constants N_SAMPLED`
# Rows of many features are so many numbers at most, but not fewer than ``N_COMPARED`` rows:
MOST_SAMPLED = 2**20  # `python -m benchmarks.constants MOST_SAMPLED`
SAMPLED_NUMBERS = 2**17  # of these rows, in some features at a time: a copy takes 1 MiB
N_COMPARED = 64  # of these rows, to estimate how near neighbours are: `python -m benchmarks.constants N_COMPARED`


FINEST = 2.0**-126  # powers of two from it to its inverse are normal numbers of float32


class Frame(NamedTuple):
    """Maps x to (x - center) * scale."""

    center: Tensor  # (n_features,)
    scale: float  # a power of two, so that scaling does not round
    near: float  # a squared distance, scaled, below which few rows have neighbours
    margin: float = 0.0  # how much farther most of a sample is than a neighbour, as squared distances, scaled
    n_spread: float = math.inf  # the rows spread as if evenly in so many directions
    gaps: Gaps | None = None  # of the numbers of features, which are closed before they are shifted
    blur: float = 0.0  # 20 times the V of ``gaps``, scaled

    def apply(self, points: Tensor, dtype: torch.dtype = torch.float64) -> Tensor:
        """Returns rows or queries, shifted and scaled, in ``dtype``, rounded once more if that is float32.

        Points of float32 are shifted in float32 if it holds the centre and the scale: then they are rounded once, but
        the difference of large ones may be infinite.
        """
        if self.gaps is not None:
            points = self.gaps.close(points.to(torch.float64))
        in_float32 = points.dtype == dtype == torch.float32 and FINEST <= self.scale <= 1 / FINEST
        if in_float32 and torch.equal(self.center, self.center.to(dtype)):
            return (points - self.center.to(dtype)).mul_(self.scale)
        return (points.to(torch.float64) - self.center).mul_(self.scale).to(dtype)


UNSHIFTED = Frame(torch.zeros(0, dtype=torch.float64, device="cpu"), scale=1.0, near=0.0)  # for ``reach`` alone


def take_sample(rows: Tensor) -> Tensor:
    """Returns about 512 of the rows, evenly spread, or fewer if they have many features; no copy."""
    n_sampled = max(N_COMPARED, min(N_SAMPLED, MOST_SAMPLED // rows.shape[1]))
    return rows[:: max(1, len(rows) // n_sampled)]


def by_features(sample: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Yields some of the features after the other, and the sample there in float64, so that scratch is small."""
    width = max(1, SAMPLED_NUMBERS // len(sample))
    for start in range(0, sample.shape[1], width):
        some = slice(start, start + width)
        yield some, sample[:, some].to(torch.float64)


def in_order(columns: Tensor) -> Tensor:
    """Returns the numbers of each column in ascending order; on a CPU NumPy takes a seventh of torch's time."""
    if columns.device.type != "cpu":
        return columns.sort(0).values
    return torch.from_numpy(np.sort(columns.numpy(), axis=0))


def choose_frame(rows: Tensor, n_embedded: int = 0) -> Frame:
    """Returns a frame made from a sample of the rows, without the outermost tenths of each feature.

    The centre is on a coarse grid of powers of two, so that small whole numbers stay small whole numbers. It is 0 in
    ``n_embedded`` features more.
    """
    sample = take_sample(rows)
    center, length = _middle(sample)
    scale, near, margin, n_spread = 1.0, 0.0, 0.0, math.inf
    if 0 < length < float("inf"):
        grid = _power_of_two(length / rows.shape[1] ** 0.5) / 4
        center = (center / grid).round() * grid
        scale = 1 / _power_of_two(length)
        squared, product = _compare(sample, center, scale)
        between = squared[: len(product), None] + squared - 2 * product
        between.fill_diagonal_(math.inf)
        near, margin, n_spread = _near(between), _margin(between), _spread(squared, product)
    else:
        center.zero_()
    return Frame(torch.nn.functional.pad(center, (0, n_embedded)).to(rows.device), scale, near, margin, n_spread)


def close_gaps(rows: Tensor, n_embedded: int = 0) -> Frame | None:
    """Returns a frame in which the gaps of features are closed, with ``n_embedded`` features more; None without any."""
    sample = take_sample(rows).to(device="cpu", dtype=torch.float64)
    gaps = find_gaps(sample)
    if gaps is None:
        return None
    sample = gaps.close(sample)
    frame = choose_frame(sample, n_embedded)
    largest = torch.maximum(sample.amax(0), frame.center[: sample.shape[1]].abs())
    blur = 20 * float(torch.linalg.vector_norm(largest)) * frame.scale
    return frame._replace(center=frame.center.to(rows.device), gaps=gaps.pad(n_embedded).to(rows.device), blur=blur)


def _middle(sample: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the mean of each feature without the outermost tenths, and the median distance from it."""
    n_rows, n_features = sample.shape
    tail = n_rows // 10
    center = torch.empty(n_features, dtype=torch.float64, device="cpu")
    length = torch.zeros(n_rows, dtype=torch.float64, device="cpu")
    for some, columns in by_features(sample):
        columns = columns.cpu()
        center[some] = in_order(columns)[tail : n_rows - tail].mean(0)
        length.hypot_(torch.linalg.vector_norm(columns - center[some], dim=1))
    return center, length.median()


def _compare(sample: Tensor, center: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """Returns the squared lengths of the sample in the frame, and the product of its first rows with all of it."""
    squared = torch.zeros(len(sample), dtype=torch.float64, device="cpu")
    product = torch.zeros((len(sample[:N_COMPARED]), len(sample)), dtype=torch.float64, device="cpu")
    for some, columns in by_features(sample):
        columns = (columns.cpu() - center[some]) * scale
        squared += columns.square().sum(1)
        product += columns[:N_COMPARED] @ columns.T
    return squared, product


def _spread(squared: Tensor, product: Tensor) -> float:
    """Returns the number of directions in which rows spread evenly, if their products with others are as large.

    That is the square of the sum of the eigenvalues of the covariance, divided by the sum of their squares: the mean
    squared length estimates the first sum, the mean square of a product of two different rows the second.
    """
    of_others = product.square().fill_diagonal_(0).sum() / max(1, product.numel() - len(product))
    return float(squared.mean().square() / of_others)


def _near(between: Tensor) -> float:
    """Returns 3/4 of the least squared distance of the sample, because among more rows neighbours are nearer.

    Returns 0 unless that is between 0 and 64, as lengths are near 1.
    """
    near = 0.75 * float(between.min())
    return near if 0 < near < 64 else 0.0


def _margin(between: Tensor) -> float:
    """Returns the median of how much farther the nearest sixteenth of the sample is than the nearest row."""
    place = between.shape[1] // 16
    sixteenth = torch.from_numpy(np.partition(between.numpy(), place, axis=1)[:, place])
    return max(0.0, float((sixteenth - between.min(1).values).median()))


def _power_of_two(x: Tensor) -> float:
    return 2.0 ** int(torch.frexp(x).exponent)


def reach(metric: Metric, reduced: Tensor, queries: Tensor, length: Tensor, frame: Frame) -> Tensor:
    """Returns squared distances in the frame, (n,); a row beyond has a measured distance above ``reduced``, (n,).

    The sum, the square root and the steps of ``radius`` are off by at most (2 n_features + 32) 2^-53 of themselves,
    and by squares that vanish below 1e-150. The shift rounds q and x by 2^-53 of their own lengths, or by three times
    that and ``blur`` where gaps are closed; that of q, in the frame, is ``length``, and |x| <= |q| + |q - x|.
    """
    assert metric.radius is not None
    radius = metric.radius(reduced, queries)
    measured = (radius * (1 + (2 * queries.shape[1] + 32) * U) + 1e-150) * frame.scale
    return ((measured + 8 * U * (length + frame.blur)) * (1 + 8 * U)).square() * (1 + 8 * U)
