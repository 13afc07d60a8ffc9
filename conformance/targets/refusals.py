"""The one-line reasons for which a class is refused, each with the option or the change that mends it."""

import inspect
from difflib import get_close_matches
from typing import Any

from conformance.targets.names import FINDERS, FITTERS, NAMES


def without_method(name: str, kind: Any, method: str) -> str:
    """The reason if the class lacks ``fit`` or the method that the user named; else nothing."""
    if method and not callable(getattr(kind, method, None)):
        return f"{name} has no method {method}{hint(method, _own_methods(kind))}"
    if not any(callable(getattr(kind, fit, None)) for fit in FITTERS):
        return f"{name} has no method fit; conformance.adapt makes a class that has one out of functions"
    return ""


def without_question(name: str, kind: Any) -> str:
    """The reason if the class has no method that is known to answer; else nothing."""
    own = _own_methods(kind)
    if {"predict", *FINDERS} & set(own):
        return ""
    option = f"; name its method with --method, e.g. --method {own[0]}" if own else ""
    return f"{name} has neither predict nor {', '.join(FINDERS)}{option}"


def _own_methods(kind: Any) -> list[str]:
    return [key for key, _ in inspect.getmembers(kind, callable) if not key.startswith("_") and key != "fit"]


def needs(name: str, unknown: list[str], n_neighbors: str) -> str:
    """The reason if the constructor needs arguments that are not known."""
    option = f", or if it is the number of neighbours, name it with --n-neighbors {unknown[0]}"
    are_many = len(unknown) > 1 or n_neighbors
    return f"the constructor of {name} needs {', '.join(unknown)}: give it a default{'' if are_many else option}"


def without_k(name: str, arguments: list[str], n_neighbors: str) -> str:
    """The reason if no argument is known to be the number of neighbours."""
    if n_neighbors:
        return f"{name} has no argument {n_neighbors}{hint(n_neighbors, arguments)}"
    own = next((argument for argument in arguments if argument not in sum(NAMES.values(), ())), "size")
    advice = f"name it with --n-neighbors, e.g. --n-neighbors {own}"
    return f"{name} has no argument for the number of neighbours that I know; {advice}"


def hint(name: str, known: list[str]) -> str:
    """The known name that is nearest, or all known names if they are few.

    >>> hint("knn", ["KNN", "Ball"]), hint("tree", ["KNN", "Ball"]), hint("tree", [])
    ('; did you mean KNN?', '; it has KNN, Ball', '')
    """
    spelt = {key.lower(): key for key in known}
    if near := get_close_matches(name.lower(), spelt, n=1):
        return f"; did you mean {spelt[near[0]]}?"
    return f"; it has {', '.join(known)}" if 0 < len(known) <= 12 else ""
