"""Products of matrices: of what they are made, in which type they come, and what torch's settings say of them."""

from typing import NamedTuple

import torch
from torch import Tensor

U = 2.0**-53  # half a unit in the last place of 1 in float64
NEVER_EXCLUDED = -(2**30)  # the base of a row that is to be measured for every query
ALIGNED = 8  # columns, rows and queries of a GPU's products: integers are multiplied in such shapes only
FEWEST = 32  # rows of a GPU's product of integers, at least 17
SHORT_FLOATS = {torch.float16: "fp16", torch.bfloat16: "bf16"}  # and their names in torch's settings


class EncodedRows(NamedTuple):
    """The rows' side of a product, and what the product is to be taken from, if anything."""

    columns: Tensor  # (n, K)
    base: Tensor | None = None  # int32 (n,)


def short_float(device: torch.device) -> torch.dtype:
    """The 16-bit floats for squared distances: on a GPU float16, which is eight times as fine as the other kind."""
    return torch.bfloat16 if device.type == "cpu" else torch.float16


def product_dtype(dtype: torch.dtype, device: torch.device) -> torch.dtype | None:
    """The type that products come in, as torch is set now; None where they are less precise than they can be.

    8-bit integers are added in 32 bits, floats are rounded to their own type when all are added. Unless it is told
    not to, CUDA may round parts of a sum to 16 bits already; not so if the product is asked for in float32.
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
    except RuntimeError:  # set by backend: too many ways to tell
        return False


def padding(dtype: torch.dtype) -> float:
    """The bound of a row that is not there, above any threshold that is used."""
    return 2**30 if dtype == torch.int32 else float("inf")


def round_up(n: int, multiple: int) -> int:
    """The least multiple that is not less than n."""
    return -(-n // multiple) * multiple


def aligned(n: int, device: torch.device) -> int:
    """How many columns a product with n is given, the others zero."""
    return n if device.type == "cpu" else round_up(n, ALIGNED)


def multiply(rows: EncodedRows, queries: Tensor, out: Tensor) -> None:
    """The bounds, (n_rows, n_queries): the product, or what is left of the base without it.

    torch has no public product of 8-bit integers; ``product_keeps_its_bound`` tries the private one first.
    """
    columns, base = rows
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
    """The least numbers of T at or above the values, which are whole if T is of integers.

    A float is the next one if its bits, as an integer, are one more; one less below 0.
    """
    rounded = values.to(dtype)
    integers = rounded.view(INTEGERS[dtype.itemsize])
    above = (integers + torch.where(rounded < 0, -1, 1).to(integers.dtype)).view(dtype)
    return torch.where(rounded.to(values.dtype) < values, above, rounded)


INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}  # by bytes
