"""A lower bound on Hamming distances from a product of matrices: agreements are counted, mostly exactly.

Let v1 < v2 < ... be the values of a feature in a sample of the rows. A value is in the group of the largest of these
that is not above it, or in the first group. Equal values are in the same group, so there are at least as many
differing features as features with different groups, and as many if every value is one of the sample.

If no feature has more than two groups, let u and v be vectors of -1 and 1 that name the groups of a row and a query in
d features. Their product is agreements minus differences, so 2 differing = d - u.v. Otherwise let u and v have a 1 for
the group in each feature, and a 0 for the others: differing = d - u.v.

If every row has values of the sample alone, a value of the query that is none of them differs from every row: it
becomes 0 in v, and in the first case is added to d, as it must count twice. Then the bound is the distance.

The sums are whole numbers below 2^24, so they are exact in float32, too (``counts``).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from accelerated.search.bounds.counts import MOST_COUNTED, can_count
from accelerated.search.bounds.frame import SAMPLED_NUMBERS, by_features, take_sample
from accelerated.search.bounds.protocol import EncodedQueries, EncodedRows, LowerBound, least_threshold

MOST_VALUES = 8  # of a feature in the sample: `python -m benchmarks.constants MOST_VALUES`


@dataclass(frozen=True)
class HammingBound:
    """Bounds on the number of features that differ, times 2 if the groups are named by -1 and 1."""

    values: Tensor  # float64 (n_features, n_values), ascending; the last is repeated for a feature with fewer
    has_all_values: bool  # of all rows
    dtype: torch.dtype  # int8 or float32

    @property
    def encoding_bytes(self) -> int:
        """Returns the bytes of four float64 numbers for each feature and value."""
        return 8 * 4 * self.values.numel()

    @property
    def _is_signed(self) -> bool:
        return self.values.shape[1] == 2

    def finer(self) -> list[LowerBound]:
        """Returns nothing: where groups say too little, rounding is not the reason."""
        return []

    def encode_rows(self, rows: Tensor) -> EncodedRows:
        """Encodes rows: the names of their groups, and for floats a 1, to which a query has the number of features."""
        names, _ = self._name_groups(rows)
        if self.dtype == torch.int8:
            return EncodedRows(names, torch.zeros(len(rows), dtype=torch.int32, device=rows.device))
        return EncodedRows(torch.cat([names, torch.ones_like(names[:, :1])], 1))

    def encode_queries(self, queries: Tensor) -> EncodedQueries:
        """Encodes queries; every query can be certified."""
        names, n_unknown = self._name_groups(queries)
        total = queries.shape[1] + n_unknown * self._is_signed
        is_exact = torch.full_like(total, self.has_all_values, dtype=torch.bool)
        certifiable = torch.ones_like(is_exact)
        if self.dtype == torch.int8:
            return EncodedQueries(names, total, total, certifiable, is_exact)
        columns = torch.cat([-names, total[:, None].to(names.dtype)], 1)
        return EncodedQueries(columns, total, torch.zeros_like(total), certifiable, is_exact)

    def _name_groups(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the names of the groups, (n, n_columns), and how many values are none of the sample, float64 (n,)."""
        known = is_known(points, self.values) if self.has_all_values else torch.ones_like(points, dtype=torch.bool)
        if self._is_signed:
            names = ((points >= self.values[:, 1]).to(self.dtype) * 2 - 1) * known
        else:
            numbers = torch.arange(self.values.shape[1], device=points.device)
            names = ((group_of(points, self.values)[:, :, None] == numbers) & known[:, :, None]).flatten(1)
        return names.to(self.dtype), (~known).sum(1).to(torch.float64)

    def threshold(self, reduced: Tensor, queries: Tensor, encoded: EncodedQueries) -> Tensor:
        """Returns thresholds, whole numbers in float64 (n_queries,), as ``LowerBound.threshold`` must.

        The distance is the quotient of two whole numbers, rounded; so the product with the divisor, rounded to a whole
        number, is the dividend.
        """
        differing = (reduced * queries.shape[1]).round() * (1 + self._is_signed)
        return (differing - encoded.offset).clamp(least_threshold() if self.dtype == torch.int8 else 0, 2**30)


def group_of(points: Tensor, values: Tensor) -> Tensor:
    """Returns the place of the largest value that is not above, or 0, for each entry, int64 (n, n_features)."""
    cuts = values[:, 1:].contiguous()
    return torch.searchsorted(cuts, points.T.to(torch.float64).contiguous(), right=True).T


def choose_hamming(rows: Tensor, dtype: torch.dtype) -> HammingBound | None:
    """Returns a bound in this type; None if it cannot count, or if a feature of the sample has too many values."""
    n_features = rows.shape[1]
    if not can_count(dtype, rows.device) or not 1 < n_features <= MOST_COUNTED // 4:
        return None  # torch multiplies a single column of integers wrongly
    values = torch.empty((n_features, MOST_VALUES), dtype=torch.float64, device=rows.device)
    most = 2
    for some, sample in by_features(take_sample(rows)):
        ordered = sample.sort(0).values
        place = torch.zeros_like(ordered, dtype=torch.int64)
        place[1:] = (ordered[1:] != ordered[:-1]).cumsum(0)
        most = max(most, int(place.max()) + 1)
        if most > MOST_VALUES:
            return None
        values[some] = ordered[-1][:, None]
        values[some] = values[some].scatter(1, place.T, ordered.T)
    values = values[:, :most].contiguous()
    return HammingBound(values, _has_all_values(values, rows), dtype)


def is_known(points: Tensor, values: Tensor) -> Tensor:
    """Tells which entries are one of the values of their feature, bool (n, n_features)."""
    if values.shape[1] == 2:  # the same, faster
        return (points == values[:, 0]) | (points == values[:, 1])
    return values.T.gather(0, group_of(points, values)) == points


def _has_all_values(values: Tensor, rows: Tensor) -> bool:
    n_at_once = max(1, SAMPLED_NUMBERS // rows.shape[1])
    return all(bool(is_known(some, values).all()) for some in rows.split(n_at_once))
