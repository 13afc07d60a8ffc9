"""The speed of the products that bounds are made of: one thread, a piece of rows by a batch of queries.

    python -m benchmarks.products

Prints billions of multiplications a second, for each type of numbers that this CPU multiplies precisely enough.
"""

import torch

from accelerated.search.bounds.multiply import multiply, prepare_queries, product_dtype
from accelerated.search.bounds.protocol import EncodedRows
from accelerated.search.speeds import fastest_first
from accelerated.workers import with_own_thread
from benchmarks import pages
from benchmarks.timing import CPU, in_turns

N_ROWS, N_QUERIES, WIDTHS, ROUNDS = 2048, 512, (32, 64, 128, 784), 15


def make_product(dtype: torch.dtype, n_columns: int) -> tuple[EncodedRows, torch.Tensor, torch.Tensor | None]:
    """Rows, queries and their start, of whole numbers from 0 to 99."""
    numbers = (torch.rand((N_ROWS, n_columns)) * 100).floor()
    if dtype.is_floating_point:
        return EncodedRows(numbers.to(dtype)), numbers[:N_QUERIES].to(dtype), None
    start = torch.zeros(N_QUERIES) if dtype == torch.uint8 else None
    base = torch.zeros(N_ROWS, dtype=product_dtype(dtype, CPU))
    return EncodedRows(numbers.to(dtype), base), numbers[:N_QUERIES].to(torch.int8), start


def measure(rounds: int) -> dict[str, list[float]]:
    """Billions of multiplications a second for each type, at each of the widths."""
    speeds: dict[str, list[float]] = {}
    with with_own_thread():
        types = list(fastest_first(CPU))
    for n_columns in WIDTHS:
        functions = {}
        for dtype in types:
            rows, queries, start = make_product(dtype, n_columns)
            factor = prepare_queries(queries, N_QUERIES, dtype, start)
            out = torch.empty((N_ROWS, N_QUERIES), dtype=product_dtype(dtype, CPU))
            name = str(dtype).removeprefix("torch.")
            functions[name] = lambda rows=rows, factor=factor, out=out: multiply(rows, factor, out)
        with with_own_thread():
            seconds = in_turns(functions, rounds)
        for name, taken in seconds.items():
            speeds.setdefault(name, []).append(N_ROWS * N_QUERIES * n_columns / taken / 1e9)
    return speeds


def main(rounds: int = ROUNDS) -> dict[str, list[float]]:
    speeds = measure(rounds)
    header = ["type", *(f"{n_columns} features" for n_columns in WIDTHS)]
    lines = [[name, *(f"{speed:.0f}" for speed in of_type)] for name, of_type in speeds.items()]
    print(pages.as_table(header, lines, n_left=1))
    return speeds


if __name__ == "__main__":
    main()
