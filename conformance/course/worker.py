"""Tries a step on a learner's file, in a process of its own (``python -m conformance.course.worker FILE NUMBER``).

It writes a line of JSON for each claim that holds, and one for the first that fails.
"""

import doctest
import importlib
import inspect
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from conformance.cases.case import from_json
from conformance.cases.pins import pinned
from conformance.claims import BY_NAME
from conformance.claims.claim import Claim
from conformance.course import own_claim
from conformance.course.claims import OWN
from conformance.course.parts import Part
from conformance.course.steps import STEPS, Step
from conformance.course.target import StepTarget
from conformance.meters.memory import NOT_TOLD
from conformance.runner.trial import Profile, Result, run_claim
from conformance.targets.errors import TargetError
from conformance.targets.imports import import_lines
from conformance.targets.loading import import_place
from conformance.targets.opening import by_task
from conformance.targets.places import in_one_line, place_of

PROFILE = Profile(draws=25, budget=1.0, limit=10.0)
SHRINKING = 1.0  # seconds for a smaller case
LONGEST = 300  # characters of a call that is shown
UNREADABLE = "Unreadable: "
WORKED = "the worked number"

Line = dict[str, Any]


def judge(path: Path, step: Step) -> Iterator[Line]:
    """A line for each trial, up to the first that fails."""
    if step.needs and find_spec(step.needs) is None:
        yield {"fails": "the step can be tried", "message": f"it needs {step.needs}: pip install {step.needs}"}
        return
    try:
        module = import_place(str(path))
    except TargetError as error:
        yield {"fails": "the file can be imported", "message": str(error)}
        return
    written = vars(module).get(step.writes)
    if not callable(written):
        yield {"fails": f"the file has {step.writes}", "message": f"{path.name} defines no {step.writes}"}
        return
    parts = (_worked_numbers(step, vars(module)), trials(step, written), _reading(step, module))
    for line in chain(*parts):
        yield line
        if "fails" in line:
            return
    yield {"solved": True}


def _worked_numbers(step: Step, written: Line) -> Iterator[Line]:
    """Tries the examples in the docstrings of the stub, whatever the learner has changed there."""
    given = {"np": np} | ({step.needs: importlib.import_module(step.needs)} if step.needs else {})
    for docstring in step.docstrings:
        names = {**given, **written}
        for example in doctest.DocTestParser().get_examples(docstring):
            if line := _tried(example, names):
                yield line
                return
    yield {"holds": WORKED}


def _tried(example: doctest.Example, names: Line) -> Line | None:
    """A line if the example raises, or has another value; prints of the learner do not count."""
    try:
        if not example.want:
            exec(example.source, names)
            return None
        got = repr(eval(example.source, names))
    except (Exception, SystemExit) as error:
        where = place_of(error)
        message = _explained(in_one_line(error)) + (f", at {where}" if where and "<" not in where else "")
        is_open = isinstance(error, NotImplementedError) and not str(error)  # as a stub raises it
        return {"fails": WORKED, "message": message, "call": example.source.strip(), "open": is_open}
    if got == example.want.strip():
        return None
    message = f"returned {got}, but should return {example.want.strip()}"
    return {"fails": WORKED, "message": message, "call": example.source.strip(), "open": False}


def _explained(message: str) -> str:
    """The message, with the usual reason where it names NoneType."""
    return f"{message} (None is the answer of a function without a return)" if "NoneType" in message else message


def trials(step: Step, written: Callable[..., Any], shrinking: float = SHRINKING) -> Iterator[Line]:
    """Tries the claims of the step on a function or a class; step 18 is itself a claim."""
    if step.name == "test_it_yourself":
        yield own_claim.judge(written)
        return
    target = open_step(step, written)
    for name in step.claims:
        claim = BY_NAME.get(name) or OWN[name]
        result = run_claim(target, claim, PROFILE, pins=pinned(name), shrinking=shrinking)
        if result.verdict == "holds":
            yield {"holds": name}
        elif result.message != NOT_TOLD:  # where no system tells memory, the step is judged without it
            yield _failure(step, target, claim, result)


def _reading(step: Step, module: Any) -> Iterator[Line]:
    """Refuses code with loops, where the step forbids them."""
    if reason := step.refuse(inspect.getsource(module)):
        yield {"fails": "the code", "message": reason}


def open_step(step: Step, written: Callable[..., Any]) -> StepTarget:
    """The target of a learner's function or class."""
    if step.read is None:
        return StepTarget(step.name, by_task(step.host(written)))
    part = Part(step.writes, written, right_of(step), step.read)
    return StepTarget(step.name, by_task(step.host(part)), part=part)


def right_of(step: Step) -> Any:
    """The function of the solution."""
    module = importlib.import_module(f"conformance.course.solutions.{Path(step.file).stem}")
    return getattr(module, step.writes)


def _failure(step: Step, target: StepTarget, claim: Claim, result: Result) -> Line:
    """A claim that fails, with the call of the learner's function that shows it, and the right answer to it."""
    about = {"fails": claim.name, "sentence": claim.sentence, "why": claim.why, "message": result.message}
    if result.verdict == "raises":  # the claim tells nothing about an exception
        about = {"fails": f"{step.writes} raises an exception", "message": _explained(result.message)}
    if result.message.startswith(UNREADABLE):
        about = {"fails": f"the answers of {step.writes}", "message": result.message.removeprefix(UNREADABLE)}
    if result.verdict == "skipped":
        about["message"] = f"it could not be tried: {result.message}"
    is_open = result.message == "NotImplementedError"
    line: Line = {**about, "where": result.where, "open": is_open, "code": []}
    if target.part is None:
        return {**line, "code": [*import_lines(target), *result.calls]}
    if result.case is not None:
        _again(target, claim, result.case)
    difference = target.part.difference()
    last = next((str(call) for call in target.part.calls[-1:] if call.examples), "")
    call = difference[0] if difference else last
    if 0 < len(call) <= LONGEST:
        line["code"] = [f"from {Path(step.file).stem} import {step.writes}", call]
        if difference:
            line["returned"], line["expected"] = difference[1:]
    return line


def _again(target: StepTarget, claim: Claim, case: Line) -> None:
    """Asks the smallest case again, so that the last calls are those that fail."""
    target.begin()
    try:
        claim.function(target, target.prepared(from_json(case)))
    except (Exception, SystemExit):
        return


def main() -> None:
    path, number = Path(sys.argv[1]), int(sys.argv[2])
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a learner may print, and would on every drawn case
    warnings.simplefilter("ignore")

    def write(line: Line) -> None:
        print(json.dumps(line, default=str), file=out, flush=True)

    step = STEPS[number - 1]
    if step.needs and find_spec(step.needs):
        importlib.import_module(step.needs)  # which takes its time, before that of the learner begins
    write({"ready": step.number})
    for line in judge(path, step):
        write(line)


if __name__ == "__main__":
    main()
