"""Makes a class that the suite can try out of two or three functions; a file that only calls it loads little more."""

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np


class Adapted:
    """The base of the classes that ``adapt`` makes."""

    lacks: ClassVar[dict[str, str]] = {"own fit": "the class was made by conformance.adapt, and its fit is not its own"}

    def __init__(self, n_neighbors: int = 5) -> None:
        self.n_neighbors = n_neighbors


def adapt(
    *,
    fit: Callable[..., Any],
    kneighbors: Callable[..., Any] | None = None,
    predict: Callable[..., Any] | None = None,
) -> type:
    """Makes a class that the suite can try, with the argument ``n_neighbors``, of functions that do its work.

    ``fit`` is given X, y and k, and returns anything that ``kneighbors`` and ``predict`` are given in front of the
    queries Q and k. Each function is called with as many of these, in this order, as it has arguments without defaults;
    a function whose arguments cannot be read is called with the first.

    Raises TypeError if there is neither ``kneighbors`` nor ``predict``, or if a function takes more than three.

    >>> KNN = adapt(fit=lambda X: X, kneighbors=lambda X, Q, k: [abs(X - q).argsort()[:k] for q in Q])
    >>> KNN(n_neighbors=2).fit(np.array([1.0, 5.0, 2.0])).kneighbors(np.array([1.25]))
    [array([0, 2])]
    """
    given = {"fit": fit, "kneighbors": kneighbors, "predict": predict}
    functions = {name: function for name, function in given.items() if function is not None}
    if len(functions) == 1:
        raise TypeError("adapt is given fit alone: give it kneighbors, which finds neighbours, or predict, or both")
    takes = {name: _takes(name, function) for name, function in functions.items()}

    def fit_to_examples(self: Any, X: Any) -> Any:
        self.fitted = fit(X)
        return self

    def fit_to_targets(self: Any, X: Any, y: Any) -> Any:
        self.fitted = fit(*(X, y, self.n_neighbors)[: takes["fit"]])
        return self

    def asking(name: str) -> Callable[..., Any]:
        def ask(self: Any, X: Any) -> Any:
            answer = functions[name](*(self.fitted, X, self.n_neighbors)[: takes[name]])
            return with_axis(answer, X, self.n_neighbors) if name == "kneighbors" else answer

        ask.__name__ = ask.__qualname__ = name
        return ask

    methods = {name: asking(name) for name in functions if name != "fit"}
    methods["fit"] = fit_to_targets if takes["fit"] > 1 else fit_to_examples
    return type("Adapted", (Adapted,), methods)


def _takes(name: str, function: Callable[..., Any]) -> int:
    """The number of arguments that the function needs."""
    if not callable(function):
        raise TypeError(f"{name}={function!r} is not a function")
    try:
        arguments = inspect.signature(function).parameters.values()
    except ValueError:  # compiled
        return 1
    positions = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [argument.name for argument in arguments if argument.default is inspect.Parameter.empty]
    takes = sum(argument.kind in positions for argument in arguments if argument.name in needed)
    if takes > 3:
        raise TypeError(
            f"{name} needs {', '.join(needed)}, but is given at most three arguments: give others a default"
        )
    return takes


def with_axis(answer: Any, Q: Any, k: int) -> Any:
    """The neighbours with both axes, of which SciPy leaves one out for k = 1, and others for a single query.

    >>> with_axis((np.array([0.5, 0.25]), np.array([3, 7])), Q=np.zeros((2, 4)), k=1)
    (array([[0.5 ],
           [0.25]]), array([[3],
           [7]]))
    """
    if isinstance(answer, tuple):
        return tuple(with_axis(part, Q, k) for part in answer)
    is_flat = isinstance(answer, np.ndarray) and answer.ndim == 1 and np.ndim(Q) == 2
    return answer.reshape(len(Q), k) if is_flat and 1 in (k, len(Q)) and len(answer) == len(Q) * k else answer
