"""The text of a run: a row for each claim as soon as it is tried, a line for each failure, and a summary.

Below the table a report has at most 60 lines, unless everything is asked for: what to mend first must not scroll away.
"""

import re
from collections import Counter
from textwrap import fill
from typing import Any

from conformance.claims import BY_NAME, CLAIMS, LEVELS
from conformance.claims.claim import CONVENTIONS, KINDS
from conformance.runner.causes import BROKEN, FAILED, Group, line_of
from conformance.runner.trial import Result
from conformance.targets.peers import KNOWN
from conformance.targets.peers.reasons import CRASHES

WIDTH, LEVEL_WIDTH = max(map(len, BY_NAME)), max(map(len, LEVELS))
COLUMNS = 120
MOST = {"failures": 8, "conventions": 3, "skipped": 5, "known": 2}  # lines of each part, and one for the others


def judged(known: dict[str, str], result: Result, strict: bool = False) -> Result:
    """The result with regard to known differences and to conventions, of which neither is a failure.

    A known difference that is gone is stale, which is a failure: the list of them is out of date.
    """
    reason = known.get(result.claim)
    is_broken = result.verdict in FAILED
    ends_as_known = result.verdict == "crashes" and reason is not None and reason.startswith(CRASHES)
    if reason is not None and result.verdict == "holds":
        result.verdict, result.message = "stale", f"holds, but should differ: {reason}"
    elif reason is not None and (is_broken or ends_as_known):
        result.verdict, result.message = "known", reason
    elif is_broken and BY_NAME[result.claim].kind == CONVENTIONS and not strict:
        result.verdict = "differs"
    return result


LONG_LIST = re.compile(r"\[((?:-?\d+, ){8})(?:-?\d+, ){4,}")


def readable(message: str) -> str:
    """The message, in which long lists of indices are cut.

    >>> readable(f"neighbors[0]={list(range(100))}, but should be [1, 2]")
    'neighbors[0]=[0, 1, 2, 3, 4, 5, 6, 7, ..., 99], but should be [1, 2]'
    """
    return LONG_LIST.sub(r"[\1..., ", message)


def header_lines(header: dict[str, Any], profile: str, seed: int) -> list[str]:
    """The description of the target, and the head of the table."""
    return [
        f"{header['target']}   profile {profile}, seed {seed}",
        *(f"  {model}" for model in header["models"]),
        "",
        f"{'level':{LEVEL_WIDTH}}  {'claim':{WIDTH}}  {'verdict':7}  {'draws':>6}  seconds",
    ]


def row(result: Result) -> str:
    """A claim's line of the table."""
    level = BY_NAME[result.claim].level
    return f"{level:{LEVEL_WIDTH}}  {result.claim:{WIDTH}}  {result.verdict:7}  {result.draws:6}  {result.seconds:7.2f}"


def lines_below(results: list[Result], groups: list[Group], show_all: bool) -> list[str]:
    """The skipped claims, the known differences, the conventions and the failures, each part of a few lines."""
    lines_of_groups = {line_of(group.first) for group in groups}

    def reported(result: Result) -> bool:
        return bool(line_of(result)) and line_of(result) in lines_of_groups

    parts = [
        ("skipped", by_reason("skipped", results)),
        ("known", by_reason("known", results)),
        (
            "conventions",
            [_convention(result) for result in results if result.verdict == "differs" and not reported(result)],
        ),
        ("failures", [failure(group) for group in groups]),
    ]
    lines = []
    for name, part in parts:
        most = len(part) if show_all else MOST[name]
        shown = part if len(part) <= most + 1 else [*part[:most], f"... and {len(part) - most} more {name}: --all"]
        text = shown if show_all and name in ("skipped", "known") else [_one_line(line) for line in shown]
        lines += ["", *text] if text else []
    return lines


