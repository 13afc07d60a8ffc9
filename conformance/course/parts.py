"""A learner's function: it is called with copies, its calls are kept, and its answers are read."""

from collections.abc import Callable
from copy import deepcopy
from math import prod
from typing import Any, NamedTuple

import numpy as np

from conformance.targets.answers import Unreadable, listed, to_array
from conformance.targets.fitted import Call

LARGEST_SHOWN = 1000  # numbers; it takes a second to write half a million of them as code
Read = Callable[..., Any]  # of an answer and the arguments: the answer as the models need it; raises Unreadable


class Answered(NamedTuple):
    """A call, and the answer to it."""

    call: Call
    answer: Any


class Part:
    """A function that a learner has written, with the right one beside it."""

    def __init__(self, name: str, function: Callable[..., Any], right: Callable[..., Any], read: Read) -> None:
        self.name, self.function, self.right, self.read = name, function, right, read
        self.calls: list[Call] = []
        self.answers: list[Answered] = []

    def __call__(self, *given: Any) -> Any:
        """The answer, read; raises Unreadable for one of another form, and if the function changed its arguments."""
        handed, kept = deepcopy(given), deepcopy(given)
        call = Call(self.name, kept, {}, self.function)
        self.calls.append(call)
        answer = listed(self.function(*handed))  # a generator runs its code here
        self.answers.append(Answered(call, answer))
        for before, after in zip(kept, handed, strict=True):
            if not _same(before, after):
                raise Unreadable(
                    f"{self.name} has changed its argument {_shown(before)} to {_shown(after)}: copy it first"
                )
        return self.read(self.name, answer, *given)

    def ask(self, *given: Any) -> Any:
        """The answer as it is, to the arguments themselves; of a generator a list."""
        is_shown = sum(prod(getattr(one, "shape", ())) for one in given) <= LARGEST_SHOWN
        self.calls.append(Call(self.name, given if is_shown else (), {}, self.function))
        return listed(self.function(*given))

    def difference(self) -> tuple[str, str, str] | None:
        """The first call with a wrong answer, that answer, and the right one, as text; None if all are right.

        An answer that is clearly wrong comes before one that is off by rounding, which the claim may allow.
        """
        for tolerance in (1e-6, 1e-12):
            for call, answer in self.answers:
                right = self.right(*deepcopy(call.examples))
                if not _agree(answer, right, tolerance):
                    return str(call), _shown(answer), _shown(right)
        return None


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, np.ndarray) and before.dtype.kind == "f":
        return np.array_equal(before, after, equal_nan=True)
    return bool(np.all(np.asarray(before) == np.asarray(after)))


def _agree(answer: Any, right: Any, tolerance: float) -> bool:
    """Whether two answers are the same up to the tolerance, which is relative, and absolute below 1."""
    try:
        if isinstance(right, tuple):
            return all(_agree(*pair, tolerance) for pair in zip(answer, right, strict=True))
        if isinstance(right, list):
            return [tuple(map(_plain, pair)) for pair in answer] == [tuple(map(_plain, pair)) for pair in right]
        found, expected = to_array(answer), to_array(right)
        if found.shape != expected.shape:
            return False
        if expected.dtype.kind == "f":
            return bool(np.allclose(found, expected, rtol=tolerance, atol=tolerance if tolerance > 1e-9 else 0))
        return bool(np.all(found == expected))
    except Exception:  # the answer is of another kind
        return False


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _shown(answer: Any) -> str:
    """The answer as Python writes it, without types of arrays.

    >>> _shown(np.array([1.0, 2.0])), _shown((np.array([1.0]), [np.float64(2.0)]))
    ('[1.0, 2.0]', '([1.0], [2.0])')
    """
    if isinstance(answer, tuple) and answer:
        return f"({', '.join(map(_shown, answer))})"
    if isinstance(answer, list):
        return f"[{', '.join(map(_shown, answer))}]"
    return repr(answer.tolist() if hasattr(answer, "tolist") else answer)
