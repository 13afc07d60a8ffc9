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


def session_of(
    model: Any, claims: list[str], profile: str, task: str = "", n_neighbors: str = "", method: str = ""
) -> Session:
    """A session with the model, which is pickled together with the code of its module, unless that is installed."""
    folder = TemporaryDirectory(prefix="conformance-")
    name = getattr(model, "__name__", type(model).__name__)
    file = Path(folder.name) / "model.pickle"
    file.write_bytes(_pickled(model))
    try:
        job = Job(f"{file}:{name}", claims, PROFILES[profile], path=tuple(sys.path), known_as=_import_name(model))
        session = Session(job._replace(task=task, n_neighbors=n_neighbors, method=method))
    except BaseException:
        folder.cleanup()
        raise
    session.finish.append(folder.cleanup)
    return session


def _import_name(model: Any) -> str:
    """The module and the name by which another program can import a class or a function; else nothing.

    >>> _import_name(Path), _import_name(Path())
    ('pathlib:Path', '')
    """
    module, name = getattr(model, "__module__", "__main__"), getattr(model, "__name__", "")
    is_there = module != "__main__" and getattr(sys.modules.get(module), name, None) is model
    return f"{module}:{name}" if is_there else ""


def _pickled(model: Any) -> bytes:
    module = inspect.getmodule(model if hasattr(model, "__name__") else type(model))
    if module is None or _is_installed(module):
        return cloudpickle.dumps((model, "", {}))
    cloudpickle.register_pickle_by_value(module)
    try:
        return _with_classes(model, module)
    finally:
        cloudpickle.unregister_pickle_by_value(module)


def _with_classes(model: Any, module: ModuleType) -> bytes:
    """The model and the classes of its module, among which pickle finds those of its parts, if they can be pickled."""
    own = {name: value for name, value in vars(module).items() if _is_class_of(module, value)}
    try:
        return cloudpickle.dumps((model, module.__name__, own))
    except Exception:
        return cloudpickle.dumps((model, module.__name__, {}))


def _is_class_of(module: ModuleType, value: Any) -> bool:
    return isinstance(value, type) and value.__module__ == module.__name__


def _is_installed(module: ModuleType) -> bool:
    """Whether another process can import the module: it is built in, or in a folder of libraries."""
    file = getattr(module, "__file__", None)
    return file is None or file.startswith(INSTALLED) or module.__name__ not in sys.modules
