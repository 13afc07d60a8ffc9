"""Times searches by the number of rows, features, neighbours and queries, and measures the memory of a large search.

python -m benchmarks.scaling      writes benchmarks/results/scaling.json and docs/benchmarks.png
"""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from benchmarks.peers import accelerated, faiss_flat, sklearn_brute
from benchmarks.run import PAUSE, ROOT, machine
from benchmarks.timing import in_turns

PEERS = [sklearn_brute, faiss_flat]
STUDIES = {  # the number that varies: its values, and the largest value that the peers are run for
    "rows": ([10_000, 100_000, 1_000_000, 10_000_000], 1_000_000),
    "features": ([8, 16, 64, 256, 1024], 1024),
    "neighbors": ([1, 10, 100, 1000], 1000),
    "queries": ([10, 100, 1000, 10_000], 1000),
}
USUAL = {"rows": 100_000, "features": 16, "neighbors": 10, "queries": 1000}

MEMORY = """
import numpy as np, threading, time
from accelerated import NearestNeighbors

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

rng = np.random.default_rng(0)
X, Q = rng.random((400_000, 64), dtype=np.float32), rng.random((20_000, 64), dtype=np.float32)
model = NearestNeighbors(10, memory_limit=256 * 2**20).fit(X)
model.kneighbors(Q[:10])
before, most = resident(), 0

def watch():
    global most
    while True:
        most = max(most, resident())
        time.sleep(0.002)

threading.Thread(target=watch, daemon=True).start()
model.kneighbors(Q)
print((most - before) / 2**20)
"""


def study(name: str, rounds: int = 3) -> list[dict[str, Any]]:
    values, most = STUDIES[name]
    points = []
    for value in values:
        at = {**USUAL, name: value}
        rng = np.random.default_rng(0)
        X, Q = (rng.standard_normal((n, at["features"]), dtype=np.float32) for n in (at["rows"], at["queries"]))
        everyone = [accelerated, *(PEERS if value <= most else [])]
        searches = {one.__name__: one(X, at["neighbors"], "euclidean") for one in everyone}
        seconds = in_turns({who: partial(search, Q) for who, search in searches.items()}, rounds, PAUSE)
        points.append({name: value, "seconds": seconds})
        print(name, value, {who: round(taken, 4) for who, taken in seconds.items()}, flush=True)
    return points


def draw(results: dict[str, Any], path: Path) -> None:
    figure, axes = plt.subplots(1, len(STUDIES), figsize=(13, 3.2), sharey=True)
    for axis, name in zip(axes, STUDIES, strict=True):
        for who, color in zip(("accelerated", "faiss_flat", "sklearn_brute"), ("C0", "C1", "C2"), strict=True):
            points = [(point[name], point["seconds"][who]) for point in results[name] if who in point["seconds"]]
            axis.loglog(*zip(*points, strict=True), "o-", color=color, label=who)
        others = ", ".join(f"{USUAL[other]:,} {other}" for other in USUAL if other != name)
        axis.set(xlabel=name, title=others)
        axis.title.set_fontsize(7)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("seconds")
    axes[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def main() -> None:
    results: dict[str, Any] = {"machine": machine(), **{name: study(name) for name in STUDIES}}
    run = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    results["mebibytes_of_a_large_search"] = float(run.stdout)
    print("20,000 queries on 400,000 x 64 with memory_limit=256 MiB took", round(float(run.stdout)), "MiB")
    (ROOT / "benchmarks" / "results" / "scaling.json").write_text(json.dumps(results, indent=1) + "\n")
    draw(results, ROOT / "docs" / "benchmarks.png")


if __name__ == "__main__":
    main()
