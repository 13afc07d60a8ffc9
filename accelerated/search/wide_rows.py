"""The filter for rows of so many features that products in float32 tell little: one product with the rows as they are.

A product filter encodes rows and queries, which takes as long as to multiply each with some hundreds of others. That
pays where the product is faster for it. A product in float64 is not, so here rows and queries are multiplied as they
are, and certified as few queries are (``near_rows``). Where rows lie far from the origin this excludes few of them: the
filters that follow encode rows around their centre.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.frame import Frame
from accelerated.search.bounds.squared import SquaredBound
from accelerated.search.filter import Batch, Filter, Found
from accelerated.search.near_rows import MOST_BOUNDS, NearRows
from accelerated.search.product_filter import ProductFilter
from accelerated.search.report import Clock


@dataclass(frozen=True)
class WideRows:
    """Certifies queries by a product in float64 with all rows, on a CPU."""

    near: NearRows
    around_center: ProductFilter  # encodes rows when they are needed
    name = "wide"

    @classmethod
    def make(cls, metric: Metric, rows: Tensor, frame: Frame, is_asked: bool = False) -> "WideRows | None":
        """Returns the filter, with a copy of the rows if they are float32; None if they do not suit.

        Unless it is asked for, they do not suit if it would exclude few of them. With the e of ``near_rows`` a bound is
        too low by 8 e |x|^2, if |q| is near |x|: that must be within the margin of the frame.
        """
        if rows.device.type != "cpu" or (near := NearRows.make(metric, rows.to(torch.float64))) is None:
            return None
        if near.squared is None or not (is_asked or _is_within_margin(near, near.squared, frame)):
            return None
        return cls(near, ProductFilter(metric, rows, SquaredBound.make(metric, frame, torch.float64)))

    @property
    def metric(self) -> Metric:
        """Returns the metric of the filter."""
        return self.near.metric

    @property
    def why(self) -> str:
        """Returns the reason for which the rule chooses the filter."""
        return f"products in float32 are not precise enough for {self.near.rows.shape[1]} features"

    def finer(self) -> Sequence[Filter]:
        """Returns the filters around the centre of the rows."""
        return [self.around_center, *self.around_center.finer()]

    def batch_size(self, k: int, scratch: int) -> int:
        """Returns the number of queries whose bounds fit the limit."""
        n_fitting = (scratch - self.near.bytes_of_gaps) // self.near.bytes_of_query
        return max(0, min(n_fitting, max(1, MOST_BOUNDS // len(self.near.rows))))

    def search(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Found:
        """Finds the nearest rows."""
        with clock.stage("exclude"):
            return self.near.search(batch, k, scratch)


def _is_within_margin(near: NearRows, squared: Tensor, frame: Frame) -> bool:
    return 8 * near.error * float(squared.median()) * frame.scale**2 <= frame.margin
