"""Runs the benchmarks on small data, and holds their page and the README to the committed results."""

import gzip
import json
import re
import sys
from functools import partial
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

import accelerated.search.near_rows
import accelerated.search.rule
import accelerated.search.tree
from accelerated import NearestNeighbors, SimilarityRegressor
from accelerated.search import Report
from accelerated.search.speeds import fastest_first
from benchmarks import (
    busy,
    cells,
    cliffs,
    constants,
    drop_in,
    gpu,
    gpu_similarity,
    ground_truth,
    pages,
    products,
    run,
    similarity,
    similarity_cases,
    similarity_peers,
    study_cases,
    timing,
)
from benchmarks.peers import BY_PRODUCTS
from tests.pretended_gpu import PretendedGpu

ROOT = Path(__file__).parent.parent
RESULTS = json.loads((ROOT / "benchmarks" / "results" / "cpu-avx512_bf16.json").read_text())
SIMILARITY = json.loads((ROOT / "benchmarks" / "results" / "similarity.json").read_text())
ON_GPU = json.loads((ROOT / "benchmarks" / "results" / "gpu.json").read_text())
FITTED_ON_GPU = json.loads((ROOT / "benchmarks" / "results" / "gpu_similarity.json").read_text())
SCALING = json.loads((ROOT / "benchmarks" / "results" / "scaling.json").read_text())


def test_a_small_benchmark_runs_and_finds_no_wrong_row_of_ours(monkeypatch):
    for name in ("SMALL_SEARCH", "SMALL_SEARCH_BY_BITMAPS"):
        monkeypatch.setattr(accelerated.search.rule, name, 0)  # even the smallest is worth a filter
    monkeypatch.setattr(accelerated.search.near_rows, "MOST_FOR_NEAR", 0)
    monkeypatch.setattr(run, "PAUSE", 0)  # no time is measured here
    results = run.main(["--smoke"])

    assert [cell["cell"] for cell in results["cells"]] == [cell.name for cell in run.CELLS]
    assert all(cell["wrong_rows"]["accelerated"] == 0 for cell in results["cells"])
    assert all(cell["filter"] != "exhaustive" for cell in results["cells"])
    certified = {cell["cell"]: cell["certified_at_first_try"] for cell in results["cells"]}
    assert certified.pop("minkowski, p = 3") > 0  # its bound is loose, so it needs more rows
    assert min(certified.values()) > 0.9
    installed = {peer.__name__ for peer in BY_PRODUCTS} - {"sklearn_brute", "faiss_flat", "torch_cdist"}
    assert set(results["cells"][0]["seconds"]) - installed == {
        *("accelerated", "sklearn_brute", "faiss_flat", "torch_cdist")
    }


def test_a_small_benchmark_on_a_busy_machine_runs_all_at_rest_and_busy(monkeypatch):
    monkeypatch.setattr(busy, "PAUSE", 0)
    results = busy.main(["--smoke"])

    assert len(results["lines"]) == 4 * len(busy.NAMES)
    for line in results["lines"]:
        assert set(line["seconds"]) == {"accelerated", busy.ONE_THREAD, "sklearn_brute", "faiss_flat", "torch_cdist"}


def test_ground_truth_and_faiss_find_the_same_from_files():
    results = ground_truth.main(["--smoke"])

    assert set(results["seconds"]) == set(results["seconds_of_processes"]) == {"accelerated", "faiss_flat"}
    assert results["wrong"] == {"accelerated": 0, "faiss_flat": 0}


def test_the_products_of_all_types_that_are_precise_here_are_timed():
    speeds = products.main(rounds=1)

    assert set(speeds) == {str(dtype).removeprefix("torch.") for dtype in fastest_first(timing.CPU)}
    assert all(len(of_type) == len(products.WIDTHS) and min(of_type) > 0 for of_type in speeds.values())


def test_the_drop_in_and_scikit_learn_are_given_the_same_tasks():
    results = drop_in.main(["--smoke"])

    assert len(results["lines"]) == 12
    assert all(set(line["seconds"]) == {"sklearn", "drop_in"} for line in results["lines"])


