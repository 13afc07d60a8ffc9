"""The place of an entry in words: its row and its column, with their names in a DataFrame or a Series."""

from typing import Any

from knn_inputs.messages import show


def column_names(values: Any) -> list[Any] | None:
    """Returns the names of the columns of a DataFrame, None for anything else."""
    return list(values.columns) if hasattr(type(values), "columns") else None


def describe_place(place: tuple[int, ...], source: Any = None) -> str:
    """Returns the place of an entry of the ``source`` in words; a row that the index calls otherwise has its label.

    >>> describe_place((3, 1)), describe_place((3,))
    ('in row 3, column 1', 'in row 3')
    """
    if len(place) not in (1, 2):
        return f"at {place}" if place else ""
    label = source.index[place[0]] if hasattr(type(source), "iloc") else place[0]
    row = f"row {place[0]}" if label == place[0] else f"row {place[0]} (index {show(label)})"
    if len(place) == 1:
        return f"in {row}"
    names = column_names(source)
    return f"in {row}, column " + (f"{place[1]}" if names is None else f"{show(names[place[1]])} ({place[1]})")
