"""The forms in which implementations answer, read as NumPy arrays of indices and distances."""

from collections.abc import Iterator, ValuesView
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from conformance.oracle.found import Found


class Unreadable(AssertionError):
    """An answer in another form than the target's other answers."""


class Form(NamedTuple):
    """The form in which a method returns neighbours."""

    method: str
    batch: bool  # all queries at once, or one example at a time
    layout: str  # "parts": (distances, indices); "pairs": [(index, distance), ...]; "rows": indices alone
    index_at: int  # place of the indices (or labels) among the parts or in a pair
    distance_at: int | None
    by_label: bool  # labels come back in place of indices: rows are known by labels of their own

    def __str__(self) -> str:
        parts = {self.index_at: "label" if self.by_label else "index", self.distance_at: "distance"}
        names = ", ".join(parts[place] for place in sorted(place for place in parts if place is not None))
        shown = {"parts": f"({names})", "pairs": f"[({names}), ...]", "rows": f"[{names}, ...]"}[self.layout]
        return f"{self.method}({'X' if self.batch else 'x'}) -> {shown}"


def listed(answer: Any) -> Any:
    """The answer with generators, and other values that can be read only once or only in order, as lists.

    >>> listed(row for row in [[1, 2], [3, 4]])
    [[1, 2], [3, 4]]
    """
    if isinstance(answer, (Iterator, ValuesView)):
        return [listed(part) for part in answer]
    if type(answer) in (list, tuple):
        return type(answer)(listed(part) for part in answer)
    return answer


def to_array(answer: Any) -> np.ndarray:
    """The answer as a NumPy array; it may be an array, a tensor on any device, or lists of numbers."""
    if hasattr(answer, "detach"):
        answer = answer.detach().cpu().numpy()
    elif isinstance(answer, (list, tuple)):
        answer = [to_array(part) if hasattr(part, "detach") else part for part in answer]
    array = np.asarray(answer)
    if array.dtype == object and all(isinstance(value, (Fraction, Decimal)) for value in array.flat):
        return array.astype(np.float64)
    return array


def read_batch(result: Any, form: Form, n_queries: int, k: int) -> Found:
    """The neighbours of all queries; raises Unreadable for a wrong shape, and for numbers that are not indices.

    >>> form = Form("kneighbors", True, "parts", index_at=1, distance_at=0, by_label=False)
    >>> found = read_batch(([[0.5]], [[3]]), form, 1, 1)
    >>> found.indices, found.distances
    ([[3]], array([[0.5]]))
    """
    if form.layout == "pairs":
        return stack([read_one(row, form, k) for row in _listed_by(form, result)])
    parts = [to_array(part) for part in _listed_by(form, result)] if form.layout == "parts" else [to_array(result)]
    return _found(parts, form, (n_queries, k))


def read_one(result: Any, form: Form, k: int) -> Found:
    """The neighbours of one query, with or without an axis for the query in the answer."""
    if form.layout == "pairs":
        pairs = [_listed_by(form, pair) for pair in _listed_by(form, result)]
        if len({len(pair) for pair in pairs}) > 1:
            raise Unreadable(f"{form.method} returned pairs of different lengths, but should return pairs")
        parts = [np.array([[to_array(part) for part in place]]) for place in zip(*pairs, strict=True)]
    else:
        listed_parts = _listed_by(form, result) if form.layout == "parts" else [result]
        parts = [to_array(part).reshape(1, -1) for part in listed_parts]
    return _found(parts, form, (1, k))


def _listed_by(form: Form, result: Any) -> list[Any]:
    """The parts of an answer; raises Unreadable for an answer without parts."""
    try:
        return list(result)
    except TypeError:
        raise Unreadable(f"{form.method} returned {result!r:.60}, but should return neighbours") from None


def _found(parts: list[np.ndarray], form: Form, shape: tuple[int, int]) -> Found:
    for place in (form.index_at, form.distance_at):
        if place is not None and place >= len(parts):
            raise Unreadable(f"{form.method} returned {len(parts)} parts, but should return {place + 1}")
        if place is not None and parts[place].shape != shape:
            shapes = " and ".join(sorted({str(part.shape) for part in parts})) or "()"
            raise Unreadable(f"{form.method} returned shape {shapes}, but should return {shape}")
    indices = parts[form.index_at]
    if indices.dtype.kind not in "iufb" or not np.all(indices == np.round(indices)):
        raise Unreadable(f"{form.method} returned {indices.tolist()}, but should return indices")
    rows = [[int(i) for i in row] for row in indices.tolist()]
    return Found(rows, None if form.distance_at is None else parts[form.distance_at])


def stack(rows: list[Found]) -> Found:
    """The answers to single queries, joined into one."""
    distances = [row.distances for row in rows if row.distances is not None]
    return Found([row.indices[0] for row in rows], np.concatenate(distances) if distances else None)
