"""The arguments of a constructor: their types, their ranges, and those that another argument leaves without effect."""

import functools
import inspect
import math
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec

import numpy as np

from knn_inputs.messages import a_kind_of, show, suggest, warn

P = ParamSpec("P")
DROP_IN = "or import the class of scikit-learn's name from accelerated.drop_in"
FROM_SCIKIT_LEARN = {  # arguments of its neighbours, and of others, that have no place here
    "k": "it is called n_neighbors here",
    "n_jobs": f"leave it out, for the threads of torch are used, {DROP_IN}",
    "algorithm": f"leave it out, for the search chooses its way, {DROP_IN}",
    "leaf_size": f"leave it out, for the search chooses its way, {DROP_IN}",
}
IMPLIED_P = {"manhattan": 1, "l1": 1, "cityblock": 1, "chebyshev": math.inf, "infinity": math.inf}
SIMILARITY_PARAMETERS = {  # those that each named similarity uses
    "rbf": ("gamma",),
    "laplacian": ("gamma",),
    "polynomial": ("gamma", "degree", "coef0"),
    "sigmoid": ("gamma", "coef0"),
    "linear": (),
    "cosine": (),
    "precomputed": (),
}


def is_int(value: Any) -> bool:
    """Returns whether the value is a whole number of Python or NumPy; True, False and time spans are not."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.timedelta64))


def is_number(value: Any) -> bool:
    """Returns whether the value is a real number of Python or NumPy; True and False are not."""
    return is_int(value) or isinstance(value, (float, np.floating))


def check_int(value: Any, name: str, least: int = 1) -> int:
    """Returns the value as an int; raises TypeError unless it is one, ValueError if it is less than ``least``."""
    if not is_int(value):
        raise TypeError(f"{name}={show(value)} is {a_kind_of(value)}, but must be an int")
    if value < least:
        raise ValueError(f"{name}={show(value)} is less than {least}")
    return int(value)


def check_number(value: Any, name: str, least: float = -math.inf) -> float:
    """Returns the value as a float; raises TypeError unless it is a number, ValueError if not finite or too low."""
    number = as_float(value, name)
    if not math.isfinite(number):
        raise ValueError(f"{name}={show(value)} is not finite")
    if number < least:
        raise ValueError(f"{name}={show(value)} is less than {least}")
    return number


def as_float(value: Any, name: str) -> float:
    """Returns the value as a float, infinity if it is a longer int; raises TypeError unless it is a number."""
    if not is_number(value):
        raise TypeError(f"{name}={show(value)} is {a_kind_of(value)}, but must be a number")
    try:
        with np.errstate(over="ignore"):  # of a long double
            return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def as_floats(array: np.ndarray, name: str) -> np.ndarray:
    """Returns an array of objects as float64, another one as it is; raises TypeError for an entry that is no number.

    A list of ints and of a float above 2^53, or an infinite one, comes as objects, so that the ints stay exact.

    >>> as_floats(np.array([1, np.inf], dtype=object), "radius")
    array([ 1., inf])
    """
    if array.dtype.kind != "O":
        return array
    named = [(entry, f"{name}{list(place) or ''}") for place, entry in np.ndenumerate(array)]
    return np.array([as_float(entry, place) for entry, place in named]).reshape(array.shape)


def check_flag(value: Any, name: str) -> bool:
    """Returns the value; raises TypeError unless it is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}={show(value)} is {a_kind_of(value)}, but must be True or False")
    return bool(value)


def check_name(value: Any, name: str, known: Iterable[str], otherwise: str = "") -> None:
    """Raises ValueError unless the value is one of the ``known`` names; suggests the nearest one."""
    known = list(known)
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{name}={show(value)} is not one of {', '.join(known)}{otherwise}{suggest(value, known)}")


def check_n_neighbors(k: Any, n_examples: float = math.inf, leave_one_out: bool = False) -> int:
    """Returns k as an int; raises TypeError unless it is one, ValueError unless there are k examples to choose from."""
    k = check_int(k, "n_neighbors")
    if k > n_examples - leave_one_out:
        others = f"{n_examples - 1} other" if leave_one_out else f"{n_examples}"
        most = int(n_examples) - leave_one_out
        advice = f"pass at most {most}" if most else "fit more examples"
        raise ValueError(f"n_neighbors={show(k)} is more than the {others} training examples: {advice}")
    return k


def check_weights(weights: Any) -> None:
    """Raises ValueError unless ``weights`` is "uniform", "distance" or a function of the distances."""
    if not callable(weights):
        check_name(weights, "weights", ["uniform", "distance"], ", nor a function of the distances")


def check_aggregate(aggregate: Any, return_std: Any = False) -> None:
    """Raises ValueError unless ``aggregate`` is "mean", "median" or a function of one query's targets and weights.

    Raises TypeError unless ``return_std`` is True or False, and ValueError if it is True without the mean.
    """
    if not callable(aggregate):
        check_name(aggregate, "aggregate", ["mean", "median"], ", nor a function of targets and weights")
    if check_flag(return_std, "return_std") and aggregate != "mean":
        raise ValueError(
            f"return_std=True is the deviation from the mean, but aggregate={show(aggregate)}: pass aggregate='mean', "
            f"or a function that returns the spread"
        )


def warn_of_idle_p(metric: Any, p: Any) -> None:
    """Warns if the metric does not use p, and p is neither 2, its default, nor the power that the metric implies."""
    implied = IMPLIED_P.get(metric, 2) if isinstance(metric, str) else 2
    if metric != "minkowski" and p not in (2, implied):
        warn(f"p={show(p)} has no effect, because metric={show(metric)}: only 'minkowski' uses p")


def warn_of_idle_similarity_parameters(similarity: Any, **values: Any) -> None:
    """Warns of parameters that are not at their defaults, but that the similarity does not use."""
    used = () if callable(similarity) else SIMILARITY_PARAMETERS[similarity]
    defaults = {"gamma": 1.0, "degree": 3, "coef0": 1.0}
    idle = [f"{name}={show(value)}" for name, value in values.items() if name not in used and value != defaults[name]]
    if idle:
        have = "has" if len(idle) == 1 else "have"
        uses = f"uses {', '.join(used)}" if used else "uses none of gamma, degree and coef0"
        warn(f"{', '.join(idle)} {have} no effect, because similarity={show(similarity)} {uses}")


def renamed(**advice: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Returns a decorator of ``__init__``: a name that another library uses, or that is misspelt, raises TypeError.

    The signature stays that of the constructor.

    >>> class Model:
    ...     @renamed(alpha="it is called jitter here")
    ...     def __init__(self, jitter=1.0): ...
    >>> Model(alpha=2.0)
    Traceback (most recent call last):
    TypeError: Model has no 'alpha': it is called jitter here
    """

    def decorate(init: Callable[P, None]) -> Callable[P, None]:
        known = list(inspect.signature(init).parameters)

        @functools.wraps(init)
        def checked(*args: P.args, **kwargs: P.kwargs) -> None:
            refuse_renamed(args[0], kwargs, advice, TypeError)
            for name in kwargs:
                if name not in known and (near := suggest(name, known)):
                    raise TypeError(f"{type(args[0]).__name__} has no {name!r}{near}")
            init(*args, **kwargs)

        return checked

    return decorate


def refuse_renamed(model: Any, names: Iterable[str], advice: dict[str, str], error: type[Exception]) -> None:
    """Raises the error for the first of the names that another library uses."""
    for name in names:
        if name in advice:
            raise error(f"{type(model).__name__} has no {name!r}: {advice[name]}")
