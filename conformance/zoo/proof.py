"""Proves the suite by its zoo: tries mutants on every claim, and keeps which claims catch them.

``python -m conformance zoo`` prints which claims catch which mutant; ``--only MUTANT`` tries that one alone. With
``--write`` the claims go to ``signatures.json``, for each of the mutant's ``forms`` and with the share of ``SEEDS`` for
which they caught it, and to the table and the picture in ``docs``; the smallest failing cases are pinned.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from tqdm import tqdm

from conformance.cases.case import from_json
from conformance.cases.pins import Pin, read_pins, write_pins
from conformance.claims import BY_NAME
from conformance.runner.causes import FAILED
from conformance.runner.isolation import Job, run_isolated
from conformance.runner.trial import PROFILES, SHRINKING, Result, run_claim
from conformance.targets import make_target
from conformance.targets.errors import TargetError
from conformance.targets.peers import PEERS
from conformance.zoo import ZOO
from conformance.zoo.base import Mutant
from conformance.zoo.diagnosis import diagnose, read_places, write_places
from conformance.zoo.forms import ITSELF, Form, forms_of, target_of
from conformance.zoo.picture import draw, table_of_mutants
from conformance.zoo.signatures import Signature, read_forms, read_signatures, write_forms

DOCS = Path(__file__).parents[2] / "docs"
LEAST = 0.25  # the share for the claim that a mutant names, which only the draws of the default profile caught
SEEDS = (1, 2)  # not 0, with which a mutant's diagnosis is tested


def prove(only: list[str], write: bool) -> int:
    """Tries the mutants, all or only some, on all claims; 0 if each is caught by the claim that it names, else 1."""
    mutants = _chosen(only)
    examined = dict(zip(mutants, _examine(mutants), strict=True))
    for mutant, (signatures, result) in examined.items():
        caught = signatures[str(ITSELF)]
        verdict = "caught by" if result.verdict in FAILED else "ESCAPES"
        print(f"{mutant.__name__:28} {verdict} {mutant.claim}, and {len(caught)} in all")
        if only:
            print(*(f"  {claim}" for claim in caught), sep="\n")
    if write:
        _write(examined, only)
    return int(any(result.verdict not in FAILED for _, result in examined.values()))


Examined = tuple[dict[str, Signature], Result]  # the signature in each form, and the result of the claim that it names


def _chosen(only: list[str]) -> list[type[Mutant]]:
    """The mutants of these names, or all. Raises TargetError for a name that is not a mutant's."""
    unknown = set(only) - {mutant.__name__ for mutant in ZOO}
    if unknown:
        raise TargetError(f"--only {unknown.pop()!r} is not a mutant; docs/zoo.md lists them")
    return [mutant for mutant in ZOO if not only or mutant.__name__ in only]


def _examine(mutants: list[type[Mutant]]) -> Iterator[Examined]:
    """Tries each mutant in all its forms on all claims, in as many processes as there are processors."""
    with ProcessPoolExecutor() as pool:
        named = pool.map(_shrunk, mutants)
        forms = {mutant: forms_of(mutant) for mutant in mutants}
        trials = [(mutant, form, claim) for mutant in mutants for form in forms[mutant] for claim in BY_NAME]
        shares = pool.map(_share, trials, chunksize=8)
        for mutant, result in zip(mutants, tqdm(named, total=len(mutants), unit="mutant", disable=None), strict=True):
            signatures = {str(form): {claim: next(shares) for claim in BY_NAME} for form in forms[mutant]}
            signatures[str(ITSELF)][mutant.claim] = signatures[str(ITSELF)][mutant.claim] or LEAST
            yield {form: _caught(shares) for form, shares in signatures.items()}, result


def _caught(shares: Signature) -> Signature:
    return {claim: share for claim, share in shares.items() if share}


def is_tried(mutant: type[Mutant], claim: str) -> bool:
    """Whether the claim is tried on the mutant; costs take seconds to measure, and only three mutants change them."""
    return BY_NAME[claim].level != "costs" or BY_NAME[mutant.claim].level == "costs"


def _share(trial: tuple[type[Mutant], Form, str]) -> float:
    """The share of the seeds for which the quick profile's draws show the claim that the mutant is wrong."""
    mutant, form, claim = trial
    if not is_tried(mutant, claim):
        return 0.0
    with redirect_stdout(StringIO()):  # one of the mutants prints
        seeds = SEEDS if form == ITSELF else SEEDS[:1]
        caught = [is_caught(mutant, claim, seed, form) for seed in seeds]
    return round(sum(caught) / len(seeds), 2)


def is_caught(mutant: type[Mutant], claim: str, seed: int, form: Form = ITSELF) -> bool:
    """Whether the claim fails in the quick profile, with the pins of all other mutants."""
    pins = [from_json(pin.case) for pin in read_pins() if pin.claim == claim and pin.found_by != mutant.__name__]
    result = run_claim(target_of(mutant.__name__, form), BY_NAME[claim], PROFILES["quick"], seed, pins, shrinking=0)
    return result.verdict in FAILED


def _shrunk(mutant: type[Mutant]) -> Result:
    with redirect_stdout(StringIO()):
        return try_mutant(mutant, mutant.claim)


def try_mutant(mutant: type[Mutant], claim: str, shrinking: float = SHRINKING) -> Result:
    """The result of the default profile, without pins."""
    return run_claim(make_target(mutant.__name__, mutant), BY_NAME[claim], PROFILES["default"], shrinking=shrinking)


def _write(examined: dict[type[Mutant], Examined], only: list[str]) -> None:
    """Writes signatures, pins, table and picture; of mutants that were not tried, and of peers, the old ones stay."""
    names = {mutant.__name__ for mutant in examined}
    found = {mutant.__name__: signatures for mutant, (signatures, _) in examined.items()}
    pins = [
        Pin(mutant.claim, mutant.__name__, result.case)
        for mutant, (_, result) in examined.items()
        if result.case and BY_NAME[mutant.claim].level != "costs"  # those claims have one case, which is always tried
    ]
    if only:
        found = {**read_forms(), **found}
        pins += [pin for pin in read_pins() if pin.found_by not in names]
    else:
        pins += _pins_of_peers()
    write_forms({mutant.__name__: found[mutant.__name__] for mutant in ZOO})
    write_pins(pins)
    places = {**read_places(), **diagnose([mutant for mutant in ZOO if mutant.__name__ in names])}
    places = {mutant.__name__: places[mutant.__name__] for mutant in ZOO}
    write_places(places)
    (DOCS / "zoo.md").write_text(table_of_mutants(read_signatures(), places))
    draw(read_signatures(), DOCS / "zoo.png")


def _pins_of_peers() -> Iterator[Pin]:
    """The smallest cases on which peers show their known differences; of peers that are not installed, the old ones."""
    for name, peer in PEERS.items():
        if not peer.is_installed:
            yield from (pin for pin in read_pins() if pin.found_by == name)
            continue
        for result in run_isolated(Job(name, list(peer.known), PROFILES["default"])):
            if isinstance(result, Result) and result.case is not None:
                yield Pin(result.claim, name, result.case)
