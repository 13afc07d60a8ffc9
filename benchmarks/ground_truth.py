"""How long a ground truth takes from files to a file, beside FAISS's exhaustive index; and the wrong rows of both.

python -m benchmarks.ground_truth           writes benchmarks/results/ground_truth.json; on an idle machine
python -m benchmarks.ground_truth --smoke   small files, nothing is written

The data are made: like SIFT descriptors they are 128 whole numbers from 0 to 218, many of them small, in clusters.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import torch

from accelerated.ground_truth import find_ground_truth, verify
from benchmarks import faiss_flat
from benchmarks.run import machine
from benchmarks.timing import in_turns

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "ground_truth.json"
N_FEATURES, N_CLUSTERS, K, THREADS, ROUNDS = 128, 1000, 100, 2, 7
MADE_AT_ONCE = 50_000  # rows


def make(path: Path, n_rows: int, centers: np.ndarray, rng: np.random.Generator) -> None:
    rows = np.lib.format.open_memmap(path, "w+", np.uint8, (n_rows, N_FEATURES))
    for start in range(0, n_rows, MADE_AT_ONCE):
        n = min(MADE_AT_ONCE, n_rows - start)
        noise = rng.gamma(4, 0.25, size=(n, N_FEATURES))  # of mean 1
        rows[start : start + n] = np.minimum(centers[rng.integers(0, N_CLUSTERS, n)] * noise, 218)
    rows.flush()


def measure(folder: Path, n_rows: int, n_queries: int, rounds: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    centers = rng.gamma(0.6, 40, size=(N_CLUSTERS, N_FEATURES))
    base, queries = folder / "base.npy", folder / "queries.npy"
    make(base, n_rows, centers, rng)
    make(queries, n_queries, centers, rng)
    ours, theirs = folder / "truth.npy", folder / "faiss.npy"
    functions = {
        "accelerated": lambda: find_ground_truth(base, queries, K, out=ours),
        "faiss_flat": lambda: faiss_flat.find(str(base), str(queries), K, str(theirs)),
    }
    load = os.getloadavg()[0]
    seconds = in_turns(functions, rounds, pause=0.1)
    words = [str(base), str(queries)]
    programs = {
        "accelerated": ["accelerated", "ground-truth", *words, "-k", str(K), "--out", str(ours), "--quiet"],
        "faiss_flat": ["benchmarks.faiss_flat", *words, str(K), str(theirs)],
    }
    of_processes = in_turns({name: lambda words=words: run(words) for name, words in programs.items()}, rounds, 0.1)
    checked = {
        name: verify(found, base, queries, sample=None)
        for name, found in (("accelerated", ours), ("faiss_flat", theirs))
    }
    return {
        "shape": [n_queries, n_rows, N_FEATURES],
        "k": K,
        "dtype": "uint8",
        "metric": "euclidean",
        "load_before": round(load, 2),
        "seconds": seconds,
        "seconds_of_processes": of_processes,
        "wrong": {name: len(result.wrong) for name, result in checked.items()},
        "other_order_of_ties": {name: result.n_reordered for name, result in checked.items()},
        "certified": json.loads(Path(f"{ours}.json").read_text())["certified"],
    }


def run(words: list[str]) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": str(THREADS)}
    subprocess.run([sys.executable, "-m", *words], cwd=ROOT, env=environment, check=True, capture_output=True)


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--folder", help="where to make the files, 130 MB; default: a temporary one")
    asked = parser.parse_args(arguments)
    if not asked.smoke:
        torch.set_num_threads(THREADS)
        faiss.omp_set_num_threads(THREADS)
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        line = measure(Path(folder), *((5_000, 20, 1) if asked.smoke else (1_000_000, 1_000, ROUNDS)))
    results = {"machine": machine(), **line}
    print(json.dumps(results, indent=1))
    if not asked.smoke:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    return results


if __name__ == "__main__":
    main()
