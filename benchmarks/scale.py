"""Measures the stages of a search over shards, and writes how long it takes on many workers by ``scale_model``.

python -m benchmarks.scale            measures the stages, and runs that the model was not fitted to; writes both to
                                      benchmarks/results/scale.json, and the tables of docs/scale.md
python -m benchmarks.scale --pages    writes the tables alone
"""

import argparse
import json
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from accelerated.base import prepare_rows
from accelerated.files import open_rows
from accelerated.metrics import get_metric
from accelerated.search import Queries, make_index
from accelerated.shards import Found, merge, search_shard
from accelerated.validation import check_rows
from accelerated.workers import with_own_thread
from benchmarks.distributed import KEEPING, RETURNING
from benchmarks.pages import as_table, with_table
from benchmarks.run import ROOT, machine
from benchmarks.scale_model import N_FEATURES, Costs, Forecast, Plan, simulate
from knn_inputs.metrics import choose_metric

RESULTS, PAGE = ROOT / "benchmarks/results/scale.json", ROOT / "docs/scale.md"
K = 10
SCRATCH = 2**27  # bytes: about those of a task in the runs that are forecast
ROWS, QUERIES = (50_000, 100_000, 200_000), (100, 1000, 4000)
N_CHECKED = 1_500_000  # rows of the runs that are forecast
TEN_GIGABITS = 1.25e9  # bytes a second
RUNS = [  # the number of workers, whether shards are kept, whether workers keep free memory
    *((1, False, True), (2, False, True), (1, True, True), (2, True, True)),
    (2, True, False),
]


def measure(folder: Path) -> Costs:
    """Returns the costs of the stages, each in one thread of this process, and of Dask's messages between two."""
    rng = np.random.default_rng(0)
    path = folder / "rows.npy"
    np.save(path, rng.standard_normal((max(ROWS), N_FEATURES), dtype=np.float32))
    Q = rng.standard_normal((max(QUERIES), N_FEATURES), dtype=np.float32)
    metric, file = get_metric(*choose_metric("euclidean", 2, None)), open_rows(str(path))
    reading, indexing, searching = [], [], []
    with with_own_thread(1):
        for n_rows in ROWS:
            rows, seconds = _timed(lambda n=n_rows: file.read(0, n))
            reading.append(seconds / n_rows)
            index, seconds = _timed(lambda rows=rows: _make_index(metric, rows))
            indexing.append(seconds / n_rows)
            for n_queries in QUERIES:
                queries = Queries.given(Q[:n_queries], metric, index.rows)
                found, seconds = _timed(
                    lambda index=index, queries=queries: search_shard(index, queries, K, 0, memory_limit=SCRATCH)
                )
                searching.append((n_rows, n_queries, seconds))
        _, of_merge = _timed(lambda: merge(found, Found(found.reduced, found.indices + max(ROWS))))
    return Costs(
        read=float(np.median(reading)),
        index=float(np.median(indexing)),
        search=_fit(searching),
        merge=of_merge / found.indices.size,
        **_measure_messages(),
    )


def _make_index(metric: Any, rows: np.ndarray) -> Any:
    return make_index(metric, prepare_rows(check_rows(rows), metric, torch.device("cpu"), 2**30), K)


