"""``python -m conformance quiz``: what it asks, asks again and tells at the end, fed by a made-up standard input."""

import io
import re
import subprocess
import sys

import pytest

from conformance.course.questions import read_groups
from tests.command_line import run

TIES = [question.asks for group in read_groups() if group.name == "Ties" for question in group.questions]


@pytest.fixture
def sit(monkeypatch, capsys):
    """A function that runs the quiz with the given lines as input, and returns status, output and errors."""

    def sit(*words, lines=(), columns="10000"):
        monkeypatch.setenv("COLUMNS", columns)
        monkeypatch.setattr("conformance.course.terminal.WIDEST", int(columns))
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return run(capsys, "quiz", *words)

    return sit


def asked(out):
    """The questions on ties in the order in which they were asked."""
    return [line for line in out.splitlines() if line in TIES]


def test_every_question_of_a_group_is_asked_once_if_all_are_known(sit):
    status, out, _ = sit("--group", "Ties", lines=["", "", "1"] * len(TIES))

    assert status == 0
    assert sorted(asked(out)) == sorted(TIES)
    assert f"Ties: {len(TIES)} knew it" in out
    assert "You knew every question that was asked." in out
    assert "Weak" not in out.partition("When first asked")[2]


def test_the_answer_comes_after_the_question_and_before_the_mark(sit):
    group = next(group for group in read_groups() if group.name == "Ties")
    question = group.questions[0]
    _, out, _ = sit("--group", "ties", lines=["mine", "", "1"] * len(TIES))
    texts = [question.asks, " ".join(question.answer.split()), question.follow_up, question.follow_up_answer]

    places = [out.index(text) for text in texts]
    assert places == sorted(places)
    assert "Did you know it?" in out[places[-1] :].split("to go")[0]


def test_a_question_that_was_not_known_is_asked_again_until_it_is(sit):
    first, rest = ["", "", "3", *["", "", "1"] * 4, "", "", "2"], ["", "", "1"] * 7
    status, out, _ = sit("--group", "Ties", lines=first + rest)
    order = asked(out)

    assert status == 0
    assert len(order) == len(TIES) + 2
    assert order[5] == order[0] and order.count(order[0]) == 3
    assert out.count("again\n") == 2
    assert f"Ties: {len(TIES) - 1} knew it, 1 no" in out  # the first mark counts
    assert "Weak: Ties. Read docs/contract.md, reference/neighbors.py, and docs/questions.md#ties." in out


def test_the_last_question_is_asked_again_at_once(sit):
    _, out, _ = sit("--group", "Ties", lines=["", "", "1"] * (len(TIES) - 1) + ["", "", "2", "", "", "1"])

    assert asked(out)[-1] == asked(out)[-2]
    assert f"Ties: {len(TIES) - 1} knew it, 1 partly" in out


@pytest.mark.parametrize("key", ["4", "yes", "", "12"])
def test_a_wrong_key_is_answered_and_the_mark_is_asked_for_again(sit, key):
    _, out, _ = sit("--group", "Ties", lines=["", "", key, "2", "q"])

    assert f"{key!r} is not a key: enter 1, 2, 3 or q." in out
    assert len(asked(out)) == 2  # the wrong key did not skip the question
    assert "Ties: 1 partly" in out


@pytest.mark.parametrize(
    "lines", [["", "", "1", "q"], ["", "", "1", "", "Q"], ["", "", "1"], ["", "", "1", ""], ["", "", "1", "", "9"]]
)
def test_q_and_the_end_of_the_input_end_it_with_the_summary(sit, lines):
    status, out, err = sit("--group", "Ties", lines=lines)

    assert (status, err) == (0, "")
    assert "Ties: 1 knew it" in out


def test_nothing_marked_is_told(sit):
    status, out, _ = sit(lines=[])

    assert status == 0
    assert "No question was marked." in out


def test_ctrl_c_ends_it_with_the_summary(sit, monkeypatch):
    lines = iter(["", "", "3"])

    def interrupted(prompt):
        try:
            return next(lines)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr("builtins.input", interrupted)
    status, out, err = sit("--group", "Ties")

    assert (status, err) == (0, "")
    assert "Weak: Ties." in out


def test_without_a_standard_input_it_ends(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", None)
    status, out, _ = run(capsys, "quiz")

    assert status == 0
    assert "No question was marked." in out


def test_a_seed_gives_the_same_order_and_another_seed_another(sit):
    orders = [asked(sit("--group", "Ties", "--seed", seed, lines=["", "", "1"] * len(TIES))[1]) for seed in (1, 1, 2)]

    assert orders[0] == orders[1] != orders[2]


def test_ten_asks_those_with_answers_of_candidates_and_shows_them(sit):
    _, out, _ = sit("--ten", lines=["", "", "1"] * 10)

    assert out.startswith("10 questions.")
    assert [out.count(f"\n{name}: ") for name in ("Weak", "Good", "Strong", "The difference")] == [10] * 4
    assert "You knew every question that was asked." in out


def test_without_options_every_question_is_asked(sit):
    n = sum(len(group.questions) for group in read_groups())
    _, out, _ = sit(lines=["", "", "1"] * n)

    assert len(re.findall(r"^.+, \d+ to go$", out, flags=re.M)) == n
    assert "Variants" in out.partition("When first asked")[2]


@pytest.mark.parametrize("name", ["TIES", "ti", " ties "])
def test_the_start_of_a_name_in_any_case_names_the_group(sit, name):
    _, out, _ = sit("--group", name, lines=[])

    assert out.startswith(f"{len(TIES)} questions.")


@pytest.mark.parametrize(("name", "problem"), [("trees", "is not a group"), ("v", "begins several")])
def test_a_wrong_group_is_told_the_groups(sit, name, problem):
    status, _, err = sit("--group", name)

    assert status == 2
    assert problem in err
    assert all(group.name in err for group in read_groups())


def test_ten_and_group_exclude_each_other(sit):
    status, _, err = sit("--ten", "--group", "Ties")

    assert status == 2
    assert "not allowed with argument" in err


def test_lines_are_as_wide_as_the_terminal(sit):
    _, out, _ = sit("--group", "Ties", lines=["", "", "1"] * len(TIES), columns="40")
    lines = out.partition("When first asked")[0].splitlines()

    assert max(len(line) for line in lines if "docs/" not in line and not line.startswith("Did you know")) <= 40
    assert sum(len(line) > 30 for line in lines) > 50


def test_it_works_in_a_pipe_and_without_importing_torch():
    code = "import sys; from conformance.__main__ import main; main(['quiz']); print('torch' in sys.modules)"
    piped = subprocess.run([sys.executable, "-c", code], input=b"\xff\n1\nq\n", capture_output=True, check=True)
    out = piped.stdout.decode()

    assert "1 knew it" in out
    assert out.splitlines()[-1] == "False"
    assert piped.stderr == b""
