"""The text that a learner sees: the introduction of the next step, or the report on an answer to it."""

from conformance.course.folder import Folder
from conformance.course.judge import Verdict
from conformance.course.steps import STEPS, Step
from conformance.course.terminal import wrapped

LEARN = "python -m conformance learn"
BAR = 38  # letters


def bar(n_solved: int) -> str:
    """The progress.

    >>> bar(19)
    '[######################################] 19 of 19 steps solved'
    """
    filled = BAR * n_solved // len(STEPS)
    return f"[{'#' * filled}{'-' * (BAR - filled)}] {n_solved} of {len(STEPS)} steps solved"


def introduction(step: Step, folder: Folder) -> str:
    """The text of a step that is still to be written."""
    lines = [
        f"Step {step.number}: {step.title}",
        "",
        *_paragraphs(step.text),
        "",
        f"Write {step.writes} in {folder.file(step)}; its docstring says what is asked for. Then run one of:",
        "",
        f"  {LEARN}           judges it, and goes on to the next step",
        f"  {LEARN} --watch   the same whenever you save",
        f"  {LEARN} hint      helps",
    ]
    return "\n".join(lines)


def report(verdict: Verdict, folder: Folder) -> str:
    """The report on a step that fails: the claim, the reason, a call with its answer and the right one, and code."""
    step, failed = verdict.step, verdict.failed
    lines = [f"Step {step.number}: {step.title}", f"File: {folder.file(step)}", "", f"Fix next: {failed['fails']}"]
    has_call = "returned" in failed
    lines += wrapped(failed.get("sentence", "").replace("``", ""), "  ")
    if "why" in failed and not has_call:
        lines += wrapped(f"Why: {failed['why']}".replace("``", ""), "  ")
    lines += [f"  {line}" for line in failed.get("call", "").splitlines()]
    if not has_call or "sentence" not in failed:
        lines += wrapped(failed["message"], "  ")
    if where := failed.get("where"):
        lines.append(f"  in {_place(where)}")
    if has_call:
        lines += ["", f"  {failed['code'][-1]}"]
        lines += [f"    returned       {failed['returned']}", f"    should return  {failed['expected']}"]
    lines += _list("missed", failed.get("missed", []))
    lines += _pasted(failed.get("code", []))
    return "\n".join([*lines, "", f"{_held(verdict)}Stuck? {LEARN} hint {step.number}"])


def _place(where: str) -> str:
    """The place of a line or a function.

    >>> _place("step_03_nearest.py:12 in get_nearest")
    'get_nearest, step_03_nearest.py:12'
    """
    place, _, name = where.partition(" in ")
    return f"{name}, {place}"


def _pasted(code: list[str]) -> list[str]:
    """The calls as code to paste; the last one is printed."""
    if not code:
        return []
    *before, last = code
    imports = ["import numpy as np", *(["import torch"] if "torch." in last else [])]
    program = [*imports, *before, f"print({last})"]
    return ["", "  Paste into Python, in the folder of your files:", "", *(f"    {line}" for line in program)]


def solved(verdict: Verdict) -> str:
    """The line for a step that was solved just now, with the searches that a learner's claim has caught."""
    step, last = verdict.step, verdict.held[-1]
    held = f"{last['holds']}. " if "caught" in last else _held(verdict)
    lines = [f"Step {step.number} is solved: {held}Compare: {LEARN} solution {step.number}"]
    for told in ("caught", "missed"):
        lines += _list(told, last.get(told, []))
    return "\n".join(lines)


def finished() -> str:
    return (
        "All steps are solved. Next: python -m conformance quiz asks questions of interviewers.\n"
        "python -m conformance step_08_predict.py:KNNClassifier tries all claims on your class, also those\n"
        "that the course did not ask for, such as on bad input: expect some to fail."
    )


def _held(verdict: Verdict) -> str:
    claims = len(verdict.held) - 1  # the first is the worked number
    return f"{claims} claim{'s hold' if claims != 1 else ' holds'}. " if claims > 0 else ""


def _list(told: str, texts: list[str], most: int = 8) -> list[str]:
    """A list of wrong searches, each with its bug, cut to a few."""
    if not texts:
        return []
    heads = {"caught": "It catches", "missed": "It does not catch"}
    more = [f"... and {len(texts) - most} more"] if len(texts) > most else []
    return ["", f"  {heads[told]}:", *(f"    {text}" for text in [*texts[:most], *more])]


def _paragraphs(text: str) -> list[str]:
    """The lines of several paragraphs and lists, without the marks of code."""
    parts = text.replace("``", "").replace("\n* ", "\n\n* ").split("\n\n")
    return [line for part in parts for line in wrapped(part)]
