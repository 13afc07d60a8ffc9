"""Tests how well a report names the bug: each mutant is diagnosed by claims that failed in a run of its own.

The run has other draws than those from which ``signatures.json`` was made, and the mutant's own pins are withheld. A
mutant is tried twice: as it is, and with its bug planted in ``host``, which has nothing else in common with it.
"""

from conformance.cases.case import from_json
from conformance.cases.pins import read_pins
from conformance.claims import BY_NAME
from conformance.claims.claim import ANSWERS, CONVENTIONS
from conformance.runner.causes import grouped
from conformance.runner.report import judged
from conformance.runner.trial import PROFILES, Result, run_claim
from conformance.targets import make_target
from conformance.zoo.base import Mutant
from conformance.zoo.host import planted
from conformance.zoo.likeness import alike
from conformance.zoo.signatures import Signatures

SEED = 0  # not one of those of the signatures
NOT_PLANTED = ("bits", "similarity", "solvers")  # levels of claims that are not about an ordinary class


def place(model: type, name: str, signatures: Signatures) -> int | None:
    """The place of the mutant of this name in the diagnosis of a model: 1 is the likeliest; None if nothing fails."""
    results = _run(model, name)
    groups = grouped(results)
    if not groups:
        return None
    failed = {result.claim for result in results if result.verdict in ("FAILS", "raises", "differs")}
    held = {result.claim for result in results if result.verdict == "holds"}
    ranked = [likeness.mutant for likeness in alike(groups[0].first.claim, failed, held, signatures)]
    return ranked.index(name) + 1 if name in ranked else len(signatures)


def can_be_planted(mutant: type[Mutant]) -> bool:
    """Whether the bug is one of an answer that an ordinary class gives."""
    claim = BY_NAME[mutant.claim]
    return claim.kind == ANSWERS and claim.level not in NOT_PLANTED and planted(mutant) is not None


def _run(model: type, name: str) -> list[Result]:
    """The results of the quick profile; conventions are failures where nothing else fails."""
    target = make_target(name, model)
    results = []
    for claim in BY_NAME.values():
        pins = [from_json(pin.case) for pin in read_pins() if pin.claim == claim.name and pin.found_by != name]
        results.append(run_claim(target, claim, PROFILES["quick"], SEED, pins, shrinking=0))
    is_wrong = any(r.verdict in ("FAILS", "raises") and BY_NAME[r.claim].kind != CONVENTIONS for r in results)
    return [judged({}, result, strict=not is_wrong) for result in results]
