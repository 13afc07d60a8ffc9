"""Examples of any kind, for a function of two examples: a list, whose entries are not changed."""

from typing import Any

import numpy as np

from knn_inputs.containers import refuse_containers, to_array
from knn_inputs.messages import show


def read_objects(X: Any) -> list[Any]:
    """Returns the examples as a list, unchanged. Raises TypeError for a string, because it is a single example."""
    refuse_containers(X, "X")
    if isinstance(X, str | bytes) or not hasattr(X, "__iter__") or (hasattr(X, "__array__") and np.ndim(X) == 0):
        raise TypeError(f"X={show(X)} is one example, but must be a list of examples: pass [X]")
    objects = list(to_array(X, "X") if hasattr(X, "__array__") else X)
    if not objects:
        raise ValueError("X has 0 examples, but needs at least 1")
    return objects


def read_pair(a: Any, b: Any) -> tuple[Any, Any]:
    """Returns two examples as a search gives them to a function: arrays of numbers as float64 rows, others unchanged.

    Rows may hold NaN here, because they may be entries of a list, whose NaN is the function's business.
    """
    if not all(hasattr(x, "__array__") and np.ndim(x) == 1 for x in (a, b)) or np.shape(a) != np.shape(b):
        return a, b
    rows = [to_array(a, "a"), to_array(b, "b")]
    if any(row.dtype.kind not in "buif" for row in rows):
        return a, b
    rows = [np.array(row, dtype=np.float64) for row in rows]
    for row in rows:
        row.flags.writeable = False  # as those of a model are
    return rows[0], rows[1]
