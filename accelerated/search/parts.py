"""Rows that were added and removed since ``fit``: parts, each with an index of its own.

Added rows become a part. Parts are joined by the logarithmic method of Bentley and Saxe (1980): a part that has at most
twice as many rows as are added after it becomes one with them, and gets a new index. So each part has more than twice
as many rows as the next had when it was added, and n rows are in at most 1 + log2 n parts. A row whose part is joined
is then in a part at least 1.5 times as large: while no rows are removed, it is in at most 1 + log n / log 1.5 new
indexes, however few rows are added at a time.

Removed rows stay in the index of their part, and a search passes over them (``in_parts``). When more than a quarter of
a part's rows are removed, the others get a new index: fewer than three rows for each that was removed.

Rows are numbered in the order in which they were added, without those that were removed. So equal distances are in the
order of these numbers if they are in the order of the rows, as after ``fit`` on the rows that are left.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.exhaustive import Exhaustive
from accelerated.search.filter import Index
from accelerated.search.rule import choose_sparse_filters
from accelerated.sparse_rows import Rows, SparseRows, join_rows

MOST_REMOVED = 1 / 4  # of the rows of a part: `python -m benchmarks.constants MOST_REMOVED`
MakeIndex = Callable[[Metric, Rows], Index]


@dataclass(frozen=True)
class Part:
    """Rows that were indexed together."""

    index: Index
    place: Tensor | None  # int64 (n_rows,), of each row its place among those left, -1 if removed. None: all are left
    n_left: int

    @classmethod
    def of_rows(cls, index: Index) -> "Part":
        """Returns a part all of whose rows are left."""
        return cls(index, None, len(index.rows))

    @property
    def rows_left(self) -> Rows:
        """The rows that are left, (n_left, n_features)."""
        return self.rows if self.place is None else self.rows[self.place >= 0]

    @property
    def rows(self) -> Rows:
        """The rows, (n_rows, n_features)."""
        return self.index.rows

    def without(self, places: Tensor) -> "Part":
        """Returns the part without the rows at these places among those that are left."""
        n_rows, device = len(self.index.rows), self.index.rows.device
        is_left = torch.ones(n_rows, dtype=torch.bool, device=device) if self.place is None else self.place >= 0
        is_left[is_left.nonzero()[:, 0][places]] = False
        return Part(self.index, torch.where(is_left, is_left.cumsum(0) - 1, -1), self.n_left - len(places))


@dataclass(frozen=True)
class Parts:
    """The rows of a model in parts. Where rows are asked for their shape, their device or some of them, they answer."""

    parts: tuple[Part, ...]
    metric: Metric

    @classmethod
    def of_index(cls, index: "Index | Parts") -> "Parts":
        """Returns the index of a model as parts, of which it may consist already."""
        return index if isinstance(index, Parts) else cls((Part.of_rows(index),), index.metric)

    def __len__(self) -> int:
        return sum(part.n_left for part in self.parts)

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows that are left, and of their features."""
        return len(self), self.parts[0].index.rows.shape[1]

    @property
    def device(self) -> torch.device:
        """The device of the rows."""
        return self.parts[0].index.rows.device

    @property
    def is_sparse(self) -> bool:
        """Whether the rows are kept sparse."""
        return self.parts[0].rows.is_sparse

    def __getitem__(self, numbers: slice | np.ndarray) -> Rows:
        """Returns the rows with these numbers, which ascend, float64 (n, n_features)."""
        numbers = np.arange(len(self))[numbers]
        found = []
        for first, part in zip(self.firsts, self.parts, strict=True):
            places = torch.from_numpy(numbers[(numbers >= first) & (numbers < first + part.n_left)] - first)
            places = places.to(self.device)
            rows = places if part.place is None else (part.place >= 0).nonzero()[:, 0][places]
            some = part.rows[rows]
            found.append(some.to(torch.float64) if isinstance(some, Tensor) else some)
        return join_rows(found)

    @property
    def firsts(self) -> list[int]:
        """The number of the first row that is left in each part."""
        return np.cumsum([0, *(part.n_left for part in self.parts[:-1])]).tolist()

    def join(self) -> Rows:
        """Returns all rows that are left, in one tensor or matrix."""
        return join_rows([part.rows_left for part in self.parts])

    def whole(self) -> Index:
        """Returns all rows that are left as an index without filters, except sparse rows, whose filters cost little."""
        rows = self.join()
        filters = choose_sparse_filters(self.metric, rows) if isinstance(rows, SparseRows) else []
        return Index(self.metric, rows, [*filters, Exhaustive(self.metric, rows)], 0)

    def add(self, rows: Rows, make_index: MakeIndex) -> "Parts":
        """Returns the parts with these rows at the end."""
        parts = list(self.parts)
        while parts and parts[-1].n_left <= 2 * len(rows):
            rows = join_rows([parts.pop().rows_left, rows])
        return Parts((*parts, Part.of_rows(make_index(self.metric, rows))), self.metric)

    def remove(self, numbers: np.ndarray, make_index: MakeIndex) -> "Parts":
        """Returns the parts without the rows with these numbers, which ascend; some row is left."""
        parts = []
        for first, part in zip(self.firsts, self.parts, strict=True):
            places = numbers[(numbers >= first) & (numbers < first + part.n_left)] - first
            if len(places):
                part = part.without(torch.from_numpy(places).to(self.device))
            if part.n_left < (1 - MOST_REMOVED) * len(part.index.rows):
                part = Part.of_rows(make_index(self.metric, part.rows_left)) if part.n_left else part
            parts.append(part)
        return Parts(tuple(part for part in parts if part.n_left), self.metric)

    def as_index(self) -> "Index | Parts":
        """Returns the index of a single part from which no row was removed, or else the parts."""
        is_one = len(self.parts) == 1 and self.parts[0].place is None
        return self.parts[0].index if is_one else self
