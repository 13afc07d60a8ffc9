"""Times ``accelerated`` and its peers on a CPU, in turns on the same data, and counts the wrong rows of each.

python -m benchmarks.run                 all cells; writes benchmarks/results/cpu-*.json and docs/benchmarks.md
python -m benchmarks.run --mnist FOLDER  MNIST, too, from its files in the format IDX, perhaps with .gz behind the name
python -m benchmarks.run --only 784      cells whose name contains 784; writes nothing
python -m benchmarks.run --smoke         tiny sizes, to see that it runs; writes nothing
"""

import argparse
import json
import platform
import subprocess
import warnings
from functools import partial
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier

from accelerated import KNNClassifier, NearestNeighbors, select_n_neighbors
from benchmarks import hostile, pages
from benchmarks.cells import CELLS, MNIST, Cell, normal64, read_mnist
from benchmarks.peers import accelerated, power_of
from benchmarks.timing import EXHAUSTIVE, in_turns, wrong_rows

ROOT = Path(__file__).parent.parent
RESULTS, PAGE = ROOT / "benchmarks" / "results", ROOT / "docs" / "benchmarks.md"
KINDS = ("amx_bf16", "avx512_bf16", "avx2")  # instructions that make products fast, the best first
PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "faiss-cpu", "scikit-learn-intelex", "usearch", "pykdtree")
ROUNDS = 7
PAUSE = 0.05  # seconds between turns: the threads of the previous turn still spin, and would slow the next one


def run_cell(cell: Cell, rounds: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    made = cell.make(rng, cell.n_rows + cell.n_queries, cell.n_features)
    X, Q = made[: cell.n_rows].copy(), made[cell.n_rows :].copy()
    everyone = [accelerated, *cell.peers]
    fits = {one.__name__: (lambda one=one: one(X, cell.k, cell.metric)(Q)) for one in everyone}
    first = in_turns(fits, rounds, PAUSE)
    searches = {one.__name__: one(X, cell.k, cell.metric) for one in everyone}
    ask = {name: partial(search, Q) for name, search in searches.items()}
    seconds = in_turns(ask, 201) if cell.n_queries == 1 else in_turns(ask, rounds, PAUSE)

    exact = EXHAUSTIVE(cell.k, metric=cell.metric, **power_of(cell.metric)).fit(X)
    distances, indices = exact.kneighbors(Q)
    wrong = {name: wrong_rows(exact, Q, search(Q), distances) for name, search in searches.items()}
    wrong["accelerated"] = int((searches["accelerated"](Q) != indices).any(1).sum())  # compared in order
    report = NearestNeighbors(cell.k, metric=cell.metric, **power_of(cell.metric)).fit(X).search_report(Q)
    peers = {name: taken for name, taken in seconds.items() if name != "accelerated"}
    return {
        "cell": cell.name,
        "shape": [cell.n_queries, cell.n_rows, cell.n_features],
        "k": cell.k,
        "dtype": str(X.dtype),
        "metric": cell.metric,
        "goal": cell.goal,
        "ratio": min(peers.values()) / seconds["accelerated"],
        "ratio_with_fit": min(t for name, t in first.items() if name != "accelerated") / first["accelerated"],
        "fastest_peer": min(peers, key=peers.__getitem__),
        "seconds": seconds,
        "seconds_with_fit": first,
        "wrong_rows": wrong,
        "filter": report.filter,
        "certified_at_first_try": report.certified / report.n_queries,
        "candidates_per_query": report.candidates / report.n_queries,
        "fallbacks": report.fallbacks,
        "stages": report.seconds,
        "share_of_products": report.seconds.get("multiply", 0.0) / sum(report.seconds.values()),
    }


def run_selection(rounds: int, n_candidates: int) -> dict[str, Any]:
    """Times the choice of k by five folds on the digits of scikit-learn, beside ``GridSearchCV``."""
    X, y = load_digits(return_X_y=True)
    ks = list(range(1, n_candidates + 1))
    grid = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": ks}, cv=5)
    seconds = in_turns(
        {
            "accelerated": lambda: select_n_neighbors(KNNClassifier(), X, y, ks, cv=5),
            "GridSearchCV": lambda: grid.fit(X, y),
        },
        rounds,
    )
    same = np.mean(select_n_neighbors(KNNClassifier(), X, y, ks, cv=5).scores, axis=1)
    apart = float(np.abs(same - grid.cv_results_["mean_test_score"]).max())
    return {"seconds": seconds, "ratio": seconds["GridSearchCV"] / seconds["accelerated"], "scores_apart": apart}


def run_classes(n_classes: int, rounds: int) -> dict[str, Any]:
    """Times the prediction of a label for 1,000 queries where every example has a class of its own, k = 1."""
    rng = np.random.default_rng(0)
    X, Q = normal64(rng, n_classes, 10), normal64(rng, 1000, 10)
    with warnings.catch_warnings(action="ignore"):  # scikit-learn takes so many classes for numbers
        ours, peer = (model.fit(X, np.arange(n_classes)) for model in (KNNClassifier(1), KNeighborsClassifier(1)))
    seconds = in_turns({"accelerated": lambda: ours.predict(Q), "sklearn": lambda: peer.predict(Q)}, rounds, PAUSE)
    assert (ours.predict(Q) == peer.predict(Q)).all()
    return {"seconds": seconds, "ratio": seconds["sklearn"] / seconds["accelerated"]}


def machine() -> dict[str, Any]:
    cpuinfo = Path("/proc/cpuinfo").read_text()
    of_all = {found.name.lower().replace("_", "-"): found.version for found in distributions()}
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT).stdout
    return {
        "cpu": cpuinfo.split("model name")[1].splitlines()[0].strip("\t: "),
        "kind": next((kind for kind in KINDS if kind in cpuinfo), "no avx2"),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "versions": {name: of_all[name] for name in PACKAGES if name in of_all},
        "commit": commit.strip(),
    }


