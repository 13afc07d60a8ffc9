"""The course accepts right answers however they are written, and a claim that asserts nothing catches nothing."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.course import own_claim, worker
from conformance.course.steps import STEPS
from conformance.course.worker import judge
from tests.claims import try_claim

ANSWERS = Path(__file__).parent / "right_answers"  # a folder for each step, with files as a learner may write them
WRITTEN = [(step, file) for step in STEPS for file in sorted((ANSWERS / Path(step.file).stem).glob("*.py"))]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A learner's folder in which every step is solved."""
    monkeypatch.setattr(worker, "PROFILE", replace(worker.PROFILE, draws=8))  # of 25; right answers hold on all draws
    monkeypatch.setattr(worker, "run_claim", try_claim)
    for step in STEPS:
        (tmp_path / step.file).write_text(step.solution, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("step", "file"), WRITTEN, ids=[f"{file.parent.name}-{file.stem}" for _, file in WRITTEN])
def test_a_right_answer_is_accepted_however_it_is_written(step, file, folder):
    (folder / step.file).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")

    lines = list(judge(folder / step.file, step))

    assert [line for line in lines if "fails" in line or line.get("skipped")] == []
    assert lines[-1] == {"solved": True}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_each_step_has_five_right_answers_and_each_says_in_a_line_how_it_differs(step):
    trees = [ast.parse(file.read_text(encoding="utf-8")) for one, file in WRITTEN if one is step]
    stories = {ast.get_docstring(tree) for tree in trees}

    assert len(stories) == len(trees) == 5
    assert all(story.endswith(".") and "\n" not in story for story in stories)


def test_a_claim_that_asserts_nothing_catches_no_wrong_search():
    def asserts_nothing(kneighbors, rng):
        kneighbors(rng.normal(size=(9, 3)), rng.normal(size=(2, 3)), 3)

    verdict = own_claim.judge(asserts_nothing)

    assert verdict["message"] == f"it catches 0 of {verdict['of']} wrong searches, and should catch 8 or more"
    assert verdict["of"] > 30
