"""The filter by one product with the rows as they are, for few rows, and for rows of very many features.

A product filter encodes rows and queries, and finds low bounds by steps that cost as much for few rows as for many.
Here nothing is encoded: each query is certified as if it were one of few (``near_rows``). That takes less time where
there are few rows, and where they have so many features that products in float32 tell little: then a product filter
would multiply in float64, too.

Where rows lie far from the origin this excludes few of them. The filters that follow encode rows around their centre.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.frame import Frame
from accelerated.search.bounds.multiply import product_dtype
from accelerated.search.filter import Batch, Filter, Found
from accelerated.search.near_rows import MOST_BOUNDS, NearRows
from accelerated.search.report import Clock

LITTLE = 2.0**-6
FEW_COMPARED = (8, 32)  # rows that are compared with others, to estimate how near neighbours are


@dataclass(frozen=True)
class RawRows:
    """Certifies queries by a product with all rows, on a CPU."""

    near: NearRows
    others: Sequence[Filter]  # that follow
    name = "raw"

    @classmethod
    def of_few(cls, metric: Metric, rows: Tensor) -> "RawRows | None":
        """Returns the filter of few rows, without others; None if a product does not suit them, as some of them tell.

        To choose a frame would take most of the time of ``fit``. With the e of ``near_rows`` a bound is too low by 8 e
        |x|^2, if |q| is near |x|: that must be little beside the squared distance of a neighbour.
        """
        if rows.device.type != "cpu":
            return None
        length, distance = _compare_some(rows.numpy())
        for dtype in dict.fromkeys((rows.dtype, torch.float64)):
            near = NearRows.make(metric, rows.to(dtype)) if product_dtype(dtype, rows.device) is not None else None
            if near is not None and 8 * near.error * length < LITTLE * distance:
                return cls(near, [])
        return None

    @classmethod
    def make(
        cls, metric: Metric, rows: Tensor, frame: Frame, others: Sequence[Filter], is_asked: bool = False
    ) -> "RawRows | None":
        """Returns the filter in float64, with a copy of float32 rows; None if it does not suit the rows.

        Unless it is asked for, the same 8 e |x|^2 must be within the margin of the frame.
        """
        if rows.device.type != "cpu" or (near := NearRows.make(metric, rows.to(torch.float64))) is None:
            return None
        if near.squared is None:
            return None
        length = float(near.squared.median()) ** 0.5 * frame.scale
        return cls(near, others) if is_asked or 8 * near.error * length * length < frame.margin else None

    @property
    def metric(self) -> Metric:
        """Returns the metric of the filter."""
        return self.near.metric

    @property
    def why(self) -> str:
        """Returns the reason for which the rule chooses the filter."""
        n_rows, n_features = self.near.rows.shape
        return f"to multiply {n_rows} rows of {n_features} features as they are takes less time than to encode them"

    def finer(self) -> Sequence[Filter]:
        """Returns the filters that follow."""
        return self.others

    def batch_size(self, k: int, scratch: int) -> int:
        """Returns the number of queries whose bounds fit the limit."""
        n_fitting = (scratch - self.near.bytes_of_gaps) // self.near.bytes_of_query
        return max(0, min(n_fitting, max(1, MOST_BOUNDS // len(self.near.rows))))

    def search(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Found:
        """Finds the nearest rows."""
        with clock.stage("exclude"):
            return self.near.search(batch, k, scratch)


@np.errstate(over="ignore", under="ignore")
def _compare_some(rows: np.ndarray) -> tuple[float, float]:
    """Returns the median squared length of some rows, and the median squared distance to the nearest other of them."""
    n_compared, n_others = FEW_COMPARED
    some = rows[:: max(1, len(rows) // n_others)].astype(np.float64)
    gaps = some[:: max(1, len(some) // n_compared), None] - some
    squared = np.vecdot(gaps, gaps)
    nearest = np.partition(squared, 1, axis=1)[:, 1] if len(some) > 1 else squared[:, 0]
    return float(np.median(np.vecdot(some, some))), float(np.median(nearest))
