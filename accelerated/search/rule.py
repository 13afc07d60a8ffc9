"""Which filter goes with which data: a rule, and one measurement of the device; it decides on time, not on the answer.

tree        few features and many rows, more than 2^(10 + n_features), for metrics that a tree knows
boxes       the same on a GPU, more than 2^(10 + 2 n_features): with fewer, it measures so many that bounds are faster
product     the metric bounds |q - x|, or is manhattan: in the type that this device multiplies fastest, of int8 (for
            manhattan, and for whole numbers in a range of 256), bfloat16, on a GPU float16, and float32
exhaustive  neither: all pairs are measured
"""

import functools
import time
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.accumulation import product_keeps_its_bound
from accelerated.search.bounds.manhattan import choose_cells
from accelerated.search.bounds.multiply import EncodedRows, multiply, product_dtype, short_float
from accelerated.search.bounds.squared import SquaredBound, choose_frame
from accelerated.search.bounds.whole_numbers import MOST_OUTSIDE, choose_bytes
from accelerated.search.few_features import BoxFilter
from accelerated.search.product_filter import Bound, ProductFilter
from accelerated.search.refine import Found
from accelerated.search.report import Report
from accelerated.search.tree import TreeFilter

FEW_ROWS = 256  # measuring all pairs takes less
PRODUCTS = {
    **{"int8": torch.int8, "float16": torch.float16, "bfloat16": torch.bfloat16},
    **{"float32": torch.float32, "float64": torch.float64},
}


class Filter(Protocol):
    """Something that finds neighbours fast, and knows for which queries it has proved them."""

    @property
    def name(self) -> str: ...

    @property
    def n_at_once(self) -> int:
        """Queries that it is worth handing over at once."""
        ...

    def search(self, queries: Tensor, own: Tensor | None, k: int, memory_limit: int, report: Report) -> Found:
        """Reduced distances and rows of the k nearest, both (n_queries, k), and which queries are answered.

        ``own`` (n_queries,) are the training rows that the queries are, which are not their neighbours.
        """
        ...

    def finer(self) -> Sequence["Filter"]:
        """What to ask about the queries that are not answered, in this order."""
        ...


def choose_filter(metric: Metric, rows: Tensor, name: str | None = None) -> Filter | None:
    """The filter called ``name``, or the one that the rule chooses; None where all pairs are to be measured.

    Also where the one called ``name`` cannot be used for these rows. Raises ValueError for a name that is none.
    """
    if name is not None and name not in (*PRODUCTS, "tree", "boxes", "exhaustive"):
        raise ValueError(f"filter={name!r} is not one of {', '.join(PRODUCTS)}, tree, boxes, exhaustive")
    n_rows, n_features = rows.shape
    if name is None and n_rows < FEW_ROWS:
        return None
    is_cpu = rows.device.type == "cpu"
    if metric.tree_p is not None:
        if is_cpu and (name == "tree" or (name is None and n_rows > 2 ** (10 + n_features))):
            return TreeFilter(metric, rows)
        if name == "boxes" or (name is None and not is_cpu and n_rows > 2 ** (10 + 2 * n_features)):
            return BoxFilter(metric, rows, [ProductFilter(metric, rows, bound) for bound in finer_bounds(metric, rows)])
    if name in ("tree", "boxes", "exhaustive"):
        return None
    for dtype in fastest_first(rows.device) if name is None else [PRODUCTS[name]]:
        if product_keeps_its_bound(dtype, rows.device) and (bound := choose_bound(metric, rows, dtype)) is not None:
            chosen = ProductFilter(metric, rows, bound).keep_encoded()
            if chosen.n_outside <= MOST_OUTSIDE:
                return chosen
    return None


def choose_bound(metric: Metric, rows: Tensor, dtype: torch.dtype) -> Bound | None:
    """The bound for these rows by products of ``dtype``; None where there is none, or only a bad one."""
    if metric.tree_p == 1:
        return choose_cells(rows) if dtype == torch.int8 else None
    if metric.radius is None:
        return None
    if dtype == torch.int8:
        return choose_bytes(metric, rows)
    return SquaredBound(metric, rows.shape[1], choose_frame(rows), dtype)


def finer_bounds(metric: Metric, rows: Tensor) -> list[SquaredBound]:
    """Bounds in floating point, the fastest first; none for manhattan and chebyshev."""
    if metric.radius is None:
        return []
    first = SquaredBound(metric, rows.shape[1], choose_frame(rows), short_float(rows.device))
    return [first, *first.finer()]


def fastest_first(device: torch.device) -> list[torch.dtype]:
    """The types of numbers by how fast the device makes bounds from them."""
    types = (torch.int8, short_float(device), torch.float32)
    made = {dtype: product_dtype(dtype, device) for dtype in types if product_keeps_its_bound(dtype, device)}
    return sorted(made, key=lambda dtype: _seconds(device, dtype, made[dtype]))


@functools.cache
def _seconds(device: torch.device, dtype: torch.dtype, made: torch.dtype) -> float:
    """How long a product takes, measured once."""
    n, n_columns = (512, 512) if device.type == "cpu" else (4096, 256)
    numbers = torch.rand((n, n_columns), generator=torch.Generator("cpu").manual_seed(0), device="cpu") * 100
    rows = EncodedRows(numbers.to(device, dtype))
    if dtype == torch.int8:
        rows = rows._replace(base=torch.zeros(n, dtype=torch.int32, device=device))
    out = torch.empty((n, n), dtype=made, device=device)
    seconds = []
    for _ in range(4):  # the first is slower
        start = time.perf_counter()
        multiply(rows, rows.columns, out)
        out[0, 0].item()  # a GPU is done when it can say what it found
        seconds.append(time.perf_counter() - start)
    return min(seconds)
