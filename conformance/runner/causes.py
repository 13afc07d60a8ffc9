"""Finds failures that have one cause: a question with a trigger, such as k = n, or one line that raises."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from conformance.claims import BY_NAME, CLAIMS
from conformance.claims.claim import CONVENTIONS, KINDS
from conformance.runner.trial import Result

FAILED = ("FAILS", "raises")  # verdicts of a claim that was tried to its end
BROKEN = (*FAILED, "hangs", "crashes", "stale")
IN_ORDER = {claim.name: place for place, claim in enumerate(CLAIMS)}
HOLD = ("holds", "skipped")
ENOUGH, NEVER = 15, 10**6  # cases without a trigger, in which a line must not raise
Try = Callable[[str, tuple[str, ...]], Result]  # tries a claim without questions that have one of the triggers


class Judge:
    """Tries claims one after another, and remembers the triggers on which the target was found to fail.

    Where a claim fails, it is tried again without the triggers of the case on which it failed. If it holds then, the
    trigger is the cause, and later claims that fail are tried without it too, so that it hides no other fault. An
    exception has a cause also where claims fail otherwise without the trigger, but never with that exception.
    """

    def __init__(self, try_claim: Try) -> None:
        self.try_claim = try_claim
        self.triggers: list[str] = []  # that were found to be causes
        self.without: Counter[tuple[str, str]] = Counter()  # cases without a trigger in which a line did not raise

    def judge(self, name: str) -> Result:
        """The result of the claim; its ``cause`` is the trigger without which the claim holds, if there is one."""
        result = self.try_claim(name, ())
        if result.verdict not in FAILED or BY_NAME[name].kind == CONVENTIONS:
            return result
        if self.triggers:
            result = self._without_causes(result)
        for trigger in () if result.cause else result.met:
            without = self.try_claim(name, (*self.triggers, trigger))
            if self._is_cause(trigger, result, without):
                self.triggers.append(trigger)
                if without.verdict not in HOLD:
                    return without
                result.cause = trigger
                break
        return result

    def review(self, result: Result) -> Result:
        """The result with regard to causes that were found after it."""
        is_open = result.verdict == "raises" and not result.cause and BY_NAME[result.claim].kind != CONVENTIONS
        return self._without_causes(result) if is_open and self.triggers else result

    def _without_causes(self, result: Result) -> Result:
        """The result, with its cause where the claim holds without the known triggers, or else what fails then."""
        again = self.try_claim(result.claim, tuple(self.triggers))
        if again.verdict not in HOLD:
            return again
        known = [trigger for trigger in reversed(self.triggers) if trigger in result.met]
        is_known_line = any(self.without[line_of(result), trigger] >= ENOUGH for trigger in known)
        if known and (is_known_line or again.draws >= 2 * result.draws):
            result.cause = known[0]
        return result

    def _is_cause(self, trigger: str, failed: Result, without: Result) -> bool:
        """Whether enough cases without the trigger held, or did not raise the exception that a case with it raises."""
        line = line_of(failed)
        if line and line_of(without) != line:
            self.without[line, trigger] += without.draws
        elif line:
            self.without[line, trigger] -= NEVER
        enough = 3 * failed.draws + 5  # several times as many as it took to fail
        return (without.verdict == "holds" and without.draws >= enough) or self.without[line, trigger] >= ENOUGH


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
        causes = Counter(result.cause for result in self.results if result.cause)
        if "k = n" in causes:  # which n = 1 implies
            return "k = n"
        return causes.most_common(1)[0][0] if causes else ""


def grouped(results: list[Result]) -> list[Group]:
    """The failures by cause, in the order in which they should be mended: answers first, then the simplest."""
    broken = sorted((result for result in results if result.verdict in BROKEN), key=_urgency)
    groups: dict[str, Group] = {}
    for result in broken:
        key = line_of(result) or result.cause or result.claim
        groups.setdefault(key, Group([])).results.append(result)
    return list(groups.values())


LATER = ("after another model was fitted", "of a model fitted twice")  # answers that were right before
STATE = ("two_models_are_two", "fitting_again_forgets")  # where data live on, no other answer can be trusted


def _urgency(result: Result) -> tuple[int, int]:
    """The place of a failure in the order of mending: claims that compare two answers are harder to read, and last."""
    if result.claim in STATE and result.verdict == "FAILS" and result.message.endswith(LATER):
        return -1, STATE.index(result.claim)
    claim = BY_NAME[result.claim]
    return KINDS.index(claim.kind), (claim.level == "symmetries") * len(IN_ORDER) + IN_ORDER[claim.name]


def line_of(result: Result) -> str:
    """The exception's type and the line that raised it; empty for wrong answers."""
    return f"{result.message.partition(':')[0]} {result.where}" if result.verdict == "raises" and result.where else ""
