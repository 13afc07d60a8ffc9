"""The product of rows of 7 bits, from 0 to 127, and queries of 8 bits with a sign, by a function of oneDNN.

A CPU without instructions that add products of bytes in 32 bits adds two of them in 16 bits first. Where rows have 8
bits such a sum may not fit, and is cut off without a word; with 7 bits it is at most 2 x 127 x 128 < 2^15. So these
products are exact on any CPU. On one with AVX2 alone they take about two thirds of the time of products of float32 with
128 features, half with 784, and longer with 32: `python -m benchmarks.products` prints the speeds.

The function also adds a number of each query, here ``start``, while a product is in registers, and rounds the sum to
float32. It is a private one, which torch's compiler calls; where it is missing, or ``accumulation`` finds that it does
not multiply exactly, no filter uses it.
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
    return hasattr(torch.ops.onednn, "qlinear_pointwise") and hasattr(torch.ops.onednn, "qlinear_prepack")


def pack_queries(columns: Tensor, start: Tensor) -> PackedQueries:
    """Returns the queries, int8 (n_queries, n_columns), packed for products that begin at ``start``, (n_queries,)."""
    packed: Any = torch.ops.onednn.qlinear_prepack(columns, None)
    zeros = torch.zeros(len(columns), dtype=torch.int32, device=columns.device)
    return PackedQueries(packed, start, torch.ones_like(start), zeros)


def multiply_bytes(rows: Tensor, queries: PackedQueries) -> Tensor:
    """Returns ``start`` plus the product, float32 (n_rows, n_queries), of rows that are uint8 (n_rows, n_columns)."""
    of_queries = (queries.columns, queries.ones, queries.zeros, queries.start)
    # The scale, the zero and the type of the result, and no function of it:
    as_it_is: tuple[Any, ...] = (1.0, 0, torch.float32, "none", [], "")
    product: Tensor = torch.ops.onednn.qlinear_pointwise(rows, 1.0, 0, *of_queries, *as_it_is)
    return product
