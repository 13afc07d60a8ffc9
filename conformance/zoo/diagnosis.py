"""Tests how well a report names the bug: each mutant is diagnosed by claims that failed in a run of its own.

The run has other draws than those from which ``signatures.json`` was made, and the mutant's own pins are withheld. A
mutant is tried twice: as it is, and with its bug planted in ``host``, which has nothing else in common with it. The
places of the mutants in their diagnoses are kept in ``diagnoses.json``.
"""

import json
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout, suppress
from functools import partial
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from conformance.cases.case import from_json
from conformance.cases.pins import read_pins
from conformance.claims import BY_NAME
from conformance.claims.claim import ANSWERS, CONVENTIONS
from conformance.runner.causes import grouped
from conformance.runner.report import judged
from conformance.runner.trial import PROFILES, Result, run_claim
from conformance.targets import make_target
from conformance.targets.errors import TargetError
from conformance.zoo import who_names
from conformance.zoo.base import Mutant
from conformance.zoo.host import planted
from conformance.zoo.likeness import alike, compared
from conformance.zoo.signatures import Signatures

SEED = 0  # not one of those of the signatures
NOT_PLANTED = ("bits", "similarity", "solvers")  # levels of claims that are not about an ordinary class
FILE = Path(__file__).parent / "diagnoses.json"


class Places(NamedTuple):
    """The places of a mutant in its diagnoses, 1 for the likeliest; None where nothing fails, or nothing is planted."""

    itself: int | None
    planted: int | None


def read_places() -> dict[str, Places]:
    return {name: Places(*places) for name, places in json.loads(FILE.read_text()).items()} if FILE.exists() else {}


def write_places(places: dict[str, Places]) -> None:
    """Writes one line for each mutant."""
    lines = [f"{json.dumps(name)}: {json.dumps(found)}" for name, found in places.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def share_named(places: list[int | None]) -> tuple[int, int]:
    """The number of diagnoses in which the mutant comes first or second, and the number of diagnoses."""
    known = [place for place in places if place is not None]
    return sum(place <= 2 for place in known), len(known)


def diagnose(mutants: list[type[Mutant]], signatures: Signatures) -> dict[str, Places]:
    """The places of the mutants, found in as many processes as there are processors."""
    with ProcessPoolExecutor() as pool:
        found = pool.map(partial(_places, signatures=signatures), mutants)
        return {mutant.__name__: places for mutant, places in zip(mutants, found, strict=True)}


def _places(mutant: type[Mutant], signatures: Signatures) -> Places:
    with redirect_stdout(StringIO()):  # one of the mutants prints
        itself = place(mutant, mutant, signatures)
        host = planted(mutant) if can_be_planted(mutant) else None
        with suppress(TargetError):  # the mutant uses methods that only ``reference`` has
            return Places(itself, place(host, mutant, signatures) if host else None)
        return Places(itself, None)


def place(model: type, mutant: type[Mutant], signatures: Signatures) -> int | None:
    """The place of the mutant in the diagnosis of a model that has its bug; None if no claim of its kind fails."""
    results, name = _run(model, mutant), mutant.__name__
    groups = grouped(results)
    if BY_NAME[mutant.claim].kind not in {BY_NAME[group.first.claim].kind for group in groups}:
        return None
    claim = groups[0].first.claim
    broken = [result for group in groups for result in group.results]
    broken += [result for result in results if result.verdict == "differs"]
    held = {result.claim for result in results if result.verdict == "holds"}
    likely = alike(claim, {result.claim for result in broken}, held, signatures, who_names(claim))
    kind = BY_NAME[claim].kind
    ranked = compared(likely, [result for result in broken if BY_NAME[result.claim].kind == kind])
    names = [likeness.mutant for likeness in ranked]
    return names.index(name) + 1 if name in names else len(signatures)


def can_be_planted(mutant: type[Mutant]) -> bool:
    """Whether the bug is one of an answer that an ordinary class gives."""
    claim = BY_NAME[mutant.claim]
    return claim.kind == ANSWERS and claim.level not in NOT_PLANTED and planted(mutant) is not None


def _run(model: type, mutant: type[Mutant]) -> list[Result]:
    """The results of the quick profile; conventions are failures for a mutant that breaks one, as with --strict."""
    name = mutant.__name__
    target = make_target(name, model)
    results = []
    for claim in (claim for claim in BY_NAME.values() if claim.level != "costs" or claim.name == mutant.claim):
        pins = [from_json(pin.case) for pin in read_pins() if pin.claim == claim.name and pin.found_by != name]
        results.append(run_claim(target, claim, PROFILES["quick"], SEED, pins, shrinking=0))
    strict = BY_NAME[mutant.claim].kind == CONVENTIONS
    return [judged({}, result, strict) for result in results]
