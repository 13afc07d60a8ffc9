"""The argument ids: the rows to remove, by the ids that ``kneighbors`` returns."""

from typing import Any

import numpy as np

from knn_inputs.containers import to_array
from knn_inputs.messages import a_kind_of, show
from knn_inputs.parameters import is_int


def find_ids(ids: Any, known: np.ndarray) -> np.ndarray:
    """Returns the places of the ids among those that are ``known``, int64 (n,) ascending, and sorts the places.

    Raises TypeError for ids that are not whole numbers; ValueError for another shape, and for an id that is unknown or
    repeated.

    >>> find_ids([9, 4], np.array([3, 4, 9]))
    array([1, 2])
    """
    array = to_array(ids, "ids")
    if array.ndim != 1:
        raise ValueError(f"ids has shape {array.shape}, but must be (n,): pass a list, such as [{show(ids)}]")
    if len(array) == 0:
        return np.empty(0, dtype=np.int64)
    if array.dtype.kind not in "iu":
        entries = array.tolist()
        wrong = next((entry for entry in entries if not is_int(entry)), entries[0])
        advice = "; of a mask np.flatnonzero makes numbers" if array.dtype.kind == "b" else ""
        raise TypeError(f"ids holds {show(wrong)}, {a_kind_of(wrong)}, but must hold ints{advice}")
    places = np.searchsorted(known, array).clip(max=len(known) - 1)
    unknown = np.flatnonzero(known[places] != array)
    if len(unknown):
        where = f"ids has {array[unknown[0]]} in place {unknown[0]}"
        raise ValueError(f"{where}, but no row has this id: ids_ lists those of the rows")
    order = places.argsort(kind="stable")
    repeated = order[1:][places[order[1:]] == places[order[:-1]]]
    if len(repeated):
        raise ValueError(
            f"ids has {array[repeated.min()]} more than once, again in place {repeated.min()}: pass it once"
        )
    return places[order]
