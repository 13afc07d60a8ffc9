"""Proves the suite by its zoo: tries every mutant on every claim, and keeps what was found.

``python -m conformance zoo`` prints which claims catch which mutant; with ``--write`` it writes that to
``signatures.json`` and ``docs/zoo.md``, draws ``docs/zoo.png``, and pins the smallest cases that were found.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from tqdm import tqdm

from conformance.cases.pins import Pin, write_pins
from conformance.claims import BY_NAME
from conformance.runner.isolation import Job, run_isolated
from conformance.runner.trial import PROFILES, Result, run_claim
from conformance.targets import make_target
from conformance.targets.peers import KNOWN
from conformance.zoo import ZOO
from conformance.zoo.base import Mutant
from conformance.zoo.picture import draw, table_of_mutants

SIGNATURES = Path(__file__).parent / "signatures.json"
DOCS = Path(__file__).parents[2] / "docs"
BROKEN = ("FAILS", "raises")


def try_mutant(mutant: type[Mutant], claim: str, shrink: bool = True) -> Result:
    """What the default profile finds out, without pins."""
    return run_claim(make_target(mutant.__name__, mutant), BY_NAME[claim], PROFILES["default"], shrink=shrink)


def _examine(mutant: type[Mutant]) -> tuple[list[str], Result]:
    """The claims that catch a mutant, and the result of the one that must, shrunk."""
    with redirect_stdout(StringIO()):  # one of them prints
        caught = [name for name in BY_NAME if try_mutant(mutant, name, shrink=False).verdict in BROKEN]
        return caught, try_mutant(mutant, mutant.claim)


def prove(write: str | None) -> int:
    """Tries all mutants on all claims, half an hour; 0 if each is caught by the claim that it names."""
    with ProcessPoolExecutor() as pool:
        examined = list(tqdm(pool.map(_examine, ZOO), total=len(ZOO), unit="mutant", disable=None))
    escaped = 0
    for mutant, (caught, result) in zip(ZOO, examined, strict=True):
        found = result.verdict in BROKEN
        escaped += not found
        print(f"{mutant.__name__:28} {'caught by' if found else 'ESCAPES'} {mutant.claim}, and {len(caught)} in all")
    if write is not None:
        SIGNATURES.write_text(_lines({m.__name__: caught for m, (caught, _) in zip(ZOO, examined, strict=True)}))
        pins = [Pin(m.claim, m.__name__, r.case) for m, (_, r) in zip(ZOO, examined, strict=True) if r.case]
        write_pins(pins + list(_pins_of_peers()))
        write_docs()
    return int(escaped > 0)


def _pins_of_peers() -> Iterator[Pin]:
    """The smallest cases on which peers differ in the ways that are known."""
    for name, known in KNOWN.items():
        for result in run_isolated(Job(name, list(known), PROFILES["default"])):
            if isinstance(result, Result) and result.case is not None:
                yield Pin(result.claim, name, result.case)


def _lines(signatures: dict[str, list[str]]) -> str:
    return (
        "{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(claims)}" for name, claims in signatures.items()) + "\n}\n"
    )


def read_signatures() -> dict[str, list[str]]:
    """For each mutant the claims that catch it."""
    return json.loads(SIGNATURES.read_text())


def write_docs() -> None:
    """Writes the table and draws the picture of the mutants, from what was kept."""
    (DOCS / "zoo.md").write_text(table_of_mutants(read_signatures()))
    draw(read_signatures(), DOCS / "zoo.png")
