"""Drops pairs that a distance in float32 shows to be too far, before the others are measured exactly.

Bounds of bytes, and those of shorter rows, leave some dozens of times as many pairs as there are neighbours. The
difference of a query and a row, and its squared length, take less than half of the time in float32 that exact measuring
takes, and tell nearly all of these pairs from neighbours.

Let x be a row, whose numbers are float32, q a query of d features in float64, q^ its rounding, u = 2^-24, and R so far
that a row beyond has a measured distance above ``kth`` (``frame.reach``). If |x - q| <= R, then

* |q^ - q| <= u |q| + sqrt(d) 2^-126, where the last pays for numbers below the least normal one;
* the gap g = x - q^ is rounded by u of itself at most, or flushed, with its numbers, by 3 x 2^-126 in each feature:
  |g| <= (R + u |q|) (1 + u) + sqrt(d) 2^-123;
* of the d squares, whose sum is S, each is rounded d times at most, on the way, and up by 2^-150 where it is small. As
  d is at most 2^12, (1 + u)^d <= 1 + 2 d u. So S <= (|g|^2 + d 2^-149) (1 + 2 d u).

Together S <= ((R + u |q|) (1 + u) + d 2^-73)^2 (1 + 2 d u). A row with a greater S is farther than ``kth``. The limit
has 2 u for each u; the other ones pay for its own roundings, and for those of |q|, which are of float64. Where S is no
finite number, some number was too large for float32, and the pair stays.
"""

import numpy as np
import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.frame import UNSHIFTED, reach
from accelerated.search.filter import Pairs

U = 2.0**-24
LOST = 2.0**-73  # of a length, in each feature, by small numbers


def drop_far(metric: Metric, rows: Tensor, queries: Tensor, pairs: Pairs, kth: Tensor, most_gaps: int) -> Pairs:
    """Returns the pairs that may be within the reduced distance ``kth`` of their query, (n_queries,), in their order.

    ``rows`` are on the CPU. All pairs stay unless ``can_screen``.
    """
    if not can_screen(metric, rows):
        return pairs
    squared = torch.from_numpy(_squared_gaps(rows, queries, pairs, max(1, most_gaps // rows.shape[1])))
    is_far = (squared > _limits(metric, queries, kth)[pairs.query]) & squared.isfinite()
    keep = (~is_far).nonzero()[:, 0]
    return Pairs(pairs.query[keep], pairs.row[keep])


def can_screen(metric: Metric, rows: Tensor) -> bool:
    """Tells whether rows are float32, and the points that ``metric.radius`` is about."""
    return rows.dtype == torch.float32 and not metric.embeds_rows


@np.errstate(all="ignore")  # a sum that overflows keeps its pair, and the limit pays for numbers that vanish
def _squared_gaps(rows: Tensor, queries: Tensor, pairs: Pairs, n_at_once: int) -> np.ndarray:
    """Returns S, float32 (n_pairs,)."""
    X, Q, row, query = rows.numpy(), queries.to(torch.float32).numpy(), pairs.row.numpy(), pairs.query.numpy()
    squared = np.empty(len(row), dtype=np.float32)
    for start in range(0, len(row), n_at_once):
        some = slice(start, start + n_at_once)
        gap = X.take(row[some], axis=0)
        gap -= Q.take(query[some], axis=0)
        np.vecdot(gap, gap, out=squared[some])
    return squared


def _limits(metric: Metric, queries: Tensor, kth: Tensor) -> Tensor:
    """Returns the greatest S that a row within ``kth`` can have, float64 (n_queries,)."""
    n_features = queries.shape[1]
    radius = reach(metric, kth, queries, torch.zeros_like(kth), UNSHIFTED).sqrt()
    length = torch.linalg.vector_norm(queries, dim=1)
    gap = (radius + 2 * U * length) * (1 + 2 * U) + n_features * LOST
    return gap.square() * (1 + 2 * n_features * U)
