"""``python -m conformance learn`` finds the first unsolved step, tells what to fix there, and loses no code."""

import os
import re
import subprocess
import sys
import time

import pytest

from conformance.course import commands, judge, worker
from conformance.course.commands import hints_of
from conformance.course.folder import SOLVED, Folder
from conformance.course.steps import STEPS
from tests.command_line import run

FIRST, SECOND = STEPS[:2]
SQUARED = "    return np.sum((a - b) ** 2)"


@pytest.fixture
def course(tmp_path, monkeypatch, capsys):
    """A folder in which a course was started, as the current one."""
    assert run(capsys, "learn", "start", tmp_path / "my course")[0] == 0
    monkeypatch.chdir(tmp_path / "my course")
    return tmp_path / "my course"


def write(course, step, body):
    """Writes the body of the step's first function, in place of what the stub raises."""
    code = step.stub.replace("    raise NotImplementedError", body, 1)
    assert code != step.stub
    (course / step.file).write_text(code, encoding="utf-8")


def solve(course, *steps):
    for step in steps:
        (course / step.file).write_text(step.solution, encoding="utf-8")


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_stub_is_open_and_has_a_number_worked_by_hand(step, tmp_path):
    file = tmp_path / step.file
    file.write_text(step.stub, encoding="utf-8")

    [failed] = [line for line in worker.judge(file, step) if "fails" in line]

    assert failed["open"]
    assert "By hand: " in step.stub
    assert step.name == "test_it_yourself" or ">>>" in step.stub


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_step_has_three_hints_of_which_none_is_another(step):
    hints = hints_of(step)

    assert len({*hints}) == len(hints) == 3
    assert all(hint.endswith((".", "?")) for hint in hints)


def test_a_new_course_begins_with_the_first_step(course, capsys):
    status, shown, _ = run(capsys, "learn")

    assert status == 1
    assert "0 of 19 steps solved" in shown and "Step 1: the distance between two examples" in shown
    assert "learn hint" in shown and "Fix next" not in shown


def test_a_wrong_answer_is_shown_beside_the_right_one_with_code_to_paste(course, capsys):
    solve(course, *STEPS[:2])
    write(
        course,
        STEPS[2],
        "    return np.argsort(-distances[::-1])[::-1][:k] if len(distances) > 4 else \\\n"
        "        np.argsort(distances, kind='stable')[:k]",
    )

    status, shown, _ = run(capsys, "learn")

    assert status == 1
    assert "Step 2 is solved" in shown and "2 of 19 steps solved" in shown and "Fix next: " in shown
    call, returned, right = re.search(
        r"\n  (get_nearest\(.*\))\n    returned +(.*)\n    should return +(.*)\n", shown
    ).groups()
    assert returned != right and f"print({call})" in shown
    program = re.search(r"Paste into Python.*?\n\n(.*?)\n\n", shown, flags=re.S)[1].replace("    ", "")
    pasted = subprocess.run([sys.executable, "-c", program], cwd=course, capture_output=True, text=True)
    assert pasted.stdout.split() == returned.replace(",", "").split(), pasted.stderr


def test_a_wrong_class_is_shown_with_its_calls(course, capsys):
    forgetful = STEPS[7].solution.replace(
        "self._examples, self._labels = ", "self.fitted = self._examples, self._labels = "
    )
    wrong = forgetful.replace("nearest = np.argsort(distances, kind", "nearest = np.argsort(distances[:4], kind")
    assert STEPS[7].solution != wrong
    (course / STEPS[7].file).write_text(wrong, encoding="utf-8")

    status, shown, _ = run(capsys, "learn", "try", "predict")

    assert status == 1
    program = re.search(r"Paste into Python.*?\n\n(.*?)\n\n", shown, flags=re.S)[1].replace("    ", "")
    pasted = subprocess.run([sys.executable, "-c", program], cwd=course, capture_output=True, text=True)
    assert "model.predict(" in program and pasted.stdout, pasted.stderr


