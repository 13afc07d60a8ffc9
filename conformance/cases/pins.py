"""The smallest case of every failure that was ever found, kept as JSON and tried first.

Hypothesis searches for new bugs at random; a bug that was found once is found again by its pin, without luck.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from conformance.cases.case import Case, SimilarityCase, Table, from_json

FILE = Path(__file__).parent / "pins.json"


class Pin(NamedTuple):
    """A case on which a claim failed, and the implementation that failed."""

    claim: str
    found_by: str
    case: dict[str, Any]


@cache
def read_pins() -> list[Pin]:
    return [Pin(**pin) for pin in json.loads(FILE.read_text())] if FILE.exists() else []


def pinned(claim: str) -> list[Case | SimilarityCase | Table]:
    """The cases to try a claim on first."""
    return [from_json(pin.case) for pin in read_pins() if pin.claim == claim]


def write_pins(pins: list[Pin]) -> None:
    """Keeps the pins, one on each line, without duplicates."""
    lines = {json.dumps([pin.claim, pin.case]): json.dumps(pin._asdict()) for pin in reversed(pins)}
    FILE.write_text("[\n" + ",\n".join(sorted(lines.values())) + "\n]\n")
    read_pins.cache_clear()
