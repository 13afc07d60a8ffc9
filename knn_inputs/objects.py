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


def is_pair_of_rows(a: Any, b: Any) -> bool:
    """Returns whether two examples are arrays or tensors of one dimension and the same length."""
    return all(hasattr(x, "__array__") and np.ndim(x) == 1 for x in (a, b)) and np.shape(a) == np.shape(b)
