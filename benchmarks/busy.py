"""Times ``accelerated`` and its peers beside other programs that keep every core busy, and on the same machine at rest.

python -m benchmarks.busy            writes benchmarks/results/busy.json and a table of docs/benchmarks.md
python -m benchmarks.busy --smoke    tiny sizes, to see that it runs; writes nothing
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch

from benchmarks.cells import CELLS, Cell
from benchmarks.pages import as_table, with_table
from benchmarks.peers import BRUTE, accelerated
from benchmarks.run import PAGE, PAUSE, ROOT, machine
from benchmarks.timing import in_turns

RESULTS = ROOT / "benchmarks" / "results" / "busy.json"
NAMES = ("784 features", "clustered", "float64", "cosine")
FEWER_ROWS = 4  # times: a peer may take minutes for all of them
ONE_THREAD = "accelerated, one thread"
HEADER = ["data", "machine", "", "ours, s", "ours, one thread, s", "fastest peer / ours", "ours / our one thread"]


@contextmanager
def neighbors_that_never_rest(n: int) -> Iterator[None]:
    """Runs so many other processes, each of which keeps a core busy."""
    with ExitStack() as stack:
        for _ in range(n):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(process.kill)
        yield


def with_one_thread(function: Callable[[], Any]) -> Callable[[], Any]:
    """The function, with one thread of torch while it runs."""

    def call() -> Any:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return function()
        finally:
            torch.set_num_threads(before)

    return call


def run_cell(cell: Cell, rounds: int) -> list[dict[str, Any]]:
    made = cell.make(np.random.default_rng(0), cell.n_rows + cell.n_queries, cell.n_features)
    X, Q = made[: cell.n_rows].copy(), made[cell.n_rows :].copy()
    searches, fits = {}, {}
    for one in (accelerated, *BRUTE):
        search = one(X, cell.k, cell.metric)
        searches[one.__name__] = lambda search=search: search(Q)
        fits[one.__name__] = lambda one=one: one(X, cell.k, cell.metric)(Q)
    lines = []
    for busy in (False, True):
        with neighbors_that_never_rest(os.cpu_count() or 1 if busy else 0):
            for kind, functions in (("search", searches), ("fit and search", fits)):
                ours = {ONE_THREAD: with_one_thread(functions["accelerated"])}
                seconds = in_turns({**functions, **ours}, rounds, PAUSE)
                lines.append({"cell": cell.name, "busy": busy, "kind": kind, "seconds": seconds})
    return lines


def as_row(line: dict[str, Any]) -> list[str]:
    """A line of the table."""
    seconds = line["seconds"]
    ours, one_thread = seconds["accelerated"], seconds[ONE_THREAD]
    peers = {name: taken for name, taken in seconds.items() if not name.startswith("accelerated")}
    fastest = min(peers, key=peers.__getitem__)
    times = [f"{ours:.2f}", f"{one_thread:.2f}", f"{peers[fastest] / ours:.1f} ({fastest})", f"{ours / one_thread:.1f}"]
    return [line["cell"], "busy" if line["busy"] else "at rest", line["kind"], *times]


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    asked = parser.parse_args(arguments)
    results: dict[str, Any] = {"machine": machine(), "lines": []}
    for cell in [cell for cell in CELLS if cell.name in NAMES]:
        n_rows = 4000 if asked.smoke else cell.n_rows // FEWER_ROWS
        smaller = cell._replace(n_rows=n_rows, n_queries=20 if asked.smoke else cell.n_queries)
        lines = run_cell(smaller, 1 if asked.smoke else 3)
        for line in lines:
            print(*as_row(line), sep=" | ", flush=True)
        results["lines"] += lines
    if not asked.smoke:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
        table = as_table(HEADER, [as_row(line) for line in results["lines"]], n_left=3)
        PAGE.write_text(with_table(PAGE.read_text(), "| data | machine |", table))
    return results


if __name__ == "__main__":
    main()