def test_solved_code_is_not_judged_again_until_it_changes(course, capsys, monkeypatch):
    solve(course, FIRST)
    run(capsys, "learn")
    judged = []
    monkeypatch.setattr(commands, "judge", lambda step, path: judged.append(step) or judge.judge(step, path))

    run(capsys, "learn")
    assert judged == []

    write(course, FIRST, SQUARED)
    _, shown, _ = run(capsys, "learn")
    assert judged == [FIRST] and "0 of 19 steps solved" in shown and "returned 25.0" in shown


def test_a_step_is_judged_again_if_a_file_that_it_imports_changes(course, capsys):
    solve(course, FIRST)
    (course / SECOND.file).write_text(
        "from step_01_distance import get_distance\nimport numpy as np\n\n\ndef get_distances(Q, X):\n"
        "    return np.array([[get_distance(q, x) for x in X] for q in Q])\n",
        encoding="utf-8",
    )
    assert "2 of 19" in run(capsys, "learn")[1]

    write(course, FIRST, SQUARED)

    assert not Folder(course).is_solved(SECOND)


@pytest.mark.parametrize("note", ["", "{", "[1, 2]", '{"a": 1}'])
def test_a_note_that_was_damaged_counts_for_nothing(course, capsys, note):
    (course / SOLVED).write_text(note, encoding="utf-8")

    assert "0 of 19" in run(capsys, "learn")[1]


def test_hints_go_from_a_nudge_to_nearly_the_code(course, capsys):
    shown = [run(capsys, "learn", "hint", *words)[1] for words in ((), ("1", "-n", "2"), ("distance", "-n", "3"))]

    assert [re.search("hint ([123]) of 3", text)[1] for text in shown] == ["1", "2", "3"]
    assert "hint 1 -n 2" in shown[0] and "solution 1" in shown[2] and "np.sqrt(np.sum" in shown[2]


def test_a_solution_is_shown_after_an_attempt_and_not_before(course, capsys):
    status, shown, error = run(capsys, "learn", "solution", "1")
    assert (status, shown) == (2, "") and "attempt step 1 first" in error

    write(course, FIRST, SQUARED)
    status, shown, _ = run(capsys, "learn", "solution", "1")
    assert (status, shown) == (0, FIRST.solution)


def test_a_reset_keeps_the_code_that_it_replaces(course, capsys):
    write(course, FIRST, SQUARED)
    mine = (course / FIRST.file).read_text(encoding="utf-8")

    for number in (1, 2):
        _, shown, _ = run(capsys, "learn", "reset", "1")
        assert f"step_01_distance_before_reset_{number}.txt" in shown
        assert (course / FIRST.file).read_text(encoding="utf-8") == FIRST.stub
        (course / FIRST.file).write_text(mine, encoding="utf-8")

    kept = sorted(course.glob("*.txt"))
    assert [file.read_text(encoding="utf-8") for file in kept] == [mine, mine]


def test_a_course_that_is_started_twice_keeps_the_files_that_are_there(course, capsys):
    write(course, FIRST, SQUARED)
    (course / SECOND.file).unlink()

    _, shown, _ = run(capsys, "learn", "start", course)

    assert "1 of 19 files" in shown
    assert SQUARED in (course / FIRST.file).read_text(encoding="utf-8")
    assert "Nothing was changed" in run(capsys, "learn", "start", course)[1]


def test_progress_tells_solved_begun_and_open_steps(course, capsys):
    solve(course, FIRST)
    write(course, SECOND, "    return None")

    _, shown, _ = run(capsys, "learn", "progress")

    assert re.findall(r"^ +\d+  (\w+)", shown, flags=re.M) == ["solved", "begun", *["open"] * 17]
    assert "1 of 19 steps solved" in shown


