"""The bug zoo: wrong implementations with one bug each, and the claim that must catch each of them.

Every mutant is caught by the claim that it names, and every claim is named by a mutant.
"""

from conformance.zoo import (
    among,
    averages,
    bad_input,
    beginners,
    beginners_votes,
    costs,
    distances,
    manners,
    metrics,
    options,
    radius,
    sample_weight,
    selection,
    similarity,
    solvers,
    sparse,
    tensors,
    updates,
    votes,
    within,
)
from conformance.zoo.base import Mutant

MODULES = (
    distances,
    selection,
    radius,
    among,
    averages,
    votes,
    within,
    sample_weight,
    options,
    manners,
    costs,
    bad_input,
    beginners,
    beginners_votes,
    similarity,
    solvers,
    metrics,
    updates,
    sparse,
    tensors,
)
ZOO: list[type[Mutant]] = [
    mutant
    for module in MODULES
    for mutant in vars(module).values()
    if isinstance(mutant, type) and issubclass(mutant, Mutant) and mutant.claim
]


def who_names(claim: str) -> list[str]:
    """The mutants that the claim must catch."""
    return [mutant.__name__ for mutant in ZOO if mutant.claim == claim]


def stories(names: list[str]) -> list[tuple[str, str]]:
    """The names of mutants, each with its story."""
    return [(mutant.__name__, str(mutant.__doc__)) for mutant in ZOO if mutant.__name__ in names]
