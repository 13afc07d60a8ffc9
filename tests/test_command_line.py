"""``python -m conformance`` on files as people write them: right, wrong, hanging, crashing, and missing."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis.internal.conjecture.providers import HypothesisProvider

from conformance.claims import BY_NAME, CLAIMS
from conformance.runner import PROFILES, Profile, Result, fix_next, isolation, run_claim
from conformance.runner.isolation import Job, run_isolated
from conformance.runner.report import judged
from conformance.runner.tables import as_text
from conformance.runner.trial import deep, seed_of
from conformance.targets import load_target, peers
from conformance.targets.errors import TargetError
from conformance.targets.peers.reasons import CRASHES
from tests.command_line import LAST_TIE, MEDIAN, QUICK, RIGHT, run


def test_a_right_implementation_holds(target, capsys):
    status, out, _ = run(capsys, target(RIGHT), *QUICK, "--only", "neighbors", "--only", "averages_of_targets")

    assert status == 0
    assert "KNN: regressor; takes arrays; get_neighbors(x) -> [(distance, label), ...]" in out
    assert re.search(r"neighbors +nearest_on_a_lattice +holds +2\d ", out)
    assert "skipped: KNN has no kneighbors: indices_alone_are_the_same" in out
    assert re.search(r"answers: (\d+) of \1 claims hold: neighbors", out)
    assert "Fix next" not in out


def test_a_wrong_implementation_is_told_what_who_else_and_how(target, capsys, tmp_path):
    file = tmp_path / "report.json"
    status, out, _ = run(capsys, target(MEDIAN), *QUICK, "--task", "regressor", "--json", file)
    written = json.loads(file.read_text())
    verdicts = {result["claim"]: result["verdict"] for result in written["results"]}

    assert status == 1
    assert "Fix next: averages_of_targets\n  A prediction is the average of the targets" in out
    assert re.search(r"  prediction\[0\]=\S+, but should be \S+\n  in predict, from my_knn.py:\d+ on\n", out)
    assert set(verdicts) == {claim.name for claim in CLAIMS}
    assert verdicts["averages_of_targets"] == "FAILS"
    assert written["schema"] == "conformance/2"
    assert written["verdicts"]["FAILS"] == list(verdicts.values()).count("FAILS")

    pasted = out[out.index("Paste into Python:") :].partition("\n\n")[2]
    code = "\n".join(line[4:] for line in pasted.splitlines())
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    message = next(r["message"] for r in written["results"] if r["claim"] in code)
    assert ran.stdout  # the answer of the target
    assert ran.stderr.endswith(f"AssertionError: {message}\n")


def test_a_run_in_which_every_claim_is_skipped_does_not_succeed(target, capsys):
    status, out, _ = run(capsys, target(RIGHT), "--only", "indices_alone_are_the_same")

    assert status == 2
    assert "skipped: KNN has no kneighbors: indices_alone_are_the_same" in out
    assert "no claim was tried" in out


def test_a_target_on_which_a_comparison_tries_nothing_does_not_succeed(target, capsys):
    only = "--only", "indices_alone_are_the_same"

    assert run(capsys, "compare", "reference", *QUICK, *only)[0] == 0
    assert run(capsys, "compare", "reference", target(RIGHT), *QUICK, *only)[0] == 2


def test_who_only_breaks_ties_otherwise_is_not_wrong_unless_conventions_count(target, capsys):
    tried = (target(LAST_TIE), *QUICK, "--only", "neighbors", "--only", "ties")
    status, out, _ = run(capsys, *tried)
    strict, strictly, _ = run(capsys, *tried, "--strict")

    assert (status, strict) == (0, 1)
    assert (
        "differs  ties: equal_distances_go_to_the_lower_index (sklearn, torch-cdist and 3 others too): neighbors[0]="
        in out
    )
    assert re.search(r"conventions: \d of \d claims hold \(not in the verdict\): ties", out)
    assert "Fix next" not in out
    assert "Fix next: equal_distances_go_to_the_lower_index" in strictly


@pytest.mark.parametrize(
    ("source", "words", "message"),
    [
        (None, ["missing.py:KNN"], "there is no file missing.py"),
        (RIGHT.replace("class KNN", "class Other"), [], "has no class KNN; it has Other"),
        (RIGHT.replace("k=3", "k, depth"), [], "the constructor of KNN needs depth"),
        (RIGHT.replace("def fit", "def learn"), [], "KNN has no method fit"),
        (RIGHT.replace("def fit(self, X, y):", "def fit(self, X, y)"), [], "line 6: expected ':'"),
        ("import nowhere\n", [], "cannot be imported: ModuleNotFoundError: No module named 'nowhere'"),
        (RIGHT.replace("k=3", "size=3"), [], "KNN has no argument for the number of neighbours"),
        (None, ["knn"], "target 'knn' is neither reference, accelerated"),
        (None, ["nowhere.at_all:KNN"], "nowhere.at_all cannot be imported: ModuleNotFoundError"),
        (RIGHT, ["--device", "cuda"], "takes no device, but --device is cuda"),
        (RIGHT, ["--only", "nothing"], "'nothing' is neither a claim nor a level"),
        (
            RIGHT,
            ["--skip", "neighbours"],
            "'neighbours' is neither a claim nor a level; did you mean 'neighbors'?",
        ),
        (RIGHT, ["--minutes", "3"], "--minutes is for --profile deep"),
    ],
    ids=[
        "missing file",
        "no such class",
        "constructor that needs arguments",
        "class without fit",
        "syntax error",
        "import that fails",
        "no k",
        "no target",
        "no module",
        "no device",
        "no claim",
        "misspelt claim",
        "minutes of another profile",
    ],
)
def test_what_cannot_be_tried_is_one_clear_line(target, capsys, source, words, message):
    status, out, err = run(capsys, *([target(source)] if source else []), *words)

    assert status == 2
    assert out == ""
    assert err.startswith("python -m conformance: ")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "the following arguments are required: TARGET"),
        (["a", "b"], "unrecognized arguments: b"),
        (["compair", "reference", "sklearn"], "'compair' is neither a job nor a target; did you mean compare?"),
        (["refrence"], "'refrence' is neither a job nor a target; did you mean reference?"),
        (["compare"], "the following arguments are required: TARGET"),
        (["zoo", "--only", "Median", "--json", "file"], "unrecognized arguments: --json file"),
        (["zoo", "--only", "Nobody"], "--only 'Nobody' is not a mutant"),
        (["reference", "--write", "file"], "unrecognized arguments: --write file"),
        (["compare", "reference", "--json", "file"], "unrecognized arguments: --json file"),
        (["compare", "reference", "--write"], "argument --write: expected one argument"),
        (["reference", "--minutes", "0"], "argument --minutes: 0 must be above 0"),
        (
            ["reference", "--json", "nowhere/file"],
            "argument --json: nowhere/file cannot be written: No such file or directory",
        ),
        (["reference", "--profile", "slow"], "invalid choice: 'slow'"),
    ],
)
def test_wrong_arguments_are_refused(capsys, words, message):
    status, _, err = run(capsys, *words)

    assert status == 2
    assert message in err.splitlines()[-1]


@pytest.mark.parametrize("name", ["zoo.py", "my_reference.py", "./compare.py"])
def test_a_target_may_be_called_nearly_like_a_job(target, name, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    target(RIGHT, name)
    status, out, _ = run(capsys, f"{name}:KNN", *QUICK, "--only", "nearest_on_a_lattice")

    assert status == 0
    assert "answers: 1 of 1 claims hold" in out
    assert "'nothing' is neither a claim" in run(capsys, "accelerated:KNNClassifier", "--only", "nothing")[2]


@pytest.mark.parametrize("word", ["--list", "list"])
def test_every_claim_is_listed_with_its_reason(capsys, word):
    status, out, _ = run(capsys, word)

    assert status == 0
    for claim in CLAIMS:
        assert f"  {claim.name}  [{claim.kind}; {claim.relation}]\n    {claim.sentence}\n    Why: {claim.why}" in out


BAD = """
import os, time
class KNN:
    calls = 0
    def __init__(self, k=3):
        self.k = k
    def fit(self, X, y):
        self.X = X
    def kneighbors(self, X):
        KNN.calls += 1
        print("noise")
        os.write(1, b"more noise")
        if KNN.calls > 30:
            DO
        return [sorted((float(abs(q - x).sum()), i) for i, x in enumerate(self.X))[: self.k] for q in X]
