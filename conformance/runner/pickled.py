"""Hands a class, a model or a function of a running program to a process of its own."""

import inspect
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import cloudpickle

from conformance.runner.isolation import Job, Session
from conformance.runner.trial import PROFILES

INSTALLED = tuple({sysconfig.get_paths()[name] for name in ("purelib", "platlib", "stdlib")})


def session_of(model: Any, claims: list[str], profile: str) -> Session:
    """A session with the model, which is pickled together with the code of its module, unless that is installed."""
    folder = TemporaryDirectory(prefix="conformance-")
    name = getattr(model, "__name__", type(model).__name__)
    file = Path(folder.name) / "model.pickle"
    file.write_bytes(_pickled(model))
    try:
        session = Session(Job(f"{file}:{name}", claims, PROFILES[profile], path=tuple(sys.path)))
    except BaseException:
        folder.cleanup()
        raise
    session.finish.append(folder.cleanup)
    return session


def _pickled(model: Any) -> bytes:
    module = inspect.getmodule(model if hasattr(model, "__name__") else type(model))
    if module is None or _is_installed(module):
        return cloudpickle.dumps(model)
    cloudpickle.register_pickle_by_value(module)
    try:
        return cloudpickle.dumps(model)
    finally:
        cloudpickle.unregister_pickle_by_value(module)


def _is_installed(module: ModuleType) -> bool:
    """Whether another process can import the module: it is built in, or in a folder of libraries."""
    file = getattr(module, "__file__", None)
    return file is None or file.startswith(INSTALLED) or module.__name__ not in sys.modules
