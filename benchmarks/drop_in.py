"""How long scikit-learn's neighbours and the drop-in for them take, from the first call to the answer.

python -m benchmarks.drop_in           writes results and the table of docs/drop_in.md; on an idle machine
python -m benchmarks.drop_in --smoke   small data, nothing is written
"""

import argparse
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from sklearn import neighbors
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV

from accelerated import drop_in
from benchmarks.pages import as_table, with_table
from benchmarks.run import machine
from benchmarks.timing import in_turns

RESULTS = Path(__file__).parent / "results" / "drop_in.json"
PAGE = Path(__file__).parent.parent / "docs" / "drop_in.md"
HEADER = ("what is called", "scikit-learn, ms", "drop-in, ms", "times as fast")
GRID = {"n_neighbors": [3, 5, 9], "weights": ["uniform", "distance"]}
N_SINGLE = 100  # queries that come one at a time


class Task(NamedTuple):
    """What a user calls: a function of the module that has the classes, and perhaps the model that it made before."""

    name: str
    call: Callable[..., Any]
    prepare: Callable[[ModuleType], Any] | None = None

    def of(self, module: ModuleType) -> Callable[[], Any]:
        """Returns the call with scikit-learn's classes or with ours."""
        return partial(self.call, module if self.prepare is None else self.prepare(module))


def tasks(factor: int) -> Iterator[Task]:
    """Yields the tasks, with a share of 1 / ``factor`` of the rows."""
    rng = np.random.default_rng(0)

    def normal(n_rows: int, n_features: int) -> np.ndarray:
        return rng.normal(size=(n_rows // factor, n_features))

    for name, load in (("iris", load_iris), ("digits", load_digits)):
        X, y = (array[::factor] for array in load(return_X_y=True))
        yield Task(
            f"GridSearchCV of 6 classifiers, {name} ({len(X)} x {X.shape[1]})",
            lambda module, X=X, y=y: GridSearchCV(module.KNeighborsClassifier(), GRID).fit(X, y),
        )
    few, several, many = normal(100_000, 3), normal(20_000, 20), normal(20_000, 64).astype(np.float32)
    for X in (few, several, many):
        y, n_queries = rng.integers(0, 5, len(X)), len(X) // 10
        yield Task(
            f"fit and predict {n_queries} queries, classifier, {len(X)} x {X.shape[1]} {X.dtype}",
            lambda module, X=X, y=y, n=n_queries: module.KNeighborsClassifier().fit(X, y).predict(X[:n]),
        )
    yield Task(
        f"fit and predict {len(many) // 20} queries, regressor, manhattan, {len(many)} x 64 float32",
        lambda module: (
            module.KNeighborsRegressor(metric="manhattan").fit(many, many[:, 0]).predict(many[: len(many) // 20])
        ),
    )
    for X in (several[:1000, :10], several, few):
        yield Task(
            f"predict {N_SINGLE} single queries, classifier, {len(X)} x {X.shape[1]}",
            lambda model, X=X: [model.predict(X[i : i + 1]) for i in range(N_SINGLE)],
            lambda module, X=X: module.KNeighborsClassifier().fit(X, rng.integers(0, 5, len(X))),
        )
    for X, radius in ((few, 0.1), (several, 3.0)):
        yield Task(
            f"radius_neighbors of {len(X) // 50} queries, {len(X)} x {X.shape[1]}",
            lambda model, X=X: model.radius_neighbors(X[: len(X) // 50], sort_results=True),
            lambda module, X=X, radius=radius: module.NearestNeighbors(radius=radius).fit(X),
        )
    yield Task(
        f"kneighbors_graph of 10 neighbours, {len(several)} x 20", lambda module: module.kneighbors_graph(several, 10)
    )


def as_row(line: dict[str, Any]) -> list[str]:
    before, after = line["seconds"]["sklearn"], line["seconds"]["drop_in"]
    return [line["task"], f"{1000 * before:.1f}", f"{1000 * after:.1f}", f"{before / after:.2f}"]


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    asked = parser.parse_args(arguments)
    results: dict[str, Any] = {"machine": machine(), "lines": []}
    for task in tasks(10 if asked.smoke else 1):
        functions = {"sklearn": task.of(neighbors), "drop_in": task.of(drop_in)}
        results["lines"].append({"task": task.name, "seconds": in_turns(functions, 1 if asked.smoke else 7)})
        print(*as_row(results["lines"][-1]), sep=" | ", flush=True)
    if not asked.smoke:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
        table = as_table(HEADER, [as_row(line) for line in results["lines"]])
        PAGE.write_text(with_table(PAGE.read_text(), f"| {HEADER[0]} |", table))
    return results


if __name__ == "__main__":
    main()
