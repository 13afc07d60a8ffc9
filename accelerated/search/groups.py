"""Equal rows as one: a filter that searches each distinct row once, and expands its answer to all rows that equal it.

Equal rows are equally far from every query, so no bound tells a neighbour from its twins: they would all be measured. A
group is a list of rows that equal its first one. Groups are numbered in the order of their first rows. A filter gets
these first rows alone, so the rows that it finds name the nearest groups, sorted by (distance, number). From these the
answer is made without measuring anything more.

A hash finds rows that may be equal, and then they are compared. If two different rows share a hash, an equal row may
start a second group: that costs time, and the neighbours stay right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.frame import take_sample
from accelerated.search.bounds.multiply import INTEGERS
from accelerated.search.filter import Batch, Filter, Found, Measured, Pairs, nothing_found
from accelerated.search.memory import BYTES_OF_MEMBER
from accelerated.search.refine import nearest
from accelerated.search.report import Clock

# Numbers in the rows, so that looking at a sample is a hundredth of a fit: `python -m benchmarks.constants
# FEWEST_GROUPED`
FEWEST_GROUPED = 2**14
FEWEST_REPEATED = 1 / 16  # of the rows, and of a sample: `python -m benchmarks.constants FEWEST_REPEATED`
FEATURES_LOOKED_AT = 8  # before a sample is grouped: `python -m benchmarks.constants FEATURES_LOOKED_AT`
HASHED_NUMBERS = 2**17  # at once: `python -m benchmarks.constants HASHED_NUMBERS`


class Groups(NamedTuple):
    """The rows by groups, which are numbered in the order of their first rows."""

    members: Tensor  # int64 (n_rows,), the numbers of the rows, group after group, ascending in each
    start: Tensor  # int64 (n_groups,), where a group begins in ``members``
    size: Tensor  # int64 (n_groups,), the number of its rows

    @property
    def first(self) -> Tensor:
        """Returns the number of the first row of each group, int64 (n_groups,), ascending."""
        return self.members[self.start]


def find_groups(rows: Tensor) -> Groups:
    """Returns the groups of the rows."""
    _, group, size = first_of_equals(rows).unique(return_inverse=True, return_counts=True)  # sorted by their first rows
    return Groups(group.argsort(stable=True), size.cumsum(0) - size, size)


def first_of_equals(rows: Tensor) -> Tensor:
    """Returns for each row the number of the first row that equals it, its own if there is none, int64 (n_rows,).

    A row has its own number, too, if the first row with its hash is different.
    """
    _, bucket = hash_rows(rows).unique(return_inverse=True)
    number = torch.arange(len(rows), device=rows.device)
    first = torch.full_like(number, len(rows)).scatter_reduce_(0, bucket, number, "amin")[bucket]
    later = (first != number).nonzero()[:, 0]
    for some in later.split(_rows_at_once(rows)):
        is_equal = (rows[some] == rows[first[some]]).all(1)
        first[some] = torch.where(is_equal, first[some], some)
    return first


def hash_rows(rows: Tensor) -> Tensor:
    """Returns a hash of each row, int64 (n_rows,), equal for equal rows.

    It is a sum of products with random factors, modulo 2^64. The bits of 0, 1 and other numbers of few digits end in
    zeros, and so would their products, so the high bits of a number are added to its low ones before.
    """
    generator = torch.Generator("cpu").manual_seed(0)
    factors = torch.randint(-(2**63), 2**63 - 1, rows.shape[1:], generator=generator, device="cpu").to(rows.device)
    hashes = []
    for some in rows.split(_rows_at_once(rows)):
        bits = (some + 0.0).view(INTEGERS[rows.itemsize]).to(torch.int64)  # -0 becomes 0
        bits ^= bits >> 32
        bits ^= bits >> 16
        hashes.append(bits.mul_(factors).sum(1))
    return torch.cat(hashes)


def _rows_at_once(rows: Tensor) -> int:
    return max(1, HASHED_NUMBERS // rows.shape[1])


def repeats_rows(rows: Tensor) -> bool:
    """Tells whether a sample shows that so many rows equal earlier ones that it pays to group them.

    A few features usually show that no rows are equal, and to read them takes little of the time of a fit.
    """
    if rows.numel() < FEWEST_GROUPED:
        return False
    sample = take_sample(rows)
    few = sample[:, :: max(1, sample.shape[1] // FEATURES_LOOKED_AT)].cpu().numpy()
    with np.errstate(all="ignore"):  # sums may be infinite
        sums = np.sort(few @ np.sqrt(np.arange(1.0, few.shape[1] + 1)))
    n_different = len(sums) - int(np.count_nonzero(sums[1:] == sums[:-1]))
    return is_worth_grouping(n_different, len(sums)) and is_worth_grouping(len(find_groups(sample).size), len(sample))


def is_worth_grouping(n_groups: int, n_rows: int) -> bool:
    """Tells whether a share of ``FEWEST_REPEATED`` of the rows, or more, equals earlier rows."""
    return n_rows - n_groups >= FEWEST_REPEATED * n_rows


@dataclass(frozen=True)
class GroupFilter:
    """Finds the nearest groups by a filter of their first rows, and certifies the queries that this one certifies."""

    of_groups: Filter
    groups: Groups

    @property
    def metric(self) -> Metric:
        """Returns the metric of the filter."""
        return self.of_groups.metric

    @property
    def name(self) -> str:
        """Returns the name by which ``search_report`` calls the filter."""
        return f"{self.of_groups.name} of distinct rows"

    @property
    def why(self) -> str:
        """Returns the reason for which the rule chooses the filter."""
        return f"{len(self.groups.size)} distinct rows stand for {len(self.groups.members)} rows; {self.of_groups.why}"

    def finer(self) -> Sequence[Filter]:
        """Returns the finer filters of the same groups."""
        return [GroupFilter(finer, self.groups) for finer in self.of_groups.finer()]

    def batch_size(self, k: int, scratch: int) -> int:
        """Returns the number of queries that the filter of the groups takes; 0 if one answer does not fit."""
        return self.of_groups.batch_size(self._n_nearest(k), scratch) if self._n_expanded(k, scratch) else 0

    def _n_nearest(self, k: int) -> int:
        return min(k + 1, len(self.groups.size))

    def _n_expanded(self, k: int, scratch: int) -> int:
        """Returns how many answers may be expanded at once."""
        n_members = min((k + 1) * self._n_nearest(k), len(self.groups.members))
        return scratch // (n_members * BYTES_OF_MEMBER)

    def search(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Found:
        """Finds the nearest groups of each query, and the nearest rows among these.

        The query itself is left out at the end, because the twins of its row remain.
        """
        without_self = batch._replace(self_index=torch.full_like(batch.self_index, -1), n_self=0, limits=None)
        found = self.of_groups.search(without_self, self._n_nearest(k), scratch, clock)
        reduced, indices, *_ = nothing_found(len(batch.queries), k, batch.queries.device)
        with clock.stage("expand"):
            for some in found.certified.nonzero()[:, 0].split(self._n_expanded(k, scratch)):
                of_some = found.reduced[some], found.indices[some]
                reduced[some], indices[some] = expand(self.groups, *of_some, batch.self_index[some], k)
        return Found(reduced, indices, found.certified, found.n_candidates)


def expand(
    groups: Groups, reduced: Tensor, nearest_groups: Tensor, self_index: Tensor, k: int
) -> tuple[Tensor, Tensor]:
    """Returns the k nearest rows, distances and numbers (n_queries, k), without ``self_index``, (n_queries,).

    ``nearest_groups`` are the k + 1 nearest groups, or all groups, (n_queries, up to k + 1), at the distances
    ``reduced``. Their first k + 1 members are enough. Proof: let x be any other row. If its group is not among these,
    then the first rows of k + 1 groups come before the first row of its group in the order (distance, number), and so
    before x. If it is, k + 1 members of the group have the distance of x and lower numbers. Either way k + 1 rows come
    before x, k of them without the query itself. For the same reason a group is left out if the groups that are nearer
    have k + 1 rows or more.
    """
    size = groups.size[nearest_groups].clamp_(max=k + 1)
    earlier = size.cumsum(1) - size
    n_nearer = earlier.gather(1, torch.searchsorted(reduced.contiguous(), reduced.contiguous()))
    size = torch.where(n_nearer > k, 0, size).flatten()
    place = torch.arange(len(size), device=size.device).repeat_interleave(size)  # of a group in ``nearest_groups``
    in_group = torch.arange(len(place), device=size.device) - (size.cumsum(0) - size)[place]
    row = groups.members[groups.start[nearest_groups.flatten()[place]] + in_group]
    query = place // nearest_groups.shape[1]
    of_rows = reduced.flatten()[place].masked_fill_(row == self_index[query], torch.inf)
    order = (query * len(groups.members) + row).argsort()
    return nearest(Measured(Pairs(query[order], row[order]), of_rows[order]), len(reduced), k)
