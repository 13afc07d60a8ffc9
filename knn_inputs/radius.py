"""The radius of a search: its range, one number or one for each query, and queries that have no row within it."""

from typing import Any

import numpy as np

from knn_inputs.containers import to_array
from knn_inputs.messages import a_kind_of, show
from knn_inputs.parameters import as_float, as_floats, is_number

MOST_NAMED = 5  # queries in a message


def check_radius(radius: Any) -> float:
    """Returns the radius as a float; raises TypeError unless it is a number, ValueError if it is NaN or below 0.

    An infinite radius reaches every example.
    """
    number = as_float(radius, "radius")
    if not number >= 0:
        raise ValueError(f"radius={show(radius)} must be at least 0")
    return number


def read_radii(radius: Any, n_queries: int) -> np.ndarray:
    """Returns the radius of each query, float64 (n_queries,), from one number or from as many as there are queries.

    Raises TypeError for entries that are not real numbers, and ValueError for another shape, NaN and numbers below 0.

    >>> read_radii(2, 3), read_radii([0.5, 1.0], 2)
    (array([2., 2., 2.]), array([0.5, 1. ]))
    """
    if is_number(radius) or isinstance(radius, str | bytes | bool | np.bool_) or radius is None:
        return np.full(n_queries, check_radius(radius))
    array = as_floats(to_array(radius, "radius"), "radius")
    if array.size and array.dtype.kind not in "iuf":
        kind = f"{a_kind_of(radius)} of dtype {array.dtype}"
        raise TypeError(f"radius={show(radius)} is {kind}, but must be a number, or one for each query")
    if array.shape not in ((), (n_queries,)):
        advice = "pass one number, or one for each query"
        raise ValueError(f"radius has shape {array.shape}, but there are {n_queries} queries: {advice}")
    with np.errstate(over="ignore", under="ignore"):  # of a long double
        radii = np.full(n_queries, array, dtype=np.float64)
    wrong = np.flatnonzero(~(radii >= 0))
    if len(wrong):
        place = f"[{wrong[0]}]" if array.ndim else ""
        raise ValueError(f"radius{place}={radii[wrong[0]]} must be at least 0")
    return radii


def refuse_lonely(is_lonely: np.ndarray, radius: Any, advice: str = "") -> None:
    """Raises ValueError with the first queries, bool (n_queries,), that have no example within the radius, if any."""
    lonely = np.flatnonzero(is_lonely)
    if len(lonely):
        named = ", ".join(map(str, lonely[:MOST_NAMED]))
        more = f" and {len(lonely) - MOST_NAMED} more" if len(lonely) > MOST_NAMED else ""
        queries = f"{'queries' if len(lonely) > 1 else 'query'} {named}{more}"
        todo = f"pass a larger radius, {advice}or leave out the queries for which count_within is 0"
        raise ValueError(f"no training example lies within radius={show(radius)} of {queries}: {todo}")
