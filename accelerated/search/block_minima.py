"""The bounds of a block of rows for a batch of queries, and their minima over small blocks, at two levels.

A small block whose minimum is above a query's threshold holds no neighbour of it: the bounds of its rows are not read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from accelerated.search.bounds.multiply import (
    INTEGERS,
    above_thresholds,
    has_witness,
    is_as_precise_as_asked,
    multiply,
    round_up,
)
from accelerated.search.bounds.protocol import EncodedQueries, EncodedRows
from accelerated.search.filter import Pairs
from accelerated.search.report import Clock
from accelerated.search.room import Room
from accelerated.workers import share

FANOUT = 8  # rows in a lower small block, and of these in an upper one: `python -m benchmarks.constants FANOUT`
UPPER = FANOUT * FANOUT  # rows in an upper small block
LANES = 32  # queries side by side: `python -m benchmarks.constants LANES`


class Pieces(NamedTuple):
    """The rows of a block, of which workers encode and multiply some at a time."""

    encode: Callable[[int, int], EncodedRows]  # the rows of the block from start to stop
    finish: Callable[[Tensor, EncodedRows], None]  # makes their product into bounds, in place, if it is not yet
    n_rows: int
    n_at_once: int  # rows, a multiple of ``UPPER``
    n_workers: int
    dtype: torch.dtype  # of the encoded rows
    out_dtype: torch.dtype  # of the bounds


class Kept(NamedTuple):
    """The pairs that are not excluded, of the queries that keep few enough."""

    pairs: Pairs  # sorted by (query, row), as ``refine`` needs them
    is_complete: Tensor  # bool (n_queries,): False for a query that would keep too many


@dataclass(frozen=True)
class BlockMinima:
    """The bounds as integers of the same bits, and their minima over 8 and over 64 rows.

    Minima of integers are faster than those of 16-bit floats. The order is the same, except that negative floats are in
    the wrong order among themselves, and a threshold of floats is not negative.
    """

    n_rows: int
    n_queries: int
    bounds: Tensor  # (n_rows, width), padded to whole upper small blocks, and to a width for full speed
    lower: Tensor  # (n_rows / 8, width)
    upper: Tensor  # (n_queries, n_rows / 64), the other way round because whole lines of it are read
    is_precise: Tensor  # bool (): False if torch's settings made a product less precise, and the bounds prove nothing

    @classmethod
    def make(cls, pieces: Pieces, queries: EncodedQueries, room: Room, clock: Clock) -> "BlockMinima":
        """Multiplies encoded rows, some at a time, with the prepared queries into bounds.

        They are right until the next ones are made in the same room.
        """
        dtype, out_dtype, n_rows = pieces.dtype, pieces.out_dtype, pieces.n_rows
        n_queries, n_padded = len(queries.columns), round_up(n_rows, UPPER)
        width = product_width(n_queries, dtype, queries.columns.device)
        factor = queries.factor
        assert factor is not None
        product = room.take("bounds", (n_padded, width), out_dtype)
        bounds = product.view(INTEGERS[out_dtype.itemsize])
        lower = room.take("lower", (n_padded // FANOUT, width), bounds.dtype)
        upper = room.take("upper", (n_padded // UPPER, width), bounds.dtype)

        def fill(start: int) -> Tensor:
            """Returns whether the product of some rows is as precise as it was asked to be."""
            stop = min(start + pieces.n_at_once, n_rows)
            with clock.stage("multiply"):
                some = pieces.encode(start, stop)
                multiply(some, factor, product[start:stop])
                is_precise = is_as_precise_as_asked(product[start:stop], dtype, out_dtype)
                pieces.finish(product[start:stop], some)
            if stop == n_rows:
                product[stop:] = above_thresholds(out_dtype)
                stop = n_padded
            of_8, of_64 = slice(start // FANOUT, stop // FANOUT), slice(start // UPPER, stop // UPPER)
            with clock.stage("minima"):
                take_minima(bounds[start:stop], lower[of_8])
                take_minima(lower[of_8], upper[of_64])
            return is_precise

        is_precise = torch.stack(share(fill, range(0, n_rows, pieces.n_at_once), pieces.n_workers)).all()
        return cls(n_rows, n_queries, bounds, lower, upper.T[:n_queries].contiguous(), is_precise)

    def least(self, k: int) -> Tensor:
        """Returns k different rows with low bounds for each query, (n_queries, k).

        It starts at the first level with at least k small blocks that are full, or at the rows, and takes the least
        bound inside each small block.
        """
        top, levels = self.upper, [self.lower, self.bounds]
        if self.n_rows // UPPER < k:
            top = levels.pop(0).T[: self.n_queries]
        if self.n_rows // FANOUT < k:
            top = levels.pop(0).T[: self.n_queries]
        chosen = top.topk(k, dim=1, largest=False, sorted=False).indices
        query = torch.arange(self.n_queries, device=chosen.device)[:, None].expand_as(chosen)
        for level in levels:
            children, bounds = self._children(level, chosen, query)
            chosen = children.gather(-1, bounds.argmin(-1, keepdim=True))[..., 0]
        return chosen

    def most_open(self, threshold: Tensor) -> int:
        """Returns how many of the uppermost blocks a query has, at most, with a bound at or below its threshold."""
        return int((self.upper <= threshold.view(self.bounds.dtype)[:, None]).sum(1).max())

    def descend(self, threshold: Tensor, certified: Tensor, most: int, most_tied: Tensor | None = None) -> Kept:
        """Returns the pairs with bounds at or below the ``threshold`` (n_queries,), of the ``certified`` queries.

        If queries have more than ``most`` pairs in the mean, or small blocks on the way to them, the queries that have
        more than ``most`` are not complete. Of a query's rows whose bounds equal the threshold, only the first
        ``most_tied`` are returned, int64 (n_queries,), if that is given. A small block whose minimum equals the
        threshold holds at least one such row, so of these blocks only the first ``most_tied`` are opened.
        """
        threshold = threshold.view(self.bounds.dtype)
        is_open = self.upper <= threshold[:, None]
        if most_tied is not None:
            is_tied = self.upper == threshold[:, None]
            is_open &= ~is_tied | (is_tied.cumsum(1) <= most_tied[:, None])
        is_open &= certified[:, None]
        complete = self._may_keep(is_open.sum(1), most)
        query, chosen = (is_open & complete[:, None]).nonzero(as_tuple=True)
        for level in (self.lower, self.bounds):
            children, bounds = self._children(level, chosen, query)
            parent, child = (bounds <= threshold[query][:, None]).nonzero(as_tuple=True)
            query, chosen = query[parent], children[parent, child]
            if most_tied is not None:
                is_tied = bounds[parent, child] == threshold[query]
                wanted = ~is_tied | (_count_within(query, is_tied) <= most_tied[query])
                query, chosen = query[wanted], chosen[wanted]
            complete = complete & self._may_keep(torch.bincount(query, minlength=self.n_queries), most)
            keep = complete[query]
            query, chosen = query[keep], chosen[keep]
        return Kept(Pairs(query, chosen), complete)

    def _may_keep(self, count: Tensor, most: int) -> Tensor:
        """Returns which queries keep their pairs or small blocks, bool (n_queries,), by the ``count`` of each.

        All do if they have no more than ``most`` in the mean: to measure the many pairs of a few queries takes less
        time than to multiply all rows again for them.
        """
        return (count <= most) | (count.sum() <= most * self.n_queries)

    def _children(self, level: Tensor, blocks: Tensor, query: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the 8 lower small blocks, or rows, inside each of the blocks, (..., 8), and their bounds."""
        width, child = level.shape[1], torch.arange(FANOUT, device=blocks.device)
        places = (blocks * (FANOUT * width) + query)[..., None] + child * width
        bounds = level.view(-1).index_select(0, places.view(-1)).view(places.shape)  # in half the time of ``take``
        return blocks[..., None] * FANOUT + child, bounds


