"""A lower bound on squared distances of numbers of any kind, from products of 8-bit integers.

Let q be a query and x a row, embedded (``Metric``), shifted and scaled (``Frame``), so that nearly all of their numbers
are in [-63, 63]. Let clamp(x) be x with the other numbers moved to the nearer end. That brings no two numbers farther
apart, so |clamp(q) - clamp(x)| <= |q - x|. Let x~ be clamp(x) rounded to whole numbers, and q~ clamp(q) rounded to
halves. By the triangle inequality

    |q - x| >= |q~ - x~| - s - r,      s = |clamp(q) - q~|,      r = |clamp(x) - x~|.

So a row is farther than D if |q~ - x~|^2 is above (D + s + R)^2, where R is at least the r of all rows. R is chosen by
a sample, and the few rows that are rounded farther are never excluded (``protocol``). With

    X = x~ + 64, from 1 to 127,      and      c = 2 q~, from -126 to 126,

a product of bytes makes the bound:

    |q~ - x~|^2 = |x~|^2 + (|c|^2 / 4 + 64 sum c) - c.X;

the first term is the ``base`` of the row, the second the ``start`` of the query, and -c are the query's columns.

Rounding. Shifted and scaled in float32, a number below 64 is off by at most 2^-24 of itself twice; rounded from float64
to float32 at the end, by less. So clamp(x), as computed, is off by at most ``BLUR`` = 2^-16 in each feature, and so is
clamp(q); a larger number is clamped anyway. The difference of a number and the nearest whole one is exact; a sum of d
squares is off by at most d u of itself in any order, u = 2^-24, and so its root by less than 2 d u. |x~|^2 is exact, as
whole numbers below 2^24 are, if there are at most 2^12 features. In the bound four numbers are rounded to float32: the
product, below 2^14 d, ``start``, below 2^14 d, the sum of two of product, ``start`` and base, in whatever order they
are added, below 2^15 d, and the bound itself, below 2^14 d. Together these cost less than 2^17 d u = d / 128, which the
threshold has on top.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.frame import Frame, reach
from accelerated.search.bounds.protocol import EncodedQueries, EncodedRows, make_base
from accelerated.search.bounds.sampled import compared
from accelerated.search.bounds.squared import SquaredBound

LARGEST = 63  # of a number in the frame
MIDDLE = 64  # is added to it, so that it is positive
MOST_FEATURES = 2**12
BLUR = 2.0**-16
# With a scale between these, a number and a centre whose difference is infinite in float32 are so far apart that the
# number is clamped:
SCALES = (2.0**-100, 2.0**100)
# The share of a sample's numbers that are clamped. The more are clamped, the less far the others are rounded.
CLAMPED = 1 / 512  # `python -m benchmarks.constants CLAMPED`
# R^2 is the mean of r^2 in a sample, plus so many standard deviations. A sum of many independent roundings, which is
# nearly normal, is larger for about one row in 10^9.
N_DEVIATIONS = 6


@dataclass(frozen=True)
class RoundedBound:
    """Bounds for metrics whose distance limits |q - x| from above."""

    metric: Metric
    frame: Frame  # to [-63, 63]
    farthest: float  # R
    finer_frame: Frame  # of the bounds in floating point
    dtype = torch.uint8

    @property
    def encoding_bytes(self) -> int:
        """Returns the bytes of five float64 copies of a query; a row takes no more."""
        return 8 * 5 * len(self.frame.center)

    def finer(self) -> list[SquaredBound]:
        """Returns bounds in floating point."""
        first = SquaredBound.make(self.metric, self.finer_frame, torch.float32)
        return [first, *first.finer()]

    def encode_rows(self, rows: Tensor) -> EncodedRows:
        """Encodes rows, uint8 (n_rows, n_features)."""
        # By NumPy, which writes squared lengths and bytes without a copy of the rows in between.
        clamped = self.frame.apply(self.metric.embed(rows), torch.float32).clamp_(-LARGEST, LARGEST).numpy()
        rounded = np.rint(clamped)
        base = torch.from_numpy(np.vecdot(rounded, rounded))
        clamped -= rounded
        is_excludable = _length(torch.from_numpy(clamped)) <= self.farthest
        rounded += MIDDLE
        columns = torch.from_numpy(rounded.astype(np.uint8))
        return EncodedRows(columns, make_base(base, is_excludable, torch.float32))

    def encode_queries(self, queries: Tensor) -> EncodedQueries:
        """Encodes queries, int8 (n_queries, n_features)."""
        framed = self.frame.apply(self.metric.embed(queries))
        doubled = 2 * framed.clamp(-LARGEST, LARGEST)
        columns = doubled.round()
        start = columns.square().sum(1) / 4 + MIDDLE * columns.sum(1)
        residual = _length(doubled - columns) / 2
        size = torch.linalg.vector_norm(framed, dim=1)
        others = size.isfinite(), None, start.to(torch.float32)
        return EncodedQueries((-columns).to(torch.int8), size, residual, *others)

    def lowest_distances(self, sample: Tensor) -> Tensor:
        """Returns bounds on distances in the finer frame, of the ``compared`` rows of a sample to all of it."""
        frame = self.frame._replace(center=self.frame.center.cpu())
        points = frame.apply(sample, torch.float32).clamp_(-LARGEST, LARGEST)
        queries = points[compared(sample)]
        halves = (2 * queries).round() / 2
        lowest = torch.cdist(halves, points.round()) - _length(queries - halves)[:, None] - self.farthest
        return lowest * (self.finer_frame.scale / self.frame.scale)

    def threshold(self, reduced: Tensor, queries: Tensor, encoded: EncodedQueries) -> Tensor:
        """Returns thresholds, float64 (n_queries,), as ``LowerBound.threshold`` must.

        ``reach`` pays for measuring and for the shift, and with twice the length for the scale, too. The ``offset`` of
        a query is its s here: these bounds count from 0.
        """
        distance = reach(self.metric, reduced, queries, 2 * encoded.size, self.frame).sqrt()
        return (distance + encoded.offset + self.farthest).square() * (1 + 2.0**-40) + len(self.frame.center) / 128


def _length(difference: Tensor) -> Tensor:
    """Returns how far points are from their roundings, or a little more, float64 (n,)."""
    n_features = difference.shape[1]
    length = torch.linalg.vector_norm(difference, dim=1).to(torch.float64)
    return length * (1 + n_features * 2.0**-23) + BLUR * n_features**0.5


def possible_bounds(metric: Metric, sample: Tensor, finer_frame: Frame) -> list[RoundedBound]:
    """Returns one bound for each of two centres, or none, for rows like those of an embedded sample on the CPU.

    The mean of a feature suits long tails to both sides, the middle of its numbers a long tail to one side.
    """
    if not 1 < sample.shape[1] <= MOST_FEATURES:
        return []
    middle = ((sample.amin(0).to(torch.float64) + sample.amax(0)) / 2).to(finer_frame.center.device)
    bounds = [_make_bound(metric, sample, finer_frame, center) for center in (finer_frame.center, middle)]
    return [bound for bound in bounds if bound is not None]


def _make_bound(metric: Metric, sample: Tensor, finer_frame: Frame, center: Tensor) -> RoundedBound | None:
    if sample.dtype == torch.float32:  # then rows are shifted in float32
        center = center.to(torch.float32).to(torch.float64)
    if not bool(center.isfinite().all()):
        return None
    magnitudes = (sample - center.cpu()).abs_().numpy().ravel()
    place = len(magnitudes) - 1 - int(CLAMPED * len(magnitudes))
    highest = float(np.partition(magnitudes, place)[place])
    if not LARGEST / SCALES[1] < highest < LARGEST / SCALES[0]:
        return None
    frame = Frame(center, float(np.float32(LARGEST / highest)), 0.0)
    clamped = frame._replace(center=center.cpu()).apply(sample, torch.float32).clamp_(-LARGEST, LARGEST)
    squared = _length(clamped - clamped.round()).square()
    farthest = float(squared.mean() + N_DEVIATIONS * squared.std(correction=0)) ** 0.5
    return RoundedBound(metric, frame, max(farthest, float(squared.max()) ** 0.5) * (1 + 2.0**-20), finer_frame)
