"""The product of rows of 7 bits, from 0 to 127, and queries of 8 bits with a sign, by a function of oneDNN.

A CPU without instructions that add products of bytes in 32 bits adds two of them in 16 bits first. Where rows have 8
bits such a sum may not fit, and is cut off without a word; with 7 bits it is at most 2 x 127 x 128 < 2^15. So these
products are exact on any CPU. On one with AVX2 alone they take about two thirds of the time of products of float32 with
128 features, half with 784, and longer with 32: `python -m benchmarks.products` prints the speeds.

While a product is in registers, the function also adds a number of each query, here ``start``, and what the memory of
the product held before, here the base of the row, and rounds each sum to float32. It is a private one, which torch's
compiler calls; where it is missing, or ``accumulation`` finds that it does not multiply exactly, no filter uses it.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor


class PackedQueries(NamedTuple):
    """Queries in the order in which oneDNN reads them."""

    columns: Tensor  # (n_columns, n_queries), in the order that oneDNN chose
    start: Tensor  # float32 (n_queries,), what their products are added to
    ones: Tensor  # float32 (n_queries,), the scale of their products
    zeros: Tensor  # int32 (n_queries,)


def can_multiply_bytes(device: torch.device) -> bool:
    """Tells whether this torch has the function, and the user lets it use oneDNN."""
    if device.type != "cpu" or not torch.backends.mkldnn.enabled or not torch.backends.mkldnn.is_available():
        return False
    product = getattr(torch.ops.onednn, "qlinear_pointwise", None)
    return hasattr(product, "binary") and hasattr(torch.ops.onednn, "qlinear_prepack")


def pack_queries(columns: Tensor, start: Tensor) -> PackedQueries:
    """Returns the queries, int8 (n_queries, n_columns), packed for products that begin at ``start``, (n_queries,)."""
    packed: Any = torch.ops.onednn.qlinear_prepack(columns, None)
    zeros = torch.zeros(len(columns), dtype=torch.int32, device=columns.device)
    return PackedQueries(packed, start, torch.ones_like(start), zeros)


def add_product_of_bytes(rows: Tensor, queries: PackedQueries, out: Tensor) -> None:
    """Adds ``start`` plus the product of rows, uint8 (n_rows, n_columns), to ``out``, float32 (n_rows, n_queries)."""
    of_queries = (queries.columns, queries.ones, queries.zeros, out, queries.start)
    # The scale, the zero and the type of the result, the scale and the zero of what it is added to, and no function:
    as_it_is: tuple[Any, ...] = (1.0, 0, torch.float32, 1.0, 0, "sum", 1.0, "none", [], "")
    torch.ops.onednn.qlinear_pointwise.binary(rows, 1.0, 0, *of_queries, *as_it_is)
