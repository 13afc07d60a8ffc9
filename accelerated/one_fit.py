"""A query sees one fit of its model, from beginning to end, even if another thread fits the model meanwhile."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

Model = TypeVar("Model")
Method = TypeVar("Method", bound=Callable[..., Any])


def as_it_is(model: Model) -> Model:
    """Returns a model with the attributes that this one has now; ``fit`` replaces their dict, so no copy is needed."""
    same = object.__new__(type(model))
    same.__dict__ = vars(model)
    return same


def of_one_fit(method: Method) -> Method:
    """Returns the method of an estimator, which works on the attributes that the model has at its beginning.

    ``fit`` replaces the dict of attributes (``validation.keep``), so holding on to the one at the beginning is enough.
    """

    @functools.wraps(method)
    def call(model: Any, *args: Any, **kwargs: Any) -> Any:
        return method(as_it_is(model), *args, **kwargs)

    return call  # type: ignore[return-value]
