"""The text of a run: a row for each claim as soon as it is tried, the skipped claims, each failure, and a summary."""

import json
import os
import platform
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from textwrap import fill
from typing import Any

from conformance.claims import BY_NAME, CLAIMS, LEVELS
from conformance.runner.trial import Result
from conformance.targets.peers import KNOWN

WIDTH = max(map(len, BY_NAME))
SHOWN_CALLS = 12
FEW = 5
AS_USUAL = ("holds", "skipped", "known")  # verdicts that do not make a run fail
OWN_RULES = {
    "ties": "the order of equals, a rule of this project; which are the nearest, or have the most votes, is right",
    "manners": "manners, not answers",
    "bad input": "input that has no answer",
}
NOT_OF_ANSWERS = ("manners", "bad input", "bits")  # levels that do not tell which kind of mistake is in an answer


def judged(target: str, result: Result) -> Result:
    """The result with regard to known differences: a known one is not a failure, and one that is gone is stale."""
    reason = KNOWN.get(target, {}).get(result.claim)
    if reason is None or result.verdict not in ("holds", "FAILS", "raises"):
        return result
    if result.verdict == "holds":
        result.verdict, result.message = "stale", f"holds, but should differ: {reason}"
    else:
        result.verdict, result.message = "known", reason
    return result


def header_lines(header: dict[str, Any], profile: str, seed: int) -> list[str]:
    """The description of the target, and the head of the table."""
    return [
        f"{header['target']}   profile {profile}, seed {seed}",
        *(f"  {model}" for model in header["models"]),
        "",
        f"{'level':10}  {'claim':{WIDTH}}  {'verdict':7}  {'draws':>6}  seconds",
    ]


def row(result: Result) -> str:
    """A claim's line of the table."""
    level = BY_NAME[result.claim].level
    return f"{level:10}  {result.claim:{WIDTH}}  {result.verdict:7}  {result.draws:6}  {result.seconds:7.2f}"


def failure(result: Result, header: dict[str, Any], full: bool = True) -> str:
    """One failure: the claim, the actual and the expected answer; if ``full`` also why, and code to repeat it."""
    claim = BY_NAME[result.claim]
    lines = [f"{result.verdict.upper()}  {claim.level}: {claim.name}", f"  {claim.sentence}", f"  {result.message}"]
    if not full:
        return "\n".join(lines)
    lines.insert(2, f"  Why: {claim.why}")
    if result.case is not None:
        lines += [
            "",
            "  paste into Python:",
            "",
            *(f"    {line}".rstrip() for line in snippet(result, header).splitlines()),
        ]
    return "\n".join(lines)


def snippet(result: Result, header: dict[str, Any]) -> str:
    """Python that repeats the calls of the target, and then tries the claim on that case again, which raises."""
    place, _, name = header["target"].rpartition(":")
    is_file = place.endswith(".py")
    target = f"{Path(place).resolve()}:{name}" if is_file else header["target"]
    found = header["imports"]
    if is_file:
        found = ["from conformance.targets import load_class", f"{name} = load_class({target!r})"]
    calls = _last_model(result.calls)
    if any("closeness" in call for call in calls):
        found = [*found, "from conformance.cases import closeness"]
    asked = [f"print({call})" if _answers(call) else call for call in calls]
    return "\n".join(
        [
            "import numpy as np",
            *found,
            "",
            *asked,
            "",
            "from conformance.cases import Case, SimilarityCase",
            "from conformance.runner import replay",
            f"replay({target!r}, {result.claim!r},",
            f"       {result.shown}{''.join(f', {name}={value!r}' for name, value in header['options'].items())})",
        ]
    )


def _last_model(calls: list[str]) -> list[str]:
    """The last calls, at most SHOWN_CALLS of them, from a call that makes a model on."""
    starts = [i for i, call in enumerate(calls) if call.startswith("model = ")]
    return calls[next((i for i in starts if len(calls) - i <= SHOWN_CALLS), len(calls)) :]


def _answers(call: str) -> bool:
    return not call.startswith(("model = ", "model.fit(", "model.set_params("))


def by_reason(verdict: str, results: list[Result]) -> list[str]:
    """A line for each reason, with the claims that were skipped, or are known not to hold, for that reason."""
    reasons: dict[str, list[str]] = {}
    for result in results:
        if result.verdict == verdict:
            reasons.setdefault(result.message, []).append(result.claim)
    lines = [f"{verdict}: {reason}: {', '.join(names)}" for reason, names in reasons.items()]
    return [fill(line, 120, subsequent_indent="  ") for line in lines]


def summary(results: list[Result]) -> str:
    """The number of claims of each level that hold; and a remark if only this project's own rules are broken."""
    tried = [result for result in results if result.verdict != "skipped"]
    held = Counter(BY_NAME[result.claim].level for result in tried if result.verdict == "holds")
    all_of = Counter(BY_NAME[result.claim].level for result in tried)
    levels = ", ".join(f"{level} {held[level]}/{all_of[level]}" for level in LEVELS if all_of[level])
    text = f"{sum(held.values())} of {len(tried)} claims hold: {levels or 'none was tried'}"
    failed = {BY_NAME[result.claim].level for result in tried if result.verdict not in AS_USUAL}
    if failed and failed <= set(OWN_RULES):
        text += "\nall failures are about " + "; ".join(OWN_RULES[level] for level in LEVELS if level in failed)
    return text


def status(results: list[Result]) -> int:
    """The exit status: 0 if no claim is broken, 1 if one is, 2 if every claim was skipped."""
    verdicts = {result.verdict for result in results}
    return 2 if verdicts <= {"skipped"} else int(not verdicts <= set(AS_USUAL))


def alike(results: list[Result], signatures: dict[str, list[str]]) -> list[str]:
    """The mutants that fail the same claims about answers, of those tried; none if there are more than FEW."""
    tried = {r.claim for r in results if r.verdict != "skipped" and BY_NAME[r.claim].level not in NOT_OF_ANSWERS}
    failed = {r.claim for r in results if r.verdict not in ("holds", "skipped")} & tried
    found = [name for name, fails in signatures.items() if failed and set(fails) & tried == failed]
    return found if len(found) <= FEW else []


def as_json(header: dict[str, Any], results: list[Result], profile: str, seed: int) -> dict[str, Any]:
    """The run as JSON: the target, the versions of the libraries, and every result."""
    versions = {name: version(name) for name in ("verified-knn", "numpy", "hypothesis", "scikit-learn", "torch")}
    return {
        "schema": "conformance/1",
        "target": header["target"],
        "models": header["models"],
        "profile": profile,
        "seed": seed,
        "versions": {"python": platform.python_version(), **versions},
        "cpus": os.cpu_count(),
        "verdicts": dict(Counter(result.verdict for result in results)),
        "results": [
            {"level": BY_NAME[result.claim].level, "sentence": BY_NAME[result.claim].sentence, **result.as_json()}
            for result in results
        ],
    }


def write_json(path: str, report: dict[str, Any]) -> None:
    Path(path).write_text(json.dumps(report, indent=1) + "\n")


def list_of_claims() -> str:
    """Every claim: its level, name, sentence, why it matters, and the relation that decides."""
    lines = []
    for level in LEVELS:
        lines += [f"\n{level}"]
        for claim in (claim for claim in CLAIMS if claim.level == level):
            lines += [f"  {claim.name}  [{claim.relation}]", f"    {claim.sentence}", f"    Why: {claim.why}"]
    return "\n".join(lines).lstrip()
