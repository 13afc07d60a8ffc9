"""Which filter goes with which data: a rule, and one measurement of this CPU. It decides on time, never on the answer.

tree      few features and many rows, more than 2^(10 + n_features), for metrics that a tree knows
product   the metric bounds |q - x|, or is manhattan: in bfloat16 if this CPU is faster at it, else in float32
none      all pairs are measured
"""

import functools
import time
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from accelerated.cells import choose_cells
from accelerated.certificate import SquaredBound, choose_frame, product_keeps_its_bound
from accelerated.metrics import Metric
from accelerated.product import Bound, ProductFilter
from accelerated.report import Report
from accelerated.tree import TreeFilter

FEW_ROWS = 256  # measuring all pairs takes less
DTYPES = {"bfloat16": torch.bfloat16, "float32": torch.float32, "float64": torch.float64}


class Filter(Protocol):
    """Something that finds neighbours fast, and knows for which queries it has proved them."""

    @property
    def name(self) -> str: ...

    def search(
        self, queries: Tensor, own: Tensor | None, k: int, memory_limit: int, report: Report
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Reduced distances and rows of the k nearest, both (n_queries, k), and which queries are answered.

        ``own`` (n_queries,) are the training rows that the queries are, which are not their neighbours.
        """
        ...

    def finer(self) -> Sequence["Filter"]:
        """What to ask about the queries that are not answered, in this order."""
        ...


def choose_filter(metric: Metric, rows: Tensor, name: str | None = None) -> Filter | None:
    """The filter called ``name``, or the one that the rule chooses; None where there is none."""
    n_rows, n_features = rows.shape
    if rows.device.type != "cpu" or (name is None and n_rows < FEW_ROWS):
        return None
    if metric.tree_p is not None and (name == "tree" or (name is None and n_rows > 2 ** (10 + n_features))):
        return TreeFilter(metric, rows)
    if name in ("tree", "exhaustive"):
        return None
    dtype = fastest_product() if name is None else DTYPES[name]
    if not product_keeps_its_bound(dtype):
        return None
    bound: Bound
    if metric.radius is not None:
        bound = SquaredBound(metric, n_features, choose_frame(rows), dtype)
    elif metric.tree_p == 1:
        bound = choose_cells(rows, dtype)
    else:
        return None
    return ProductFilter(metric, rows, bound).keep_encoded()


@functools.cache
def fastest_product() -> torch.dtype:
    """bfloat16 where this CPU multiplies matrices of it faster than of float32, measured once."""
    return min((torch.bfloat16, torch.float32), key=_seconds)


def _seconds(dtype: torch.dtype) -> float:
    a = torch.ones((512, 512), dtype=dtype)
    seconds = []
    for _ in range(4):  # the first is slower
        start = time.perf_counter()
        torch.mm(a, a)
        seconds.append(time.perf_counter() - start)
    return min(seconds)
