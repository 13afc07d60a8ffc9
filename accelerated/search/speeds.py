"""How fast a device multiplies numbers of each type, measured once."""

import functools
import math
import time
from collections.abc import Iterator

import torch

from accelerated.devices import is_out_of_memory
from accelerated.search.bounds.accumulation import product_keeps_error_limit
from accelerated.search.bounds.multiply import (
    integers_are_faster,
    multiply,
    prepare_queries,
    product_dtype,
    short_float,
)
from accelerated.search.bounds.protocol import EncodedRows

TIMED = 512  # queries of a CPU's products that are timed, and their columns, at most
CPU = torch.device("cpu")
LINES = 2048  # rows of such a product, at most
FEWEST_TIMED = 2  # products, because the first is slower
TIMING = 0.02  # seconds: there are more products of the types that may be the fastest, if another program slows some
TIMED_ON_GPU, LINES_ON_GPU = 256, 4096


def fastest_first(device: torch.device, n_columns: dict[torch.dtype, int] | None = None) -> Iterator[torch.dtype]:
    """Yields the types that are precise enough as torch is set now, in the order of how fast bounds are made from them.

    A bound has equally many columns in each type, or ``n_columns`` for each feature. The precision of a type is tried
    when its turn comes, because the trials of one take a tenth of a second.
    """
    seconds, n_columns = seconds_of_products(device), n_columns or {}
    for dtype in sorted(seconds, key=lambda dtype: seconds[dtype] * n_columns.get(dtype, 1)):
        if product_keeps_error_limit(dtype, device):
            yield dtype


def fastest_float(device: torch.device) -> torch.dtype | None:
    """Returns the fastest type of floating point that is precise enough, if there is one."""
    return next((dtype for dtype in fastest_first(device) if dtype.is_floating_point), None)


def seconds_of_products(device: torch.device) -> dict[torch.dtype, float]:
    """Returns the time of a bound in each type that torch's settings allow, the fastest first."""
    n_columns = TIMED if device.type == "cpu" else TIMED_ON_GPU
    types = (torch.float32, torch.uint8, torch.int8, short_float(device))  # of two that are equally fast, the first
    seconds = {
        dtype: _seconds_if_made(device, dtype, out_dtype, n_columns)
        for dtype in types
        if (out_dtype := product_dtype(dtype, device)) is not None
    }
    return dict(sorted(seconds.items(), key=lambda item: item[1]))


def _seconds_if_made(device: torch.device, dtype: torch.dtype, out_dtype: torch.dtype, n_columns: int) -> float:
    """Returns the time of a bound; infinity if the device refuses the product, of which the trial warns later."""
    try:
        return seconds_of_product(device, dtype, out_dtype, n_columns)
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise
        return math.inf


def seconds_of_bound(dtype: torch.dtype, n_columns: int) -> float:
    """Returns the time of a bound of so many columns on a CPU, if products of the type can be used there.

    A product of nearly as many columns is timed, because with few columns multiplication is a small part of the time.
    """
    timed, out_dtype = min(TIMED, 2 ** math.ceil(math.log2(n_columns))), product_dtype(dtype, CPU)
    return math.inf if out_dtype is None else _seconds_if_made(CPU, dtype, out_dtype, timed) * n_columns / timed


@functools.cache
def seconds_of_product(device: torch.device, dtype: torch.dtype, out_dtype: torch.dtype, n_columns: int) -> float:
    """Returns the time of a bound, the least of some products, measured once for each device, type and width."""
    n, n_queries = min(LINES, TIMED**2 // n_columns), TIMED
    if device.type != "cpu":
        n = n_queries = LINES_ON_GPU
    numbers = torch.rand((n, n_columns), generator=torch.Generator("cpu").manual_seed(0), device="cpu") * 100
    rows, queries, start = EncodedRows(numbers.to(device, dtype)), numbers[:n_queries].to(device, dtype), None
    if dtype in (torch.int8, torch.uint8):
        rows = rows._replace(base=torch.zeros(n, dtype=out_dtype, device=device))
    if dtype == torch.uint8:
        queries, start = queries.to(torch.int8), torch.zeros(n_queries, dtype=torch.float32, device=device)
    factor = prepare_queries(queries, n_queries, dtype, start)
    out = torch.empty((n, n_queries), dtype=out_dtype, device=device)
    seconds: list[float] = []
    while len(seconds) < FEWEST_TIMED or sum(seconds) < TIMING:
        begin = time.perf_counter()
        multiply(rows, factor, out)
        out[0, 0].item()  # a GPU has finished when it returns a number of the product
        seconds.append(time.perf_counter() - begin)
    if dtype == torch.int8 and device.type == "cpu" and not integers_are_faster():  # they are multiplied in float32
        return max(min(seconds) / out.numel(), seconds_of_product(device, torch.float32, torch.float32, n_columns))
    return min(seconds) / out.numel()
