"""A report names what to fix next, groups failures by cause, accuses nobody of conventions, and stays short."""

import json
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from conformance.claims import BY_NAME, CLAIMS
from conformance.claims.claim import ANSWERS, CONVENTIONS, KINDS
from conformance.runner import Result
from conformance.runner.causes import BROKEN, Group, Judge, grouped
from conformance.runner.fix_next import fix_next
from conformance.runner.report import MOST, judged, lines_below, summary
from conformance.targets.peers import KNOWN
from conformance.targets.triggers import TRIGGERS
from conformance.zoo.likeness import alike
from tests.command_line import MEDIAN, QUICK, RIGHT, run

PARTITIONED = """
import numpy as np
class KNN:
    def __init__(self, k=3):
        self.k = k

    def fit(self, X, y):
        self.X, self.y = np.array(X, dtype=float), np.array(y)
        return self

    def predict(self, X):
        found = []
        for x in np.array(X, dtype=float):
            distances = np.sqrt(((self.X - x) ** 2).sum(axis=1))
            nearest = np.argpartition(distances, self.k)[: self.k]
            found.append(self.y[nearest].sum() / 3)
        return np.array(found)
"""


def below(out):
    """The lines below the table."""
    lines = out.splitlines()
    last = max(
        i for i, line in enumerate(lines) if re.fullmatch(r".+ (holds|FAILS|raises|differs|known) +\d+ +[\d.]+", line)
    )
    return lines[last + 1 :]


@pytest.fixture(scope="module")
def partitioned(tmp_path_factory):
    """The output of a run of a class that raises where k = n, and divides by 3 whatever k is."""
    file = tmp_path_factory.mktemp("mine") / "my_knn.py"
    file.write_text(PARTITIONED)
    words = [sys.executable, "-m", "conformance", f"{file}:KNN", *QUICK]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


def test_one_cause_is_one_failure_and_hides_no_other(partitioned):
    lines = below(partitioned)
    raised = [line for line in lines if line.startswith("raises")]

    assert len(raised) == 1
    assert re.match(
        r"raises +neighbors: nearest_on_a_lattice, and \d\d more, where k = n: ValueError: kth\(=", raised[0]
    )
    assert any(line.startswith("FAILS    averages: averages_of_targets: prediction[0]=") for line in lines)


def test_a_report_has_at_most_60_lines_below_the_table_and_ends_with_what_to_fix_next(partitioned):
    lines = below(partitioned)
    start = lines.index("Fix next: nearest_on_a_lattice")

    assert len(lines) <= 60
    assert "  at my_knn.py:15 in predict" in lines[start:]
    assert "  It was seen to fail only where k = n. Claims were tried without such cases too." in lines[start:]
    assert any(
        line.startswith("  Likeliest bug of the zoo (") and line.endswith("[PartitionAtK]") for line in lines[start:]
    )
    assert lines[-1].lstrip().startswith("Case(")


def results(verdict="holds", **verdicts):
    """A result for every claim."""
    return [Result(claim.name, verdicts.get(claim.name, verdict), message="a reason") for claim in CLAIMS]


def test_the_parts_of_a_report_are_cut_unless_all_is_asked_for():
    wrong = results("FAILS")
    for i, result in enumerate(wrong):
        result.message = f"{i} " + "long " * 40
    groups = grouped(wrong)
    short, everything = (lines_below(wrong, groups, show_all) for show_all in (False, True))

    assert len(groups) == len(CLAIMS)
    assert len(short) == MOST["failures"] + 2
    assert short[-1] == f"... and {len(CLAIMS) - MOST['failures']} more failures: --all"
    assert max(map(len, short)) <= 120
    assert len(everything) == len(CLAIMS) + 1


def test_a_report_with_everything_has_at_most_60_lines_below_the_table():
    verdicts = ["skipped"] * 40 + ["known"] * 20 + ["differs"] * 20 + ["FAILS"] * 60
    many = [
        Result(claim.name, verdict, message=f"{claim.name} is long " * 9, where="a.py:1 in predict", cause="ties")
        for claim, verdict in zip(CLAIMS, verdicts, strict=False)
    ]
    first = many[-1]
    first.case = {"X": {"dtype": "float64", "values": [[0.0]]}, "Q": {"dtype": "float64", "values": [[1.0]]}, "k": 1}
    first.shown = "Case()"
    first.calls = [
        "model = KNN(weights=closeness)",
        "model.fit(X, y)",
        *["model.predict(Q)"] * 4,
        *["model.predict(Q)"] * 5,
    ]
    first.calls[6:6] = ["model = KNN(weights=closeness)"]
    header = {
        "target": "a.py:KNN",
        "imports": ["from conformance.targets import load_class", "KNN = ..."],
        "options": {},
        "tasks": ["regressor"],
        "shows_neighbors": True,
    }
    groups = [Group([result]) for result in many if result.verdict == "FAILS"]
    groups[0] = Group([first, *groups[0].results])
    below_the_table = [
        *lines_below(many, groups, show_all=False),
        "",
        summary(many),
        "",
        *fix_next(groups[0], many, header),
    ]

    assert 50 < len("\n".join(below_the_table).splitlines()) <= 60


