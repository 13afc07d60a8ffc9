"""A lower bound on |q - x|^2 for small whole numbers, pixels and counts: products of 8-bit integers, which are exact.

Shifted to the middle of their range, which is at most 256 wide, whole numbers x are integers of 8 bits. Their products
with the nearest such integers q~ of a query, s = q - q~, add up in 32 bits without rounding, and

    |q - x|^2 = |q|^2 + |x|^2 - 2 q~.x - 2 s.x >= |q|^2 - 2 |s| |x| + 2 b,      b = floor(|x|^2 / 2) - q~.x.

b is an integer: what is taken from a row is its ``base``. The rest goes into the threshold for b; |x| is at most
128 sqrt(n_features), and s is 0 if the query is of whole numbers too. Rows that are not, if there are a few, get so
low a base that they are never excluded: their b is below -2^29, as no product is above, and no threshold is.
"""

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.multiply import NEVER_EXCLUDED, EncodedRows, short_float
from accelerated.search.bounds.squared import Encoded, Frame, SquaredBound, choose_frame, reach, take_sample

LOW, HIGH = -128, 127
TOO_WIDE = 2**15  # features: with fewer all sums stay below 2^30
MOST_OUTSIDE = 16  # rows that are never excluded, and measured for every query


class ByteBound:
    """Bounds for metrics that follow from |q - x|."""

    dtype = torch.int8

    def __init__(self, metric: Metric, middle: Tensor, frame: Frame):
        self.metric, self.middle, self.frame = metric, Frame(middle, 1.0, 0.0), frame
        self.encoding_bytes = 8 * 5 * len(middle)

    def finer(self) -> list[SquaredBound]:
        """For queries between the whole numbers, in floating point."""
        center = self.frame.center
        first = SquaredBound(self.metric, len(center), self.frame, short_float(center.device))
        return [first, *first.finer()]

    def encode_rows(self, rows: Tensor) -> EncodedRows:
        """The rows' side, int8 (n, n_features), and their bases, int32 (n,)."""
        rows = self.middle.apply(rows)
        columns = rows.round().clamp(LOW, HIGH)
        base = torch.linalg.vecdot(columns, columns).div(2).floor()
        inside = (columns == rows).all(1)
        return EncodedRows(columns.to(torch.int8), torch.where(inside, base, NEVER_EXCLUDED).to(torch.int32))

    def encode_queries(self, queries: Tensor) -> Encoded:
        """The queries' side."""
        queries = self.middle.apply(queries)
        columns = queries.round().clamp(LOW, HIGH)
        squared = torch.linalg.vecdot(queries, queries)
        residual = torch.linalg.vector_norm(queries - columns, dim=1)
        paid = 2 * residual * (-LOW * queries.shape[1] ** 0.5)
        size = squared.sqrt() * (1 + 2.0**-30)
        return Encoded(columns.to(torch.int8), size, squared - paid * (1 + 2.0**-30), squared.isfinite())

    def threshold(self, reduced: Tensor, queries: Tensor, encoded: Encoded) -> Tensor:
        """Whole numbers, float64 (n,): a row whose b is above is farther than ``reduced``, (n,), even as measured."""
        squared = reach(self.metric, reduced, queries, encoded.size, self.middle)
        roundings = 2.0**-30 * (squared + encoded.size.square()) + 2.0**-30
        limit = ((squared - encoded.counted_from + roundings) / 2).floor()
        return limit.clamp(NEVER_EXCLUDED / 2, 2**30).nan_to_num(2**30)


def choose_bytes(metric: Metric, rows: Tensor) -> ByteBound | None:
    """A bound for these rows; None where some of them are not small whole numbers."""
    sample = take_sample(rows)
    low, high = float(sample.min()), float(sample.max())
    whole = high - low <= HIGH - LOW and bool((sample == sample.round()).all())
    if not whole or not 1 < rows.shape[1] <= TOO_WIDE:  # torch multiplies a single column wrongly
        return None
    is_byte = low >= 0 and high <= HIGH - LOW  # then so may be the rows outside of the sample
    middle = torch.full_like(sample[0], float(-LOW if is_byte else round((low + high + 1) / 2)))
    return ByteBound(metric, middle, choose_frame(rows))
