"""A file of known differences of one's own: a claim and a reason in each line."""

from difflib import get_close_matches
from pathlib import Path

from conformance.claims import BY_NAME
from conformance.targets.errors import TargetError


def read_expected(path: str) -> dict[str, str]:
    """The claims that are known not to hold, each with its reason; lines that begin with # are comments.

    Raises TargetError for a file that cannot be read, for an unknown claim, and for a claim without a reason.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise TargetError(f"there is no file {path}, which --expected names") from error
    except (OSError, UnicodeDecodeError) as error:
        raise TargetError(f"--expected {path}: {error}") from error
    expected: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        claim, _, reason = (part.strip() for part in line.partition(":"))
        if claim not in BY_NAME:
            near = get_close_matches(claim, BY_NAME, n=1)
            raise TargetError(f"{path}, line {number}: no claim is called {claim!r}{f'; {near[0]} is' if near else ''}")
        if not reason:
            raise TargetError(f"{path}, line {number}: {claim} needs a reason, as in '{claim}: why it differs'")
        expected[claim] = reason
    return expected
