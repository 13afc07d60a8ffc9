"""The argument ids: the rows to remove, by the ids that ``kneighbors`` returns."""

from typing import Any, NoReturn

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
        advice = "np.ravel(ids)" if array.ndim else f"a list, such as [{show(ids)}]"
        raise ValueError(f"ids has shape {array.shape}, but must be (n,): pass {advice}")
    if len(array) == 0:
        return np.empty(0, dtype=np.int64)
    if array.dtype.kind not in "iu":
        entries = array.tolist()
        wrong = [entry for entry in entries if not is_int(entry)]
        if wrong:
            advice = "; of a mask np.flatnonzero makes numbers" if array.dtype.kind == "b" else ""
            raise TypeError(f"ids holds {show(wrong[0])}, {a_kind_of(wrong[0])}, but must hold ints{advice}")
        _refuse_unknown(entries, np.isin(entries, known))  # an int is too large for int64
    places = np.searchsorted(known, array).clip(max=len(known) - 1)
    is_known = known[places] == array
    if not is_known.all():
        _refuse_unknown(array, is_known)
    order = places.argsort(kind="stable")
    repeated = order[1:][places[order[1:]] == places[order[:-1]]]
    if len(repeated):
        raise ValueError(
            f"ids has {array[repeated.min()]} more than once, again in place {repeated.min()}: pass it once"
        )
    return places[order]


def _refuse_unknown(ids: Any, is_known: np.ndarray) -> NoReturn:
    place = int(np.argmin(is_known))
    raise ValueError(f"ids has {ids[place]} in place {place}, but no row has this id: ids_ lists those of the rows")
