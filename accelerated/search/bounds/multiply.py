"""The product of encoded rows and queries: its types, its shapes, and torch's settings for its precision.

The settings belong to the process, so another thread may change them at any time. What is read before a product says
only whether the product is worth making; what is true of it is known afterwards, by ``is_as_precise_as_asked``.

Products of float32 carry a witness for that: each row has a column more, with ``WITNESS``, and there is a query more,
with 1 in that column and 0 in all others. Their product is ``WITNESS``, as the other terms are 0. The settings that
make products of float32 less precise round all factors, to 8 bits (bfloat16), 11 (TF32) or 16 (a sum of two bfloat16),
and none of these holds ``WITNESS``. A call multiplies all its numbers in one precision, so the witness speaks for all
of them, even if the setting was changed twice between two readings of it.

The products of other types on a CPU depend on ``torch.backends.mkldnn.enabled``, which chooses between two kernels.
Both are as precise as ``accumulation`` says, so it does not matter when that is changed. On CUDA a setting may round
sums of 16-bit floats to 16 bits. It is read again after each product; a setting that is changed twice between the two
readings would not be noticed.

Products of 8-bit integers are made by a private function of torch. On CPUs without instructions for them it is a plain
loop, some twenty times slower than a product of float32, and where oneDNN refuses them it leaves its output as it was
(https://github.com/pytorch/pytorch/issues/195066). Then they are made in float32, whose sums of whole numbers are exact
up to 2^24: no sum over ``EXACT_COLUMNS`` columns is larger. No setting matters there, because the factors have 8 bits.
Rows in uint8, whose numbers have 7 bits, are multiplied with queries in int8 by ``byte_products``.
"""

import functools
import time

import torch
from torch import Tensor

from accelerated.search.bounds.byte_products import (
    PackedQueries,
    add_product_of_bytes,
    can_multiply_bytes,
    pack_queries,
)
from accelerated.search.bounds.protocol import EncodedRows, Factor

U = 2.0**-53  # half a unit in the last place of 1 in float64
ALIGNED = 8  # a GPU multiplies 8-bit integers only if the numbers of columns and of queries are multiples of this
FEWEST = 32  # rows of a GPU's product of integers, which needs at least 17; fewer are padded
INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}  # by bytes
WITNESS = 11_184_811 * 2.0**-23  # 4 / 3 as a float32: every other of its 24 bits is set
EXACT_COLUMNS = 2**10  # a product of two 8-bit integers is at most 2^14
COPIED = 2**18  # integers in float32 at once
NOT_MADE = -(2**31)  # a number of int32 that is not a sum of products: these are at most 2^29
TRIED = (64, 256)  # lines and columns of the products that tell which way to multiply integers is faster
SHORT_FLOATS = {torch.float16: "fp16", torch.bfloat16: "bf16"}  # and their names in torch's settings


def short_float(device: torch.device) -> torch.dtype:
    """Returns the 16-bit floats for squared distances: on a GPU float16, eight times as fine as bfloat16."""
    return torch.bfloat16 if device.type == "cpu" else torch.float16


def product_dtype(dtype: torch.dtype, device: torch.device) -> torch.dtype | None:
    """Returns the type of products, as torch is set now; None if it may make them less precise than the type allows.

    Products of 8-bit integers are added in 32 bits. Sums of floats are rounded to their own type at the end. Unless it
    is told not to, CUDA may also round partial sums to 16 bits, but not if the product is asked for in float32.
    """
    if dtype == torch.int8:
        return torch.int32 if device.type == "cpu" or hasattr(torch, "_int_mm") else None
    if dtype == torch.uint8:
        return torch.float32 if can_multiply_bytes(device) else None
    if dtype == torch.float32 and not _float32_is_to_be_precise():
        return None
    if device.type != "cuda" or dtype not in SHORT_FLOATS:
        return dtype
    settings = torch.backends.cuda.matmul
    if dtype == torch.float16 and getattr(settings, "allow_fp16_accumulation", False):  # new in torch 2.7
        return None
    if not getattr(settings, f"allow_{SHORT_FLOATS[dtype]}_reduced_precision_reduction"):
        return dtype
    return torch.float32 if "dtype_out" in torch.ops.aten.mm.overloads() else None  # new in torch 2.8


def _float32_is_to_be_precise() -> bool:
    try:
        return torch.get_float32_matmul_precision() == "highest"
    except RuntimeError:  # set for each backend, in too many ways to read
        return False


def has_witness(dtype: torch.dtype) -> bool:
    """Tells whether products of the type have a column and a query more, whose product shows its precision."""
    return dtype == torch.float32


def is_as_precise_as_asked(product: Tensor, dtype: torch.dtype, out_dtype: torch.dtype) -> Tensor:
    """Tells whether torch's settings left its precision to a product that was just made.

    The witness is in the last column of a ``product`` of float32.
    """
    if has_witness(dtype):
        return (product[:, -1] == WITNESS).all()
    return torch.full((), product_dtype(dtype, product.device) == out_dtype, device=product.device)


def above_thresholds(dtype: torch.dtype) -> float:
    """Returns the number above all thresholds in use: the bound of a row that is not there."""
    return 2**30 if dtype == torch.int32 else float("inf")