def _timed(function: Any, rounds: int = 3) -> tuple[Any, float]:
    """Returns the result, and the median of the seconds."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        result = function()
        taken.append(time.perf_counter() - start)
    return result, float(np.median(taken))


def _fit(searching: list[tuple[int, int, float]]) -> tuple[float, float, float, float]:
    """Returns the costs of a search, at least 0, whose relative errors have the least sum of squares."""
    from scipy.optimize import nnls

    rows, queries, seconds = np.array(searching).T
    columns = np.column_stack([np.ones_like(rows), queries, rows, rows * queries])
    return tuple(nnls(columns / seconds[:, None], np.ones_like(seconds))[0].tolist())


def _measure_messages() -> dict[str, float]:
    from dask.distributed import Client

    n_tasks, n_bytes = 2000, 2**26
    with Client(n_workers=2, threads_per_worker=1, dashboard_address=None) as client:
        first, second = client.scheduler_info()["workers"]
        client.gather(client.map(abs, range(100), pure=False))
        _, seconds = _timed(lambda: client.gather(client.map(abs, range(n_tasks), pure=False)))
        moving = []
        for _ in range(3):
            there = client.submit(np.zeros, n_bytes // 8, workers=first, pure=False)
            there.result()
            moving.append(_timed(lambda t=there: client.submit(len, t, workers=second, pure=False).result(), 1)[1])
    return {"task": seconds / n_tasks, "bytes_a_second": n_bytes / float(np.median(moving))}


def check(folder: Path, costs: Costs) -> list[dict[str, Any]]:
    """Runs searches that the costs were not fitted to, with 1 and 2 workers, beside their forecasts."""
    from dask import config
    from dask.distributed import Client

    from accelerated.distributed import NearestNeighbors

    rng, runs = np.random.default_rng(1), []
    path, n_rows, shard_rows, n_queries = folder / "more.npy", N_CHECKED, 125_000, 700
    rows = np.lib.format.open_memmap(path, "w+", np.float32, (n_rows, N_FEATURES))
    for start in range(0, n_rows, shard_rows):
        rows[start : start + shard_rows] = rng.standard_normal((shard_rows, N_FEATURES), dtype=np.float32)
    Q = rng.standard_normal((n_queries, N_FEATURES), dtype=np.float32)
    for n_workers, is_resident, keeps_memory in RUNS:
        limit = "8GB" if is_resident else "1GB"
        with (
            config.set({"distributed.nanny.pre-spawn-environ": KEEPING if keeps_memory else RETURNING}),
            Client(n_workers=n_workers, threads_per_worker=1, dashboard_address=":0", memory_limit=0) as client,
        ):
            model = NearestNeighbors(K, shard_rows=shard_rows, memory_limit=limit, scheduler=client).fit(str(path))
            model.kneighbors(Q[:10])  # so that all workers have started
            _, seconds = _timed(lambda model=model: model.kneighbors(Q))
        plan = Plan(n_rows, n_queries, K, shard_rows, n_workers, is_resident)
        forecast = simulate(costs, plan)
        runs.append(
            {
                "plan": asdict(plan),
                "keeps_memory": keeps_memory,
                "seconds": seconds,
                "forecast": asdict(forecast),
            }
        )
        print(plan, keeps_memory, f"{seconds:.2f} s, forecast {forecast.total:.2f} s", flush=True)
    return runs


def forecasts(costs: Costs) -> list[tuple[Plan, Forecast]]:
    """Returns forecasts for 10^9 rows, over a network of ten gigabits."""
    costs = replace(costs, bytes_a_second=TEN_GIGABITS)
    usual = Plan(10**9, 1000, K, 10**6, 100, is_resident=True)
    plans = [
        usual,
        replace(usual, is_resident=False),
        replace(usual, n_queries=10),
        replace(usual, n_queries=100_000),
        replace(usual, n_queries=100_000, k=100),
        replace(usual, n_queries=10, n_workers=1000),
        replace(usual, shard_rows=10**5),
        replace(usual, shard_rows=10**7),
    ]
    return [(plan, simulate(costs, plan)) for plan in plans]


def write_pages(results: dict[str, Any]) -> None:
    """Writes the tables of ``docs/scale.md``: the runs beside their forecasts, and the forecasts for 10^9 rows."""
    costs = Costs(**results["costs"])
    runs = [(Plan(**run["plan"]), run) for run in results["runs"]]
    checked = as_table(
        ["workers", "shards kept", "memory kept", "seconds", "forecast"],
        [[p.n_workers, *map(_yes, (p.is_resident, run["keeps_memory"])), *_seconds(run)] for p, run in runs],
        n_left=0,
    )
    expected = as_table(
        ["queries", "k", "rows of a shard", "workers", "kept", "seconds", "worker", "scheduler", "client's line"],
        [
            [f"{p.n_queries:,}", p.k, f"{p.shard_rows:,}", p.n_workers, _yes(p.is_resident), *_parts(f)]
            for p, f in forecasts(costs)
        ],
        n_left=0,
    )
    page = with_table(PAGE.read_text(), "| workers | shards kept |", checked)
    PAGE.write_text(with_table(page, "| queries | k |", expected))


def _seconds(run: dict[str, Any]) -> list[str]:
    return [f"{seconds:.1f}" for seconds in (run["seconds"], run["forecast"]["total"])]


def _parts(forecast: Forecast) -> list[str]:
    return [
        f"{seconds:,.0f}" if seconds > 100 else f"{seconds:.2g}"
        for seconds in (forecast.total, forecast.worker, forecast.scheduler, forecast.client_line)
    ]


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", action="store_true")
    if not parser.parse_args().pages:
        with tempfile.TemporaryDirectory() as name:
            costs = measure(Path(name))
            print(costs, flush=True)
            runs = check(Path(name), costs)
        results = {"machine": machine(), "costs": asdict(costs), "runs": runs}
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    write_pages(json.loads(RESULTS.read_text()))


if __name__ == "__main__":
    main()
