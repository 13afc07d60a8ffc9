"""The queries of a search: kept as they were given, read and prepared one batch at a time."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from accelerated.arrays import copy_rows
from accelerated.metrics import Metric
from accelerated.search.filter import Batch
from accelerated.search.groups import first_of_equals
from accelerated.search.parts import Parts
from accelerated.search.report import Clock
from accelerated.sparse_rows import Rows, SparseRows, to_dense
from knn_inputs.among import Allowed


class Queries(NamedTuple):
    """Queries, numbered from 0."""

    X: np.ndarray | Rows | Parts  # (n_queries, n_features), checked
    prepare: Callable[[Any], Rows]  # makes some of X ready to be searched
    device: torch.device  # where they are searched
    n_self: int  # 1 if query i is row i, else 0
    are_alike: bool = True  # whether equal queries have equal neighbours, unless they are rows
    radii: Tensor | None = None  # float64 (n_queries,), on the device, in a search within a radius
    only_later: bool = False  # whether a query that is row i looks for rows after i alone
    allowed: Allowed | None = None  # the rows that each query may find within its radius; None: all
    limits: Tensor | None = None  # float64 (n_queries,), on the device: see ``filter.Batch``

    @classmethod
    def of_rows(cls, rows: Rows | Parts) -> "Queries":
        """Returns the rows, which are prepared already, as queries; none is its own neighbour."""
        return cls(rows, _already_prepared, rows.device, n_self=1)

    @classmethod
    def given(cls, X: np.ndarray | Rows, metric: Metric, rows: Rows | Parts) -> "Queries":
        """Returns the examples of a checked matrix as queries, which are sparse if the ``rows`` are."""
        prepare = prepare_sparse if rows.is_sparse else partial(_prepare, device=rows.device)
        return cls(X, partial(prepare, metric=metric), rows.device, n_self=0)

    @classmethod
    def prepared(cls, X: Rows) -> "Queries":
        """Returns queries that are prepared already and where they are searched, and that are no rows."""
        return cls(X, _already_prepared, X.device, n_self=0)

    def some(self, numbers: np.ndarray) -> "Queries":
        """Returns the queries with these numbers, int64 (n,), which must be ascending, numbered anew."""
        return self._replace(X=self.X[as_index(numbers)])

    def within(self, radii: np.ndarray, only_later: bool = False, allowed: Allowed | None = None) -> Self:
        """Returns the queries with the radius of each, float64 (n_queries,)."""
        return self._replace(radii=torch.from_numpy(radii).to(self.device), only_later=only_later, allowed=allowed)

    def up_to(self, limits: np.ndarray) -> Self:
        """Returns the queries with the reduced distances, float64 (n_queries,), beyond which rows may be left out.

        Equal queries must have equal limits, because one of them is searched for all.
        """
        return self._replace(limits=torch.from_numpy(limits).to(self.device))

    def read(self, numbers: np.ndarray, clock: Clock) -> Batch:
        """Returns the queries with these numbers, int64 (n,), which must be ascending."""
        with clock.stage("read"):
            queries = self.prepare(self.X[as_index(numbers)])
            given = torch.from_numpy(numbers).to(self.device)
            radii = None if self.radii is None else self.radii[given]
            own = given if self.n_self else torch.full((len(numbers),), -1, device=self.device)
            limits = None if self.limits is None else self.limits[given]
            return Batch(queries, own, self.n_self, numbers, radii, self.only_later, self.allowed, limits)

    def first_of_equals(self, numbers: np.ndarray, n_at_once: int, clock: Clock) -> np.ndarray:
        """Returns for each of these queries the number of one that equals it, among ``n_at_once`` read together.

        Rows that are queries have equal neighbours only if none is left out.
        """
        if self.n_self or not self.are_alike or n_at_once == 1:
            return numbers
        parts = np.split(numbers, range(n_at_once, len(numbers), n_at_once))
        return np.concatenate(
            [some[first_of_equals(to_dense(self.read(some, clock).queries)).cpu().numpy()] for some in parts]
        )


def as_index(numbers: np.ndarray) -> slice | np.ndarray:
    """Returns ascending numbers as an index: as a slice if they are consecutive, which is faster."""
    first, last = int(numbers[0]), int(numbers[-1])
    return slice(first, last + 1) if last - first + 1 == len(numbers) else numbers


def _already_prepared(rows: Rows) -> Rows:
    return rows if isinstance(rows, SparseRows) else copy_rows(rows, rows.device)


def _prepare(some: np.ndarray | Rows, metric: Metric, device: torch.device) -> Tensor:
    """Returns a prepared copy of some queries, on the device."""
    if isinstance(some, SparseRows):
        some = to_dense(some)
    return metric.prepare(copy_rows(some, device))


def prepare_sparse(some: np.ndarray | Rows, metric: Metric) -> SparseRows:
    """Returns some rows or queries prepared, and sparse if they are not."""
    if not isinstance(some, SparseRows):
        some = SparseRows.of_dense(copy_rows(some, torch.device("cpu")))
    if metric.keeps_rows:
        return some
    assert metric.prepare_sparse is not None
    return some.with_numbers(metric.prepare_sparse(some.matrix))
