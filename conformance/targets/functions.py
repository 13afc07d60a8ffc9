"""Makes a class of a function that is given examples and queries at once, such as ``knn_predict(X, y, Q, k)``."""

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from conformance.targets.errors import TargetError
from conformance.targets.names import DATA, NAMES


class FunctionModel:
    """The base of the classes that ``from_function`` makes: ``fit`` keeps the arguments of the function."""

    lacks: ClassVar[dict[str, str]] = {
        "own fit": "a function has no fit",
        "own memory": "a function keeps no training data",
    }
    function: ClassVar[Any]
    roles: ClassVar[dict[str, str]]  # the names of its arguments for X, y and Q

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.given: dict[str, Any] = {}  # examples and targets

    def _answer(self, X: Any) -> Any:
        return type(self).function(**self.given, **{self.roles["Q"]: X}, **self.options)


class FromNeighbors(FunctionModel):
    """A function that returns neighbours, and is given no targets."""

    def fit(self, X: Any) -> "FromNeighbors":
        self.given = {self.roles["X"]: X}
        return self

    def kneighbors(self, X: Any) -> Any:
        return self._answer(X)


class FromPredictions(FunctionModel):
    """A function that returns predictions from targets."""

    def fit(self, X: Any, y: Any) -> "FromPredictions":
        self.given = {self.roles["X"]: X, self.roles["y"]: y}
        return self

    def predict(self, X: Any) -> Any:
        return self._answer(X)


def roles_of(function: Callable[..., Any]) -> dict[str, str]:
    """The names of the arguments for the examples X, the targets y and the queries Q, as far as they are known.

    >>> roles_of(lambda query, labels, points, k: ...)
    {'X': 'points', 'y': 'labels', 'Q': 'query'}
    """
    arguments = inspect.signature(function).parameters
    found = {role: next((name for name in names if name in arguments), "") for role, names in DATA.items()}
    return {role: name for role, name in found.items() if name}


def from_function(function: Callable[..., Any], name: str, k_argument: str) -> type[FunctionModel]:
    """A class whose models call the function. Raises TargetError for a function with an argument that is not known."""
    roles = roles_of(function)
    k_names = (k_argument,) if k_argument else NAMES["k"]
    others = {key: value for key, value in inspect.signature(function).parameters.items() if key not in roles.values()}
    unknown = [key for key, value in others.items() if value.default is value.empty and key not in k_names]
    if unknown:
        raise TargetError(
            f"{name} needs {', '.join(unknown)}: give it a default, or if it is the number of neighbours, name it with "
            f"--n-neighbors {unknown[0]}"
        )
    options = [argument.replace(kind=inspect.Parameter.KEYWORD_ONLY) for argument in others.values()]
    base = FromPredictions if "y" in roles else FromNeighbors
    members = {"function": staticmethod(function), "roles": roles, "__signature__": inspect.Signature(options)}
    return type(name, (base,), members)
