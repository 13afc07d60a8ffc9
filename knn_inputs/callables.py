"""Functions of the caller as metric, similarity or weights: their arguments, their results and their exceptions."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

import numpy as np

from knn_inputs.containers import to_array
from knn_inputs.messages import LONGEST_CAUSE, a_kind_of, show
from knn_inputs.tensors import is_tensor

CONTRACT = (
    "it is called with two examples, float64 rows of shape (n_features,) of an array or DataFrame of numbers, or two "
    "entries of a list as they are, and must return one number (the result of a function of two matrices can be passed "
    "as X, with the name 'precomputed')"
)
LONGEST_NAME = 100  # of a function


def take_two(
    function: Callable[..., Any], name: str, params: dict[str, Any] | None = None, least: float = -math.inf
) -> Callable[..., float]:
    """Returns the function of two examples, with ``params``, so that it returns a float.

    Its exceptions are raised as TypeError, if they are one, else as ValueError, with ``name``, the contract, and the
    exception as the cause; so is TypeError for a result that is not one number. ValueError is raised for a number that
    is not finite or below ``least``, with the two examples.
    """
    return partial(_call, partial(function, **(params or {})), describe(function, name), least)


def take_metric(function: Callable[..., Any], params: dict[str, Any] | None = None) -> Callable[..., float]:
    """Returns the function of two examples as ``take_two`` does, which raises ValueError for numbers below 0, too."""
    return take_two(function, "metric", params, least=0.0)


def _call(function: Callable[..., Any], who: str, least: float, a: Any, b: Any) -> float:
    try:
        result = function(a, b)
    except MemoryError:
        raise
    except Exception as error:
        raise _failure(error, who, CONTRACT) from error
    number = result if type(result) is float else one_number(result, who)
    if not (math.isfinite(number) and number >= least):
        bound = "" if least == -math.inf else f", at least {least:g}"
        raise ValueError(f"{who} returned {number} for {show(a)} and {show(b)}, but must return a finite number{bound}")
    return number


def refuse_distance(distance: float, metric: Any, a: Any, b: Any) -> NoReturn:
    """Raises ValueError for a distance by a named metric that is not finite or below 0, with its two examples."""
    raise ValueError(
        f"metric={show(metric)} gave a distance of {distance} for {show(a)} and {show(b)}, but distances must be "
        "finite and at least 0: change or leave out such rows, or choose another metric"
    )


def _failure(error: Exception, who: str, contract: str) -> Exception:
    """Returns the exception to raise for one inside a function: a TypeError for a TypeError, else a ValueError."""
    kind = TypeError if isinstance(error, TypeError) else ValueError
    return kind(f"{who} failed with {show(error, LONGEST_CAUSE)}: {contract}")


def one_number(result: Any, who: str, contract: str = CONTRACT) -> float:
    """Returns the result of a function as a float; raises TypeError, with its ``contract``, unless it is one number."""
    try:
        if is_tensor(result):
            result = result.detach()  # float of a tensor that requires grad gives a warning
        array = np.asarray(result) if isinstance(result, np.ndarray | np.generic) else None
        is_text = isinstance(result, str | bytes | bytearray | complex) or result is np.ma.masked
        if is_text or getattr(result, "ndim", 0) != 0 or (array is not None and array.dtype.kind not in "buifO"):
            raise TypeError("not one real number")
        return float(result)
    except OverflowError:  # of a long int
        return float("inf")
    except MemoryError:
        raise
    except Exception as error:
        shape = f" of shape {tuple(result.shape)}" if hasattr(type(result), "shape") else ""
        raise TypeError(f"{who} returned {show(result)}, {a_kind_of(result)}{shape}: {contract}") from error


def describe(function: Callable[..., Any], name: str) -> str:
    """Returns the argument with the name of the function that was passed for it."""
    called = getattr(function, "__qualname__", None)
    return f"{name}={called[:LONGEST_NAME] if isinstance(called, str) else show(function)}"


def call_weights(function: Callable[[np.ndarray], Any], distances: np.ndarray) -> np.ndarray:
    """Returns the weights, float64 (n_queries, k), that a function gives to the distances of that shape.

    Raises ValueError or TypeError if the function fails, and for weights that cannot be used: of another shape, not
    finite, below 0, or all 0 for a query.
    """
    contract = "it is called with all distances, float64 (n_queries, k), and must return as many weights"
    try:
        returned = function(distances.copy())  # it may write to them
    except MemoryError:
        raise
    except Exception as error:
        raise _failure(error, describe(function, "weights"), contract) from error
    return check_returned_weights(returned, distances.shape)


def check_returned_weights(returned: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Returns the weights as float64; raises ValueError if one is not finite or below 0, or all of a query's are 0."""
    array = to_array(returned, "weights")
    if array.dtype.kind not in "buif":
        raise ValueError(f"weights returned dtype {array.dtype}, but must return real numbers")
    with np.errstate(over="ignore"):  # a long double may become infinity, which is refused below
        array = np.array(array, dtype=np.float64, order="C")
    if array.shape != shape:
        raise ValueError(f"weights returned shape {array.shape} for distances of shape {shape}")
    wrong = ~(np.isfinite(array) & (array >= 0))
    if np.any(wrong):
        advice = ": weights='distance' knows distances of 0" if np.any(np.isinf(array)) else ""
        row, column = np.argwhere(wrong)[0].tolist()
        place = f"in row {row}, column {column}"
        raise ValueError(f"weights returned {array[row, column]} {place}, but must be finite and at least 0{advice}")
    if not np.all(np.any(array > 0, axis=1)):
        raise ValueError("weights returned 0 for all neighbours of a query: nobody is left to vote")
    return array


def refuse_weightless(distances: np.ndarray) -> None:
    """Raises ValueError if all neighbours of a query, (n_queries, k), are infinitely far, so that 1 / distance is 0."""
    if np.any(np.all(np.isinf(distances), axis=1)):
        cause = "a query shares no feature with any of its neighbours, so weights='distance' gives all of them 0"
        raise ValueError(f"{cause}: fill the gaps of the query, or pass weights='uniform'")


def call_aggregate(function: Callable[..., Any], targets: np.ndarray, weights: np.ndarray) -> float:
    """Returns the number that a function makes of one query's targets and their weights, both float64 (k,).

    Raises ValueError or TypeError if the function fails, and for a result that is not one finite number.
    """
    contract = (
        "it is called with the targets and the weights of one query's neighbours, float64 (k,) each and nearest first, "
        "and must return one finite number"
    )
    who = describe(function, "aggregate")
    try:
        result = function(targets.copy(), weights.copy())  # it may write to them
    except MemoryError:
        raise
    except Exception as error:
        raise _failure(error, who, contract) from error
    number = one_number(result, who, contract)
    if not math.isfinite(number):
        raise ValueError(f"{who} returned {number} for the targets {show(targets.tolist())}: {contract}")
    return number


def refuse_sums(summed: np.ndarray, total: float) -> None:
    """Raises ValueError if a sum of weights is 0, or one of weights, weighted targets or votes exceeds all floats."""
    if total == 0:
        raise ValueError(
            "the weights of a query's neighbours add up to 0, so no neighbour counts: make a class_weight larger"
        )
    if not (np.isfinite(total) and np.all(np.isfinite(summed))):
        sums = np.append(np.ravel(summed), total)
        worst = float(sums[~np.isfinite(sums)][0])
        advice = "too large for a float: make the weights or the targets smaller"
        raise ValueError(
            f"the weights of a query's neighbours add up to {total}, with their targets to {worst}, {advice}"
        )
