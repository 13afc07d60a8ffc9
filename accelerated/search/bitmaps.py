"""The filter for Chebyshev distances in many features: bitmaps that tell on which side of a cut the rows lie.

Each feature has a few cuts, and each cut c has a bitmap of the rows with x >= c: a bit for each row, 64 in a word. A
query q looks for the rows that are nearer than a limit. Let x < q in a feature. The row is too far if the gap as it is
measured, fl(q - x), is not below the limit. Rounding keeps the order of numbers, so if a number is too far, so are all
lower ones. Likewise above q. The distance is the largest of these gaps and is not rounded again. So the bound is exact:
there are no errors to allow for.

In each feature the query keeps the rows between two cuts, and few rows lie between the cuts in every feature:

    guess    find the k-th nearest of an eighth of the rows, in the same way: the k-th of all rows is not farther
    exclude  combine two bitmaps of each feature, 64 rows at a time
    refine   measure the remaining rows exactly, and keep the k nearest

Blocks of rows come in order. So a later row is kept only if it is nearer than the k-th distance so far: at an equal
distance its number is higher than those of k others. That keeps ties cheap, and the first block is short, so that it
costs little if all its rows tie.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.frame import by_features, in_order, take_sample
from accelerated.search.exhaustive import Exhaustive
from accelerated.search.filter import Batch, Filter, Found, Measured, Pairs, nothing_found
from accelerated.search.memory import BYTES_OF_GAP, bitmap_bytes, exhaustive_bytes
from accelerated.search.refine import measure, nearest, within
from accelerated.search.report import Clock
from accelerated.workers import count_workers, share

# `python -m benchmarks.constants NAME` measures these six:
N_CUTS = 32  # of a feature
WIDEST = 2.5  # cuts are quantiles that in normal data lie evenly from -2.5 to 2.5 standard deviations
PART_STEP = 8  # one in so many rows is in the part that makes the guess
FIRST_ROWS = 512  # in the first block
MOST_ROWS = 2**14  # in a later block
TOGETHER = 512  # queries of a batch
KEPT = 16  # a query may keep 16 k of the rows of a block, or 1 / 16 of it
MOST_GAPS = 2**17  # differences held at once when pairs are measured
TRANSPOSED = 16  # features of a block at once, when its bitmaps are made


class Block(NamedTuple):
    """Bitmaps of some rows. Bitmap i of a feature has the rows with i or more cuts at or below them, so 0 has all."""

    start: int  # the number of the first row
    n_rows: int
    bitmaps: Tensor  # int64 (n_features, N_CUTS + 2, n_words); the last bitmap has no row


@dataclass(frozen=True)
class BitmapFilter:
    """Certifies queries for Chebyshev distances."""

    metric: Metric
    rows: Tensor  # (n_rows, n_features)
    cuts: Tensor  # float64 (n_features, N_CUTS), ascending
    blocks: list[Block]
    part: "BitmapFilter | Exhaustive"  # of every eighth row
    name = "bitmaps"
    why = "a Chebyshev distance is at least the gap in any one feature, so one feature can exclude a row"

    @classmethod
    def make(cls, metric: Metric, rows: Tensor) -> "BitmapFilter":
        """Makes the bitmaps of all rows."""
        cuts = choose_cuts(rows)

        def make_block(some: slice) -> Block:
            return Block(some.start, some.stop - some.start, make_bitmaps(rows[some], cuts))

        blocks = share(make_block, split_rows(len(rows)), count_workers(rows.device))
        some_rows = rows[::PART_STEP].contiguous()
        make_part = cls.make if len(some_rows) > FIRST_ROWS else Exhaustive
        return cls(metric, rows, cuts, blocks, make_part(metric, some_rows))

    def finer(self) -> list[Filter]:
        """Returns nothing: there is no finer bitmap."""
        return []

    def batch_size(self, k: int, scratch: int) -> int:
        """Returns the number of queries whose words and rows fit the limit; 0 if the k rows are too large a share."""
        if k * KEPT > len(self.rows):
            return 0
        n_queries = TOGETHER
        while n_queries and self._needed_bytes(n_queries, k, scratch) > scratch:
            n_queries //= 2
        return n_queries

    def _needed_bytes(self, n_queries: int, k: int, scratch: int) -> int:
        n_rows, n_features = min(MOST_ROWS, len(self.rows)), self.rows.shape[1]
        for_last_part = exhaustive_bytes(n_queries, FIRST_ROWS, n_features, k)
        most = most_in_block(n_rows, k)
        return max(for_last_part, bitmap_bytes(n_queries, n_rows, most, n_features, most_gaps(scratch)))

    def search(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Found:
        """Searches block after block; the k-th distance so far is the next block's limit."""
        guess = self._guess(batch, k, scratch, clock)
        found = nothing_found(len(batch.queries), k, self.rows.device)
        found = found._replace(certified=torch.ones_like(found.certified))  # as far as the blocks so far can tell
        for block in self.blocks:
            with clock.stage("exclude"):
                limit = torch.minimum(guess, found.reduced[:, -1])
                words = self.combine(block, batch.queries, limit)
                words[~found.certified] = 0
                pairs, is_complete = rows_of(words, most_in_block(block.n_rows, k))
                pairs = Pairs(pairs.query, pairs.row + block.start)
            with clock.stage("refine"):
                reduced = measure(self.metric, self.rows, batch, pairs, most_gaps(scratch))
                near = within(Measured(pairs, reduced), limit)
                closest = nearest(near, len(limit), k, (found.reduced, found.indices))
            found = Found(*closest, found.certified & is_complete, found.n_candidates + len(pairs.query))
            if not bool(found.certified.any()):
                break
        return found

    def _guess(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Tensor:
        """Returns a limit just above the k-th distance to an eighth of the rows, infinity if these are too few."""
        if len(self.part.rows) < k + batch.n_self:
            return torch.full((len(batch.queries),), torch.inf, dtype=torch.float64, device=self.rows.device)
        number = batch.self_index // PART_STEP
        of_part = batch._replace(self_index=torch.where(number * PART_STEP == batch.self_index, number, -1))
        kth = self.part.search(of_part, k, scratch, clock).reduced[:, -1]
        return torch.nextafter(kth, torch.full_like(kth, torch.inf))

    def combine(self, block: Block, queries: Tensor, limit: Tensor) -> Tensor:
        """Returns the bits of the rows that may be nearer than the limit, int64 (n_queries, n_words)."""
        least, beyond = near_interval(queries, limit)
        first = torch.searchsorted(self.cuts, least.T.contiguous(), right=True)  # (n_features, n_queries)
        last = torch.searchsorted(self.cuts, beyond.T.contiguous()) + 1
        last = torch.maximum(first, last)  # a limit of 0 leaves no row
        words = torch.full((len(queries), block.bitmaps.shape[2]), -1, device=queries.device)  # all bits are 1
        for bitmaps, i, j in zip(block.bitmaps, first, last, strict=True):
            # the rows of bitmap j are in bitmap i, too
            words &= bitmaps.index_select(0, i).bitwise_xor_(bitmaps.index_select(0, j))
        return words


def near_interval(queries: Tensor, limit: Tensor) -> tuple[Tensor, Tensor]:
    """Returns ``least`` and ``beyond``, (n_queries, n_features): a row is too far unless least <= x < beyond.

    Let low be q - limit, rounded to the nearest. If the gap from q to low is below the limit, the gap to the next lower
    number is not: that number is not above q - limit itself, so the gap reaches the limit before it is rounded, and
    afterwards too. Likewise above q.
    """
    limit = limit[:, None]
    low, high = queries - limit, queries + limit
    least = torch.where(queries - low >= limit, torch.nextafter(low, torch.full_like(low, torch.inf)), low)
    beyond = torch.where(high - queries >= limit, high, torch.nextafter(high, torch.full_like(high, torch.inf)))
    return least, beyond


def most_in_block(n_rows: int, k: int) -> int:
    """Returns how many rows of a block a query may keep; with more it is not certified."""
    return max(FIRST_ROWS, KEPT * k, n_rows // KEPT)


def most_gaps(scratch: int) -> int:
    """Returns how many differences are held at once when pairs are measured."""
    return max(1, min(MOST_GAPS, scratch // (4 * BYTES_OF_GAP)))


def split_rows(n_rows: int) -> Iterator[slice]:
    """Yields a short block of rows, and longer ones.

    >>> [some.stop for some in split_rows(50_000)]
    [512, 16896, 33280, 49664, 50000]
    """
    stop = 0
    while stop < n_rows:
        start, stop = stop, min(n_rows, stop + MOST_ROWS if stop else FIRST_ROWS)
        yield slice(start, stop)


def choose_cuts(rows: Tensor) -> Tensor:
    """Returns numbers of a sample of the rows, ascending in each feature, (n_features, N_CUTS).

    They are closer together in the tails, where the limits of most queries lie, than if they held equally many rows. If
    one comes again, the next larger number takes its place, so that there is a cut above all rows with that number.
    """
    sample = take_sample(rows)
    deviations = torch.linspace(-WIDEST, WIDEST, N_CUTS, dtype=torch.float64, device=rows.device)
    places = (torch.special.ndtr(deviations) * len(sample)).to(torch.int64)
    cuts = torch.cat([in_order(columns)[places].T for _, columns in by_features(sample)])
    comes_again = torch.nn.functional.pad(cuts[:, 1:] == cuts[:, :-1], (1, 0))
    return torch.where(comes_again, torch.nextafter(cuts, torch.full_like(cuts, torch.inf)), cuts)


def make_bitmaps(rows: Tensor, cuts: Tensor) -> Tensor:
    """Returns the bitmaps of a block of rows, int64 (n_features, N_CUTS + 2, n_words)."""
    n_rows, n_features = rows.shape
    n_bytes = 8 * -(-n_rows // 64)
    least = torch.nn.functional.pad(cuts, (1, 0), value=-torch.inf)[:, :, None]
    bitmaps = torch.zeros((n_features, cuts.shape[1] + 2, n_bytes), dtype=torch.uint8, device=rows.device)
    for start in range(0, n_features, TRANSPOSED):
        columns = rows[:, start : start + TRANSPOSED].T.contiguous().to(torch.float64)
        columns = torch.nn.functional.pad(columns, (0, 8 * n_bytes - n_rows), value=torch.nan)  # not above anything
        for i, column in enumerate(columns, start):
            bitmaps[i, :-1] = _pack(column, least[i])
    return bitmaps.view(torch.int64)


def _pack(values: Tensor, least: Tensor) -> Tensor:
    """Returns the bits of the values (n,) that are at or above each of the ``least`` (m, 1), uint8 (m, n / 8).

    On a CPU NumPy does that several times faster.
    """
    if values.device.type == "cpu":
        return torch.from_numpy(np.packbits(values.numpy() >= least.numpy(), axis=1, bitorder="little"))
    return ((values >= least).unflatten(1, (-1, 8)) * _powers(values.device)).sum(2, dtype=torch.uint8)


def _powers(device: torch.device) -> Tensor:
    """Returns the values of the 8 bits of a byte, the first bit's first."""
    return (2 ** torch.arange(8, device=device)).to(torch.uint8)


def rows_of(words: Tensor, most: int) -> tuple[Pairs, Tensor]:
    """Returns the rows whose bits are set in the words of each query, (n_queries, n_words), sorted by (query, row).

    The second result, bool (n_queries,), is False for a query with more than ``most`` rows, of which none is returned.
    """
    is_set = words != 0
    is_complete = is_set.sum(1) <= most
    query, place = (is_set & is_complete[:, None]).nonzero(as_tuple=True)
    of_word = words[query, place][:, None].view(torch.uint8)  # 8 bytes
    parent, part = of_word.nonzero(as_tuple=True)
    query, place, of_byte = query[parent], 8 * place[parent] + part, of_word[parent, part]
    is_complete &= torch.bincount(query, minlength=len(words)) <= most  # before 8 times as many are looked at
    keep = is_complete[query]
    query, place, of_byte = query[keep], place[keep], of_byte[keep]
    parent, part = (of_byte[:, None] & _powers(words.device)).nonzero(as_tuple=True)
    query, place = query[parent], 8 * place[parent] + part
    is_complete &= torch.bincount(query, minlength=len(words)) <= most
    keep = is_complete[query]
    return Pairs(query[keep], place[keep]), is_complete