def by_reason(verdict: str, results: list[Result]) -> list[str]:
    """A line for each reason, with the claims that were skipped, or are known not to hold, for that reason."""
    reasons: dict[str, list[str]] = {}
    for result in results:
        if result.verdict == verdict:
            reasons.setdefault(result.message, []).append(result.claim)
    return [
        fill(f"{verdict}: {reason}: {', '.join(names)}", COLUMNS, subsequent_indent="  ")
        for reason, names in reasons.items()
    ]


def _convention(result: Result) -> str:
    others = [peer for peer, known in KNOWN.items() if result.claim in known]
    more = f" and {len(others) - 2} others" if len(others) > 3 else ""
    also = f" ({', '.join(others[:2] if more else others)}{more} too)" if others else ""
    return f"differs  {BY_NAME[result.claim].level}: {result.claim}{also}: {readable(result.message)}"


def failure(group: Group) -> str:
    """One line for the failures with one cause."""
    first = group.first
    level = BY_NAME[first.claim].level
    more = f", and {len(group.results) - 1} more" if len(group.results) > 1 else ""
    cause = f", where {trigger_as_words(group.trigger)}" if group.trigger else ""
    where = f" ({first.where})" if first.verdict == "raises" and first.where else ""
    return f"{first.verdict:7}  {level}: {first.claim}{more}{cause}: {readable(first.message)}{where}"


def trigger_as_words(trigger: str) -> str:
    """The trigger as part of a sentence.

    >>> trigger_as_words("k = n"), trigger_as_words("ties")
    ('k = n', 'there are ties')
    """
    return (
        trigger if "=" in trigger else f"there {'are' if trigger in ('ties', 'numbers far from 0') else 'is'} {trigger}"
    )


def _one_line(text: str) -> str:
    first = text.partition("\n")[0]
    return text if len(text) <= COLUMNS and first == text else f"{first[: COLUMNS - 4].rpartition(' ')[0]} ..."


def summary(results: list[Result], strict: bool = False) -> str:
    """The number of claims of each kind and level that hold, and the verdict."""
    tried = [result for result in results if result.verdict != "skipped"]
    lines = []
    for kind in KINDS:
        of_kind = [result for result in tried if BY_NAME[result.claim].kind == kind]
        held = Counter(BY_NAME[result.claim].level for result in of_kind if result.verdict == "holds")
        all_of = Counter(BY_NAME[result.claim].level for result in of_kind)
        levels = ", ".join(f"{level} {held[level]}/{all_of[level]}" for level in LEVELS if all_of[level])
        with_cause = [result for result in of_kind if result.verdict in BROKEN and result.cause]
        but_for = " or ".join(map(trigger_as_words, dict.fromkeys(result.cause for result in with_cause)))
        fail = "1 fails" if len(with_cause) == 1 else f"{len(with_cause)} fail"
        more = f", {fail} only where {but_for}" if with_cause else ""
        apart = " (not in the verdict)" if kind == CONVENTIONS and not strict else ""
        if of_kind:
            lines.append(f"{kind}: {sum(held.values())} of {len(of_kind)} claims hold{more}{apart}: {levels}")
    return "\n".join(lines or ["no claim was tried"])


NOTHING_TRIED = 2


def status(results: list[Result]) -> int:
    """The exit status: 0 if no claim is broken, 1 if one is, 2 if every claim was skipped."""
    verdicts = {result.verdict for result in results}
    return NOTHING_TRIED if verdicts <= {"skipped"} else int(bool(verdicts & set(BROKEN)))


def list_of_claims() -> str:
    """Every claim: its level, name, sentence, why it matters, and the relation that decides."""
    lines = []
    for level in LEVELS:
        lines += [f"\n{level}"]
        for claim in (claim for claim in CLAIMS if claim.level == level):
            head = f"  {claim.name}  [{claim.kind}; {claim.relation}]"
            lines += [head, f"    {claim.sentence}", f"    Why: {claim.why}"]
    return "\n".join(lines).lstrip()
