"""The benchmark runs, counts wrong rows, and its page says what its results say."""

import json
import re
from pathlib import Path

import numpy as np

from accelerated import NearestNeighbors
from benchmarks import run

ROOT = Path(__file__).parent.parent
RESULTS = json.loads((ROOT / "benchmarks" / "results" / "cpu.json").read_text())
SCALING = json.loads((ROOT / "benchmarks" / "results" / "scaling.json").read_text())


def test_a_small_benchmark_runs_and_finds_no_wrong_row_of_ours():
    results = run.main(["--smoke"])

    assert [cell["cell"] for cell in results["cells"]] == [cell.name for cell in run.CELLS]
    assert all(cell["wrong_rows"]["accelerated"] == 0 for cell in results["cells"])
    assert all(cell["seconds"]["accelerated"] > 0 for cell in results["cells"])
    assert results["selection"]["ratio"] > 0


def test_wrong_rows_are_counted_and_the_order_of_equals_is_not_wrong():
    X = np.array([[0.0], [1.0], [-1.0], [5.0], [6.0]])
    model = NearestNeighbors(2).fit(X)
    Q = np.array([[0.0], [5.0], [0.0]])
    distances = model.kneighbors(Q)[0]

    assert run.wrong_rows(model, Q, np.array([[0, 1], [3, 4], [0, 2]]), distances) == 0
    assert run.wrong_rows(model, Q, np.array([[0, 3], [3, 4], [1, 2]]), distances) == 2


def test_turns_give_the_median_of_each():
    calls = []
    seconds = run.in_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 2)

    assert calls == ["a", "b"] * 3
    assert set(seconds) == {"a", "b"}


def test_the_page_shows_the_committed_results():
    assert run.as_table(RESULTS) in (ROOT / "docs" / "benchmarks.md").read_text()


def test_no_row_was_wrong_in_any_cell_and_nearly_all_were_certified_at_once():
    for cell in RESULTS["cells"]:
        assert cell["wrong_rows"]["accelerated"] == 0
        assert cell["filter"] == "exhaustive" or cell["certified_at_first_try"] >= 0.99


def test_the_readme_quotes_the_committed_results():
    readme = (ROOT / "README.md").read_text()
    ratios = {cell["cell"]: cell["ratio"] for cell in RESULTS["cells"]}
    quoted = re.search(
        r"(\d\.\d) times as fast .+ 784 features, (\d\.\d) times .+ clustered, (\d\.\d) .+ cosine", readme
    )

    assert quoted is not None
    assert quoted.groups() == tuple(f"{ratios[name]:.1f}" for name in ("784 features", "clustered", "cosine"))
    assert SCALING["mebibytes_of_a_large_search"] <= 256 + 300
