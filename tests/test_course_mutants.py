"""No mutant of a step's kind solves the step."""

import warnings
from dataclasses import replace

import pytest

from conformance.course import worker
from conformance.course.steps import STEPS
from conformance.course.worker import trials
from tests.claims import try_claim
from tests.wrong_answers import KINDS

BY_NAME = {step.name: step for step in STEPS}
WRONG = [(name, mutant) for name, (_, mutants) in KINDS.items() for mutant in mutants]


def first_failure(step, written):
    return next((line["fails"] for line in trials(step, written, shrinking=0) if "fails" in line), "")


@pytest.mark.parametrize(("name", "mutant"), WRONG, ids=lambda value: getattr(value, "__name__", value))
def test_a_mutant_does_not_solve_the_step(name, mutant, monkeypatch):
    monkeypatch.setattr(worker, "run_claim", try_claim)
    step, answer = BY_NAME[name], KINDS[name][0](mutant)
    own_claim_first = replace(step, claims=tuple(sorted(step.claims, key=lambda claim: claim != mutant.claim)))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mutants overflow, and divide by 0
        assert first_failure(own_claim_first, answer)


def test_every_step_has_mutants_but_the_one_that_tries_them():
    assert set(BY_NAME) - set(KINDS) == {"test_it_yourself"}
    assert {name for name, (_, mutants) in KINDS.items() if len(mutants) < 8} == set()


def test_nearly_every_mutant_that_answers_wrongly_is_of_the_kind_of_a_step():
    assert len({mutant for _, mutant in WRONG}) > 100
