"""Finds the target that the user named, and holds a class for each task that it can do."""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from conformance.cases import Case, SimilarityCase
from conformance.oracle.similarity import DIFFERENCES, EXPANDED, PRODUCTS
from conformance.targets.adapters import FINGERPRINTS, Adapter, Call, Fitted, Missing, TargetError
from conformance.targets.peers import READY
from conformance.targets.probe import open_adapter

PROMISE_BITS = ("reference", "accelerated")
TASKS = ("classifier", "regressor", "search", "similarity")


@dataclass
class Target:
    """The implementation on trial: a class for each of its tasks, behind an adapter. Methods fit it to a case."""

    name: str
    adapters: dict[str, Adapter]
    promises_bits: bool = False  # those of ``reference``; other targets are held to the rounding of differences

    def search(self, case: Case) -> Fitted:
        """A model whose neighbours can be seen: directly, by a label of its own for each row, or by their average."""
        adapter = self.adapters.get("search") or next(iter(self.adapters.values()))
        if adapter.task == "similarity":
            raise Missing(f"{adapter.name} has no neighbours")
        fitted = adapter.build(k=case.k, metric=case.metric, p=case.p, weights="uniform")
        if adapter.form and not adapter.form.by_label:
            return fitted.fit(case.X)
        if adapter.form:
            return fitted.fit(case.X, np.arange(len(case.X)))
        if adapter.task == "classifier" and case.k == 1:
            fitted.gives_away = "vote"
            return fitted.fit(case.X, np.arange(len(case.X)))
        if adapter.task == "regressor" and len(case.X) <= FINGERPRINTS:
            fitted.gives_away = "average"
            return fitted.fit(case.X, 2.0 ** np.arange(len(case.X)))
        return fitted  # its neighbours cannot be seen

    def classifier(self, case: Case) -> Fitted:
        return self.predictor("classifier", case)

    def regressor(self, case: Case) -> Fitted:
        return self.predictor("regressor", case)

    def predictor(self, task: str, case: Case, weights: Any = None) -> Fitted:
        adapter = self._get(task)
        if case.y is not None and case.y.ndim > 1 and (reason := adapter.lacks.get("outputs")):
            raise Missing(reason)
        weights = weights or case.weights
        return adapter.build(k=case.k, metric=case.metric, p=case.p, weights=weights).fit(case.X, case.y)

    def similarity(self, case: SimilarityCase) -> Fitted:
        return self._get("similarity").build(**case.params).fit(case.X, case.y, case.sample_weight)

    @property
    def rbf_formula(self) -> str:
        """How the squared distances in an rbf may be made, see ``oracle.similarity``."""
        if not self.promises_bits:
            return EXPANDED
        model = self._get("similarity").model
        bases = model.__mro__ if isinstance(model, type) else ()
        is_accelerated = any(base.__module__.partition(".")[0] == "accelerated" for base in bases)
        return PRODUCTS if is_accelerated else DIFFERENCES

    def parts(self) -> list["Target"]:
        """A target for each class that has neighbours, so that a claim can be tried on each."""
        tasks = [task for task in self.adapters if task != "similarity"]
        if not tasks:
            raise Missing(f"{self.name} has no neighbours")
        return [Target(self.name, {task: self.adapters[task]}, self.promises_bits) for task in tasks]

    def any(self, case: Case) -> Fitted:
        """A model for the first of the target's tasks."""
        task = next(iter(self.adapters))
        return self.search(case) if task == "search" else self.predictor(task, case)

    def need(self, task: str, method: str) -> None:
        """Raises Missing where the target has no class for the task, or the class no such method."""
        self._get(task).need(method)

    def _get(self, task: str) -> Adapter:
        if task not in self.adapters:
            raise Missing(f"{self.name} is not a {task}")
        return self.adapters[task]

    def begin(self) -> None:
        """Forgets the calls that were made so far."""
        self.calls.clear()

    @property
    def calls(self) -> list[Call]:
        """The calls since ``begin``."""
        return next(iter(self.adapters.values())).calls


def make_target(name: str, *models: Callable[..., Any], device: str | None = None, task: str = "") -> Target:
    """The target that consists of these classes, each for the task that it is found to do."""
    adapters = [open_adapter(model, device, task) for model in models]
    for adapter in adapters:
        adapter.calls = adapters[0].calls  # one list, in the order of time
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
