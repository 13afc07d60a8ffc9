"""Makes models by what is not a class: a factory, a ``functools.partial`` of a class, or an object to be copied."""

import copy
import inspect
from collections.abc import Callable
from typing import Any

from conformance.targets.names import NAMES


class Maker:
    """A function that makes models, with a name, one of its models and the signature of its arguments."""

    def __init__(self, make: Callable[..., Any], example: Any, name: str, signature: inspect.Signature) -> None:
        self.make, self.kind, self.__name__, self.__signature__ = make, example, name, signature

    def __call__(self, **options: Any) -> Any:
        return self.make(**options)

    @property
    def written(self) -> str:
        """Its name in printed code, which cannot be ``model``, the name of each model."""
        return f"make_{self.__name__}"


def by_factory(make: Callable[..., Any], name: str, k_argument: str) -> Maker:
    """A maker that calls the function, which is tried once to see one of its models."""
    signature = inspect.signature(make)
    k_names = (k_argument,) if k_argument else NAMES["k"]
    return Maker(make, make(**{k: 1 for k in k_names if k in signature.parameters}), name, signature)


def by_copying(example: Any, name: str, k_argument: str) -> Maker:
    """A maker that copies the object, and sets those of its parameters that a claim asks for."""
    known = {k_argument, *(known for names in NAMES.values() for known in names)}
    found = example.get_params() if hasattr(example, "get_params") else _attributes(example, known)
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter(key, keyword, default=value) for key, value in found.items() if key in known]

    def make(**options: Any) -> Any:
        model = copy.deepcopy(example)
        if hasattr(model, "set_params"):
            model.set_params(**options)
        else:
            for key, value in options.items():
                setattr(model, key, value)
        return model

    return Maker(make, example, name, inspect.Signature(parameters))


def _attributes(example: Any, known: set[str]) -> dict[str, Any]:
    """The attributes of these names, without methods."""
    found = {key: getattr(example, key) for key in sorted(known) if key and hasattr(example, key)}
    return {key: value for key, value in found.items() if not inspect.ismethod(value)}