def test_the_table_of_the_drop_in_is_that_of_the_results():
    lines = json.loads(drop_in.RESULTS.read_text())["lines"]

    assert pages.as_table(drop_in.HEADER, [drop_in.as_row(line) for line in lines]) in drop_in.PAGE.read_text()


def test_the_table_of_a_busy_machine_is_that_of_the_results():
    lines = json.loads(busy.RESULTS.read_text())["lines"]

    assert pages.as_table(busy.HEADER, [busy.as_row(line) for line in lines], n_left=3) in busy.PAGE.read_text()


def test_a_small_benchmark_of_a_gpu_runs_and_finds_no_wrong_row_of_ours(monkeypatch, capsys):
    monkeypatch.setattr(accelerated.search.rule, "SMALL_SEARCH", 0)
    monkeypatch.setattr(accelerated.search.near_rows, "MOST_FOR_NEAR", 0)
    here = gpu.main(["--smoke", "--device", "cpu"])
    with PretendedGpu():
        there = gpu.main(["--smoke"])

    for results in (here, there):
        assert [cell["cell"] for cell in results["cells"]] == [cell.name for cell in gpu.CELLS]
        for cell in results["cells"]:
            assert cell["wrong_rows"]["accelerated"] == 0
            assert cell["filter"] != "exhaustive" and cell["certified_at_first_try"] >= 0.9
            assert cell["ratio"] > 0 and cell["share_of_rate"] > 0
    assert here["cells"][0]["peak_bytes"] is None
    assert all(0 < cell["peak_bytes"] <= cell["memory_limit"] for cell in there["cells"])
    assert there["machine"]["device"] == "a pretended GPU"
    assert [cell["filter"] for cell in there["cells"] if cell["cell"] == "3 features"] == ["boxes"]
    assert "128 features: " in capsys.readouterr().out


def test_a_small_benchmark_of_regression_by_similarity_runs_and_its_certificates_are_true(monkeypatch, capsys):
    monkeypatch.setattr(similarity, "FEWER", 150)
    monkeypatch.setattr(similarity, "find_spec", lambda name: None)  # no diamonds
    monkeypatch.setattr(similarity_cases, "LEFT_OUT", 3)
    rows = similarity.main(["--smoke"])

    ours = {row["case"]: row for row in rows if row["model"] == "accelerated"}
    assert list(ours) == [case.name for case in similarity_cases.CASES if "diamonds" not in case.name]
    assert {row["model"] for row in rows} >= {"kernel_ridge", "cho_solve_by_hand", "nystroem_ridge"}
    assert all(row["fit"]["cpu"] >= 0 and np.isfinite(row["rmse"]) for row in rows)
    assert ours["against exact"]["bound_of_fitted"] >= 1 and ours["against exact"]["bound_of_queries"] >= 1
    assert ours["left out"]["left_out"] < 1e-9
    assert "diamonds: skipped, because plotnine is not installed" in capsys.readouterr().out


def test_a_small_benchmark_of_regression_on_a_gpu_runs_and_is_near_the_exact_model(monkeypatch, capsys):
    monkeypatch.setattr(gpu_similarity, "FEWER", 150)
    rows = gpu_similarity.main(["--smoke", "--device", "cpu"])["rows"]

    ours = {row["case"]: row for row in rows if row["model"] == "accelerated"}
    assert list(ours) == [case.name for case in gpu_similarity.CASES]
    assert all(row["off"] < 0.01 for row in ours.values() if row["off"] is not None)
    assert ours["20k"]["off"] < 1e-9 < ours["20k, cg"]["off"]
    with pytest.raises(SystemExit):
        gpu_similarity.main(["--device", "cpu"])
    assert "--device cpu is not a GPU" in capsys.readouterr().err


def test_a_model_is_measured_in_a_process_of_its_own_with_the_threads_asked_for(monkeypatch):
    monkeypatch.setattr(
        similarity.subprocess,
        "run",
        lambda command, env, **options: similarity.subprocess.CompletedProcess(
            command, 0, json.dumps({"command": command[1:], "threads": env["OMP_NUM_THREADS"]})
        ),
    )
    case = next(case for case in similarity_cases.CASES if case.name == "left out")

    assert similarity.run_case(case, is_smoke=False) == [
        {"command": ["-m", "benchmarks.similarity_job", "left out", "accelerated"], "threads": n} for n in ("1", "2")
    ]