def take_minima(level: Tensor, out: Tensor) -> None:
    """Writes the minima over ``FANOUT`` lines each of (n, width) to ``out``.

    A CPU takes some dozens of times as long for integers of 8 bytes as for floats. As the factors of a product are
    finite and far from overflow, no bound is NaN, and an order in which negative floats are right is no worse.
    """
    if level.dtype == torch.int64:
        level, out = level.view(torch.float64), out.view(torch.float64)
    torch.amin(level.view(-1, FANOUT, level.shape[1]), 1, out=out)


def _count_within(query: Tensor, is_tied: Tensor) -> Tensor:
    """Returns how many are tied up to each pair, itself included, of the same query; pairs are sorted by query.

    >>> _count_within(torch.tensor([0, 0, 0, 3, 3]), torch.tensor([True, False, True, True, True]))
    tensor([1, 1, 2, 1, 2])
    """
    count = is_tied.cumsum(0)
    first = torch.searchsorted(query, query)
    return count - count[first] + is_tied[first].to(count.dtype)


def product_width(n_queries: int, dtype: torch.dtype, device: torch.device) -> int:
    """Returns the width of a product with a query for the witness if the type has one, padded with queries of 0.

    A CPU takes fewer than ``LANES`` without padding.
    """
    width = n_queries + has_witness(dtype)
    return width if width < LANES and device.type == "cpu" else round_up(width, LANES)
