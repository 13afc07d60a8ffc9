"""A piece of code with one bug, as a candidate may write it at a whiteboard, and everything that proves the bug."""

import heapq
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from conformance.claims import BY_NAME
from conformance.claims.claim import Claim
from conformance.zoo import ZOO
from conformance.zoo.base import Mutant

IMPORTS = {"Counter": Counter, "heapq": heapq, "np": np}  # the names that every piece may use


class Piece(NamedTuple):
    """Code with one bug, the mended lines, an input on which the two differ, and a model by which claims can be tried.

    ``changes`` are pairs of a part of the code and the part that belongs there. ``given`` are lines that make an input,
    ``ask`` is an expression that is wrong for it, and ``same`` is an expression in ``reference`` with the right value.
    """

    task: str  # a sentence about the right code
    code: str
    changes: tuple[tuple[str, str], ...]
    why: str
    given: str
    ask: str
    same: str
    mutant: str  # the mutant of the zoo with the most similar bug
    model: Callable[[dict[str, Any]], type] | None  # None where no claim can be tried
    other_claim: str = ""  # where it is not the mutant's own claim that catches the piece

    @property
    def name(self) -> str:
        """The name of the function or class."""
        return self.code.split(maxsplit=2)[1].partition("(")[0].rstrip(":")

    @property
    def mended(self) -> str:
        """The code with all changes made. Raises ValueError unless each part is there once."""
        code = self.code
        for wrong, right in self.changes:
            if code.count(wrong) != 1:
                raise ValueError(f"{wrong!r} is there {code.count(wrong)} times, but should be once, in\n{code}")
            code = code.replace(wrong, right)
        return code

    @property
    def relative(self) -> type[Mutant]:
        """The mutant with the most similar bug."""
        return next(mutant for mutant in ZOO if mutant.__name__ == self.mutant)

    @property
    def claim(self) -> Claim:
        """The claim that catches the bug."""
        return BY_NAME[self.other_claim or self.relative.claim]


def names_of(code: str) -> dict[str, Any]:
    """The names that the code defines, and those that it may use."""
    names = dict(IMPORTS)
    exec(code, names)
    return names


def answer(code: str, piece: Piece) -> Any:
    """The value of ``ask`` for this code and the piece's input, or the exception that it raises."""
    names = names_of(f"{code}\n{piece.given}")
    try:
        return eval(piece.ask, names)
    except Exception as error:
        return error
