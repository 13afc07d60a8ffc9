"""A query sees one fit of its model, from beginning to end, even if another thread fits the model meanwhile."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])


def of_one_fit(method: Method) -> Method:
    """Returns the method of an estimator, which works on the attributes that the model has at its beginning.

    ``fit`` replaces the dict of attributes (``validation.keep``), so holding on to the one at the beginning is enough;
    it is not copied.
    """

    @functools.wraps(method)
    def call(model: Any, *args: Any, **kwargs: Any) -> Any:
        same = object.__new__(type(model))
        same.__dict__ = vars(model)
        return method(same, *args, **kwargs)

    return call  # type: ignore[return-value]