"""
SHORT = Profile(draws=20, budget=1.0, limit=3.0)
CLAIMS_TRIED = ["nearest_where_none_tie", "nearest_on_a_lattice", "every_row_is_a_neighbor_when_k_is_n"]


@pytest.mark.parametrize(
    ("do", "verdict", "message"),
    [
        ("time.sleep(1000)", "hangs", "took more than 3 seconds"),
        ("os._exit(7)", "crashes", "ended the process with status 7"),
        ("raise RuntimeError('no more')", "raises", "RuntimeError: no more"),
        ("return None", "FAILS", "kneighbors returned None, but should return neighbours"),
        ("return 'rubbish'", "FAILS", "kneighbors returned"),
        ("raise SystemExit('stop')", "raises", "SystemExit: stop"),
    ],
)
def test_a_bad_target_is_reported_and_the_run_goes_on(target, do, verdict, message):
    header, *results = run_isolated(Job(target(BAD.replace("DO", do)), CLAIMS_TRIED, SHORT))

    assert header["tasks"] == ["search"]
    assert [result.claim for result in results] == CLAIMS_TRIED
    assert verdict in {result.verdict for result in results}
    assert message in next(result.message for result in results if result.verdict == verdict)


def test_three_claims_without_an_end_are_enough(target):
    claims = [claim.name for claim in CLAIMS if claim.level == "neighbors"]
    job = Job(target(BAD.replace("DO", "os._exit(1)").replace("> 30", "> 12")), claims, SHORT)
    _, *results = run_isolated(job)

    assert len(results) == len(claims)
    assert [r.verdict for r in results].count("crashes") == isolation.PATIENCE
    assert results[-1] == Result(claims[-1], "skipped", message="3 claims before it hung or crashed")


def test_a_target_that_hangs_at_once_cannot_be_tried(target, monkeypatch, capsys):
    monkeypatch.setattr(isolation, "OPENING", 5.0)
    status, _, err = run(capsys, target(RIGHT.replace("self.data =", "while True: pass\n        self.data =")))

    assert status == 2
    assert "to import it and fit it to seven examples took more than 5 seconds" in err


def results_of(target, claim, seed=0):
    (tried,) = (one for one in CLAIMS if one.name == claim)
    result = run_claim(target, tried, PROFILES["quick"], seed)
    result.seconds, result.where = 0.0, ""
    return result


@pytest.mark.parametrize("claim", ["averages_of_targets", "nearest_on_a_lattice", "nearest_of_any_numbers"])
def test_the_same_seed_draws_the_same_whatever_numbers_the_source_has(target, claim):
    numbers = "\nHERE = [3, 4, 5, 1, 2, 77, 12345, 99999, 0.125]\n"
    plain, again, numbered = (
        results_of(load_target(target(source, name), task="regressor"), claim)
        for source, name in ((MEDIAN, "a.py"), (MEDIAN, "b.py"), (MEDIAN + numbers, "c.py"))
    )

    assert plain == again == numbered


def test_hypothesis_has_the_private_method_that_plain_draws_override():
    draw = getattr(HypothesisProvider, "_maybe_draw_constant", None)

    assert callable(draw), "runner/plain_draws.py must find another way; until then bound Hypothesis in pyproject.toml"


def test_another_seed_or_claim_draws_otherwise(target):
    assert len({seed_of(claim, seed) for claim in CLAIMS for seed in (0, 1)}) == 2 * len(CLAIMS)
    model = load_target(target(MEDIAN), task="regressor")

    assert len({results_of(model, "averages_of_targets", seed).draws for seed in range(8)}) > 1


def test_a_deep_run_takes_the_minutes_that_it_is_given():
    assert deep(minutes=2, claims=60).budget == 2.0

    endless, start = Profile(draws=10**6, budget=2.0, limit=60), CLAIMS[0]  # 2 seconds: enough also on a busy machine
    result = run_claim(load_target("reference"), start, endless)
    assert 2.0 <= result.seconds < 20
    assert result.draws > 20


@pytest.mark.parametrize("name", peers.KNOWN)
def test_peers_differ_as_is_known_and_in_nothing_else(name, capsys, monkeypatch):
    """In pinned cases, which show every known difference, and a few drawn ones; ``make peers`` draws many."""
    if not peers.PEERS[name].is_installed:
        pytest.skip(peers.PEERS[name].absence)
    monkeypatch.setitem(PROFILES, "quick", replace(PROFILES["quick"], draws=5))
    status, out, _ = run(capsys, name, *QUICK)

    assert status == 0, out
    assert len(re.findall(r" known  ", out)) == len(peers.KNOWN[name])


def test_a_known_difference_that_is_gone_fails(monkeypatch, capsys):
    monkeypatch.setitem(peers.KNOWN, "reference", {"hamming_distance": "it once did"})
    status, out, _ = run(capsys, "reference", *QUICK, "--only", "hamming_distance")

    assert status == 1
    assert "holds, but should differ: it once did" in out


def test_known_differences_are_differences_of_claims_that_exist():
    for known in peers.KNOWN.values():
        assert set(known) <= {claim.name for claim in CLAIMS}


def test_the_page_of_peers_has_every_claim_and_every_known_difference():
    page = (Path(__file__).parent.parent / "docs" / "peers.md").read_text()
    rows = re.findall(r"^\| (\w+) +\|", page.split("## Every claim")[1], flags=re.M)

    assert [row for row in rows if row in BY_NAME] == [claim.name for claim in CLAIMS]
    shown = [peer for peer in peers.PEERS.values() if f"### {peer.package} " in page]
    assert {"sklearn", "faiss", "torch-cdist"} <= {peer.name for peer in shown}
    for peer in shown:
        listed = page.split(f"### {peer.package} ")[1].split("##")[0]
        assert set(re.findall(r"`(\w+)`", listed)) == set(peer.known)
        assert all(f"- {reason}" in listed for reason in peer.differences)


def test_a_peer_that_is_not_installed_is_left_out_or_says_how_to_install_it(monkeypatch, capsys):
    absent = peers.PEERS["faiss"]._replace(module="a_module_that_no_one_has")
    monkeypatch.setitem(peers.PEERS, "faiss", absent)
    line = "faiss is not installed: pip install faiss-cpu"

    with pytest.raises(TargetError, match=line):
        absent.load()
    status, out, _ = run(capsys, "compare", "faiss", "torch-cdist", *QUICK, "--only", "nearest_on_a_lattice")
    assert status == 0
    assert out.startswith(f"Left out: {line}.")
    assert run(capsys, "compare", "faiss")[::2] == (2, f"python -m conformance: {line}\n")


def test_a_known_crash_is_no_failure_and_is_named():
    result = Result("no_rows_are_refused", "crashes", message="ended the process with status -11")
    known = {"no_rows_are_refused": f"{CRASHES}an empty index"}

    assert judged({}, result.copy()).verdict == "crashes"
    assert judged({"no_rows_are_refused": "it is not checked"}, result.copy()).verdict == "crashes"
    as_known = judged(known, result.copy())
    assert (as_known.verdict, as_known.message) == ("known", "crashes: an empty index")
    assert "| no_rows_are_refused | **crashes** |" in as_text({"mine": [as_known]})


def test_implementations_are_compared_in_a_table(target, capsys, tmp_path):
    file = tmp_path / "table.md"
    wrong = target(MEDIAN)
    status, out, _ = run(
        capsys, "compare", "reference", wrong, *QUICK, "--task", "regressor", "--only", "averages", "--write", file
    )

    assert status == 1
    assert out.strip() in file.read_text()
    assert re.search(r"\| averages_of_targets +\| holds +\| \*\*fails\*\* +\|", out)
    assert re.search(r"\| +\| all +\| (\d+)/\1 ", out)


def test_a_target_that_leaves_others_behind_is_ended_with_them(target):
    busy = "import subprocess\nsubprocess.Popen(['sleep', '100'])\n" + RIGHT
    _, *results = run_isolated(Job(target(busy), CLAIMS_TRIED, SHORT))

    assert [result.verdict for result in results] == ["holds"] * len(CLAIMS_TRIED)


def test_a_file_may_be_called_like_a_module(target):
    found = load_target(target(RIGHT, "numpy.py"))

    assert sys.modules["numpy"] is np
    assert results_of(found, "nearest_on_a_lattice").verdict == "holds"


def test_calls_are_shown_from_the_making_of_a_model_on():
    calls = ["model = A()", "model.fit(X)", *["model.predict(Q)"] * 20, "model = A(k=2)", "model.predict(Q)"]

    assert fix_next._last_model(calls) == ["model = A(k=2)", "model.predict(Q)"]
    assert fix_next._last_model(calls[:22]) == []
    assert np.array_equal(fix_next._last_model(calls[:3]), calls[:3])
