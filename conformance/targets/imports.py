"""Writes the Python that loads a target again, for the code to paste in a report."""

import sys
from pathlib import Path

from conformance.targets.adapters import Adapter
from conformance.targets.peers import READY
from conformance.targets.target import Target


def import_lines(target: Target) -> list[str]:
    """A line for each class that can be imported as it is; for others, ``load_class`` with the user's options."""
    adapters = list(target.adapters.values())
    if target.name in READY or (not target.name.rpartition(":")[0].endswith(".py") and all(map(_is_there, adapters))):
        return [f"from {adapter.model.__module__} import {adapter.name}" for adapter in adapters]
    return ["from conformance.targets import load_class", *(_loaded(target.name, adapter) for adapter in adapters)]


def _is_there(adapter: Adapter) -> bool:
    """Whether the class itself is found in its module: one made of a function or an object is not."""
    module = sys.modules.get(getattr(adapter.model, "__module__", ""))
    return isinstance(adapter.model, type) and getattr(module, adapter.name, None) is adapter.model


def _loaded(text: str, adapter: Adapter) -> str:
    place, _, name = text.rpartition(":")
    path = f"{Path(place).resolve()}:{name}" if place.endswith(".py") else text
    options = {"n_neighbors": adapter.n_neighbors, "method": adapter.method}
    given = "".join(f", {key}={value!r}" for key, value in options.items() if value)
    return f"{adapter.written} = load_class({path!r}{given})"
