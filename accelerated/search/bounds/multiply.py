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
"""

import torch
from torch import Tensor

from accelerated.search.bounds.protocol import EncodedRows

U = 2.0**-53  # half a unit in the last place of 1 in float64
ALIGNED = 8  # a GPU multiplies 8-bit integers only if the numbers of columns and of queries are multiples of this
FEWEST = 32  # rows of a GPU's product of integers, which needs at least 17; fewer are padded
INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}  # by bytes
WITNESS = 11_184_811 * 2.0**-23  # 4 / 3 as a float32: every other of its 24 bits is set
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
        return torch.int32 if hasattr(torch, "_int_mm") else None
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


def is_as_precise_as_asked(product: Tensor, dtype: torch.dtype, out_dtype: torch.dtype) -> Tensor | bool:
    """Tells whether torch's settings left its precision to a product that was just made.

    The witness is in the last column of a ``product`` of float32.
    """
    if has_witness(dtype):
        return (product[:, -1] == WITNESS).all()
    return product_dtype(dtype, product.device) == out_dtype


def above_thresholds(dtype: torch.dtype) -> float:
    """Returns the number above all thresholds in use: the bound of a row that is not there."""
    return 2**30 if dtype == torch.int32 else float("inf")


def round_up(n: int, multiple: int) -> int:
    """Returns the least multiple that is not less than n."""
    return -(-n // multiple) * multiple


def aligned(n: int, device: torch.device) -> int:
    """Returns n columns rounded up to the number that the device's products need; the others are filled with 0."""
    return n if device.type == "cpu" else round_up(n, ALIGNED)


def multiply(rows: EncodedRows, queries: Tensor, out: Tensor) -> None:
    """Writes the bounds, (n_rows, n_queries), to ``out``: the product, or the base minus the product.

    torch has no public product of 8-bit integers; ``accumulation`` tries the private one before it is used.
    """
    columns, base = rows.columns, rows.base
    if base is not None:
        if len(columns) < FEWEST and columns.device.type != "cpu":
            more = torch.nn.functional.pad(columns, (0, 0, 0, FEWEST - len(columns)))
            out.copy_(torch._int_mm(more, queries.T)[: len(columns)])
        else:
            torch._int_mm(columns, queries.T, out=out)
        torch.sub(base[:, None], out, out=out)
    elif out.dtype == columns.dtype:
        torch.mm(columns, queries.T, out=out)
    else:
        torch.mm(columns, queries.T, out_dtype=out.dtype, out=out)


def ceiling(values: Tensor, dtype: torch.dtype) -> Tensor:
    """Returns the least numbers of ``dtype`` at or above the values, which must be whole for a type of integers.

    With its bits read as an integer, the next float up is one more if it is positive, and one less if it is negative.
    """
    rounded = values.to(dtype)
    integers = rounded.view(INTEGERS[dtype.itemsize])
    above = (integers + torch.where(rounded < 0, -1, 1).to(integers.dtype)).view(dtype)
    return torch.where(rounded.to(values.dtype) < values, above, rounded)
