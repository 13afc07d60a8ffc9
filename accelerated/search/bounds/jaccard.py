"""A bound that has the order of Jaccard distances, from the exact sizes of intersections.

Of a row and a query, sets of features, let I be the size of the intersection and s the sum of both sizes. The distance
is J = (s - 2 I) / (s - I), so I / s = (1 - J) / (2 - J), which falls as J grows. A product of 0 and 1 counts I exactly
(``counts``), and the bound is 2^24 (1 - 2 I / s), in float32:

    round(2^24 + round(-2^25 I / s))

Rounding is monotone, so a row that is not farther than another has no greater bound. The threshold for a distance is
the bound of that distance, with I / s lowered by more than its own roundings.

An empty set is at 0 from another and at 1 from all others: as if it had one element that no other set has. With this
element, which is a column more, no set is empty, and s is not 0.

Equal distances have equal bounds. Different distances of sets with s <= 2^12 have different ones: I1 / s1 and I2 / s2
are then at least 2^-24 apart, which is 2 in the bound, and each of the bounds is off by at most 1/2, and by 1/4 more if
it is above 2^23, where the quotient is rounded to halves and the sum to whole numbers.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from accelerated.search.bounds.counts import MOST_COUNTED, can_count
from accelerated.search.bounds.protocol import EncodedQueries, EncodedRows, LowerBound

ONE = 2.0**24  # the bound of a distance of 1
LARGEST_SUM = 2**12  # of two sizes, up to which different distances have different bounds


@dataclass(frozen=True)
class JaccardBound:
    """Bounds for rows of 0 and 1."""

    n_features: int
    largest: int  # the size of the largest row
    dtype: torch.dtype  # int8 or float32

    @property
    def encoding_bytes(self) -> int:
        """Returns the bytes of three float64 copies of a row."""
        return 8 * 3 * (self.n_features + 1)

    def finer(self) -> list[LowerBound]:
        """Returns nothing: the intersections are exact."""
        return []

    def encode_rows(self, rows: Tensor) -> EncodedRows:
        """Encodes rows, (n_rows, n_features + 1)."""
        size = rows.sum(1)
        columns = torch.cat([rows, (size == 0)[:, None]], 1).to(self.dtype)
        base = torch.zeros(len(rows), dtype=torch.int32, device=rows.device) if self.dtype == torch.int8 else None
        return EncodedRows(columns, base, size.clamp(min=1).to(torch.float32))

    def encode_queries(self, queries: Tensor) -> EncodedQueries:
        """Encodes queries; in float32 with the factor -2 ``ONE``, a power of two, so that products stay exact."""
        size = queries.sum(1)
        columns = torch.cat([queries, (size == 0)[:, None]], 1).to(self.dtype)
        if self.dtype != torch.int8:
            columns *= -2 * ONE
        size, certifiable = size.clamp(min=1), torch.ones_like(size, dtype=torch.bool)
        return EncodedQueries(columns, size, torch.zeros_like(size), certifiable, size + self.largest <= LARGEST_SUM)

    def threshold(self, reduced: Tensor, queries: Tensor, encoded: EncodedQueries) -> Tensor:
        """Returns thresholds, whole numbers in float64 (n_queries,), as ``LowerBound.threshold`` must.

        A measured distance is off by 2^-54 at most, and the quotient here by 3 roundings.
        """
        distance = (reduced + 2.0**-50).clamp(max=1)
        nearness = (1 - distance) / (2 - distance) * (1 - 2.0**-50)
        return ((-2 * ONE * nearness).to(torch.float32) + ONE).to(torch.float64)


def divide_by_sizes(product: Tensor, rows: EncodedRows, query_size: Tensor, n_at_once: int) -> None:
    """Makes the bounds of products, (n_rows, n_queries), in place; ``n_at_once`` numbers of scratch are used.

    Products of floats have the factor -2 ``ONE``, those of integers only the sign.
    """
    assert rows.size is not None
    height = max(1, n_at_once // product.shape[1])
    for start in range(0, len(product), height):
        some = product[start : start + height]
        both = rows.size[start : start + height, None] + query_size
        if some.dtype == torch.float32:
            some.div_(both).add_(ONE)
        else:
            some.copy_((some.to(torch.float32) * (2 * ONE)).div_(both).add_(ONE))


def choose_sets(rows: Tensor, dtype: torch.dtype) -> JaccardBound | None:
    """Returns a bound for rows of 0 and 1 in this type; None if it cannot count."""
    if not can_count(dtype, rows.device) or rows.shape[1] > MOST_COUNTED // 4:
        return None
    return JaccardBound(rows.shape[1], int(rows.sum(1).max()), dtype)
