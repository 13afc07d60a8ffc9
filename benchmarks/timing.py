"""Measures functions in turns, on a CPU or a GPU, and counts wrong rows."""

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

from accelerated import NearestNeighbors

EXHAUSTIVE = type("Exhaustive", (NearestNeighbors,), {"_filter": "exhaustive"})
CPU = torch.device("cpu")


def seconds_of(function: Callable[[], Any], device: torch.device = CPU) -> float:
    """The seconds that a function takes; on a GPU the time between two CUDA events, until its work there is done."""
    if device.type != "cuda":
        start = time.perf_counter()
        function()
        return time.perf_counter() - start
    first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize(device)
    first.record()
    function()
    last.record()
    last.synchronize()
    return first.elapsed_time(last) / 1000


def in_turns(
    functions: dict[str, Callable[[], Any]], rounds: int, pause: float = 0, device: torch.device = CPU
) -> dict[str, float]:
    """The median seconds of each function. All are called once in every round; the first round is not counted.

    Each round has an order of its own, the same in every run: a function meets the caches and the memory that the one
    before it left, and would always follow the same one.
    """
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    order, shuffle = list(functions), random.Random(0).shuffle
    for turn in range(rounds + 1):
        for name in order:
            time.sleep(pause)
            taken = seconds_of(functions[name], device)
            if turn:
                seconds[name].append(taken)
        shuffle(order)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def wrong_rows(model: NearestNeighbors, Q: Any, found: Any, distances: Any) -> int:
    """The number of queries whose neighbours are not at the true ``distances``, in any order.

    The neighbours are measured by the operations that made the true distances.
    """
    metric, rows = model._metric, model._rows
    assert metric.measure_pairs is not None
    queries = metric.prepare(torch.as_tensor(Q).to(rows.device, torch.float64))
    indices = torch.as_tensor(found).to(rows.device, torch.int64)  # (n_queries, k)
    measured = metric.measure_pairs(queries.repeat_interleave(indices.shape[1], 0), rows[indices.flatten()])
    nearest_first = metric.to_distance(measured).reshape(indices.shape).sort(1).values
    return int((nearest_first != torch.as_tensor(distances).to(rows.device)).any(1).sum())
