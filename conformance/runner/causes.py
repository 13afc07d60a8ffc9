"""Finds failures that have one cause: a question with a trigger, such as k = n, or one line that raises."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from conformance.claims import BY_NAME, CLAIMS
from conformance.claims.claim import CONVENTIONS, KINDS
from conformance.runner.trial import Result

BROKEN = ("FAILS", "raises", "hangs", "crashes", "stale")
IN_ORDER = {claim.name: place for place, claim in enumerate(CLAIMS)}
Try = Callable[[str, tuple[str, ...]], Result]  # tries a claim without questions that have one of the triggers


class Judge:
    """Tries claims one after another, and remembers the triggers on which the target was found to fail.

    Where a claim fails, it is tried again without the triggers of the case on which it failed. If it holds then, the
    trigger is the cause, and later claims that fail are tried without it too, so that it hides no other fault.
    """

    def __init__(self, try_claim: Try) -> None:
        self.try_claim = try_claim
        self.triggers: list[str] = []  # that were found to be causes

    def judge(self, name: str) -> Result:
        """The result of the claim; its ``cause`` is the trigger without which the claim holds, if there is one."""
        result = self.try_claim(name, ())
        if result.verdict not in ("FAILS", "raises") or BY_NAME[name].kind == CONVENTIONS:
            return result
        if self.triggers:
            again = self.try_claim(name, tuple(self.triggers))
            if again.verdict in ("holds", "skipped"):
                result.cause = next((trigger for trigger in self.triggers if trigger in result.met), self.triggers[0])
                return result
            result = again
        for trigger in result.met:
            without = self.try_claim(name, (*self.triggers, trigger))
            if without.verdict == "holds" and without.draws >= _enough(result):
                self.triggers.append(trigger)
                result.cause = trigger
                break
        return result


def _enough(failed: Result) -> int:
    """How many cases must hold without a trigger: several times as many as it took to fail with it."""
    return 3 * failed.draws + 5


@dataclass
class Group:
    """Failures with one cause, the simplest claim about answers first."""

    results: list[Result]

    @property
    def first(self) -> Result:
        return self.results[0]

    @property
    def trigger(self) -> str:
        """The trigger without which most of the claims hold, or nothing."""
        return Counter(result.cause for result in self.results).most_common(1)[0][0]


def grouped(results: list[Result]) -> list[Group]:
    """The failures by cause, in the order in which they should be mended: answers first, then the simplest."""
    broken = sorted((result for result in results if result.verdict in BROKEN), key=_urgency)
    groups: dict[str, Group] = {}
    for result in broken:
        key = line_of(result) or result.cause or result.claim
        groups.setdefault(key, Group([])).results.append(result)
    return list(groups.values())


def _urgency(result: Result) -> tuple[int, int]:
    return KINDS.index(BY_NAME[result.claim].kind), IN_ORDER[result.claim]


def line_of(result: Result) -> str:
    """The exception's type and the line that raised it; empty for wrong answers."""
    return f"{result.message.partition(':')[0]} {result.where}" if result.verdict == "raises" and result.where else ""
