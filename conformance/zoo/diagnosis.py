"""Tests how well a report names the bug: each mutant is diagnosed by claims that failed in a run of its own.

The run has other draws than those from which ``signatures.json`` was made, and the mutant's own pins are withheld. A
mutant is tried twice: as it is, and with its bug planted in ``host``, which has nothing else in common with it. The
places of the mutants in their diagnoses are kept in ``diagnoses.json``.
"""

import json
import warnings
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from conformance.cases.case import from_json
from conformance.cases.pins import read_pins
from conformance.claims import BY_NAME
from conformance.claims.claim import ANSWERS, CONVENTIONS, MANNERS
from conformance.runner.causes import grouped
from conformance.runner.report import judged
from conformance.runner.trial import PROFILES, Result, run_claim
from conformance.targets import Target, make_target
from conformance.targets.errors import TargetError
from conformance.zoo.base import Mutant
from conformance.zoo.forms import form_of
from conformance.zoo.host import planted, predicting
from conformance.zoo.likeness import likeliest, named

SEED = 0  # not one of those of the signatures
NOT_PLANTED = ("bits", "similarity", "solvers")  # levels of claims that are not about an ordinary class
FILE = Path(__file__).parent / "diagnoses.json"
NOT_NAMED = 99


class Places(NamedTuple):
    """The places of a mutant in its reports: 1 or 2, or ``NOT_NAMED``; None where there was nothing to name."""

    itself: int | None
    planted: int | None = None  # in a class that shows its neighbours
    predicting: int | None = None  # in a class with ``fit`` and ``predict`` alone


def read_places() -> dict[str, Places]:
    return {name: Places(*places) for name, places in json.loads(FILE.read_text()).items()} if FILE.exists() else {}


def write_places(places: dict[str, Places]) -> None:
    """Writes one line for each mutant."""
    lines = [f"{json.dumps(name)}: {json.dumps(found)}" for name, found in places.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def share_named(places: list[int | None]) -> tuple[int, int]:
    """The number of reports that name the mutant first or second, and the number of reports."""
    known = [place for place in places if place is not None]
    return sum(place <= 2 for place in known), len(known)


def diagnose(mutants: list[type[Mutant]]) -> dict[str, Places]:
    """The places of the mutants, found in as many processes as there are processors."""
    with ProcessPoolExecutor() as pool:
        return {mutant.__name__: places for mutant, places in zip(mutants, pool.map(_places, mutants), strict=True)}


def _places(mutant: type[Mutant]) -> Places:
    hosts = [planted(mutant), predicting(mutant)] if can_be_planted(mutant) else []
    with redirect_stdout(StringIO()), warnings.catch_warnings(action="ignore"):  # mutants may print and overflow
        return Places(*(place(model, mutant) for model in (mutant, *hosts)))


def place(model: type | None, mutant: type[Mutant]) -> int | None:
    """The place of the mutant in the report on a model that has its bug.

    None if no claim of its kind fails, if the report names no bug because the claim says what is wrong, or if the
    model cannot be tried because the mutant uses methods that only ``reference`` has.
    """
    kind = BY_NAME[mutant.claim].kind
    with suppress(TargetError):
        return _place(model, mutant) if model is not None and kind != MANNERS else None
    return None


def _place(model: type, mutant: type[Mutant]) -> int | None:
    target = make_target(mutant.__name__, model)
    results = _run(target, mutant)
    groups = grouped(results)
    if BY_NAME[mutant.claim].kind not in {BY_NAME[group.first.claim].kind for group in groups}:
        return None
    form = form_of(list(target.adapters), target.shows_neighbors)
    names = [likeness.mutant for likeness in named(likeliest(groups[0].first, results, form))]
    return names.index(mutant.__name__) + 1 if mutant.__name__ in names else NOT_NAMED


def can_be_planted(mutant: type[Mutant]) -> bool:
    """Whether the bug is one of an answer that an ordinary class gives."""
    claim = BY_NAME[mutant.claim]
    return claim.kind == ANSWERS and claim.level not in NOT_PLANTED and planted(mutant) is not None


def _run(target: Target, mutant: type[Mutant]) -> list[Result]:
    """The results of the quick profile; conventions are failures for a mutant that breaks one, as with --strict."""
    name = mutant.__name__
    results = []
    for claim in (claim for claim in BY_NAME.values() if claim.level != "costs" or claim.name == mutant.claim):
        pins = [from_json(pin.case) for pin in read_pins() if pin.claim == claim.name and pin.found_by != name]
        results.append(run_claim(target, claim, PROFILES["quick"], SEED, pins, shrinking=0))
    strict = BY_NAME[mutant.claim].kind == CONVENTIONS
    return [judged({}, result, strict) for result in results]