def round_up(n: int, multiple: int) -> int:
    """Returns the least multiple that is not less than n."""
    return -(-n // multiple) * multiple


def aligned(n: int, device: torch.device) -> int:
    """Returns n columns rounded up to the number that the device's products need; the others are filled with 0."""
    return n if device.type == "cpu" else round_up(n, ALIGNED)


def pad_columns(columns: Tensor, witness: float) -> Tensor:
    """Returns the columns, padded as a device needs, with the witness in the last of them if there is one."""
    n, n_columns = columns.shape
    n_padded = aligned(n_columns + has_witness(columns.dtype), columns.device)
    if n_padded == n_columns:
        return columns
    padded = columns.new_empty((n, n_padded))
    write_padded(columns, padded, witness)
    return padded


def write_padded(columns: Tensor, padded: Tensor, witness: float) -> None:
    """Writes the columns to the first ones of ``padded``, and the witness to the last if there is one."""
    n_columns = columns.shape[1]
    padded[:, :n_columns] = columns
    padded[:, n_columns:] = 0
    if has_witness(columns.dtype):
        padded[:, -1] = witness


def prepare_queries(columns: Tensor, width: int, dtype: torch.dtype, start: Tensor | None = None) -> Factor:
    """Returns the queries' side of a product with rows of ``dtype``, padded to the width, with the witness if any."""
    n_more = width - len(columns)
    padded = torch.nn.functional.pad(columns, (0, 0, 0, n_more))
    if has_witness(dtype):
        padded[-1, -1] = 1
    return padded if start is None else pack_queries(padded, torch.nn.functional.pad(start, (0, n_more)))


def multiply(rows: EncodedRows, queries: Factor, out: Tensor) -> None:
    """Writes the bounds, (n_rows, n_queries), to ``out``: the product, the base minus it, or in uint8 the base plus it.

    ``accumulation`` tries a product before it is used.
    """
    columns, base = rows.columns, rows.base
    if isinstance(queries, PackedQueries):
        assert base is not None
        out.copy_(base[:, None].expand_as(out))
        add_product_of_bytes(columns, queries, out)
    elif base is not None:
        multiply_integers(columns, queries, out)
        torch.sub(base[:, None], out, out=out)
    elif out.dtype == columns.dtype:
        torch.mm(columns, queries.T, out=out)
    else:
        torch.mm(columns, queries.T, out_dtype=out.dtype, out=out)


def multiply_integers(columns: Tensor, queries: Tensor, out: Tensor) -> None:
    """Writes the product of 8-bit integers, (n_rows, n_queries), to ``out``, which is int32."""
    if columns.device.type == "cpu":
        if not (integers_are_faster() and _was_made(columns, queries, out)):
            _multiply_in_float32(columns, queries, out)
    elif len(columns) < FEWEST:
        more = torch.nn.functional.pad(columns, (0, 0, 0, FEWEST - len(columns)))
        out.copy_(torch._int_mm(more, queries.T)[: len(columns)])
    else:
        torch._int_mm(columns, queries.T, out=out)


def _was_made(columns: Tensor, queries: Tensor, out: Tensor) -> bool:
    """Multiplies integers in the way that may be refused without a word, and tells whether it was not."""
    out[-1, -1] = NOT_MADE
    torch._int_mm(columns, queries.T, out=out)
    return int(out[-1, -1]) != NOT_MADE


def _multiply_in_float32(columns: Tensor, queries: Tensor, out: Tensor) -> None:
    """Multiplies integers in float32, so few columns at a time that all sums are exact."""
    for start in range(0, columns.shape[1], EXACT_COLUMNS):
        some = slice(start, start + EXACT_COLUMNS)
        q, n_lines = queries[:, some].to(torch.float32).T, COPIED // min(EXACT_COLUMNS, columns.shape[1])
        for x, of_rows in zip(columns[:, some].split(n_lines), out.split(n_lines), strict=True):
            product = x.to(torch.float32) @ q
            if start == 0:
                of_rows.copy_(product)
            else:
                of_rows += product.to(torch.int32)


@functools.cache
def integers_are_faster() -> bool:
    """Tells whether this CPU multiplies 8-bit integers faster than their copies in float32; measured once."""
    if not hasattr(torch, "_int_mm"):
        return False
    n, n_columns = TRIED
    numbers = torch.ones((n, n_columns), dtype=torch.int8, device="cpu")
    out = torch.empty((n, n), dtype=torch.int32, device="cpu")
    least = {}
    for way in (_was_made, _multiply_in_float32):
        seconds = []
        for _ in range(4):  # the first is slower
            start = time.perf_counter()
            way(numbers, numbers, out)
            seconds.append(time.perf_counter() - start)
        least[way] = min(seconds)
    return least[_was_made] < least[_multiply_in_float32]


def ceiling(values: Tensor, dtype: torch.dtype) -> Tensor:
    """Returns the least numbers of ``dtype`` at or above the values, which must be whole for a type of integers.

    With its bits read as an integer, the next float up is one more if it is positive, and one less if it is negative.
    """
    rounded = values.to(dtype)
    integers = rounded.view(INTEGERS[dtype.itemsize])
    above = (integers + torch.where(rounded < 0, -1, 1).to(integers.dtype)).view(dtype)
    return torch.where(rounded.to(values.dtype) < values, above, rounded)
