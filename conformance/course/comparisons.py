"""Counts the comparisons of numbers in a list, and the sizes of the arrays that NumPy sorts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar
from unittest.mock import patch

import numpy as np


@dataclass
class Sorts:
    """The number of comparisons, and the lengths of the arrays that were sorted."""

    comparisons: int = 0
    sorted_at_once: list[int] = field(default_factory=list)


class Counted(np.float64):
    """A number of NumPy that counts how often it is compared."""

    sorts: ClassVar[Sorts] = Sorts()

    def __lt__(self, other: Any) -> bool:
        Counted.sorts.comparisons += 1
        return float(self) < float(other)

    def __gt__(self, other: Any) -> bool:
        Counted.sorts.comparisons += 1
        return float(self) > float(other)

    def __le__(self, other: Any) -> bool:
        Counted.sorts.comparisons += 1
        return float(self) <= float(other)

    def __ge__(self, other: Any) -> bool:
        Counted.sorts.comparisons += 1
        return float(self) >= float(other)

    def __neg__(self) -> "Counted":  # for heaps, which keep the smallest
        return Counted(-float(self))


class CountedArray(np.ndarray):
    """An array whose numbers are ``Counted`` when they are taken out, and whose own sorts are counted."""

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        return Counted(found) if isinstance(found, np.floating) else found

    def __iter__(self) -> Iterator[Any]:
        return (Counted(value) for value in self.tolist())

    def tolist(self) -> Any:
        return [Counted(value) for value in np.asarray(self).tolist()]

    def argsort(self, *args: Any, **options: Any) -> Any:
        Counted.sorts.sorted_at_once.append(self.size)
        return np.asarray(self).argsort(*args, **options)

    def sort(self, *args: Any, **options: Any) -> None:
        Counted.sorts.sorted_at_once.append(self.size)
        np.asarray(self).sort(*args, **options)


def counted(values: np.ndarray) -> CountedArray:
    """The array, whose sorts and comparisons are counted."""
    return values.view(CountedArray)


@contextmanager
def counting() -> Iterator[Sorts]:
    """Counts from 0, also the sorts by NumPy's functions."""
    Counted.sorts = sorts = Sorts()

    def watched(function: Any) -> Any:
        def call(values: Any, *args: Any, **options: Any) -> Any:
            sorts.sorted_at_once.append(int(np.shape(values)[-1]))
            return function(values.view(np.ndarray) if isinstance(values, np.ndarray) else values, *args, **options)

        return call

    with patch.multiple(np, **{name: watched(getattr(np, name)) for name in ("sort", "argsort", "lexsort")}):
        yield sorts
