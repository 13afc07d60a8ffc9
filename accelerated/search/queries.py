"""The queries of a search: kept as they were given, read and prepared one batch at a time."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from accelerated.arrays import copy_rows
from accelerated.metrics import Metric
from accelerated.search.filter import Batch
from accelerated.search.groups import first_of_equals
from accelerated.search.parts import Parts
from accelerated.search.report import Clock


class Queries(NamedTuple):
    """Queries, numbered from 0."""

    X: np.ndarray | Tensor | Parts  # (n_queries, n_features), checked
    prepare: Callable[[Tensor], Tensor]
    device: torch.device  # where they are searched
    n_self: int  # 1 if query i is row i, else 0
    are_alike: bool = True  # whether equal queries have equal neighbours, unless they are rows

    @classmethod
    def of_rows(cls, rows: Tensor | Parts) -> "Queries":
        """Returns the rows, which are prepared already, as queries; none is its own neighbour."""
        return cls(rows, _already_prepared, rows.device, n_self=1)

    @classmethod
    def given(cls, X: np.ndarray | Tensor, metric: Metric, device: torch.device) -> "Queries":
        """Returns the examples of a checked matrix as queries."""
        return cls(X, metric.prepare, device, n_self=0)

    @classmethod
    def prepared(cls, X: Tensor) -> "Queries":
        """Returns queries that are prepared already and where they are searched, and that are no rows."""
        return cls(X, _already_prepared, X.device, n_self=0)

    def some(self, numbers: np.ndarray) -> "Queries":
        """Returns the queries with these numbers, int64 (n,), which must be ascending, numbered anew."""
        return self._replace(X=self.X[as_index(numbers)])

    def read(self, numbers: np.ndarray, clock: Clock) -> Batch:
        """Returns the queries with these numbers, int64 (n,), which must be ascending."""
        with clock.stage("read"):
            queries = self.prepare(copy_rows(self.X[as_index(numbers)], self.device))
            if self.n_self:
                return Batch(queries, torch.from_numpy(numbers).to(self.device), self.n_self, numbers)
            return Batch(queries, torch.full((len(numbers),), -1, device=self.device), self.n_self, numbers)

    def first_of_equals(self, numbers: np.ndarray, n_at_once: int, clock: Clock) -> np.ndarray:
        """Returns for each of these queries the number of one that equals it, among ``n_at_once`` read together.

        Rows that are queries have equal neighbours only if none is left out.
        """
        if self.n_self or not self.are_alike or n_at_once == 1:
            return numbers
        parts = np.split(numbers, range(n_at_once, len(numbers), n_at_once))
        return np.concatenate([some[first_of_equals(self.read(some, clock).queries).cpu().numpy()] for some in parts])


def as_index(numbers: np.ndarray) -> slice | np.ndarray:
    """Returns ascending numbers as an index: as a slice if they are consecutive, which is faster."""
    first, last = int(numbers[0]), int(numbers[-1])
    return slice(first, last + 1) if last - first + 1 == len(numbers) else numbers


def _already_prepared(rows: Tensor) -> Tensor:
    return rows
