"""Writes docs/spot_the_bug.md: thirty pieces of code with one bug each, and the answers folded below them.

``python -m conformance.zoo.spot_the_bug --write`` runs every piece on its input and writes the page; without
``--write`` it prints the page.
"""

from difflib import unified_diff
from pathlib import Path
from typing import Any

from conformance.runner.markdown import print_or_write
from conformance.zoo.pieces import PIECES
from conformance.zoo.pieces.piece import Piece, answer

PAGE = Path(__file__).parents[2] / "docs" / "spot_the_bug.md"
INTRODUCTION = """# Spot the bug

Thirty short pieces of code, as candidates write them at a whiteboard, from easy to hard.
Each has one bug: the sentence above it is right, and the code does something else.

1. Read the sentence and the code, and say in one sentence which line is wrong, and why.
2. Write down the smallest input that proves it, and the answer to it.
3. Then open the answer. It has the mended lines, a smallest input, and the claim of \
[conformance](check.md) that the code breaks, with the mutant of the [zoo](zoo.md) whose bug is most like it.

Where the sentence says nothing about equal distances, the row with the lower index comes first.
All pieces need these lines:

```python
import heapq
from collections import Counter

import numpy as np
```

Tests run each input, and try each claim on a model made of the code, where it must fail, and on the mended code, \
where it must hold. No claim can be tried on the code that standardises, because claims take features as they are."""


def lines_to_mend(piece: Piece) -> str:
    """The lines that change, with - and + in front of them.

    >>> print(lines_to_mend(PIECES[0]))
    -    return order[1 : k + 1]
    +    return order[:k]
    """
    changed = unified_diff(piece.code.splitlines(), piece.mended.splitlines(), n=0, lineterm="")
    return "\n".join(line for line in changed if line[:1] in "+-" and line[:3] not in ("+++", "---"))


def shown(value: Any) -> str:
    """The value as ``print`` shows it, or the exception as the last line of a traceback shows it.

    >>> shown(ValueError("kth out of bounds"))
    'ValueError: kth out of bounds'
    """
    return f"{type(value).__name__}: {value}" if isinstance(value, Exception) else str(value)


def section(number: int, piece: Piece) -> str:
    """The part of the page about one piece, with the answers that the code gives here."""
    wrong, right = answer(piece.code, piece), answer(piece.mended, piece)
    sentence = piece.claim.sentence.replace("``", "`")
    verb = "raises" if isinstance(wrong, Exception) else "prints"
    return f"""## {number}. `{piece.name}`

{piece.task}

```python
{piece.code.strip()}
```

<details><summary>Answer</summary>

{piece.why}

```diff
{lines_to_mend(piece)}
```

```python
{piece.given}
print({piece.ask})
# {verb} {shown(wrong)}
# should print {shown(right)}
```

It breaks `{piece.claim.name}`: {sentence} Most like it in the zoo: `{piece.mutant}`.

</details>"""


def page() -> str:
    """The whole page."""
    sections = [section(number, piece) for number, piece in enumerate(PIECES, 1)]
    return "\n\n".join([INTRODUCTION, *sections]) + "\n"


def main() -> None:
    """Prints the page, or writes it where that is asked for."""
    print_or_write(page(), PAGE)


if __name__ == "__main__":
    main()
