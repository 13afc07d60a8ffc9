"""A lower bound on squared distances of small whole numbers, pixels and counts: products of 8-bit integers are exact.

Shifted to the middle of their range, which is at most 256 wide, whole numbers x are integers of 8 bits. Let q~ be the
nearest such integers to a query, and s = q - q~. The products q~.x add up in 32 bits without rounding, and

    |q - x|^2 = |q|^2 + |x|^2 - 2 q~.x - 2 s.x >= |q|^2 - 2 |s| |x| + 2 b,      b = floor(|x|^2 / 2) - q~.x.

The integer b is the bound; its first term is the ``base`` of the row. The other terms go into the threshold for b, as
the ``offset``: |x| is at most 128 sqrt(n_features), and s is 0 if the query is of whole numbers too. Rows that are not
of small whole numbers, if there are few, are never excluded (``protocol``).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.frame import Frame, by_features, reach, take_sample
from accelerated.search.bounds.multiply import short_float
from accelerated.search.bounds.protocol import EncodedQueries, EncodedRows, least_threshold, make_base
from accelerated.search.bounds.squared import SquaredBound

LOW, HIGH = -128, 127
TOO_WIDE = 2**15  # features: with fewer all sums stay below 2^30


@dataclass(frozen=True)
class WholeNumberBound:
    """Bounds for metrics whose distance limits |q - x| from above."""

    metric: Metric
    shift: Frame  # to the range of 8 bits
    finer_frame: Frame  # of the bounds in floating point
    dtype = torch.int8

    @property
    def encoding_bytes(self) -> int:
        """Returns the bytes of five float64 copies of a row."""
        return 8 * 5 * len(self.shift.center)

    def finer(self) -> list[SquaredBound]:
        """Returns bounds in floating point, for queries between the whole numbers."""
        first = SquaredBound.make(self.metric, self.finer_frame, short_float(self.finer_frame.center.device))
        return [first, *first.finer()]

    def encode_rows(self, rows: Tensor) -> EncodedRows:
        """Encodes rows, int8 (n_rows, n_features)."""
        rows = self.shift.apply(rows)
        columns = rows.round().clamp(LOW, HIGH)
        base = torch.linalg.vecdot(columns, columns).div(2).floor()
        return EncodedRows(columns.to(torch.int8), make_base(base, (columns == rows).all(1)))

    def encode_queries(self, queries: Tensor) -> EncodedQueries:
        """Encodes queries, int8 (n_queries, n_features)."""
        queries = self.shift.apply(queries)
        columns = queries.round().clamp(LOW, HIGH)
        squared = torch.linalg.vecdot(queries, queries)
        residual = torch.linalg.vector_norm(queries - columns, dim=1)
        lost = 2 * residual * (-LOW * queries.shape[1] ** 0.5)
        size = squared.sqrt() * (1 + 2.0**-30)
        return EncodedQueries(columns.to(torch.int8), size, squared - lost * (1 + 2.0**-30), squared.isfinite())

    def threshold(self, reduced: Tensor, queries: Tensor, encoded: EncodedQueries) -> Tensor:
        """Returns thresholds, whole numbers in float64 (n_queries,), as ``LowerBound.threshold`` must."""
        squared = reach(self.metric, reduced, queries, encoded.size, self.shift)
        roundings = 2.0**-30 * (squared + encoded.size.square()) + 2.0**-30
        threshold = ((squared - encoded.offset + roundings) / 2).floor()
        return threshold.clamp(least_threshold(), 2**30).nan_to_num(2**30)


def choose_whole_numbers(metric: Metric, rows: Tensor, frame: Frame) -> WholeNumberBound | None:
    """Returns a bound for these rows, and finer ones in the frame; None if a sample is not of small whole numbers."""
    if not 1 < rows.shape[1] <= TOO_WIDE:  # torch multiplies a single column wrongly
        return None
    if metric.embeds_rows:  # this bound encodes rows as they are
        return None
    low, high = float("inf"), -float("inf")
    for _, sample in by_features(take_sample(rows)):
        low, high = min(low, float(sample.min())), max(high, float(sample.max()))
        if high - low > HIGH - LOW or bool((sample != sample.round()).any()):
            return None
    is_byte = low >= 0 and high <= HIGH - LOW  # then rows outside of the sample may use all of 0 to 255
    middle = float(-LOW if is_byte else round((low + high + 1) / 2))
    center = torch.full(rows.shape[1:], middle, dtype=torch.float64, device=rows.device)
    return WholeNumberBound(metric, Frame(center, 1.0, 0.0), frame)