def test_the_peers_of_regression_by_similarity_solve_the_same_equations():
    case = similarity_cases.CASES[0]
    data = similarity_cases.uniform(3)(80)
    exact = SimilarityRegressor(jitter=0.1).fit(data.X, data.y).predict(data.Q)

    assert set(case.peers) == {"kernel_ridge", "cho_solve_by_hand"}
    for peer in case.peers:
        predicted = similarity_peers.PEERS[peer](data.X, data.y, 1.0, 0.1)(data.Q)
        np.testing.assert_allclose(predicted, exact, rtol=0, atol=1e-9)


def test_a_benchmark_of_no_gpu_is_refused(capsys):
    with pytest.raises(SystemExit):
        gpu.main(["--device", "cpu"])
    assert "--device cpu is not a GPU" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        gpu.main(["--device", "cuda:99"])
    assert "device='cuda:99' cannot be used" in capsys.readouterr().err


def test_wrong_rows_are_counted_and_the_order_of_equals_is_not_wrong():
    X = np.array([[0.0], [1.0], [-1.0], [5.0], [6.0]])
    model = NearestNeighbors(2).fit(X)
    Q = np.array([[0.0], [5.0], [0.0]])
    distances = model.kneighbors(Q)[0]

    assert timing.wrong_rows(model, Q, np.array([[0, 1], [3, 4], [0, 2]]), distances) == 0
    assert timing.wrong_rows(model, Q, np.array([[0, 3], [3, 4], [1, 2]]), distances) == 2


def test_turns_give_the_median_of_each_without_the_first_round(monkeypatch):
    taken = {"a": iter([100, 1, 3, 2]), "b": iter([200, 10, 30, 20])}
    monkeypatch.setattr(timing, "seconds_of", lambda function, device: next(taken[function()]))

    assert timing.in_turns({"a": lambda: "a", "b": lambda: "b"}, 3) == {"a": 2, "b": 20}


def test_every_function_has_a_turn_in_each_round_and_follows_each_other_one():
    names, calls = "abcd", []
    timing.in_turns({name: partial(calls.append, name) for name in names}, 7)

    rounds = ["".join(calls[start : start + 4]) for start in range(0, len(calls), 4)]
    assert len(rounds) == 8 and all(sorted(one) == sorted(names) for one in rounds)
    followed = {one[place : place + 2] for one in rounds for place in range(3)}
    assert followed == {"".join(pair) for pair in permutations(names, 2)}


def test_mnist_is_read_from_its_files_packed_or_not(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (5, 784), dtype=np.uint8)
    head = np.array([2051, 3, 28, 28], dtype=">i4").tobytes()
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(head + images[:3].tobytes()))
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(head[:4] + b"\0\0\0\2" + head[8:] + images[3:].tobytes())

    assert (cells.read_mnist(tmp_path, np.random.default_rng(0), 4, 784) == images[:4]).all()
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(head + images[3:].tobytes())
    with pytest.raises(ValueError, match="t10k-images-idx3-ubyte' has no images of 784 bytes in the format IDX"):
        cells.read_mnist(tmp_path, np.random.default_rng(0), 4, 784)


def test_pairs_that_the_exhaustive_search_measures_count_among_those_of_a_cliff():
    some = Report(n_queries=4, filter="uint8", certified=2, candidates=6, fallbacks={"float32": 2, "exhaustive": 1})

    assert cliffs.share_measured(some, 10) == 6 / 40 + 1 / 4
    assert cliffs.share_measured(Report(n_queries=4, filter="exhaustive"), 10) == 1


def test_the_search_for_cliffs_ends_with_the_draws_of_which_most_pairs_are_measured(monkeypatch, capsys):
    monkeypatch.setattr(cliffs, "search", lambda drawn, n_rows: drawn.n_features / 300)
    monkeypatch.setattr(cliffs, "time_beside_sklearn", lambda drawn, n_rows, rounds: 0.5)
    worst = cliffs.main(["--examples", "100"])

    shares = [share for share, _ in worst]
    assert shares == sorted(shares, reverse=True) and shares[0] > 0.9
    assert f"{shares[0]:14.2%} {0.5:30.2f}  {worst[0][1]}" in capsys.readouterr().out


