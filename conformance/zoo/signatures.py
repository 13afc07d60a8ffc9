"""Which claims catch each mutant: kept in ``signatures.json``, so that a report can name bugs of the same kind."""

import json
from pathlib import Path

FILE = Path(__file__).parent / "signatures.json"


def read_signatures() -> dict[str, list[str]]:
    """For each mutant the names of the claims that catch it."""
    return json.loads(FILE.read_text())


def write_signatures(signatures: dict[str, list[str]]) -> None:
    """Writes one line for each mutant."""
    lines = [f"{json.dumps(name)}: {json.dumps(claims)}" for name, claims in signatures.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
