"""The end of a report: one failure with its smallest case, its place, the likeliest bug, and code to paste."""

from pathlib import Path
from textwrap import shorten
from typing import Any

from conformance.claims import BY_NAME
from conformance.claims.claim import ANSWERS, MANNERS
from conformance.runner.causes import BROKEN, FAILED, Group
from conformance.runner.report import COLUMNS, readable, trigger_as_words
from conformance.runner.trial import Result
from conformance.targets.peers import READY
from conformance.zoo import stories
from conformance.zoo.forms import Form, form_of
from conformance.zoo.likeness import likeliest, named
from conformance.zoo.signatures import read_signatures

SHOWN_CALLS = 6
RANKS = ("Likeliest bug of the zoo", "or")


def fix_next(group: Group, results: list[Result], header: dict[str, Any]) -> list[str]:
    """The lines of the block for the failures that should be mended first."""
    no_answer = ["  No claim about answers fails."] if _answers_hold(results) else []
    title = f"Fix next: {group.first.claim}"
    return [title, *no_answer, *details(group, results, header), *pasted(group.first, header)]


def _answers_hold(results: list[Result]) -> bool:
    """Whether claims about answers were tried, and none of them is broken."""
    verdicts = {result.verdict for result in results if BY_NAME[result.claim].kind == ANSWERS}
    return "holds" in verdicts and not verdicts & set(BROKEN)


def details(group: Group, results: list[Result], header: dict[str, Any]) -> list[str]:
    """The claim of a failure, why it matters, the answers, the line of the target, and the likeliest bugs."""
    first = group.first
    claim = BY_NAME[first.claim]
    lines = [
        f"  {claim.sentence} [{claim.kind}; {claim.level}]",
        f"  Why: {claim.why}",
        f"  {readable(first.message)}",
    ]
    if first.verdict == "stale":
        lines[1] = "  It is among the differences that are expected: delete it there."
    if first.where:
        lines.append(f"  at {first.where}" if first.verdict == "raises" else f"  in {_method(first.where)}")
    if group.trigger:
        where = trigger_as_words(group.trigger)
        lines.append(f"  It was seen to fail only where {where}. Claims were tried without such cases too.")
    if len(group.results) > 1:
        others = ", ".join(result.claim for result in group.results[1:])
        lines.append("  " + shorten(f"The same cause: {others}", COLUMNS - 2, placeholder=" ..."))
    return lines + _bugs(group, results, header)


def _method(where: str) -> str:
    """The place of a method that was called, of which the whole may be wrong and not only its first line.

    >>> _method("my_knn.py:12 in predict")
    'predict, from my_knn.py:12 on'
    """
    place, _, name = where.partition(" in ")
    return f"{name}, from {place} on"


def _bugs(group: Group, results: list[Result], header: dict[str, Any]) -> list[str]:
    """The likeliest bugs of the zoo, with their probabilities, if the answers tell them from others."""
    first = group.first
    if first.verdict not in FAILED or BY_NAME[first.claim].kind == MANNERS:  # the report says what is wrong already
        return []
    form = form_of(header["tasks"], header["shows_neighbors"])
    shown = named(likeliest(first, results, form))
    texts = dict(stories([one.mutant for one in shown]))
    lines = [
        f"  {rank} ({one.probability:.0%}): {texts[one.mutant]} [{one.mutant}]"
        for rank, one in zip(RANKS, shown, strict=False)
    ]
    return lines + (_what_it_breaks(shown[0].mutant, form, BY_NAME[first.claim].kind, results) if shown else [])


def _what_it_breaks(mutant: str, form: Form, kind: str, results: list[Result]) -> list[str]:
    """How many of the failures of this kind a bug causes in the zoo: they may be gone when one line is mended."""
    failed = [result.claim for result in results if result.verdict in BROKEN and BY_NAME[result.claim].kind == kind]
    caused = [claim for claim in failed if claim in read_signatures(form)[mutant]]
    if len(caused) < 2:
        return []
    of_all = "all" if len(caused) == len(failed) else f"{len(caused)} of"
    return [f"  {mutant} breaks {of_all} the {len(failed)} claims about {kind} that fail here."]


def in_full(group: Group, results: list[Result], header: dict[str, Any]) -> str:
    """One of the other failures with everything that is known about it."""
    first = group.first
    title = f"{first.verdict.upper()}  {BY_NAME[first.claim].level}: {first.claim}"
    return "\n".join([title, *details(group, results, header), *pasted(first, header)])


def pasted(result: Result, header: dict[str, Any]) -> list[str]:
    """The code that repeats a failure, indented; nothing where there is no case."""
    if result.case is None:
        return []
    code = snippet(result, header).splitlines()
    return ["", "  Paste into Python:", "", *(f"    {line}".rstrip() for line in code)] if code else []


def snippet(result: Result, header: dict[str, Any]) -> str:
    """Python that repeats the calls of the target, and then tries the claim on that case again, which raises.

    Calls with large arrays are not shown, and only the running program has a model that cannot be imported.
    """
    blocks = [block for block in (_calls(result, header), _claim_again(result, header)) if block]
    return "import numpy as np\n" + "\n\n# the claim again\n".join(blocks) if blocks else ""


def _calls(result: Result, header: dict[str, Any]) -> str:
    """The calls on which the target fails."""
    calls = _last_model(result.calls)
    if len(calls) < 2:  # the model alone
        return ""
    used = [function for function in ("closeness", "inverse") if any(f"={function}" in call for call in calls)]
    found = [*header["imports"], *([f"from conformance.cases import {', '.join(used)}"] if used else [])]
    return "\n".join([*found, "", *(f"print({call})" if _answers(call) else call for call in calls)])


def _claim_again(result: Result, header: dict[str, Any]) -> str:
    """The claim, tried again on the case."""
    place, _, name = header["target"].rpartition(":")
    target = f"{Path(place).resolve()}:{name}" if place.endswith(".py") else header["target"]
    if not place and target not in READY:
        return ""
    options = "".join(f", {name}={value!r}" for name, value in header["options"].items())
    lines = [
        f"from conformance.cases import {result.shown.partition('(')[0]}",
        "from conformance.runner import replay",
        f"replay({target!r}, {result.claim!r},",
        f"       {result.shown}{options})",
    ]
    return "\n".join(lines)


def _last_model(calls: list[str]) -> list[str]:
    """The last calls, at most SHOWN_CALLS of them, from a call that makes a model on."""
    starts = [i for i, call in enumerate(calls) if call.startswith("model = ")]
    return calls[next((i for i in starts if len(calls) - i <= SHOWN_CALLS), len(calls)) :]


def _answers(call: str) -> bool:
    return not call.removeprefix("another").removeprefix("model").startswith((" = ", ".fit(", ".set_params("))
