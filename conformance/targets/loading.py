"""Finds the target that the user named: a class of a module or of a file, or one that is known by name."""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from conformance.targets.adapters import TargetError
from conformance.targets.habits import learn_habits
from conformance.targets.peers import READY
from conformance.targets.probe import open_adapter
from conformance.targets.target import Target

PROMISE_BITS = ("reference", "accelerated")


def make_target(name: str, *models: Callable[..., Any], device: str | None = None, task: str = "") -> Target:
    """The target that consists of these classes, each for the task that it is found to do."""
    adapters = [open_adapter(model, device, task) for model in models]
    for adapter in adapters:
        if adapter.task != "similarity":
            learn_habits(adapter)
        adapter.calls = adapters[0].calls  # one list, in the order of time
        adapter.calls.clear()
    promised = name in PROMISE_BITS or any(getattr(model, "promises_bits", False) for model in models)
    return Target(name, {adapter.task: adapter for adapter in adapters}, promised)


def load_target(text: str, device: str | None = None, task: str = "") -> Target:
    """The target called "reference", "module:Class" or "path/to/file.py:Class".

    Raises TargetError, with a message of one line, for a target that is missing or cannot be imported or tried.
    """
    if text in READY:
        target = make_target(text, *READY[text](), device=device)
        if task and task not in target.adapters:
            raise TargetError(f"{text} is not a {task}; it is {', '.join(target.adapters)}")
        return replace(target, adapters={task: target.adapters[task]}) if task else target
    place, _, name = text.rpartition(":")
    if not place or not name:
        known = ", ".join(READY)
        raise TargetError(f"target {text!r} is neither {known}, nor module:Class, nor path/to/file.py:Class")
    return make_target(text, load_class(text), device=device, task=task)


@cache
def _package(name: str) -> Target:
    return load_target(name)


def other_package(target: Target) -> Target:
    """The oracle for the target: ``reference``, and for ``reference`` itself ``accelerated``."""
    other = _package("accelerated" if target.name == "reference" else "reference")
    other.begin()  # its calls are never shown, and would fill the memory
    return other


def load_class(text: str) -> type:
    """The class called "module:Class" or "path/to/file.py:Class". Raises TargetError if there is no such class."""
    place, _, name = text.rpartition(":")
    module = _import(place)
    model = getattr(module, name, None)
    if isinstance(model, type):
        return model
    if model is not None:
        raise TargetError(f"{name} of {place} is a {type(model).__name__}, and not a class")
    own = [key for key, value in vars(module).items() if isinstance(value, type)]
    raise TargetError(f"{place} has no class {name}; it has {', '.join(own) or 'none'}")


def _import(place: str) -> ModuleType:
    try:
        return _import_file(Path(place)) if place.endswith(".py") else importlib.import_module(place)
    except SyntaxError as error:
        raise TargetError(f"{error.filename}, line {error.lineno}: {error.msg}") from error
    except FileNotFoundError as error:
        raise TargetError(f"there is no file {error.filename}") from error
    except Exception as error:
        raise TargetError(f"{place} cannot be imported: {type(error).__name__}: {error}") from error


def _import_file(path: Path) -> ModuleType:
    """The module of a file, which may import the files beside it; pickle can find it again."""
    if not path.is_file():
        raise FileNotFoundError(2, "no file", str(path))
    name = f"_target_{path.stem}"  # not the name of another module: a file may be called numpy.py
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.append(str(path.parent.resolve()))
    spec.loader.exec_module(module)
    return module
