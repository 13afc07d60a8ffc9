"""Makes a class with ``fit`` of one whose constructor takes the data, such as ``scipy.spatial.cKDTree``."""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

from conformance.adapted import with_axis
from conformance.targets.functions import roles_of
from conformance.targets.names import FINDERS, FITTERS, NAMES

ASKED = (*FINDERS, "predict", "predict_proba", "get_distance")


class IndexModel:
    """The base of the classes that ``from_index`` makes: ``fit`` calls the constructor."""

    lacks: ClassVar[dict[str, str]] = {"own fit": "the constructor takes the data, and there is no fit"}
    made_by: ClassVar[tuple[Any, ...]]  # the arguments of ``from_index``, with which pickle finds the class again
    k_names: ClassVar[tuple[str, ...]]

    def __init__(self, **options: Any) -> None:
        self.options = options

    def __reduce__(self) -> Any:
        return _restored, (self.made_by, self.__dict__)


def is_index(model: type, method: str) -> bool:
    """Whether the class has no ``fit``, a method to ask, and a constructor that takes the data or cannot be read."""
    has_method = any(callable(getattr(model, name, None)) for name in (method, *ASKED) if name)
    return (
        has_method
        and not any(hasattr(model, fit) for fit in FITTERS)
        and (not (known := _constructor(model)) or "X" in _roles(model, known))
    )


@cache
def from_index(model: type, method: str, k_argument: str) -> type[IndexModel]:
    """A class whose ``fit`` calls the constructor, and whose methods are those of the index."""
    arguments = _constructor(model)
    roles = _roles(model, arguments) or {"X": ""}
    options = [
        argument.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for argument in arguments.values()
        if argument.name not in roles.values() and argument.kind not in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD)
    ]
    members = {
        "made_by": (model, method, k_argument),
        "k_names": (k_argument,) if k_argument else NAMES["k"],
        "fit": _fit(model, roles),
        "__signature__": inspect.Signature(options),
        **{name: _ask(model, name) for name in dict.fromkeys((method, *ASKED)) if callable(getattr(model, name, None))},
    }
    return type(model.__name__, (IndexModel,), members)


def _restored(made_by: tuple[Any, ...], state: dict[str, Any]) -> IndexModel:
    model = object.__new__(from_index(*made_by))
    model.__dict__.update(state)
    return model


def _constructor(model: type) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(model).parameters)
    except ValueError:  # compiled
        return {}


def _roles(model: type, arguments: dict[str, inspect.Parameter]) -> dict[str, str]:
    roles = roles_of(model) if arguments else {}
    return {role: name for role, name in roles.items() if role != "Q"}


def _fit(model: type, roles: dict[str, str]) -> Callable[..., Any]:
    def fit(self: Any, X: Any) -> Any:
        given = {roles["X"]: X} if roles["X"] else {}
        self.index = model(*([] if given else [X]), **given, **self.options)
        return self

    def fit_with_targets(self: Any, X: Any, y: Any) -> Any:
        self.index = model(**{roles["X"]: X, roles["y"]: y}, **self.options)
        return self

    return fit_with_targets if "y" in roles else fit


def _ask(model: type, name: str) -> Callable[..., Any]:
    """The method of the index, with its arguments where they can be read."""

    def ask(self: Any, X: Any, *others: Any, **options: Any) -> Any:
        answer = getattr(self.index, name)(X, *others, **options)
        k = next((given[key] for given in (options, self.options) for key in self.k_names if key in given), None)
        return with_axis(answer, X, k) if k is not None and name != "predict" else answer

    ask.__name__ = ask.__qualname__ = name
    try:
        ask.__signature__ = inspect.signature(getattr(model, name))  # type: ignore[attr-defined]
    except ValueError:  # compiled, and called as SciPy's are
        ask.__signature__ = inspect.signature(lambda self, X, k=1: ...)  # type: ignore[attr-defined]
    return ask
