"""Every smallest case that ever made a claim fail, kept as JSON and tried first.

Hypothesis is for the bugs that nobody has thought of; what was found once needs no luck to be found again.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from conformance.cases.case import Case, SimilarityCase, from_json

FILE = Path(__file__).parent / "pins.json"


class Pin(NamedTuple):
    """A case on which a claim failed, and of whom it was found."""

    claim: str
    found_by: str
    case: dict[str, Any]


@cache
def read_pins() -> list[Pin]:
    return [Pin(**pin) for pin in json.loads(FILE.read_text())] if FILE.exists() else []


def pinned(claim: str) -> list[Case | SimilarityCase]:
    """The cases to try a claim on first."""
    return [from_json(pin.case) for pin in read_pins() if pin.claim == claim]


def write_pins(pins: list[Pin]) -> None:
    """Keeps the pins, one on each line, without those that are there twice."""
    lines = {json.dumps([pin.claim, pin.case]): json.dumps(pin._asdict()) for pin in reversed(pins)}
    FILE.write_text("[\n" + ",\n".join(sorted(lines.values())) + "\n]\n")
    read_pins.cache_clear()
