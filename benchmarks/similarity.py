"""Measures ``accelerated.SimilarityRegressor`` and its peers, each in a process of its own, with one thread and two.

python -m benchmarks.similarity                     all; writes benchmarks/results/similarity.json, docs/benchmarks.md
python -m benchmarks.similarity --only diamonds     cases whose name contains this
python -m benchmarks.similarity --smoke             few examples, to see that it runs; writes nothing

The results of a case are written when it has been measured; other cases keep their results.

The diamonds are measured if plotnine is installed, or its package is on PYTHONPATH; GPyTorch, if it is installed. CPU
seconds, of all threads together, decide: they depend less than seconds on the other work of the machine.
"""

import argparse
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

from benchmarks.pages import with_table
from benchmarks.run import PAGE, ROOT, machine
from benchmarks.similarity_cases import CASES, Case
from benchmarks.similarity_job import measure
from benchmarks.similarity_peers import is_installed

RESULTS = ROOT / "benchmarks" / "results" / "similarity.json"
THREADS = [1, 2]
ONCE = "100k"  # the case that takes so long that it is measured with two threads only
FEWER = 400  # examples of --smoke
Row = dict[str, Any]


class Goal(NamedTuple):
    """A number that our row of a case, or its ratio to a peer's row, should reach."""

    case: str
    what: str
    get: Callable[[Row, dict[str, Row]], float]
    most: float = math.inf
    least: float = -math.inf


def ratio_to_kernel_ridge(stage: str) -> Callable[[Row, dict[str, Row]], float]:
    return lambda own, peers: own[stage]["cpu"] / peers["kernel_ridge"][stage]["cpu"]


def count_warnings(own: Row, peers: dict[str, Row]) -> float:
    return sum(text.startswith("ConvergenceWarning") for text in own["warnings"])


CPU, MEMORY = "`fit`, CPU seconds", "`fit`, MiB"
CERTIFIED = "certified difference of fitted values, relative"
GOALS = [
    Goal("defaults", "`fit`, CPU seconds / KernelRidge's", ratio_to_kernel_ridge("fit"), 0.5),
    Goal("defaults", MEMORY, lambda own, peers: own["fit"]["mebibytes"], 600),
    Goal("defaults", "`predict`, CPU seconds / KernelRidge's", ratio_to_kernel_ridge("predict"), 0.5),
    Goal("defaults", "`predict`, MiB", lambda own, peers: own["predict"]["mebibytes"], 20),
    *(
        goal
        for case, cpu, memory in (("20k", 20, 450), ("50k", 70, 1024), ("100k", 600, 1024))
        for goal in (
            Goal(case, CPU, lambda own, peers: own["fit"]["cpu"], cpu),
            Goal(case, MEMORY, lambda own, peers: own["fit"]["mebibytes"], memory),
            Goal(case, CERTIFIED, lambda own, peers: own["certified"], 1e-3),
        )
    ),
    Goal("diamonds", CPU, lambda own, peers: own["fit"]["cpu"], 25),
    Goal("diamonds", "RMSE, sd of log price", lambda own, peers: own["rmse"], 0.0999),
    Goal("diamonds, tol 1e-5", CPU, lambda own, peers: own["fit"]["cpu"], 35),
    Goal("diamonds, tol 1e-5", "certified difference of any query, sd", lambda own, peers: own["certificate"][2], 0.01),
    Goal("jitter 1e-6", "warnings of convergence", count_warnings, least=2),
    Goal("jitter 1e-6", "`converged_`", lambda own, peers: own["converged"], 0),
    Goal("against exact", "change of RMSE, relative", lambda own, peers: own["change_of_rmse"], 1e-3),
    Goal("against exact", "bound / difference, fitted values", lambda own, peers: own["bound_of_fitted"], 2, 1),
    Goal("against exact", "bound / difference, queries", lambda own, peers: own["bound_of_queries"], least=1),
    Goal("left out", "difference of left-out predictions, sd", lambda own, peers: own["left_out"], 1e-9),
]