def test_draws_of_the_search_for_cliffs_are_searched_and_timed(monkeypatch):
    monkeypatch.setattr(accelerated.search.rule, "SMALL_SEARCH", 0)
    near = cliffs.Drawn("euclidean", 1, 8, ("gaussian", "lattice"), share=0.1, scale=1.0, offset=1.0, seed=0)
    equal = near._replace(metric="minkowski", kinds=("huge_column", "huge_column"), scale=0.0, share=0.5)

    assert cliffs.search(near, 600) < 0.2
    assert 0 < cliffs.search(equal, 600) <= 1
    assert min(cliffs.time_beside_sklearn(drawn, 600, 1) for drawn in (near, equal)) > 0


def test_the_page_shows_the_committed_results():
    page = (ROOT / "docs" / "benchmarks.md").read_text()

    assert run.with_tables(page, run.read_results()) == page
    assert similarity.with_tables(page, SIMILARITY) == page
    page = (ROOT / "docs" / "gpu.md").read_text()
    assert pages.with_table(page, "| search", gpu.as_table(ON_GPU)) == page
    assert pages.with_table(page, "| regression", gpu_similarity.as_table(FITTED_ON_GPU)) == page
    for row in RESULTS["hostile"]:
        assert row["ratio"] > 1 / 1.5, row["data"]


def test_no_row_was_wrong_in_any_cell_and_nearly_all_were_certified_at_once():
    for cell in [*RESULTS["cells"], *ON_GPU["cells"]]:
        assert cell["wrong_rows"]["accelerated"] == 0
    for cell in RESULTS["cells"]:
        assert cell["filter"] == "exhaustive" or cell["certified_at_first_try"] >= 0.99


def test_the_readme_quotes_the_committed_results():
    readme = (ROOT / "README.md").read_text()
    cells = {cell["cell"]: cell for cell in RESULTS["cells"]}
    quoted = re.search(
        r"784 features is (\S+) times as fast .+, and (\S+) times with `fit` .+ single query \((\S+) times as fast\), "
        r"for 3 features \((\S+)\), and for Manhattan with `fit` \((\S+)\)",
        readme,
    )

    assert quoted is not None
    assert quoted.groups() == (
        f"{cells['784 features']['ratio']:.1f}",
        f"{cells['784 features']['ratio_with_fit']:.1f}",
        f"{cells['one query']['ratio']:.1f}",
        f"{cells['3 features']['ratio']:.1f}",
        f"{cells['manhattan']['ratio_with_fit']:.1f}",
    )


def test_the_page_quotes_the_memory_of_a_large_search_which_was_within_its_limit():
    used = SCALING["mebibytes_of_a_large_search"]

    assert used <= 256
    assert f"took {used:.0f} MiB" in (ROOT / "docs" / "benchmarks.md").read_text()


def test_every_constant_that_names_the_command_can_be_measured_by_it():
    sources = [file.read_text() for file in (ROOT / "accelerated").rglob("*.py")]
    named = {name for source in sources for name in re.findall(r"benchmarks\.constants ([A-Z_]+)", source)} - {"NAME"}

    assert named <= set(constants.STUDIES)
    for study in constants.STUDIES.values():
        for name, present in study.values[0].items():
            modules = [module for path, module in sys.modules.items() if path.startswith("accelerated.")]
            assert {getattr(module, name) for module in modules if hasattr(module, name)} == {present}, name


def test_a_constant_is_measured_with_each_of_its_values_and_then_as_before():
    before = accelerated.search.tree.LEAF
    seconds = constants.main(["LEAF", "--rounds", "1"])

    assert set(seconds) == {"32", "8", "16", "64"}
    assert accelerated.search.tree.LEAF == before == 32


def test_the_constants_of_a_regressor_are_measured_too(monkeypatch):
    few = constants.STUDIES["PAIRS"]._replace(cases=lambda: study_cases.uniform(50, 20, with_fit=False))
    monkeypatch.setitem(constants.STUDIES, "PAIRS", few)

    assert set(constants.main(["PAIRS", "--rounds", "1"])) == {str(2**n) for n in (13, 15, 17, 19, 21)}
