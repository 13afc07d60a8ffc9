"""Opens the target that the user named: tries its classes, and finds out how each is called and what its habits are."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from conformance.targets.adapters import Adapter
from conformance.targets.errors import TargetError
from conformance.targets.habits import learn_habits
from conformance.targets.loading import load_class, propose
from conformance.targets.peers import READY
from conformance.targets.probe import open_adapter
from conformance.targets.target import Target

PROMISE_BITS = ("reference", "accelerated")


def make_target(
    name: str,
    *models: Callable[..., Any],
    device: str | None = None,
    task: str = "",
    n_neighbors: str = "",
    method: str = "",
) -> Target:
    """The target that consists of these classes, each for the task that it is found to do."""
    adapters = [open_adapter(model, device, task, n_neighbors, method) for model in models]
    for adapter in adapters:
        if adapter.task != "similarity":
            learn_habits(adapter)
        adapter.calls.clear()
    promised = name in PROMISE_BITS or any(getattr(model, "promises_bits", False) for model in models)
    return Target(name, by_task(adapters), promised)


def by_task(adapters: list[Adapter]) -> dict[str, Adapter]:
    """The adapters by their tasks, which keep their calls in one list, in the order of time."""
    for adapter in adapters:
        adapter.calls = adapters[0].calls
    return {adapter.task: adapter for adapter in adapters}


def load_target(
    text: str, device: str | None = None, task: str = "", n_neighbors: str = "", method: str = ""
) -> Target:
    """The target called "reference", "module:Class" or "path/to/file.py:Class", or a function or an object there.

    ``n_neighbors`` and ``method`` are the names of its argument for k and of its method to ask, if they are unusual.
    Raises TargetError, with a message of one line, for a target that is missing or cannot be imported or tried.
    """
    if text in READY:
        if n_neighbors or method:
            raise TargetError(f"{text} is known, and takes neither --n-neighbors nor --method")
        target = make_target(text, *READY[text](), device=device)
        if task and task not in target.adapters:
            raise TargetError(f"{text} is not a {task}; it is {', '.join(target.adapters)}")
        return replace(target, adapters={task: target.adapters[task]}) if task else target
    place, _, name = text.rpartition(":")
    if text.endswith(".py"):
        raise TargetError(f"{text} names no class in the file; {propose(text)}")
    if not place or not name:
        known = ", ".join(READY)
        raise TargetError(f"target {text!r} is neither {known}, nor module:Class, nor path/to/file.py:Class")
    model = load_class(text, n_neighbors, method)
    is_pickled = place.endswith(".pickle")  # in a file that lasts no longer than the run
    return make_target(
        name if is_pickled else text, model, device=device, task=task, n_neighbors=n_neighbors, method=method
    )


@cache
def _package(name: str) -> Target:
    return load_target(name)


def other_package(target: Target) -> Target:
    """The oracle for the target: ``reference``, and for ``reference`` itself ``accelerated``."""
    other = _package("accelerated" if target.name == "reference" else "reference")
    other.begin()  # its calls are never shown, and would fill the memory
    return other
