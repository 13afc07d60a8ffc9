"""A lower bound on Manhattan distances from a product of 8-bit integers, although a product has no term |q - x|.

Cut each feature at quantiles into a few intervals, and let a be the median of an interval. For any x

    |q - x| >= (q - a) - (x - a)      and      |q - x| >= (x - a) - (q - a).

The first is exact if x is below q, the second if it is above. Take the one that is exact for x = a: then only an x in
the same interval as q can lose something. It is g + s v, with g = |q - a| and s = -1 or 1 of the query and the
interval, and v = x - a of the row; the bound is the sum of these over the features. So for each feature and interval a
row becomes the numbers 1 and v if x is in that interval, 0 and 0 if not, and a query becomes their factors, g and s.

In steps of h, as integers of 8 bits, the product is exact (``whole_numbers``). g is rounded down and cut off at 127 h:
the bound gets lower. v is rounded to the nearest; the sum of the changes, in steps and rounded up, is subtracted in the
``base`` of the row. The few rows that lose much are never excluded (``protocol``).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.intervals import Intervals, farthest_sum, find_intervals, interval_of
from accelerated.search.bounds.lines import LinesBound, choose_lines
from accelerated.search.bounds.protocol import EncodedQueries, EncodedRows, LowerBound, make_base

N_INTERVALS = 8  # `python -m benchmarks.constants N_INTERVALS`
LARGEST = 127  # steps
TOO_WIDE = 2**21  # features: with fewer all sums stay below 2^30
ROOM = 1.25  # steps reach so many times as far as the sample, for rows beyond it: `python -m benchmarks.constants ROOM`


@dataclass(frozen=True)
class ManhattanBound:
    """Bounds on sum |q - x|, for metrics whose distance limits it from above."""

    metric: Metric
    intervals: Intervals  # N_INTERVALS of each feature
    step: float
    lines: LinesBound | None  # for the queries that this bound does not certify
    dtype = torch.int8

    @property
    def encoding_bytes(self) -> int:
        """Returns the bytes of six float64 numbers for each feature and interval."""
        return 8 * 6 * self.intervals.medians.numel()

    def finer(self) -> list[LowerBound]:
        """Returns the bound in floating point, whose numbers have no common step."""
        return [] if self.lines is None else [self.lines]

    def encode_rows(self, rows: Tensor) -> EncodedRows:
        """Encodes rows, int8 (n_rows, 2 N_INTERVALS n_features).

        A row is never excluded if it loses more than n_features / 2 + ``LARGEST`` steps; rounding alone loses at most
        n_features / 2.
        """
        rows = self.intervals.frame.apply(rows)
        interval = interval_of(rows, self.intervals.cuts)
        value = (rows - self.intervals.medians.T.gather(0, interval)) / self.step
        rounded = value.round().clamp(-LARGEST, LARGEST)
        lost = (value - rounded).abs().sum(1) * (1 + 2.0**-30)
        columns = torch.zeros((len(rows), 2, *self.intervals.medians.shape), dtype=torch.int8, device=rows.device)
        columns[:, 0].scatter_(2, interval[:, :, None], 1)
        columns[:, 1].scatter_(2, interval[:, :, None], rounded.to(torch.int8)[:, :, None])
        return EncodedRows(columns.flatten(1), make_base(-lost.ceil(), lost <= rows.shape[1] / 2 + LARGEST))

    def encode_queries(self, queries: Tensor) -> EncodedQueries:
        """Encodes queries; the signs are those of a product that is subtracted from the base."""
        queries = self.intervals.frame.apply(queries)
        gap = queries[:, :, None] - self.intervals.medians
        factor = (gap.abs() / self.step * (1 - 2.0**-30)).floor().clamp(max=LARGEST)
        sign = torch.where(gap < 0, -1, 1)
        columns = torch.cat([-factor.flatten(1), sign.flatten(1)], 1).to(torch.int8)
        size = queries.abs().sum(1)
        return EncodedQueries(columns, size, torch.zeros_like(size), size.isfinite())

    def threshold(self, reduced: Tensor, queries: Tensor, encoded: EncodedQueries) -> Tensor:
        """Returns thresholds, whole numbers in float64 (n_queries,), as ``LowerBound.threshold`` must."""
        farthest = farthest_sum(self.metric, reduced, queries, encoded.size, self.intervals.frame)
        return (farthest / self.step).floor().clamp(max=2**30).nan_to_num(2**30)


def choose_intervals(metric: Metric, rows: Tensor) -> ManhattanBound | None:
    """Returns the bound for these rows; None if no step of 8 bits fits them."""
    if rows.shape[1] > TOO_WIDE or (found := find_intervals(rows, N_INTERVALS)) is None:
        return None
    step = ROOM * found.farthest / LARGEST
    return ManhattanBound(metric, found, step, choose_lines(metric, rows)) if step > 0 else None