def run_case(case: Case, is_smoke: bool) -> list[Row]:
    """The rows of all models, which take turns in processes of their own; with ``is_smoke`` in this process."""
    models = ["accelerated", *filter(is_installed, case.peers)]
    for peer in set(case.peers) - set(models):
        print(f"{case.name}: {peer} skipped, because it is not installed")
    if is_smoke:
        fewer = case._replace(n=min(case.n, FEWER))
        return [measure(fewer, model) for model in models]
    threads = THREADS[-1:] if case.name == ONCE else THREADS
    return [in_a_process(case, model, n_threads) for n_threads in threads for model in models]


def in_a_process(case: Case, model: str, n_threads: int) -> Row:
    limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(n_threads))
    command = [sys.executable, "-m", "benchmarks.similarity_job", case.name, model]
    run = subprocess.run(command, env={**os.environ, **limits}, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(run.stdout)


def of_case(rows: list[Row], case: str, threads: int) -> dict[str, Row]:
    return {row["model"]: row for row in rows if row["case"] == case and row["threads"] == threads}


def as_goals(rows: list[Row]) -> str:
    threads = sorted({row["threads"] for row in rows})
    heads = ["| reached | case", "goal", *(f"{n} thread{'s' * (n > 1)}" for n in threads)]
    lines = [" | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for goal in GOALS:
        measured = []
        for n in threads:
            models = of_case(rows, goal.case, n)
            measured.append(float(goal.get(models["accelerated"], models)) if models else None)
        known = [value for value in measured if value is not None]
        if known:
            reached = "yes" if all(goal.least <= value <= goal.most for value in known) else "**no**"
            shown = " | ".join("-" if value is None else f"{value:.3g}" for value in measured)
            lines.append(f"| {reached} | {goal.case}: {goal.what} | {in_words(goal)} | {shown} |")
    return "\n".join(lines)


def in_words(goal: Goal) -> str:
    if math.isinf(goal.most):
        return f"at least {goal.least:g}"
    return f"at most {goal.most:g}" if math.isinf(goal.least) else f"{goal.least:g} to {goal.most:g}"


def as_models(rows: list[Row], cpu: str) -> str:
    lines = [
        f"| model | case | examples x features | threads, {cpu} | "
        "`fit` CPU s | s | MiB | `predict` CPU s | MiB | RMSE |",
        "|---" * 10 + "|",
    ]
    for row in rows:
        fit, predict = row["fit"], row["predict"]
        lines.append(
            f"| {row['model']} | {row['case']} | {row['n']:,} x {row['n_features']} | {row['threads']} | "
            f"{fit['cpu']:.1f} | {fit['wall']:.1f} | {fit['mebibytes']:.0f} | "
            f"{predict['cpu']:.2f} | {predict['mebibytes']:.0f} | {row['rmse']:.4f} |"
        )
    return "\n".join(lines)


def with_tables(page: str, results: dict[str, Any]) -> str:
    """The page with the two tables of its section replaced."""
    goals, models = as_goals(results["rows"]), as_models(results["rows"], results["machine"]["cpu"])
    return with_table(with_table(page, "| reached", goals), "| model", models)


def write(rows: list[Row]) -> None:
    """Writes these rows to the results and the page, where the rows of other cases stay."""
    before = json.loads(RESULTS.read_text())["rows"] if RESULTS.exists() else []
    order = [case.name for case in CASES]
    kept = [row for row in before if row["case"] not in {row["case"] for row in rows}]
    results = {"machine": machine(), "rows": sorted(kept + rows, key=lambda row: order.index(row["case"]))}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(with_tables(PAGE.read_text(), results))


def main(arguments: list[str] | None = None) -> list[Row]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--only", help="cases whose name contains this; the others keep their results")
    asked = parser.parse_args(arguments)
    rows = []
    for case in CASES:
        if (asked.only or "") not in case.name:
            continue
        if "diamonds" in case.name and find_spec("plotnine") is None:
            print(f"{case.name}: skipped, because plotnine is not installed")
            continue
        made = [{**row, "commit": machine()["commit"]} for row in run_case(case, asked.smoke)]
        rows += made
        print("\n".join(as_models(made, "").splitlines()[2:]), flush=True)
        if not asked.smoke:
            write(made)
    print(as_goals(rows))
    return rows


if __name__ == "__main__":
    main()
