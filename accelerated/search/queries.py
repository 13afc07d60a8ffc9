"""The queries of a search: kept as they were given, read and prepared one batch at a time."""

from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from accelerated.arrays import copy_rows
from accelerated.metrics import Metric
from accelerated.search.filter import Batch
from accelerated.search.groups import first_of_equals
from accelerated.search.report import Clock


class Queries(NamedTuple):
    """Queries, numbered from 0."""

    X: np.ndarray | Tensor  # (n_queries, n_features), checked
    prepare: Callable[[Tensor], Tensor]
    device: torch.device  # where they are searched
    n_self: int  # 1 if query i is row i, else 0
    radii: Tensor | None = None  # float64 (n_queries,), on the device, in a search within a radius
    only_later: bool = False  # whether a query that is row i looks for rows after i alone

    @classmethod
    def of_rows(cls, rows: Tensor) -> "Queries":
        """Returns the rows, which are prepared already, as queries; none is its own neighbour."""
        return cls(rows, _already_prepared, rows.device, n_self=1)

    @classmethod
    def given(cls, X: np.ndarray | Tensor, metric: Metric, device: torch.device) -> "Queries":
        """Returns the examples of a checked matrix as queries."""
        return cls(X, metric.prepare, device, n_self=0)

    def within(self, radii: np.ndarray, only_later: bool = False) -> Self:
        """Returns the queries with the radius of each, float64 (n_queries,)."""
        return self._replace(radii=torch.from_numpy(radii).to(self.device), only_later=only_later)

    def read(self, numbers: np.ndarray, clock: Clock) -> Batch:
        """Returns the queries with these numbers, int64 (n,), which must be ascending."""
        with clock.stage("read"):
            queries = self.prepare(copy_rows(self.X[as_index(numbers)], self.device))
            given = torch.from_numpy(numbers).to(self.device)
            radii = None if self.radii is None else self.radii[given]
            own = given if self.n_self else torch.full((len(numbers),), -1, device=self.device)
            return Batch(queries, own, self.n_self, radii, self.only_later)

    def first_of_equals(self, numbers: np.ndarray, n_at_once: int, clock: Clock) -> np.ndarray:
        """Returns for each of these queries the number of one that equals it, among ``n_at_once`` read together.

        Rows that are queries have equal neighbours only if none is left out.
        """
        if self.n_self or n_at_once == 1:
            return numbers
        parts = np.split(numbers, range(n_at_once, len(numbers), n_at_once))
        return np.concatenate([some[first_of_equals(self.read(some, clock).queries).cpu().numpy()] for some in parts])


def as_index(numbers: np.ndarray) -> slice | np.ndarray:
    """Returns ascending numbers as an index: as a slice if they are consecutive, which is faster."""
    first, last = int(numbers[0]), int(numbers[-1])
    return slice(first, last + 1) if last - first + 1 == len(numbers) else numbers


def _already_prepared(rows: Tensor) -> Tensor:
    return rows
