"""The text that a learner sees: the next step, or what to fix in it."""

import shutil
import textwrap

from conformance.course.folder import Folder
from conformance.course.judge import Verdict
from conformance.course.steps import STEPS, Step

LEARN = "python -m conformance learn"
BAR = 38  # letters
WIDEST = 100


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
        *wrapped(step.text),
        "",
        f"Write {step.writes} in {folder.file(step)}. Its docstring says what it returns.",
        f"Then: {LEARN}, or {LEARN} --watch, which runs again whenever you save. Stuck? {LEARN} hint",
    ]
    return "\n".join(lines)


def report(verdict: Verdict, folder: Folder) -> str:
    """What to fix next in a step that was tried."""
    step, failed = verdict.step, verdict.failed
    lines = [f"Step {step.number}: {step.title}", f"File: {folder.file(step)}", "", f"Fix next: {failed['fails']}"]
    if "sentence" in failed:
        lines += wrapped(failed["sentence"], "  ") + wrapped(f"Why: {failed['why']}", "  ")
    if "call" in failed:
        lines += [f"  {line}" for line in failed["call"].splitlines()]
    lines += wrapped(failed["message"], "  ")
    if "returned" in failed:
        lines += ["", f"  {failed['code'][-1]}", f"    returned       {failed['returned']}"]
        lines += [f"    should return  {failed['expected']}"]
    if where := failed.get("where"):
        place, _, name = where.partition(" in ")
        lines.append(f"  in {name}, at {place}")
    for told in ("caught", "missed"):
        lines += _list(told, failed.get(told, []))
    if code := failed.get("code"):
        *before, last = code
        lines += ["", "  Paste into Python, in the folder of your files:", ""]
        lines += [
            f"    {line}"
            for line in ("import numpy as np", *before, last if "=" in last.split("(")[0] else f"print({last})")
        ]
    lines += ["", f"{_held(verdict)}Stuck? {LEARN} hint {step.number}"]
    return "\n".join(lines)


def solved(verdict: Verdict) -> str:
    """The line for a step that was solved just now, with the searches that a learner's claim has caught."""
    step = verdict.step
    lines = [f"Step {step.number} is solved: {_held(verdict)}Compare: {LEARN} solution {step.number}"]
    for line in verdict.held:
        for told in ("caught", "missed"):
            lines += _list(told, line.get(told, []))
    return "\n".join(lines)


def finished() -> str:
    return (
        "All steps are solved. Next: python -m conformance quiz asks what interviewers ask,\n"
        "and python -m conformance FILE:CLASS tries all claims on a class of your own."
    )


def _held(verdict: Verdict) -> str:
    claims = sum(not line.get("skipped") for line in verdict.held[1:])
    return f"{claims} claim{'s hold' if claims != 1 else ' holds'}. " if claims else ""


def _list(told: str, texts: list[str], most: int = 8) -> list[str]:
    """A list of wrong searches, each with its bug, cut to a few."""
    if not texts:
        return []
    heads = {"caught": "It catches", "missed": "It does not catch"}
    more = [f"... and {len(texts) - most} more"] if len(texts) > most else []
    return ["", f"  {heads[told]}:", *(f"    {text}" for text in [*texts[:most], *more])]


def wrapped(text: str, indent: str = "") -> list[str]:
    """The text, wrapped to the terminal; lists keep their lines."""
    width = min(shutil.get_terminal_size().columns, WIDEST)
    lines = []
    for paragraph in text.split("\n\n"):
        for part in paragraph.replace("\n* ", "\n\n* ").split("\n\n"):
            lines += textwrap.wrap(
                part, max(40, width), initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
            )
    return lines
