"""Which claims catch each mutant: kept in ``signatures.json``, so that a report can name bugs of the same kind."""

import json
from pathlib import Path

from conformance.zoo.forms import ITSELF, Form

FILE = Path(__file__).parent / "signatures.json"
Signature = dict[str, float]  # the claims that catch a mutant, and in which share of the runs
Signatures = dict[str, Signature]  # of each mutant


def read_signatures(form: Form = ITSELF) -> Signatures:
    """The signatures of the mutants that can be tried in the form.

    A class that shows its neighbours, and predicts from them, fails the claims of both.
    """
    alone = str(form._replace(shows_neighbors=False))
    found = {}
    for name, signatures in read_forms().items():
        if form == ITSELF:
            found[name] = signatures[str(ITSELF)]
        elif alone in signatures:
            found[name] = {**signatures[alone], **(signatures[str(ITSELF)] if form.shows_neighbors else {})}
    return found


def read_forms() -> dict[str, dict[str, Signature]]:
    """The signatures of each mutant in each form."""
    return json.loads(FILE.read_text())


def write_forms(forms: dict[str, dict[str, Signature]]) -> None:
    """Writes one line for each mutant."""
    lines = [f"{json.dumps(name)}: {json.dumps(signatures)}" for name, signatures in forms.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