def as_table(of_kinds: dict[str, dict[str, Any]]) -> str:
    """A line for each cell, and a column for each kind of CPU; "-" where a cell was not measured on it."""
    lines = []
    for cell in [*CELLS, MNIST]:
        measured = {kind: _named(results["cells"], "cell", cell.name) for kind, results in of_kinds.items()}
        found = [one for one in measured.values() if one is not None]
        if not found:
            continue
        shape, dtype = " x ".join(f"{n:,}" for n in found[0]["shape"]), found[0]["dtype"]
        data = cell.name if dtype in cell.name else f"{cell.name}, {dtype}"
        ratios = [
            "-" if one is None else f"{one['ratio']:.1f} / {one['ratio_with_fit']:.1f} ({one['fastest_peer']})"
            for one in measured.values()
        ]
        lines.append([shape, found[0]["k"], data, cell.goal, *ratios, _wrong(found, ours=True), _wrong(found)])
    header = ["queries x rows x features", "k", "data", "goal", *map(_label, of_kinds.values()), "wrong rows", "peers'"]
    return pages.as_table(header, lines, n_left=len(header))


def _wrong(cells: list[dict[str, Any]], ours: bool = False) -> str:
    """The most wrong rows on any CPU, of ours or of each peer that has some."""
    most: dict[str, int] = {}
    for cell in cells:
        for name, n in cell["wrong_rows"].items():
            most[name] = max(n, most.get(name, 0))
    if ours:
        return str(most["accelerated"])
    return ", ".join(f"{name} {n}" for name, n in most.items() if name != "accelerated" and n) or "none"


def _named(rows: list[dict[str, Any]], key: str, name: str) -> dict[str, Any] | None:
    return next((row for row in rows if row[key] == name), None)


def _label(results: dict[str, Any]) -> str:
    machine = results["machine"]
    return f"{machine['cpu']}, {machine['kind']} ({machine['commit']})"


def as_hostile_table(of_kinds: dict[str, dict[str, Any]]) -> str:
    names = {row["data"]: None for results in of_kinds.values() for row in results["hostile"]}
    lines = []
    for name in names:
        measured = [_named(results["hostile"], "data", name) for results in of_kinds.values()]
        lines.append([name, *("-" if row is None else _of_hostile(row) for row in measured)])
    header = ["hostile data", *map(_label, of_kinds.values())]
    return pages.as_table(header, lines, n_left=len(header))


def _of_hostile(row: dict[str, Any]) -> str:
    others = "".join(f", {name} {n}" for name, n in row["fallbacks"].items())
    to_sklearn = f"{row['ratio_to_sklearn']:.1f}" if "ratio_to_sklearn" in row else "-"
    return f"{row['ratio']:.1f} / {to_sklearn} ({row['certified_at_first_try']:.0%}{others})"


def read_results() -> dict[str, dict[str, Any]]:
    """The committed results of each kind of CPU."""
    paths = {kind: RESULTS / f"cpu-{kind}.json" for kind in KINDS}
    return {kind: json.loads(path.read_text()) for kind, path in paths.items() if path.exists()}


def with_tables(page: str, of_kinds: dict[str, dict[str, Any]]) -> str:
    """The page with its two tables replaced."""
    page = pages.with_table(page, "| queries", as_table(of_kinds))
    return pages.with_table(page, "| hostile", as_hostile_table(of_kinds))


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--only", help="cells whose name contains this; writes nothing")
    parser.add_argument("--mnist", type=Path, metavar="FOLDER", help="where the files of MNIST are")
    asked = parser.parse_args(arguments)
    faiss.omp_set_num_threads(torch.get_num_threads())
    mnist = [] if asked.mnist is None else [MNIST._replace(make=partial(read_mnist, asked.mnist))]
    cells = [cell for cell in [*CELLS, *mnist] if (asked.only or "") in cell.name]
    if asked.smoke:
        cells = [cell._replace(n_queries=min(cell.n_queries, 20), n_rows=4000, k=min(cell.k, 10)) for cell in cells]
    results: dict[str, Any] = {"machine": machine(), "cells": []}
    for cell in cells:
        results["cells"].append(run_cell(cell, 2 if asked.smoke else ROUNDS))
        print(as_table({"": {**results, "cells": results["cells"][-1:]}}).splitlines()[-1], flush=True)
    results["hostile"] = hostile.run(2000 if asked.smoke else 20_000, 1 if asked.smoke else 2)
    results["selection"] = run_selection(1, 5) if asked.smoke else run_selection(3, 30)
    print("select_n_neighbors:", f"{results['selection']['ratio']:.1f} times faster than GridSearchCV")
    results["classes"] = run_classes(*(2000, 1) if asked.smoke else (50_000, ROUNDS))
    print("one class an example:", f"{results['classes']['ratio']:.1f} times as fast as scikit-learn")
    if not asked.smoke and not asked.only:
        (RESULTS / f"cpu-{results['machine']['kind']}.json").write_text(json.dumps(results, indent=1) + "\n")
        PAGE.write_text(with_tables(PAGE.read_text(), read_results()))
    return results


if __name__ == "__main__":
    main()
