"""Measures searches of rows that are read from a file, out of memory and on worker processes.

    python -m benchmarks.distributed FOLDER     writes 2.6 GB there, and benchmarks/results/distributed.json

Each job runs in a process of its own. The file is read once before, so that it is in the system's cache for all jobs:
what a disk takes depends on the disk. Seconds are those of the search alone, after a first one of few rows; processor
seconds are those of all threads and processes. On a busy machine compare processor seconds.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.run import ROOT, machine

N_ROWS, N_FEATURES, N_QUERIES, K = 20_000_000, 32, 1_000, 10
LIMIT = 512 * 2**20
RESULTS = ROOT / "benchmarks" / "results" / "distributed.json"
STATUS = Path("/proc/self/status")
ONE_THREAD = {"OMP_NUM_THREADS": 1, "MKL_NUM_THREADS": 1, "OPENBLAS_NUM_THREADS": 1}
RETURNING = {"MALLOC_TRIM_THRESHOLD_": 65536, **ONE_THREAD}  # Dask's own settings
KEEPING = {"MALLOC_TRIM_THRESHOLD_": 2**28, "MALLOC_MMAP_THRESHOLD_": 2**25, **ONE_THREAD}
AT_ONCE = 2**18  # rows that are written or read at a time


def main() -> None:
    folder = Path(sys.argv[1])
    path = folder / "rows.npy"
    if not path.exists():
        write(path)
    np.random.default_rng(1).random((N_QUERIES, N_FEATURES), dtype=np.float32).tofile(folder / "queries.bin")
    run_job("read", path)  # so that the file is in the cache
    results = {name: run_job(name, path) for name in JOBS}
    if len({result.pop("checksum") for result in results.values() if "checksum" in result}) != 1:
        raise AssertionError("the answers of the jobs differ")
    sizes = {"rows": N_ROWS, "features": N_FEATURES, "queries": N_QUERIES, "k": K, "memory_limit": LIMIT}
    RESULTS.write_text(
        json.dumps({"machine": machine(), "sizes": sizes, "costs": costs(), "jobs": results}, indent=1) + "\n"
    )


def write(path: Path) -> None:
    """Writes random rows, some at a time."""
    rows = np.lib.format.open_memmap(path, "w+", np.float32, (N_ROWS, N_FEATURES))
    rng = np.random.default_rng(0)
    for start in range(0, N_ROWS, AT_ONCE):
        some = rows[start : start + AT_ONCE]
        some[:] = rng.random(some.shape, dtype=np.float32)
    rows.flush()


def run_job(name: str, path: Path) -> dict[str, Any]:
    """Runs one job in a process of its own, and returns what it has measured."""
    command = [sys.executable, "-m", "benchmarks.distributed", "--job", name, str(path)]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    measured = json.loads(run.stdout.splitlines()[-1])
    print(name, measured, flush=True)
    return measured


def read(path: Path) -> dict[str, Any]:
    """Reads all rows with two threads, and keeps none."""
    from concurrent.futures import ThreadPoolExecutor

    from accelerated.files import open_rows

    file = open_rows(path)
    starts = range(0, N_ROWS, AT_ONCE)
    with ThreadPoolExecutor(2) as pool:
        return measure(lambda: list(pool.map(lambda i: len(file.read(i, min(i + AT_ONCE, N_ROWS))), starts)))


def in_memory(path: Path) -> dict[str, Any]:
    """Fits ``accelerated`` to all rows in memory, and searches them."""
    from accelerated import NearestNeighbors

    X, Q = np.load(path), queries(path)
    NearestNeighbors(K).fit(X[:100_000]).kneighbors(Q)
    return measure(lambda: NearestNeighbors(K).fit(X).kneighbors(Q))


def from_file(path: Path) -> dict[str, Any]:
    """Fits rows in a file, which do not fit the limit, and searches them on two threads."""
    from accelerated.distributed import NearestNeighbors

    X, Q = np.load(path, mmap_mode="r"), queries(path)
    model = NearestNeighbors(K, memory_limit=LIMIT, scheduler="threads")
    model.fit(X[:1000]).kneighbors(Q)
    return measure(lambda: model.fit(X).kneighbors(Q))


def on_workers(path: Path, n_workers: int, environment: dict[str, int]) -> dict[str, Any]:
    """The same on worker processes of one thread each."""
    from dask import config
    from distributed import Client, LocalCluster

    from accelerated.distributed import NearestNeighbors

    Q = queries(path)
    with (
        config.set({"distributed.nanny.pre-spawn-environ": environment}),
        LocalCluster(n_workers=n_workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        model = NearestNeighbors(K, memory_limit=LIMIT)
        model.fit(np.load(path, mmap_mode="r")[:1000]).kneighbors(Q)
        before = sum(client.run(time.process_time).values())
        measured = measure(lambda: model.fit(str(path)).kneighbors(Q))
        used = sum(client.run(time.process_time).values()) - before
    return {**measured, "processor_seconds_of_workers": round(used, 2)}


def costs() -> dict[str, float]:
    """The processor milliseconds of an empty task, and microseconds of a merge for each query and neighbour."""
    from accelerated.distributed import NearestNeighbors
    from accelerated.shards import Found, merge

    rng = np.random.default_rng(0)
    n_tasks = 1000
    model = NearestNeighbors(1, shard_rows=1, scheduler="synchronous").fit(rng.random((n_tasks, 1)))
    model.kneighbors([[0.0]])
    measured = {"ms_of_a_task": measure(lambda: model.kneighbors([[0.0]]))["processor_seconds"] / n_tasks * 1000}
    for k in (10, 100):
        a, b = (Found(np.sort(rng.random((1000, k)), 1), rng.permutation(1000 * k).reshape(-1, k)) for _ in range(2))
        seconds = measure(lambda a=a, b=b: [merge(a, b) for _ in range(100)])["processor_seconds"]
        measured[f"us_of_a_merge_k_{k}"] = seconds / 100 / 1000 / k * 1e6
    return {name: round(value, 2) for name, value in measured.items()}


JOBS = {
    "read": read,
    "in_memory": in_memory,
    "from_file": from_file,
    "one_worker": lambda path: on_workers(path, 1, KEEPING),
    "two_workers": lambda path: on_workers(path, 2, KEEPING),
    "two_workers_of_dask": lambda path: on_workers(path, 2, RETURNING),
}


NAMES = {
    "read": "reading alone, two threads",
    "in_memory": "`accelerated`, all rows in memory, `fit` included",
    "from_file": "scheduler `threads`, two of them, `memory_limit` 512 MiB",
    "one_worker": "a Client with one worker process of one thread",
    "two_workers": "a Client with two of them",
    "two_workers_of_dask": "the same, with Dask's settings of memory",
}


def table(results: dict[str, Any]) -> str:
    """The results as the page shows them; processor seconds are those of all processes but the scheduler's."""
    lines = ["| | seconds | processor seconds | memory grew by, MiB |", "|---|---|---|---|"]
    for name, job in results["jobs"].items():
        of_workers = job.get("processor_seconds_of_workers")
        growth = "" if of_workers else f"{job['growth_mib']:.0f}"
        lines.append(
            f"| {NAMES[name]} | {job['seconds']:.1f} | {of_workers or job['processor_seconds']:.1f} | {growth} |"
        )
    return "\n".join(lines)


def queries(path: Path) -> np.ndarray:
    return np.fromfile(path.with_name("queries.bin"), np.float32).reshape(-1, N_FEATURES)


def measure(call: Any) -> dict[str, Any]:
    """The seconds of a call, those of the processor, the memory by which the process grew, and a sum of the answer."""
    before, cpu, start = held("VmRSS"), time.process_time(), time.perf_counter()
    answer = call()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    measured = {"seconds": seconds, "processor_seconds": cpu, "growth_mib": (held("VmHWM") - before) / 2**20}
    checksum = {"checksum": int(answer[1].sum())} if isinstance(answer, tuple) else {}
    return {**{name: round(value, 2) for name, value in measured.items()}, **checksum}


def held(which: str) -> int:
    """The bytes that the process holds, now (VmRSS) or at most until now (VmHWM)."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(which))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    if sys.argv[1] == "--job":
        print(json.dumps(JOBS[sys.argv[2]](Path(sys.argv[3]))))
    else:
        main()
