"""The filter by one product with the rows as they are, for few rows, and for rows of very many features.

A product filter encodes rows and queries, and finds low bounds by steps that cost as much for few rows as for many.
Here nothing is encoded: each query is certified as if it were one of few (``near_rows``). That takes less time where
there are few rows, and where they have so many features that products in float32 tell little: then a product filter
would multiply in float64, too.

Where rows lie far from the origin this excludes few of them. The filters that follow encode rows around their centre.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.frame import Frame
from accelerated.search.filter import Batch, Filter, Found
from accelerated.search.near_rows import MOST_BOUNDS, NearRows
from accelerated.search.report import Clock


@dataclass(frozen=True)
class RawRows:
    """Certifies queries by a product with all rows, on a CPU."""

    near: NearRows
    others: Sequence[Filter]  # that follow
    name = "raw"

    @classmethod
    def of_few(cls, metric: Metric, rows: Tensor) -> "RawRows | None":
        """Returns the filter of few rows, without others; None if a product does not suit them.

        To choose a frame, which would tell that better, would take most of the time of ``fit``.
        """
        near = NearRows.suited(metric, rows) or NearRows.suited(metric, rows.to(torch.float64))
        return None if near is None else cls(near, [])

    @classmethod
    def make(
        cls, metric: Metric, rows: Tensor, frame: Frame, others: Sequence[Filter], is_asked: bool = False
    ) -> "RawRows | None":
        """Returns the filter in float64, with a copy of float32 rows; None if it does not suit the rows.

        Unless it is asked for, the 8 e |x|^2 of ``NearRows.suited`` must be within the margin of the frame.
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
