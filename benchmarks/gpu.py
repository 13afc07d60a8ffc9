"""Times ``accelerated`` and its peers on a GPU, in turns on the same data, and counts the wrong rows of each.

python -m benchmarks.gpu                         all cells; writes benchmarks/results/gpu.json and docs/gpu.md
python -m benchmarks.gpu --only 784              cells whose name contains 784; writes nothing
python -m benchmarks.gpu --smoke --device cpu    tiny sizes, to see that it runs; writes nothing

FlashLib and KeOps are included if they are installed.
"""

import argparse
import json
import platform
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from accelerated import NearestNeighbors
from accelerated.devices import resolve_device
from accelerated.search import resolve_memory_limit
from benchmarks import pages
from benchmarks.gpu_peers import PRODUCTS, TREES, Search, accelerated
from benchmarks.timing import EXHAUSTIVE, in_turns, seconds_of, wrong_rows

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "gpu.json"
PAGE = ROOT / "docs" / "gpu.md"
ROUNDS = 7
CHECKED = 1000  # queries that are compared with an exhaustive search
FEW = {3: 70_000}  # rows of --smoke, by features: enough for boxes to be used
LARGE = 8192  # side of the product whose rate the searches are compared with


class Cell(NamedTuple):
    """One comparison; ``goal`` is the ratio that was aimed at, of the time of ``against`` to our time."""

    name: str
    n_queries: int
    n_rows: int
    n_features: int
    k: int
    against: str
    goal: str
    make: Callable[..., Tensor]
    peers: list[Callable[[Tensor, int], Search]]


def normal(n: int, d: int, device: torch.device) -> Tensor:
    return torch.randn((n, d), device=device)


def uniform(n: int, d: int, device: torch.device) -> Tensor:
    return torch.rand((n, d), device=device)


def whole(n: int, d: int, device: torch.device) -> Tensor:
    return torch.randint(0, 256, (n, d), device=device).float()


CELLS = [
    Cell("128 features", 10_000, 1_000_000, 128, 10, "float32_product", "8", normal, PRODUCTS),
    Cell("128 features, k=100", 10_000, 1_000_000, 128, 100, "float32_product", "8", normal, PRODUCTS),
    Cell("784 features", 10_000, 60_000, 784, 10, "float32_product", "5", normal, PRODUCTS),
    Cell("784 features, k=100", 10_000, 60_000, 784, 100, "float32_product", "5", normal, PRODUCTS),
    Cell("960 features", 10_000, 1_000_000, 960, 10, "float32_product", "9", normal, PRODUCTS),
    Cell("960 features, k=100", 10_000, 1_000_000, 960, 100, "float32_product", "9", normal, PRODUCTS),
    Cell("128 whole numbers", 10_000, 1_000_000, 128, 10, "float32_product", "-", whole, PRODUCTS),
    Cell("3 features", 1_000_000, 1_000_000, 3, 8, "scipy_tree", "15", uniform, TREES),
]


def run_cell(cell: Cell, rounds: int, device: torch.device, rate: float) -> dict[str, Any]:
    torch.manual_seed(0)
    X, Q = (cell.make(n, cell.n_features, device) for n in (cell.n_rows, cell.n_queries))
    searches = {one.__name__: one(X, cell.k) for one in (accelerated, *cell.peers)}
    seconds = in_turns({name: partial(search, Q) for name, search in searches.items()}, rounds, device=device)

    model = NearestNeighbors(cell.k).fit(X)
    limit, peak = resolve_memory_limit(None, device), peak_memory(partial(model.kneighbors, Q), device)
    report = model.search_report(Q)
    exact, some = EXHAUSTIVE(cell.k).fit(X), Q[:CHECKED]
    distances, indices = exact.kneighbors(some)
    wrong = {name: wrong_rows(exact, some, search(some), distances) for name, search in searches.items()}
    wrong["accelerated"] = int((searches["accelerated"](Q)[:CHECKED] != indices).any(1).sum())  # in order
    useful = 2 * cell.n_queries * cell.n_rows * cell.n_features / seconds["accelerated"]
    return {
        "cell": cell.name,
        "shape": [cell.n_queries, cell.n_rows, cell.n_features],
        "k": cell.k,
        "against": cell.against,
        "goal": cell.goal,
        "ratio": seconds[cell.against] / seconds["accelerated"],
        "seconds": seconds,
        "wrong_rows": wrong,
        "of_rows": len(some),
        "useful_tflops": useful / 1e12,
        "share_of_rate": useful / rate,
        "peak_bytes": peak,
        "memory_limit": limit,
        "filter": report.filter,
        "certified_at_first_try": report.certified / report.n_queries,
        "candidates_per_query": report.candidates / report.n_queries,
        "fallbacks": report.fallbacks,
        "stages": report.seconds,
    }