@pytest.mark.parametrize(("answer", "is_said"), [("holds", True), ("FAILS", False), ("skipped", False)])
def test_that_no_claim_about_answers_fails_is_said_where_it_is_so(answer, is_said):
    manner = Result("fit_returns_the_model", "FAILS", message="fit returned NoneType")
    lines = fix_next(Group([manner]), [Result("the_majority_wins", answer), manner], {})

    assert ("  No claim about answers fails." in lines) == is_said


SHARED = """
class KNN:
    def __init__(self, k=3):
        self.k = k

    def fit(self, X, y):
        KNN.y = y
        return self

    def predict(self, X):
        return [sum(KNN.y) / len(KNN.y)] * len(X)
"""


def test_two_models_have_two_names_in_the_code_to_paste(target, capsys):
    _, out, _ = run(capsys, target(SHARED), *QUICK, "--only", "two_models_are_two")
    code = out.partition("load_class")[2].partition("# the claim again")[0]

    names = re.findall(r"^ +(?:print\()?(\w+)(?: = |\.)", code, flags=re.M)
    assert names == ["KNN", "model", "model", "model", "another", "another", "model"]


def test_answers_come_before_manners_and_the_simplest_first():
    names = ["missing_numbers_are_refused", "the_majority_wins", "fit_returns_the_model", "euclidean_distance"]
    order = [group.first.claim for group in grouped([Result(name, "FAILS") for name in names])]

    assert order == ["euclidean_distance", "the_majority_wins", "fit_returns_the_model", "missing_numbers_are_refused"]


def test_the_same_exception_at_the_same_line_is_one_failure():
    raised = [
        Result("nearest_on_a_lattice", "raises", message="IndexError: 1", where="a.py:3 in predict"),
        Result("the_majority_wins", "raises", message="IndexError: 2", where="a.py:3 in predict"),
        Result("averages_of_targets", "raises", message="IndexError: 1", where="a.py:4 in predict"),
        Result("a_row_finds_itself", "raises", message="KeyError: 1", where="a.py:3 in predict"),
    ]

    assert [len(group.results) for group in grouped(raised)] == [2, 1, 1]


@pytest.mark.parametrize(("fails_at", "cause"), [("k = n", "k = n"), ("nothing", "")])
def test_a_trigger_is_the_cause_where_the_claim_holds_without_it(fails_at, cause):
    tried = []

    def try_claim(name, avoid):
        tried.append((name, avoid))
        holds = fails_at in avoid
        return Result(name, "holds" if holds else "FAILS", draws=30 if holds else 1, met=["n = 1", "k = n", "ties"])

    judge = Judge(try_claim)
    first, second = judge.judge("nearest_on_a_lattice"), judge.judge("the_majority_wins")

    assert (first.cause, second.cause) == (cause, cause)
    assert judge.triggers == ([cause] if cause else [])
    assert tried[-1] == ("the_majority_wins", ("k = n",) if cause else ("ties",))


def test_a_claim_that_holds_on_few_cases_shows_no_cause():
    def try_claim(name, avoid):
        return Result(name, "holds" if avoid else "FAILS", draws=7, met=["ties"])

    assert Judge(try_claim).judge("nearest_on_a_lattice").cause == ""


def test_every_trigger_is_one_of_a_case_that_a_claim_draws():
    assert set(TRIGGERS) == {"k = n", "n = 1", "one feature", "ties", "numbers far from 0", "a query that is a row"}


def test_conventions_and_known_differences_are_no_failures():
    convention, answer = "equal_distances_go_to_the_lower_index", "the_majority_wins"

    assert judged({}, Result(convention, "FAILS")).verdict == "differs"
    assert judged({}, Result(convention, "FAILS"), strict=True).verdict == "FAILS"
    assert judged({}, Result(answer, "FAILS")).verdict == "FAILS"
    assert judged({answer: "why"}, Result(answer, "FAILS")).verdict == "known"
    assert judged({answer: "why"}, Result(answer, "holds")).verdict in BROKEN


def test_each_kind_of_claims_is_counted_by_itself():
    assert {claim.kind for claim in CLAIMS} == set(KINDS)
    kinds = [line.partition(":")[0] for line in summary(results()).splitlines()]

    assert kinds == list(KINDS)
    assert summary(results("skipped")) == "no claim was tried"