def test_the_last_step_ends_the_course(course, capsys, monkeypatch):
    solve(course, *STEPS)
    monkeypatch.setattr(Folder, "is_solved", lambda folder, step: True)

    status, shown, _ = run(capsys, "learn")

    assert status == 0 and "19 of 19 steps solved" in shown and "conformance quiz" in shown


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("    return (", r"line \d+: '\(' was never closed"),
        ("    return 1 / 0", r"ZeroDivisionError: division by zero, at step_01_distance.py:\d+ in get_distance"),
        ("    return None", "TypeError: float"),
        ("    return a - b", "TypeError: only"),
        ("    import sys; sys.exit('bye')", "SystemExit: bye|ended the process with status 1"),
        ("    import os; os._exit(3)", "ended the process with status 3"),
        ("    print('x' * 10**6); return input()", "EOFError"),
        ("    raise KeyboardInterrupt", "KeyboardInterrupt|ended the process"),
        ("    return undefined_name", "NameError: name 'undefined_name' is not defined"),
    ],
)
def test_whatever_a_learner_writes_is_answered(course, capsys, body, told):
    write(course, FIRST, body)

    status, shown, error = run(capsys, "learn")

    assert status == 1 and "Fix next: " in shown and re.search(told, shown), shown
    assert "Traceback" not in shown + error


def test_code_that_never_ends_is_told_so(course, capsys, monkeypatch):
    monkeypatch.setattr(judge, "PATIENCE", 1.0)
    write(course, FIRST, "    while True:\n        pass")

    status, shown, _ = run(capsys, "learn")

    assert status == 1 and "took more than 1 seconds: is there a loop that never ends?" in shown


def test_the_process_is_ended_where_there_are_no_groups_of_processes_as_on_windows(course, capsys, monkeypatch):
    monkeypatch.delattr(os, "killpg")
    monkeypatch.setattr(judge, "PATIENCE", 1.0)
    write(course, FIRST, "    while True:\n        pass")

    assert "took more than 1 seconds" in run(capsys, "learn")[1]


def test_a_changed_argument_is_told(course, capsys):
    write(
        course, STEPS[2], "    order = np.argsort(distances, kind='stable')[:k]\n    distances[:] = 0\n    return order"
    )

    _, shown, _ = run(capsys, "learn", "try", "3")

    assert "get_nearest has changed its argument" in shown and "copy it first" in shown


def test_a_function_of_another_name_is_told(course, capsys):
    (course / FIRST.file).write_text("def distance(a, b):\n    return 0.0\n", encoding="utf-8")

    assert "step_01_distance.py defines no get_distance" in run(capsys, "learn")[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("try", "20"), "'20' is not a step; the steps are 1 distance, 2 all_distances"),
        (("solution",), "the following arguments are required: STEP"),
        (("hint", "1", "-n", "4"), "invalid choice"),
        (("start",), "the following arguments are required: DIR"),
    ],
)
def test_a_wrong_argument_is_told(course, capsys, words, told):
    status, _, error = run(capsys, "learn", *words)

    assert status == 2 and told in error


def test_where_there_is_no_course_the_way_to_one_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert "learn start DIR begins one" in run(capsys, "learn")[2]

    run(capsys, "learn", "start", "mine")
    status, _, error = run(capsys, "learn")
    assert status == 2 and "cd mine" in error
    assert "Step 1" in run(capsys, "learn", "--dir", "mine")[1]


def test_a_missing_file_and_one_that_is_no_text_are_told(course, capsys):
    (course / FIRST.file).unlink()
    assert "learn reset 1 writes it anew" in run(capsys, "learn")[2]
    assert run(capsys, "learn", "reset", "1")[0] == 0

    (course / FIRST.file).write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in run(capsys, "learn")[2]


