"""The forms in which a mutant is tried: as it is, or with the methods of the class that it is compared with.

A class that only predicts fails other claims than one that shows its neighbours, though they have the same bug.
"""

from functools import cache
from typing import NamedTuple

from conformance.claims import BY_NAME
from conformance.claims.claim import MANNERS
from conformance.targets import Target, make_target
from conformance.zoo import ZOO
from conformance.zoo.base import Classifier, Mutant, Regressor, Search
from conformance.zoo.host import planted

BASES: dict[str, type[Mutant]] = {"classifier": Classifier, "regressor": Regressor}


class Form(NamedTuple):
    """The only task of a class, or nothing for a mutant as it is; and whether the class shows its neighbours."""

    task: str = ""
    shows_neighbors: bool = True

    def __str__(self) -> str:
        return (self.task or "itself") + ("" if self.shows_neighbors else ", alone")


ITSELF = Form()


def form_of(tasks: list[str], shows_neighbors: bool) -> Form:
    """The form of a class with these tasks.

    >>> str(form_of(["classifier"], False)), str(form_of(["search", "classifier"], True))
    ('classifier, alone', 'itself')
    """
    return Form(tasks[0], shows_neighbors) if len(tasks) == 1 and tasks[0] in BASES else ITSELF


def forms_of(mutant: type[Mutant]) -> list[Form]:
    """The forms in which the mutant is tried: as it is, and if it answers wrongly, as classes that only predict.

    >>> [str(form) for form in forms_of(next(mutant for mutant in ZOO if mutant.__name__ == "Median"))]
    ['itself', 'regressor, alone']
    """
    predicts = issubclass(mutant, (Classifier, Regressor))
    if BY_NAME[mutant.claim].kind == MANNERS or not issubclass(mutant, Search | Classifier | Regressor):
        return [ITSELF]
    return [ITSELF, *(Form(task, False) for task, base in BASES.items() if issubclass(mutant, base) or not predicts)]


@cache
def target_of(name: str, form: Form = ITSELF) -> Target:
    """The mutant of this name as a target in this form, which is opened once in a process."""
    mutant = next(mutant for mutant in ZOO if mutant.__name__ == name)
    base = BASES.get(form.task, mutant)
    model = mutant if issubclass(mutant, base) else planted(mutant, {Search: base})
    assert model is not None  # only searches have forms of another task
    target = make_target(name, model)
    if not form.shows_neighbors:
        for adapter in target.adapters.values():
            adapter.form = None
    return target
