"""The bounds of a panel of rows for some queries, and the small tree of their minima: what is near, what may be."""

from collections.abc import Iterable

import torch
from torch import Tensor

from accelerated.search.bounds.multiply import INTEGERS, EncodedRows, multiply, padding, round_up
from accelerated.search.refine import Pairs
from accelerated.search.report import Report

FANOUT = 8  # rows in a block, and blocks in a larger block
BLOCK = FANOUT * FANOUT
LANES = 32  # queries side by side, for minima at full speed


def width(n_queries: int, device: torch.device) -> int:
    """How many queries a product is made for, the others zero; a CPU takes few as they are."""
    return n_queries if n_queries < LANES and device.type == "cpu" else round_up(n_queries, LANES)


class Bounds:
    """The bounds of a panel of rows for some queries, and their minima over blocks of 8 and of 64 rows.

    They are held as integers of the same bits: minima of these are faster than of 16-bit floats, and the order is the
    same, except that negative numbers, which are below any threshold, stand in a wrong order among themselves.
    """

    def __init__(self, tiles: Iterable[EncodedRows], n_rows: int, columns: Tensor, dtype: torch.dtype, report: Report):
        self.n_rows, self.n_queries = n_rows, len(columns)
        n_padded = round_up(n_rows, BLOCK)
        self.width = width(len(columns), columns.device)
        columns = torch.nn.functional.pad(columns, (0, 0, 0, self.width - len(columns)))
        bounds = torch.empty((n_padded, self.width), dtype=dtype, device=columns.device)
        self.rows = bounds.view(INTEGERS[bounds.dtype.itemsize])
        self.blocks = self.rows.new_empty((n_padded // FANOUT, self.width))
        coarse = self.rows.new_empty((n_padded // BLOCK, self.width))
        start = 0
        for tile in tiles:
            stop = start + len(tile.columns)
            with report.stage("multiply"):
                multiply(tile, columns, bounds[start:stop])
            if stop == n_rows:
                bounds[stop:] = padding(bounds.dtype)
                stop = n_padded
            fine = slice(start // FANOUT, stop // FANOUT)
            block = slice(start // BLOCK, stop // BLOCK)
            with report.stage("minima"):
                torch.amin(self.rows[start:stop].view(-1, FANOUT, self.width), 1, out=self.blocks[fine])
                torch.amin(self.blocks[fine].view(-1, FANOUT, self.width), 1, out=coarse[block])
            start = stop
        self.coarse = coarse.T[: self.n_queries].contiguous()  # (n_queries, n_blocks)

    def least(self, k: int) -> Tensor:
        """For each query k different rows with low bounds, (n_queries, k)."""
        levels = [self.blocks, self.rows]
        top = self.coarse
        if self.n_rows // BLOCK < k:
            top = levels.pop(0).T[: self.n_queries]
        if self.n_rows // FANOUT < k:
            top = levels.pop(0).T[: self.n_queries]
        chosen = top.topk(k, dim=1, largest=False, sorted=False).indices
        query = torch.arange(self.n_queries, device=chosen.device)[:, None].expand_as(chosen)
        for level in levels:
            children, bounds = self._children(level, chosen, query)
            chosen = children.gather(-1, bounds.argmin(-1, keepdim=True))[..., 0]
        return chosen

    def descend(self, limit: Tensor, wanted: Tensor, most: int) -> Pairs:
        """The pairs with bounds up to ``limit`` (n_queries,), of the queries that are ``wanted``.

        A query with more than ``most`` pairs, or blocks on the way to them, has none, and is struck out of ``wanted``.
        """
        limit = limit.view(self.rows.dtype)
        open_blocks = self.coarse <= limit[:, None]
        wanted &= open_blocks.sum(1) <= most
        query, chosen = (open_blocks & wanted[:, None]).nonzero(as_tuple=True)
        for level in (self.blocks, self.rows):
            children, bounds = self._children(level, chosen, query)
            parent, child = (bounds <= limit[query][:, None]).nonzero(as_tuple=True)
            query, chosen = query[parent], children[parent, child]
            wanted &= torch.bincount(query, minlength=self.n_queries) <= most
            keep = wanted[query]
            query, chosen = query[keep], chosen[keep]
        return Pairs(query, chosen)

    def _children(self, level: Tensor, blocks: Tensor, query: Tensor) -> tuple[Tensor, Tensor]:
        """The eight parts of blocks, (..., 8), and their bounds for the queries."""
        children = blocks[..., None] * FANOUT + torch.arange(FANOUT, device=blocks.device)
        return children, level.view(-1).take(children * self.width + query[..., None])
