"""Which claims catch each mutant: kept in ``signatures.json``, so that a report can name bugs of the same kind."""

import json
from pathlib import Path

FILE = Path(__file__).parent / "signatures.json"
Signatures = dict[str, dict[str, float]]  # for each mutant, the claims that catch it, and in which share of the runs


def read_signatures() -> Signatures:
    return json.loads(FILE.read_text())


def write_signatures(signatures: Signatures) -> None:
    """Writes one line for each mutant."""
    lines = [f"{json.dumps(name)}: {json.dumps(claims)}" for name, claims in signatures.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
