"""The bounds of a block of rows for a batch of queries, and their minima over small blocks: a tree of two levels.

A query that excludes a small block of rows by its minimum need not look at the bounds of the rows in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from accelerated.search.bounds.multiply import INTEGERS, multiply, padding, round_up
from accelerated.search.bounds.protocol import EncodedRows
from accelerated.search.filter import Pairs
from accelerated.search.report import Clock

FANOUT = 8  # rows in a lower block, and lower blocks in an upper one: `python -m benchmarks.constants FANOUT`
UPPER = FANOUT * FANOUT  # rows in an upper block
LANES = 32  # queries side by side: `python -m benchmarks.constants LANES`


class Kept(NamedTuple):
    """The pairs that are not excluded, of the queries that keep few enough."""

    pairs: Pairs
    is_complete: Tensor  # bool (n_queries,): False for a query that gave up


@dataclass(frozen=True)
class BlockMinima:
    """The bounds as integers of the same bits, and their minima over 8 and over 64 rows.

    Minima of integers are faster than those of 16-bit floats. The order is the same, except that negative numbers are
    in the wrong order among themselves; all of them are below any threshold.
    """

    n_rows: int
    n_queries: int
    bounds: Tensor  # (n_rows, width), padded to whole blocks of the upper level, and to a width for full speed
    lower: Tensor  # (n_rows / 8, width)
    upper: Tensor  # (n_queries, n_rows / 64)

    @classmethod
    def make(
        cls, encoded: Iterable[EncodedRows], n_rows: int, columns: Tensor, made: torch.dtype, clock: Clock
    ) -> "BlockMinima":
        """Multiplies encoded rows, some at a time, with the columns of the queries, into bounds of type ``made``."""
        width, n_padded = product_width(len(columns), columns.device), round_up(n_rows, UPPER)
        padded = torch.nn.functional.pad(columns, (0, 0, 0, width - len(columns)))
        floats = torch.empty((n_padded, width), dtype=made, device=columns.device)
        bounds = floats.view(INTEGERS[made.itemsize])
        lower = bounds.new_empty((n_padded // FANOUT, width))
        upper = bounds.new_empty((n_padded // UPPER, width))
        start = 0
        for some in encoded:
            stop = start + len(some.columns)
            with clock.stage("multiply"):
                multiply(some, padded, floats[start:stop])
            if stop == n_rows:
                floats[stop:] = padding(made)
                stop = n_padded
            of_8, of_64 = slice(start // FANOUT, stop // FANOUT), slice(start // UPPER, stop // UPPER)
            with clock.stage("minima"):
                torch.amin(bounds[start:stop].view(-1, FANOUT, width), 1, out=lower[of_8])
                torch.amin(lower[of_8].view(-1, FANOUT, width), 1, out=upper[of_64])
            start = stop
        return cls(n_rows, len(columns), bounds, lower, upper.T[: len(columns)].contiguous())

    def least(self, k: int) -> Tensor:
        """Returns k different rows with low bounds for each query, (n_queries, k)."""
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

    def descend(self, threshold: Tensor, wanted: Tensor, most: int) -> Kept:
        """Returns the pairs with bounds at or below the ``threshold`` (n_queries,), of the queries that are ``wanted``.

        A query gives up if it has more than ``most`` pairs, or blocks on the way to them.
        """
        threshold = threshold.view(self.bounds.dtype)
        is_open = self.upper <= threshold[:, None]
        complete = is_open.sum(1) <= most
        query, chosen = (is_open & (wanted & complete)[:, None]).nonzero(as_tuple=True)
        for level in (self.lower, self.bounds):
            children, bounds = self._children(level, chosen, query)
            parent, child = (bounds <= threshold[query][:, None]).nonzero(as_tuple=True)
            query, chosen = query[parent], children[parent, child]
            complete = complete & (torch.bincount(query, minlength=self.n_queries) <= most)
            keep = complete[query]
            query, chosen = query[keep], chosen[keep]
        return Kept(Pairs(query, chosen), complete)

    def _children(self, level: Tensor, blocks: Tensor, query: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the eight blocks, or rows, inside each block, (..., 8), and their bounds for the queries."""
        children = blocks[..., None] * FANOUT + torch.arange(FANOUT, device=blocks.device)
        return children, level.view(-1).take(children * level.shape[1] + query[..., None])


def product_width(n_queries: int, device: torch.device) -> int:
    """Returns the width of a product, padded with queries of 0; a CPU takes fewer than ``LANES`` without padding."""
    return n_queries if n_queries < LANES and device.type == "cpu" else round_up(n_queries, LANES)
