"""Finds what the user named in a module or a file, and makes a class of it, or a ``Maker`` of models."""

import importlib
import importlib.util
import inspect
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from conformance.adapted import Adapted
from conformance.targets.errors import TargetError
from conformance.targets.functions import from_function, roles_of
from conformance.targets.indexes import from_index, is_index
from conformance.targets.makers import by_copying, by_factory
from conformance.targets.refusals import hint


def load_class(text: str, n_neighbors: str = "", method: str = "") -> Callable[..., Any]:
    """The class called "module:Class" or "path/to/file.py:Class", or one made of the function or object of that name.

    Raises TargetError if there is none, or if it cannot become a class.
    """
    place, _, name = text.rpartition(":")
    module = import_place(place)
    if not hasattr(module, name):
        own = _own_names(module) or [key for key, value in vars(module).items() if isinstance(value, type)]
        raise TargetError(f"{place} has no class {name}{hint(name, own)}")
    found = getattr(module, name)
    if isinstance(found, type):
        return _from_class(found, name, module, n_neighbors, method)
    if hasattr(found, "fit"):
        return by_copying(found, name, n_neighbors)
    if callable(found):
        return _from_callable(found, name, n_neighbors)
    raise TargetError(f"{name} of {place} is {found!r:.60}, and neither a class, a function, nor an object with fit")


def propose(place: str) -> str:
    """The targets in a file for which the user named none."""
    names = _own_names(import_place(place))
    return f"did you mean {' or '.join(f'{place}:{name}' for name in names[:3])}?" if names else "it has none"


def _own_names(module: ModuleType) -> list[str]:
    """The classes, functions and objects that the module itself defines, and that can be tried."""
    return [
        name
        for name, value in vars(module).items()
        if getattr(value, "__module__", "") == module.__name__ and not name.startswith("_") and _is_target(value)
    ]


def _is_target(value: Any) -> bool:
    if isinstance(value, type):
        return True
    return hasattr(value, "fit") or (inspect.isfunction(value) and {"X", "Q"} <= set(roles_of(value)))


def _from_class(found: type, name: str, module: ModuleType, n_neighbors: str, method: str) -> type:
    if issubclass(found, Adapted) and found.__name__ == "Adapted":
        found.__name__ = found.__qualname__ = name  # so that pickle finds it
        found.__module__ = module.__name__
    return from_index(found, method, n_neighbors) if is_index(found, method) else found


def _from_callable(found: Callable[..., Any], name: str, n_neighbors: str) -> Callable[..., Any]:
    """A class of a function that is given examples and queries, or the maker of a function that makes models."""
    try:
        roles = roles_of(found)
    except ValueError as error:
        raise TargetError(f"{name} is compiled, and its arguments cannot be read; use conformance.adapt") from error
    if {"X", "Q"} <= set(roles):
        return from_function(found, name, n_neighbors)
    try:
        maker = by_factory(found, name, n_neighbors)
    except Exception as error:
        names = ", ".join(inspect.signature(found).parameters) or "no arguments"
        raise TargetError(
            f"{name}({names}) is neither a function of examples, queries and k with names that I know, such as "
            f"X, y, Q, k, nor makes a model: {type(error).__name__}: {error}"
        ) from error
    if not hasattr(maker.kind, "fit"):
        raise TargetError(f"{name} returns {maker.kind!r:.60}, which has no method fit")
    return maker


def import_place(place: str) -> ModuleType:
    """The module of this name, or of this file; raises TargetError, in one line, where it cannot be imported."""
    if place.endswith(".pickle"):
        return _unpickle(Path(place))
    try:
        return _import_file(Path(place)) if place.endswith(".py") else importlib.import_module(place)
    except SyntaxError as error:
        raise TargetError(f"{error.filename}, line {error.lineno}: {error.msg}") from error
    except FileNotFoundError as error:
        raise TargetError(f"there is no file {error.filename}") from error
    except Exception as error:
        belongs = place.endswith(".py") and "relative import" in str(error)
        advice = f"; it belongs to a package: name it {_dotted(Path(place))}:Class" if belongs else ""
        raise TargetError(f"{place} cannot be imported: {type(error).__name__}: {error}{advice}") from error


def _dotted(path: Path) -> str:
    """The file's name as a module of the package that it lies in.

    >>> _dotted(Path("mine/knn.py"))
    'mine.knn'
    """
    return ".".join([path.resolve().parent.name, path.stem])


def _unpickle(path: Path) -> ModuleType:
    """A module with the object that another process has pickled, see ``runner.pickled``."""
    found, own_module, own_classes = pickle.loads(path.read_bytes())
    if own_module:
        known = vars(sys.modules.setdefault(own_module, ModuleType(own_module)))
        known.update({name: value for name, value in own_classes.items() if name not in known})
    module = ModuleType(path.stem)
    setattr(module, getattr(found, "__name__", type(found).__name__), found)
    return module


def _is_free(path: Path) -> bool:
    """Whether the file's name is that of no other module; a file may be called numpy.py.

    >>> _is_free(Path("my_knn.py")), _is_free(Path("numpy.py")), _is_free(Path("my-knn.py"))
    (True, False, False)
    """
    if not path.stem.isidentifier() or path.stem in sys.modules:
        return False
    spec = importlib.util.find_spec(path.stem)
    return spec is None or (spec.origin is not None and Path(spec.origin).resolve() == path.resolve())


def _import_file(path: Path) -> ModuleType:
    """The module of a file, which may import the files beside it; pickle can find it again."""
    if not path.is_file():
        raise FileNotFoundError(2, "no file", str(path))
    name = path.stem if _is_free(path) else f"_target_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.append(str(path.parent.resolve()))  # where its own processes find it, too
    spec.loader.exec_module(module)
    return module
