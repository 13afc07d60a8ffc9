"""Gaps between the numbers of a feature, which are closed before bounds are made.

A number that stands for a missing one, or a second cluster, may lie so far from the other numbers of a feature that no
product tells apart rows that are near: the squared distance of these is a small difference of large numbers.

Let f be a function of the numbers of a feature that does not decrease and rises nowhere faster than x. It brings no two
numbers farther apart, so if there is one for each feature, |f(q) - f(x)| <= |q - x|: a lower bound on the one is a
lower bound on the other. Here f stands still in a few gaps, each from ``low`` to ``high``, and rises as x elsewhere:

    f(x) = (x - start) + value,

where ``start`` is the end of the gap below, or the least number of a sample if there is none, and value = f(start).

Rounding. Let u = 2^-53, and V an upper limit of all values. One value is the one before plus low - start, so after 8
gaps it is off by at most 16 u V as computed. Then f(x), as computed, is off by at most u |x - start| + u |f(x)| + 16 u
V <= u (2 |f(x)| + 17 V), with a few u^2 more. A frame subtracts a centre c, |c| <= V, and rounds again: f(x) - c is off
by at most u (3 |f(x) - c| + 20 V).
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

MOST_GAPS = 8  # in a feature
FAR = 4  # times as wide as rows are spread without their widest gaps: gaps from there on are closed
LEFT_OPEN = 2  # times that spread: what is left of the gaps, of all features together, so that rows beyond are farther


class Gaps(NamedTuple):
    """The gaps of each feature, ascending, float64 (n_gaps, n_features); a feature with fewer has infinite ones."""

    low: Tensor
    high: Tensor
    value: Tensor  # f in the gap
    start: Tensor  # (n_features,), below the first gaps, where f is 0

    def close(self, points: Tensor) -> Tensor:
        """Returns f of float64 points (n, n_features)."""
        closed = points - self.start
        for low, high, value in zip(self.low, self.high, self.value, strict=True):
            above = (points - high).add_(value)
            closed = torch.where(points < high, torch.where(points > low, value, closed), above)
        return closed

    def pad(self, n_features: int) -> "Gaps":
        """Returns the gaps, and none in so many features more."""
        fills = (torch.inf, torch.inf, 0.0, 0.0)
        return Gaps._make(
            torch.nn.functional.pad(x, (0, n_features), value=y) for x, y in zip(self, fills, strict=True)
        )

    def to(self, device: torch.device) -> "Gaps":
        """Returns the gaps on a device."""
        return Gaps._make(numbers.to(device) for numbers in self)


def find_gaps(sample: Tensor) -> Gaps | None:
    """Returns the gaps of a sample of rows, float64 on the CPU; None if none is wide."""
    ordered = torch.from_numpy(np.sort(sample.numpy(), axis=0))
    width, place = ordered.diff(dim=0).topk(min(MOST_GAPS, len(sample) - 1), dim=0)
    spread = torch.linalg.vector_norm(ordered[-1] - ordered[0] - width.sum(0))
    is_gap = width > FAR * spread
    if not bool(is_gap.any()) or not 0 < spread < torch.inf:
        return None
    left = LEFT_OPEN * spread / is_gap.any(0).count_nonzero().sqrt()
    low, high = ordered.gather(0, place), ordered.gather(0, place + 1)
    is_lower_finer = low.abs() <= high.abs()  # numbers are dense near 0, so that end can move by little
    low, high = torch.where(is_lower_finer, low + left, low), torch.where(is_lower_finer, high, high - left)
    low, high = (torch.where(is_gap, end, torch.inf).sort(0).values[: is_gap.sum(0).max()] for end in (low, high))
    start = ordered[0]
    starts = torch.cat([start[None], high[:-1]])
    value = torch.where(low < torch.inf, low - starts, 0.0).cumsum(0)
    return Gaps(low, high, value, start)
