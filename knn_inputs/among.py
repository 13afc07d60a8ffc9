"""The training rows that queries may choose among: one set for all queries, or a set for each."""

from typing import Any, NamedTuple

import numpy as np

from knn_inputs.containers import refuse_containers, to_array
from knn_inputs.messages import a_kind_of, show
from knn_inputs.parameters import is_int
from knn_inputs.tensors import is_tensor

ADVICE = "pass a mask of bools, or the indices of training rows as ints"


class Allowed(NamedTuple):
    """The rows that each query may choose among, as masks or as indices: one set if all queries share it."""

    sets: np.ndarray | list[np.ndarray]  # each bool (n_rows,), or int64 indices, ascending and without repetition
    n_rows: int

    @classmethod
    def all(cls, n_rows: int) -> "Allowed":
        """Returns the set of all rows, for all queries."""
        return cls(np.ones((1, n_rows), dtype=bool), n_rows)

    @property
    def is_shared(self) -> bool:
        """Returns whether the set is for all queries."""
        return len(self.sets) == 1

    def mask(self, query: int) -> np.ndarray:
        """Returns for each row whether this query may choose it, bool (n_rows,)."""
        one = self._set_of(query)
        if one.dtype == bool:
            return one
        mask = np.zeros(self.n_rows, dtype=bool)
        mask[one] = True
        return mask

    def rows(self, query: int, start: int, stop: int) -> np.ndarray:
        """Returns the rows from start to stop that this query may choose, int64, ascending."""
        one = self._set_of(query)
        if one.dtype == bool:
            return start + np.flatnonzero(one[start:stop])
        return _between(one, start, stop)

    def contains(self, query: int, rows: np.ndarray) -> np.ndarray:
        """Returns for each of these rows whether the query may choose it, bool of the same shape."""
        one = self._set_of(query)
        if one.dtype == bool:
            return one[rows]
        if not len(one):
            return np.zeros(rows.shape, dtype=bool)
        return one[np.minimum(np.searchsorted(one, rows), len(one) - 1)] == rows

    def contains_each(self, queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Returns whether each of the queries, int64 (n,), may choose the row beside it, bool (n,)."""
        if self.is_shared:
            return self.contains(0, rows)
        if isinstance(self.sets, np.ndarray):
            return self.sets[queries, rows]
        starts = np.flatnonzero(np.diff(queries, prepend=-1))  # of each run of one query
        runs = zip(queries[starts], np.split(rows, starts[1:]), strict=True) if len(rows) else ()
        return np.concatenate([np.zeros(0, dtype=bool), *(self.contains(query, some) for query, some in runs)])

    def part(self, queries: range, start: int, stop: int) -> "Allowed":
        """Returns the sets of these queries of the rows from start to stop; both are numbered from 0."""
        sets = self.sets if self.is_shared else self.sets[queries.start : queries.stop]
        if isinstance(sets, np.ndarray):
            return Allowed(sets[:, start:stop], stop - start)
        masks_or_rows = [one[start:stop] if one.dtype == bool else _between(one, start, stop) - start for one in sets]
        return Allowed(masks_or_rows, stop - start)

    def spread(self, numbers: np.ndarray, n_rows: int) -> "Allowed":
        """Returns the sets where row i has the number ``numbers[i]`` among n_rows; the numbers ascend."""
        if isinstance(self.sets, np.ndarray):
            masks = np.zeros((len(self.sets), n_rows), dtype=bool)
            masks[:, numbers] = self.sets
            return Allowed(masks, n_rows)
        return Allowed([numbers[one] for one in self.sets], n_rows)  # of a mask the numbers where it is True

    def some(self, numbers: np.ndarray) -> "Allowed":
        """Returns the sets of the rows with these numbers alone, int64 (n,), ascending, which are numbered anew."""
        if isinstance(self.sets, np.ndarray):
            return Allowed(self.sets[:, numbers], len(numbers))
        return Allowed(
            [one[numbers] if one.dtype == bool else _places(one, numbers) for one in self.sets], len(numbers)
        )

    def counts(self, repeats: np.ndarray | None = None) -> np.ndarray:
        """Returns the number of rows in each set, int64 (n_sets,), each counted as often as it ``repeats``."""
        if repeats is not None:
            return np.array([repeats[one].sum() for one in self.sets])
        return np.array([np.count_nonzero(one) if one.dtype == bool else len(one) for one in self.sets])

    def _set_of(self, query: int) -> np.ndarray:
        return self.sets[0 if self.is_shared else query]


def _between(one: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Returns the numbers of a set, ascending, from start to stop."""
    first, last = np.searchsorted(one, [start, stop])
    return one[first:last]


def _places(one: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Returns the places in ``numbers`` of those that are in the set, too; both ascend."""
    places = np.searchsorted(numbers, one).clip(max=len(numbers) - 1)
    return places[numbers[places] == one]


def read_among(among: Any, n_queries: int, n_rows: int, ids: np.ndarray | None = None) -> Allowed | None:
    """Returns the rows that each query may choose among; None for None, which allows all of them.

    One dimension is a set for all queries, two dimensions are a set for each: the rows of a matrix, or the entries of a
    list of lists or arrays. Bools are a mask of all training rows, ints are indices of rows, in any order; a repeated
    index counts once. The index of a row is its number, unless the rows have ``ids``, int64 (n_rows,), ascending.
    Raises TypeError for entries of other types; ValueError for a mask of another length, an index that no row has, and
    another number of sets than queries. A list with an int of 0 or 1 for each of four rows or more is
    refused with a ValueError, as a mask that lost its type.

    >>> read_among([3, 0, 3], n_queries=2, n_rows=5).sets
    [array([0, 3])]
    >>> read_among([[True, False, True], [1]], n_queries=2, n_rows=3).sets
    [array([ True, False,  True]), array([1])]
    >>> read_among([7, 4], n_queries=2, n_rows=3, ids=np.array([4, 5, 7])).sets
    [array([0, 2])]
    """
    return None if among is None else Allowed(_read_sets(among, n_queries, n_rows, ids), n_rows)


def check_enough(
    allowed: Allowed, k: int, n_queries: int, leave_one_out: bool, repeats: np.ndarray | None = None
) -> None:
    """Raises ValueError for the first query that may choose among fewer than k rows.

    A row counts once, or as often as ``repeats``, int64 (n_rows,), says. With ``leave_one_out`` the row with the number
    of the query counts once less.
    """
    counts = np.broadcast_to(allowed.counts(repeats), n_queries)
    if leave_one_out:
        own = np.array([allowed.contains(i, np.array([i]))[0] for i in range(n_queries)])
        counts = counts - (own if repeats is None else own & (repeats > 0))
    if np.all(counts >= k):
        return
    query = int(np.argmax(counts < k))
    others = "other rows" if leave_one_out else "rows"
    if repeats is not None:
        others = "copies of rows, as their sample_weight says" + leave_one_out * " and without one of its own"
    raise ValueError(
        f"query {query} may choose among {counts[query]} {others}, fewer than n_neighbors={k}: allow more rows, pass a "
        "smaller n_neighbors, or pad=True, which fills the missing places with index -1 and distance infinity"
    )


def _read_sets(among: Any, n_queries: int, n_rows: int, ids: np.ndarray | None) -> np.ndarray | list[np.ndarray]:
    refuse_containers(among, "among")
    if isinstance(among, list | tuple) and any(map(_is_set, among)):
        _check_number(len(among), n_queries)
        return [_read_set(one, f"among[{i}]", n_rows, ids) for i, one in enumerate(among)]
    array = to_array(among, "among")
    if array.ndim == 1:
        return [_read_set(among, "among", n_rows, ids)]
    if array.ndim != 2:
        raise ValueError(f"among has shape {array.shape}, but must have 1 dimension or 2: {ADVICE}")
    _check_number(len(array), n_queries)
    if array.dtype == bool:
        _check_length(array.shape[1], "among[0]", n_rows, ids)
        return array
    return [_read_set(one, f"among[{i}]", n_rows, ids) for i, one in enumerate(array)]


def _is_set(entry: Any) -> bool:
    """Returns whether an entry of a list is a set of rows itself; a string is not."""
    if isinstance(entry, str | bytes):
        return False
    return getattr(entry, "ndim", 0) > 0 if is_tensor(entry) or hasattr(entry, "ndim") else hasattr(entry, "__len__")


def _check_number(n_sets: int, n_queries: int) -> None:
    if n_sets != n_queries:
        advice = "pass a set of rows for each query, or one mask or one list of indices for all of them"
        raise ValueError(f"among has sets of rows for {n_sets} queries, but there are {n_queries}: {advice}")


def _read_set(one: Any, name: str, n_rows: int, ids: np.ndarray | None) -> np.ndarray:
    """Returns one set of rows: a mask, bool (n_rows,), or numbers, int64, ascending and without repetition."""
    array = to_array(one, name)
    if array.ndim != 1:
        raise ValueError(f"{name} has shape {array.shape}, but must have 1 dimension: {ADVICE}")
    if not array.size and array.dtype == np.float64:  # NumPy's type of an empty list
        return np.zeros(0, dtype=np.int64)
    if array.dtype == object or isinstance(one, list | tuple):
        array = _of_one_type(list(array if array.dtype == object else one), name)
    elif array.dtype.kind not in "biu":
        raise TypeError(f"{name} has dtype {array.dtype}, but must have bools or ints: {ADVICE}")
    if array.dtype == bool:
        _check_length(len(array), name, n_rows, ids)
        return array
    if len(array) == n_rows > 3 and array.dtype.kind in "iu" and np.isin(array, (0, 1)).all():
        raise ValueError(
            f"{name} has {n_rows} ints, one for each training row, and all are 0 or 1: to allow the rows with a 1, "
            f"pass a mask of bools, such as np.asarray({name}) == 1; to allow rows 0 and 1, pass each index once"
        )
    return np.unique(_numbers_of(array, name, n_rows, ids))


def _numbers_of(indices: np.ndarray, name: str, n_rows: int, ids: np.ndarray | None) -> np.ndarray:
    """Returns the numbers of the rows with these indices, int64 (n,); raises ValueError for one that no row has."""
    if ids is None:
        numbers, wrong = indices, (indices < 0) | (indices >= n_rows)
        rule = f"the indices of {n_rows} training rows are from 0 to {n_rows - 1}"
    else:
        numbers = np.searchsorted(ids, indices).clip(max=n_rows - 1)
        wrong = ids[numbers] != indices
        rule = "no row has this id: ids_ lists those of the rows"
    if np.any(wrong):
        place = int(np.argmax(wrong))
        raise ValueError(f"{name} has {show(int(indices[place]))} at place {place}, but {rule}")
    return numbers.astype(np.int64)


def _of_one_type(entries: list[Any], name: str) -> np.ndarray:
    """Returns the entries of a list as bools, or as ints; raises TypeError for others, and for bools among ints."""
    entries = [entry.item() if is_tensor(entry) else entry for entry in entries]
    are_bools = isinstance(entries[0], bool | np.bool_)
    if set(map(type, entries)) not in ({bool}, {int}):
        for place, entry in enumerate(entries):
            if not (isinstance(entry, bool | np.bool_) if are_bools else is_int(entry)):
                kind = "a bool" if are_bools else "an int"
                raise TypeError(f"{name} has {show(entry)}, {a_kind_of(entry)}, at place {place}, not {kind}: {ADVICE}")
    array = np.array(entries)
    return array if array.dtype == bool or array.dtype.kind == "i" else np.array(entries, dtype=object)


def _check_length(length: int, name: str, n_rows: int, ids: np.ndarray | None) -> None:
    if length != n_rows:
        advice = "pass a bool for each training row, or the indices of rows as ints"
        if ids is not None:
            advice = "pass a bool for each row that is left, as mask[model.ids_] has, or the ids of rows as ints"
        raise ValueError(f"{name} has {length} bools for {n_rows} training rows: {advice}")
