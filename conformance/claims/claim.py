"""A claim: a sentence about an implementation, with the function that tries it and the cases that it is tried on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.targets import Target

# the relations: how a claim decides whether an answer is right
LATTICE = "exact on a lattice"
BOUND = "within a derived bound"
CHANGED = "metamorphic"
BITS = "same bits"
BEHAVIOUR = "behaviour"

# the kinds of claims: which of them make an implementation wrong
ANSWERS = "answers"  # wrong neighbours, distances or predictions
MANNERS = "manners"  # right answers, but a caller is surprised: bad input is answered, or arrays are written to
CONVENTIONS = "conventions"  # a rule of this project on which good libraries differ: no fault
KINDS = (ANSWERS, MANNERS, CONVENTIONS)
KIND_OF_LEVEL = {
    "costs": MANNERS,
    "manners": MANNERS,
    "bad input": MANNERS,
    "ties": CONVENTIONS,
}  # of other levels: answers

Trial = Callable[[Target, Any], None]  # raises AssertionError where the claim does not hold


@dataclass(frozen=True)
class Claim:
    """A function whose docstring is the claim, one sentence, and below it the reason why the claim matters."""

    function: Trial
    strategy: st.SearchStrategy[Any]
    relation: str
    effort: float  # multiplies the number of draws
    is_convention: bool = False  # also of a level whose other claims are none

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def level(self) -> str:
        """The name of the module, with spaces."""
        return self.function.__module__.rpartition(".")[2].replace("_", " ")

    @property
    def kind(self) -> str:
        """One of ``KINDS``."""
        return CONVENTIONS if self.is_convention else KIND_OF_LEVEL.get(self.level, ANSWERS)

    @property
    def sentence(self) -> str:
        return str(self.function.__doc__).partition("\n\n")[0].strip()

    @property
    def why(self) -> str:
        return " ".join(str(self.function.__doc__).partition("\n\n")[2].split())


def claim(
    strategy: st.SearchStrategy[Any], relation: str = LATTICE, effort: float = 1.0, is_convention: bool = False
) -> Callable[[Trial], Claim]:
    """Makes a claim of the function below, to be tried on the cases that the strategy draws."""
    return lambda function: Claim(function, strategy, relation, effort, is_convention)
