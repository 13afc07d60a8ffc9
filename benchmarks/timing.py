"""Taking turns, on a CPU or a GPU: the median seconds of each."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

from accelerated import NearestNeighbors

EXHAUSTIVE = type("Exhaustive", (NearestNeighbors,), {"_filter": "exhaustive"})
CPU = torch.device("cpu")


def seconds_of(function: Callable[[], Any], device: torch.device = CPU) -> float:
    """How long it takes; on a GPU between two events of its own, so until all of its work is done."""
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
    """The median seconds of each, called one after the other, round by round; the first round does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for turn in range(rounds + 1):
        for name, function in functions.items():
            time.sleep(pause)
            taken = seconds_of(function, device)
            if turn:
                seconds[name].append(taken)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def wrong_rows(model: NearestNeighbors, Q: Any, found: Any, distances: Any) -> int:
    """The number of queries whose neighbours are not at the true ``distances``, whatever the order of the neighbours.

    The neighbours are measured by the operations that made the true distances.
    """
    metric, rows = model._metric, model._rows
    assert metric.measure_pairs is not None
    queries = metric.prepare(torch.as_tensor(Q).to(rows.device, torch.float64))
    indices = torch.as_tensor(found).to(rows.device, torch.int64)  # (n_queries, k)
    measured = metric.measure_pairs(queries.repeat_interleave(indices.shape[1], 0), rows[indices.flatten()])
    nearest_first = metric.to_distance(measured).reshape(indices.shape).sort(1).values
    return int((nearest_first != torch.as_tensor(distances).to(rows.device)).any(1).sum())
