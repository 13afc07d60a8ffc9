"""A lower bound on Manhattan distances in floating point, for devices that multiply 8-bit integers slowly.

As in ``manhattan``, each feature is cut into a few intervals. For any x and for s = -1 or 1

    |q - x| >= s (q - x),

a line that is 0 at q and rises to the left of it for s = 1, to the right for s = -1. The query takes s_0 if x is in the
first interval, s_1 if x is in the next, and so on: 1 where the mean of the interval is not above q, else -1. That makes
the bound highest on the average over the rows of an interval. Only in the interval of q is it below |q - x|. With t_i =
1 if x is above the i-th cut, and 0 if not, s is s_0 + (s_1 - s_0) t_1 + (s_2 - s_1) t_2 + ..., and the sum over the
features of s (q - x) is a product of

    query   C   -1   -s_0   (s_i - s_i-1) q~   -(s_i - s_i-1)          row   1   L   x~   t_i   t_i x~

where q~ and x~ are q and x in float32, C is the sum of s_0 q~ less c, and L and c pay for errors. These numbers need no
common step, as 8-bit integers do. So hardly anything is lost by rounding, and few intervals, with few columns, are
enough.

Rounding. The means ascend, so of the differences s_i - s_i-1 at most one is not 0, and that is -2. So in each feature
the magnitudes of the terms add up to 3 |x~| and 3 |q~|, and a device adds all of them, and L and c, with an error of at
most ``alpha`` times their sum (``accumulation``). L is 5 alpha times the sum of |x~|, and c is as much for |q~|. What
exceeds 3 alpha pays for alpha L and alpha c, because alpha is at most 1/16; for the roundings of x to x~ and q to q~,
by 2^-24 of each; for those of L, C and their sums, by less than d 2^-24; and for a factor below the least normal
number, which counts as 2^-126, beside the sums. ``UNDERFLOW`` pays for numbers that are flushed to 0.

Far rows. A query has numbers of at most ``FAR``, or it is not certifiable. So a number of a row beyond FAR may be
replaced with FAR, of the same sign: the row only comes nearer to the query, and the bound still holds.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.accumulation import UNDERFLOW, accumulation
from accelerated.search.bounds.frame import Frame
from accelerated.search.bounds.intervals import farthest_sum, find_intervals
from accelerated.search.bounds.protocol import EncodedQueries, EncodedRows, LowerBound

N_LINES = 3  # intervals: `python -m benchmarks.constants N_LINES`
FAR = 2.0**100
LARGEST_ALPHA = 1 / 16


@dataclass(frozen=True)
class LinesBound:
    """Bounds on sum |q - x|, for metrics whose distance limits it from above."""

    metric: Metric
    frame: Frame
    cuts: Tensor  # float32 (N_LINES - 1, n_features)
    means: Tensor  # (N_LINES, n_features), ascending
    alpha: float  # the error of a product, in units of the magnitudes of its terms
    dtype = torch.float32

    @property
    def encoding_bytes(self) -> int:
        """Returns the bytes of three float64 numbers for each feature and interval, and of the columns."""
        return 8 * (3 * self.means.numel() + _n_columns(self.means.shape[1]))

    def finer(self) -> list[LowerBound]:
        """Returns nothing: more intervals would be another encoding."""
        return []

    def encode_rows(self, rows: Tensor) -> EncodedRows:
        """Encodes rows, float32 (n_rows, (2 N_LINES - 1) n_features + 2)."""
        rounded = self.frame.apply(rows, torch.float32)
        if not bool(rounded.isfinite().all()):  # perhaps a difference in float32 was infinite
            rounded = self.frame.apply(rows.to(torch.float64)).clamp_(-FAR, FAR).to(torch.float32)
        rounded.clamp_(-FAR, FAR)
        columns = rounded.new_empty((len(rows), _n_columns(rows.shape[1])))
        columns[:, 0] = 1
        columns[:, 1] = rounded.abs().sum(1) * (5 * self.alpha)
        x, *others = columns[:, 2:].split(rows.shape[1], 1)
        x.copy_(rounded)
        for cut, is_above, above in zip(self.cuts, others[::2], others[1::2], strict=True):
            is_above.copy_(rounded > cut)
            torch.mul(rounded, is_above, out=above)
        return EncodedRows(columns)

    def encode_queries(self, queries: Tensor) -> EncodedQueries:
        """Encodes queries; those with a number beyond ``FAR`` are not certifiable."""
        queries = self.frame.apply(queries)
        certifiable = (queries.abs() <= FAR).all(1)
        queries[~certifiable] = 0
        rounded = queries.to(torch.float32).to(torch.float64)
        sign = torch.where(rounded[:, None] >= self.means, 1.0, -1.0).to(torch.float64)
        change = sign[:, 1:] - sign[:, :-1]  # (n_queries, N_LINES - 1, n_features)
        size = queries.abs().sum(1)
        constant = (sign[:, 0] * rounded).sum(1) - 5 * self.alpha * size - UNDERFLOW
        both = torch.stack([constant, torch.full_like(constant, -1)], 1)
        of_cuts = torch.stack([change * rounded[:, None], -change], 2)
        columns = torch.cat([both, -sign[:, 0], of_cuts.flatten(1)], 1).to(torch.float32)
        return EncodedQueries(columns, size, torch.zeros_like(size), certifiable)

    def threshold(self, reduced: Tensor, queries: Tensor, encoded: EncodedQueries) -> Tensor:
        """Returns thresholds, float64 (n_queries,), as ``LowerBound.threshold`` must."""
        return farthest_sum(self.metric, reduced, queries, encoded.size, self.frame)


def choose_lines(metric: Metric, rows: Tensor) -> LinesBound | None:
    """Returns the bound for these rows; None if no finite scale fits them, or if there are too many features."""
    alpha = accumulation(_n_columns(rows.shape[1]), torch.float32, rows.device)
    found = find_intervals(rows, N_LINES)
    if found is None or alpha > LARGEST_ALPHA:
        return None
    return LinesBound(metric, found.frame, found.cuts.T.to(torch.float32), found.means.T.contiguous(), alpha)


def _n_columns(n_features: int) -> int:
    return (2 * N_LINES - 1) * n_features + 2
