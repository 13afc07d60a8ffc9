"""The bound protocol: how rows and queries are encoded so that a product of matrices is a lower bound on distances.

A bound for a new metric is a class with the methods of ``LowerBound``, in a file of its own beside this one with its
derivation; ``choose_bound.choose_bound`` then says for which metric and rows it is used. The metric, in
``accelerated/metrics.py``, needs ``measure_pairs``; those of ``squared`` and ``whole_numbers`` need ``radius``, too,
and those of ``manhattan`` and ``lines`` need ``manhattan_radius``. The bound must satisfy:

- For any distance d, a row with a bound above ``threshold(d)`` also has a measured distance above d. So ``threshold``
  must allow for the rounding errors of measuring (``frame.reach`` shows how).
- In floating point, that holds for every product that is off by no more than ``accumulation`` allows. In int8 the
  product is exact, and ``encode_rows`` and ``encode_queries`` keep it at or above -2^29. In uint8 it is exact before it
  is rounded to float32, and kept between -2^29 and 2^29 with what is added to it.
- Columns may be added that are 0 in every query.
- If ``EncodedQueries.is_exact`` says so, rows with equal bounds have equal distances. Of these only the first k are
  looked at, so ties cost little.
- A row that does not suit the encoding has the base ``NEVER_EXCLUDED``. If more than ``MOST_NEVER_EXCLUDED`` rows have
  it, the rule does not use the bound. The bounds that ``finer`` returns have no base, and so suit every row.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from accelerated.search.bounds.byte_products import PackedQueries

NEVER_EXCLUDED = -(2**30)  # the base of a row that no bound excludes: it is measured for every query
Factor = Tensor | PackedQueries  # the queries' side of a product
MOST_NEVER_EXCLUDED = 16  # rows of this kind: `python -m benchmarks.constants MOST_NEVER_EXCLUDED`


class EncodedRows(NamedTuple):
    """The rows' side of a product.

    A bound in int8 is ``base`` minus the product, in uint8 ``base`` plus ``EncodedQueries.start`` plus the product, and
    in floating point the product alone. A row that does not suit the encoding has the base ``NEVER_EXCLUDED``: a
    product is between -2^29 and 2^29, so the bound is at most -2^29, and no threshold is lower.
    """

    columns: Tensor  # (n_rows, n_columns)
    base: Tensor | None = None  # int32 (n_rows,), or float32 beside columns of uint8
    size: Tensor | None = None  # float32 (n_rows,), by which products are divided: see ``jaccard``

    def n_never_excluded(self) -> int:
        """Returns the number of rows that are measured for every query."""
        return 0 if self.base is None else int((self.base == NEVER_EXCLUDED).count_nonzero())


def make_base(base: Tensor, is_excludable: Tensor, dtype: torch.dtype = torch.int32) -> Tensor:
    """Returns the bases in ``dtype``, (n_rows,), ``NEVER_EXCLUDED`` for the rows that are not excludable."""
    return torch.where(is_excludable, base, NEVER_EXCLUDED).to(dtype)


def least_threshold() -> float:
    """Returns the lowest threshold that is safe to use: the bound of a row that is never excluded is at or below it."""
    return NEVER_EXCLUDED / 2


class EncodedQueries(NamedTuple):
    """The queries' side of a product."""

    columns: Tensor  # (n_queries, n_columns)
    size: Tensor  # float64 (n_queries,), their lengths, or sums of magnitudes
    offset: Tensor  # float64 (n_queries,): bounds and thresholds count from here
    certifiable: Tensor  # bool (n_queries,): False if the query's bounds prove nothing
    is_exact: Tensor | None = None  # bool (n_queries,): True if rows with equal bounds have equal measured distances
    start: Tensor | None = None  # float32 (n_queries,), beside rows in uint8: what their products are added to
    factor: Factor | None = None  # the columns as ``multiply.prepare_queries`` returns them, if they are


class LowerBound(Protocol):
    """Encodes rows and queries of float64 so that a product of the two makes a lower bound on their distances.

    The bound may be squared, scaled, and less by ``EncodedQueries.offset``: only ``threshold`` compares it with
    distances. Rows encoded in int8 and uint8 need a ``base``, those in uint8 also ``EncodedQueries.start``, and queries
    in int8.
    """

    @property
    def dtype(self) -> torch.dtype:
        """The type of the encoded numbers."""
        ...

    @property
    def encoding_bytes(self) -> int:
        """The bytes of scratch for each row or query while it is encoded."""
        ...

    def encode_rows(self, rows: Tensor) -> EncodedRows:
        """Encodes rows (n_rows, n_features)."""
        ...

    def encode_queries(self, queries: Tensor) -> EncodedQueries:
        """Encodes queries (n_queries, n_features)."""
        ...

    def threshold(self, reduced: Tensor, queries: Tensor, encoded: EncodedQueries) -> Tensor:
        """Returns thresholds, float64 (n_queries,): a row with a bound above has a measured distance above ``reduced``.

        Thresholds count from ``offset``, as bounds do. For a bound in floating point they must be at least 0, because
        ``block_minima`` compares bounds as integers of the same bits. For a bound in whole numbers they must be whole,
        from ``least_threshold()`` to 2^30; a query with 2^30, or infinity in floating point, is not certified.
        """
        ...

    def finer(self) -> Sequence["LowerBound"]:
        """Returns more precise bounds for the same rows, the fastest first."""
        ...
