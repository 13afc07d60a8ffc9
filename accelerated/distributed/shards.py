"""The rows of a model as shards, each with its place among all rows."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from dask.delayed import delayed
from torch import Tensor

from accelerated.files import RowsFile
from knn_inputs.metrics import ChosenMetric


def once(value: Any) -> Any:
    """Returns a Delayed of a value, which Dask sends to a worker once however many tasks use it."""
    return delayed(value, name=f"value-{uuid.uuid4()}", traverse=False)


@dataclass(frozen=True)
class Shard:
    """Consecutive rows of one source, or those of them that are searched."""

    source: Any  # a RowsFile; or a Delayed, in place of which a task gets its array or DataFrame
    start: int  # the rows from start up to stop of the source
    stop: int
    first: int  # the number of the first of them among all rows
    offset: int  # the number of the first row that is searched, among those that are searched
    places: np.ndarray | None = None  # int64, ascending: of the rows that are searched, from start on. None: all are

    def __len__(self) -> int:
        return self.stop - self.start if self.places is None else len(self.places)

    def read(self) -> Any:
        """Returns the rows from start up to stop, an array or a DataFrame; in a task only."""
        if isinstance(self.source, RowsFile):
            return self.source.read(self.start, self.stop)
        rows = self.source.iloc if hasattr(self.source, "iloc") else self.source  # or labels would count
        return rows[self.start : self.stop]

    def some(self, start: int, stop: int) -> "Shard":
        """Returns the shard of some rows, numbered from 0 in this one, all of whose rows are searched."""
        return replace(
            self,
            start=self.start + start,
            stop=self.start + stop,
            first=self.first + start,
            offset=self.offset + start,
            places=None,
        )


@dataclass(frozen=True)
class Shards:
    """All rows of a model. Where rows are asked for their number, their shape or their device, the shards answer."""

    shards: tuple[Shard, ...]
    n_features: int
    itemsize: int  # bytes of a number as it is read
    chosen: ChosenMetric  # for which they are checked when they are read

    is_sparse = False
    device = torch.device("cpu")

    @classmethod
    def of_sources(
        cls, sources: Sequence[tuple[Any, Sequence[int]]], n_features: int, itemsize: int, chosen: ChosenMetric
    ) -> "Shards":
        """Returns the shards of sources, one after the other, each with the numbers of rows of its shards."""
        shards, first = [], 0
        for source, sizes in sources:
            start = 0
            for size in sizes:
                shards.append(Shard(source, start, start + size, first, first))
                start, first = start + size, first + size
        return cls(tuple(shards), n_features, itemsize, chosen)

    def __len__(self) -> int:
        return sum(map(len, self.shards))

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows that are searched, and of their features."""
        return len(self), self.n_features

    def __getitem__(self, numbers: Tensor) -> "Shards":
        """Returns the shards with these rows alone, int64 (n,), which ascend."""
        wanted, shards, offset = numbers.numpy(), [], 0
        for shard in self.shards:
            first, last = np.searchsorted(wanted, [shard.first, shard.first + shard.stop - shard.start])
            shards.append(replace(shard, offset=offset, places=wanted[first:last] - shard.first))
            offset += int(last - first)
        return replace(self, shards=tuple(shards))