def peak_memory(function: Callable[[], Any], device: torch.device) -> int | None:
    """The peak of the bytes that torch allocates on a GPU, beyond those allocated before."""
    if device.type != "cuda":
        return None
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    function()
    return torch.cuda.max_memory_allocated(device) - before


def large_product_rate(n: int, device: torch.device) -> float:
    """The operations per second of a product of n x n matrices in float16."""
    a = torch.randn((n, n), device=device).half()
    seconds = min(seconds_of(lambda: torch.mm(a, a), device) for _ in range(10))
    return 2 * n**3 / seconds


def machine(device: torch.device) -> dict[str, Any]:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT).stdout
    is_gpu = device.type == "cuda"
    return {
        "device": torch.cuda.get_device_name(device) if is_gpu else platform.processor(),
        "capability": torch.cuda.get_device_capability(device) if is_gpu else None,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "commit": commit.strip(),
    }


def shown(cell: dict[str, Any]) -> str:
    others = ", ".join(
        f"{name} {taken / cell['seconds']['accelerated']:.1f} ({cell['wrong_rows'][name]} wrong)"
        for name, taken in cell["seconds"].items()
        if name != "accelerated"
    )
    return (
        f"{cell['cell']}: {1000 * cell['seconds']['accelerated']:.1f} ms by {cell['filter']}, "
        f"{cell['wrong_rows']['accelerated']} wrong of {cell['of_rows']}, "
        f"{cell['certified_at_first_try']:.1%} certified at first try, "
        f"{cell['useful_tflops']:.1f} TFLOP/s, {cell['share_of_rate']:.0%} of a large product's; "
        f"times as long: {others}; goal {cell['goal']}"
    )


def as_table(results: dict[str, Any]) -> str:
    """The cells, with the time of each peer as a multiple of ours, and its wrong rows."""
    peers = list(dict.fromkeys(name for cell in results["cells"] for name in cell["seconds"]))[1:]
    lines = []
    for cell in results["cells"]:
        ours, wrong = cell["seconds"]["accelerated"], cell["wrong_rows"]
        compared = [
            f"{cell['seconds'][peer] / ours:.1f} ({wrong[peer]} wrong)" if peer in wrong else "-" for peer in peers
        ]
        shape = " x ".join(f"{size:,}" for size in cell["shape"])
        lines.append([cell["cell"], shape, cell["k"], cell["filter"], f"{1000 * ours:.0f}", *compared])
    header = ["search", "queries x rows x features", "k", "filter", "ms", *(peer.replace("_", " ") for peer in peers)]
    return pages.as_table(header, lines, n_left=2)


def read_device(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> torch.device:
    """The device asked for; ends with a message unless it is a GPU, or the sizes are those of --smoke."""
    try:
        device = resolve_device(asked.device, None)
    except ValueError as error:
        parser.error(str(error))
    if device.type != "cuda" and not asked.smoke:
        parser.error(f"--device {asked.device} is not a GPU: only --smoke runs there")
    return device


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--only", help="cells whose name contains this; writes nothing")
    parser.add_argument("--device", default="cuda")
    asked = parser.parse_args(arguments)
    device = read_device(parser, asked)
    if device.type == "cuda":
        torch.cuda.set_device(device)  # the events are recorded on its stream
    cells = [cell for cell in CELLS if (asked.only or "") in cell.name]
    if asked.smoke:
        cells = [
            cell._replace(n_queries=20, n_rows=FEW.get(cell.n_features, 3000), k=min(cell.k, 10)) for cell in cells
        ]
    rate = large_product_rate(64 if asked.smoke else LARGE, device)
    results: dict[str, Any] = {"machine": machine(device), "large_product_tflops": rate / 1e12, "cells": []}
    for cell in cells:
        results["cells"].append(run_cell(cell, 1 if asked.smoke else ROUNDS, device, rate))
        print(shown(results["cells"][-1]), flush=True)
    if not asked.smoke and not asked.only:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
        PAGE.write_text(pages.with_table(PAGE.read_text(), "| search", as_table(results)))
    return results


if __name__ == "__main__":
    main()