def test_the_rules_on_which_good_libraries_differ_are_conventions():
    conventions = {claim.name for claim in CLAIMS if claim.kind == CONVENTIONS}

    assert conventions > {claim.name for claim in CLAIMS if claim.level == "ties"}
    assert {"training_data_is_copied", "flat_training_data_is_refused", "no_queries_are_refused"} < conventions
    assert all(BY_NAME[claim].kind in (ANSWERS, *KINDS) for known in KNOWN.values() for claim in known)


def test_the_likeliest_bug_is_that_whose_claims_fail_most_alike():
    signatures = {
        "A": {"averages_of_targets": 1.0, "averages_are_linear": 1.0},
        "B": {"averages_of_targets": 1.0},
        "C": {"averages_are_linear": 1.0},
    }
    held = {"the_majority_wins", "nearest_on_a_lattice"}
    both = alike("averages_of_targets", {"averages_of_targets", "averages_are_linear"}, held, signatures)
    one = alike("averages_of_targets", {"averages_of_targets"}, {*held, "averages_are_linear"}, signatures)

    assert [likeness.mutant for likeness in both[:2]] == ["A", "B"]
    assert [likeness.mutant for likeness in one[:2]] == ["B", "A"]
    assert sum(likeness.probability for likeness in one) == pytest.approx(1)
    assert one[0].probability > 0.9


def test_expected_differences_are_known_and_go_stale_loudly(target, capsys, tmp_path):
    file = tmp_path / "expected.txt"
    tried = (target(MEDIAN), *QUICK, "--task", "regressor", "--only", "averages_of_targets", "--expected", file)

    file.write_text("# ours\naverages_of_targets: we want the median\n")
    status, out, _ = run(capsys, *tried)
    assert status == 0
    assert "known: we want the median: averages_of_targets" in out

    status, out, _ = run(capsys, target(RIGHT), *tried[1:])
    assert status == 1
    assert "Fix next: averages_of_targets" in out
    assert "holds, but should differ: we want the median" in out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("averages_of_target: why", "line 1: no claim is called 'averages_of_target'; averages_of_targets is"),
        (
            "averages_of_targets",
            "line 1: averages_of_targets needs a reason, as in 'averages_of_targets: why it differs'",
        ),
        (None, "there is no file"),
    ],
)
def test_a_wrong_list_of_expected_differences_is_refused(target, capsys, tmp_path, text, message):
    file = tmp_path / "expected.txt"
    if text is not None:
        file.write_text(text)
    status, _, err = run(capsys, target(RIGHT), "--expected", file)

    assert status == 2
    assert message in err


def test_skipped_claims_are_not_tried(target, capsys):
    words = ("--only", "ties", "--skip", "all_rows_alike", *QUICK)
    _, out, _ = run(capsys, target(RIGHT), *words)

    assert "ties_among_many_rows" in out
    assert "all_rows_alike" not in out


def test_json_and_junit_can_be_the_output(target, capsys):
    words = (
        target(MEDIAN),
        *QUICK,
        "--task",
        "regressor",
        "--only",
        "averages_of_targets",
        "--only",
        "ties_among_many_rows",
    )
    _, out, _ = run(capsys, *words, "--json", "-")
    written = {result["claim"]: result for result in json.loads(out)["results"]}
    assert written["averages_of_targets"]["where"] == "my_knn.py:14 in predict"

    _, out, _ = run(capsys, *words, "--junit", "-")
    suite = ElementTree.fromstring(out).find("testsuite")
    assert suite.get("tests") == "2"
    assert suite.get("failures") == "1"
    (failed,) = suite.findall("testcase/failure/..")
    assert failed.get("name") == "averages_of_targets"


def test_the_version_is_printed(capsys):
    assert re.fullmatch(r"conformance of verified-knn \d+\.\d+\.\d+\n", run(capsys, "--version")[1])


def test_a_reader_that_has_read_enough_ends_the_list_quietly():
    command = f"{sys.executable} -m conformance list | head -1"
    ran = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)

    assert ran.stdout == "distance\n"
    assert ran.stderr == ""


def test_a_class_that_needs_neither_torch_nor_sklearn_does_not_wait_for_them(target):
    code = f"""
import sys
from conformance.claims import CLAIMS
from conformance.runner import Profile, run_claim
from conformance.targets import load_target
model = load_target({target(RIGHT)!r})
for claim in CLAIMS:
    run_claim(model, claim, Profile(1, 10, 10))
print({{"torch", "sklearn"}} & set(sys.modules))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout == "set()\n"
