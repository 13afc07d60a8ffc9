"""Examples of any kind, for a function of two examples: a list, whose entries are not changed."""

import copy
from typing import Any

import numpy as np

from knn_inputs.containers import refuse_containers, to_array
from knn_inputs.messages import LONGEST_CAUSE, a_kind_of, show
from knn_inputs.tensors import is_tensor


def read_objects(X: Any) -> list[Any]:
    """Returns the examples as a list, unchanged. Raises TypeError for a string, because it is a single example."""
    refuse_containers(X, "X")
    is_one = isinstance(X, str | bytes) or not hasattr(type(X), "__iter__")
    array = to_array(X, "X") if hasattr(type(X), "__array__") or is_tensor(X) else None
    if is_one or (array is not None and array.ndim == 0):
        raise TypeError(f"X={show(X)} is one example, but must be a list of examples: pass [X]")
    try:
        objects = list(X if array is None else array)
    except MemoryError:
        raise
    except Exception as error:
        raise TypeError(f"X is {a_kind_of(X)}, whose entries cannot be read: {show(error, LONGEST_CAUSE)}") from error
    if not objects:
        raise ValueError("X has 0 examples, but needs at least 1")
    return objects


def copy_objects(objects: list[Any]) -> list[Any]:
    """Returns a deep copy of the examples; raises TypeError for the first that cannot be copied."""
    try:
        return copy.deepcopy(objects)
    except MemoryError:
        raise
    except Exception:
        for i, one in enumerate(objects):
            _copy(one, i)
        raise


def _copy(one: Any, row: int) -> None:
    try:
        copy.deepcopy(one)
    except MemoryError:
        raise
    except Exception as error:
        advice = ": pass [x.detach() for x in X]" if is_tensor(one) else ""
        message = f"X has {a_kind_of(one)} in row {row} that cannot be copied{advice}: {show(error, LONGEST_CAUSE)}"
        raise TypeError(message) from error


def read_any_pair(a: Any, b: Any) -> tuple[Any, Any]:
    """Returns two examples as a search gives them to a function: arrays of numbers as float64 rows, others unchanged.

    Rows may hold NaN here, because they may be entries of a list, whose NaN is the function's business.
    """
    if not all(hasattr(type(x), "__array__") for x in (a, b)):
        return a, b
    rows = [to_array(a, "a"), to_array(b, "b")]
    if rows[0].shape != rows[1].shape or any(row.ndim != 1 or row.dtype.kind not in "buif" for row in rows):
        return a, b
    rows = [np.array(row, dtype=np.float64) for row in rows]
    for row in rows:
        row.flags.writeable = False  # as those of a model are
    return rows[0], rows[1]