def test_a_course_cannot_be_started_in_a_file(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")

    status, _, error = run(capsys, "learn", "start", tmp_path / "file")

    assert status == 2 and "cannot be written" in error
    assert (tmp_path / "file").read_text() == "mine"


def test_watching_runs_again_when_a_file_is_saved(course, capsys, monkeypatch):
    saves = iter([SQUARED, "    return np.sqrt(np.sum((a - b) ** 2))"])

    def save(seconds):
        body = next(saves, None)
        if body is None:
            raise KeyboardInterrupt
        time.sleep(0.01)
        write(course, FIRST, body)

    monkeypatch.setattr(commands, "sleep", save)

    status, shown, _ = run(capsys, "learn", "--watch")

    assert status == 0 and shown.endswith("No longer watching.\n")
    assert (
        shown.index("Step 1: ")
        < shown.index("returned 25.0")
        < shown.index("Step 1 is solved")
        < shown.index("Step 2: ")
    )


@pytest.mark.parametrize(
    ("number", "body", "told"),
    [
        (9, "    return np.array([[np.sqrt(np.sum((q - x) ** 2)) for x in X] for q in Q])", "allows one loop"),
        (10, "    return np.array([np.sqrt(np.sum((X - q) ** 2, axis=1)) for q in Q])", "allows no loop"),
        (10, "    return np.sqrt(np.sum((Q[:, None] - X[None]) ** 2, axis=2))", "MiB"),
        (10, "    return np.sqrt(np.sum(Q**2, axis=1)[:, None] + np.sum(X**2, axis=1) - 2 * Q @ X.T)", "nan"),
        (11, "    return np.argsort(distances, kind='stable')[:k]", "65536 of 65536 distances were sorted"),
        (11, "    return sorted(range(len(distances)), key=lambda i: distances[i])[:k]", "comparisons were made"),
        (11, "    return distances.argsort(kind='stable')[:k]", "65536 of 65536 distances were sorted"),
        (12, "    return np.sqrt(np.sum((Q.astype(float)[:, None] - X.astype(float)) ** 2, axis=2))", "MiB"),
        (
            17,
            "    d = np.array([np.sqrt(np.sum((X - q) ** 2, axis=1)) for q in Q])\n"
            "    i = np.argsort(d, axis=1, kind='stable')[:, :k]\n    return np.take_along_axis(d, i, axis=1), i",
            "MiB",
        ),
        (
            19,
            "    d = torch.zeros((len(Q), len(X))) + torch.cdist(Q, X)\n"
            "    return tuple(t[:, :k] for t in d.sort(dim=1, stable=True))",
            "add takes tensors on cpu and meta",
        ),
        (
            19,
            "    d = torch.cdist(Q, X).double()\n    return tuple(t[:, :k] for t in d.sort(dim=1, stable=True))",
            "types",
        ),
    ],
)
def test_answers_that_are_right_and_too_costly_are_refused(course, capsys, number, body, told):
    write(course, STEPS[number - 1], body)

    status, shown, _ = run(capsys, "learn", "try", number)

    assert status == 1 and told in shown, shown


def judged(step, folder):
    """The last line that the solution is told, and the number of claims that held."""
    file = folder / step.file
    file.write_text(step.solution, encoding="utf-8")
    lines = list(worker.judge(file, step))
    return lines[-1], sum("holds" in line for line in lines[1:])


def test_the_solution_in_torch_solves_its_step(tmp_path):
    assert judged(STEPS[-1], tmp_path) == ({"solved": True}, len(STEPS[-1].claims))


def test_the_other_solutions_solve_their_steps_without_torch_and_the_last_step_asks_for_it(tmp_path):
    code = f"""
import sys
from pathlib import Path

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
import conformance.__main__
from conformance.course import worker
worker.find_spec = lambda name: None
for step in worker.STEPS:
    file = Path({str(tmp_path)!r}) / step.file
    file.write_text(step.solution, encoding="utf-8")
    lines = list(worker.judge(file, step))
    print(step.number, lines[-1], sum("holds" in line for line in lines[1:]) - len(step.claims))
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    lines = told.stdout.splitlines()
    own_claim = [0] * 17 + [1]  # step 18 has no claims but the learner's
    assert lines[:18] == [f"{i} {{'solved': True}} {n}" for i, n in enumerate(own_claim, 1)], told.stderr
    assert "it needs torch: pip install torch" in lines[18]
