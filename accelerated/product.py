"""The filter by a product of matrices: bounds for all pairs at the speed of a GEMM, exact distances for the few left.

For some queries and a panel of rows the product gives a lower bound on every distance (``certificate``). Minima over
blocks of 8 rows, and over blocks of 8 such blocks, make a small tree over each query's bounds:

    guess    rows with the least bounds are probably near: measure k of them exactly; the k-th neighbour is no farther
    exclude  what has a bound above that distance cannot be a neighbour: descend only into blocks that have a lower one
    refine   measure what is left exactly, and keep the k best

Nothing is assumed about the guess. A query that excludes too little is not answered here.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, Self

import torch
from torch import Tensor

from accelerated.arrays import allocate
from accelerated.certificate import Encoded
from accelerated.metrics import Metric
from accelerated.multiply import (
    NEVER_EXCLUDED,
    EncodedRows,
    multiply,
    padding,
    product_dtype,
    product_keeps_its_bound,
)
from accelerated.refine import CACHED, Found, Pairs, all_pairs, measure, measure_rest, nearest, nothing_found
from accelerated.report import Report

FANOUT = 8  # rows in a block, and blocks in a larger block
BLOCK = FANOUT * FANOUT
PANEL_ROWS = 2**18
BOUNDS = 15 * 2**20  # of a panel for a batch: 30 MiB stay in a shared cache, and the C library keeps them for reuse
TILE = 2**20  # bounds, which are reduced to minima while they are in a core's cache
TILE_ROWS = 2**14  # at most: what is encoded at once
FEW = 16  # a filter that answers fewer than one in so many of a first batch is not asked about the others
LANES = 32  # queries side by side, for minima at full speed
INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}  # by bytes
ENCODING = 2**22  # bytes of scratch to encode the rows with


class Bound(Protocol):
    """How rows and queries are encoded, so that their product is a lower bound on their distances."""

    encoding_bytes: int  # scratch for each row or query while it is encoded

    @property
    def dtype(self) -> torch.dtype: ...

    def encode_rows(self, rows: Tensor) -> EncodedRows: ...

    def encode_queries(self, queries: Tensor) -> Encoded: ...

    def threshold(self, reduced: Tensor, queries: Tensor, encoded: Encoded) -> Tensor:
        """Numbers of the type of the product, (n,): a row with a bound above is farther than ``reduced``."""
        ...

    def finer(self) -> Sequence["Bound"]: ...


class ProductFilter:
    """Answers by bounds for all pairs, made by a product in the numbers of the bound."""

    def __init__(self, metric: Metric, rows: Tensor, bound: Bound):
        self.name = str(bound.dtype).removeprefix("torch.")
        self.metric, self.rows, self.bound = metric, rows, bound
        self.encoded: EncodedRows | None = None
        self.n_outside = 0

    def keep_encoded(self) -> Self:
        """Encodes all rows now; otherwise a tile of them is encoded whenever it is needed."""
        first = self.bound.encode_rows(self.rows[:1])
        n_at_once = max(1, ENCODING // self.bound.encoding_bytes)
        columns = allocate((len(self.rows), first.columns.shape[1]), self.bound.dtype, self.rows.device)
        base = torch.empty(len(self.rows), dtype=torch.int32) if first.base is not None else None
        for start in range(0, len(self.rows), n_at_once):
            some = slice(start, start + n_at_once)
            part = self.bound.encode_rows(self.rows[some])
            columns[some] = part.columns
            if base is not None and part.base is not None:
                base[some] = part.base
        self.encoded = EncodedRows(columns, base)
        if base is not None:
            self.n_outside = int((base == NEVER_EXCLUDED).count_nonzero())
        return self

    def finer(self) -> list["ProductFilter"]:
        """The same in more precise numbers."""
        return [ProductFilter(self.metric, self.rows, bound) for bound in self.bound.finer()]

    def search(self, queries: Tensor, own: Tensor | None, k: int, memory_limit: int, report: Report) -> Found:
        """Reduced distances and rows of the k nearest, both (n_queries, k), and which queries are answered."""
        batch, panel_rows = self.shape(len(queries), k + 1 + self.n_outside, memory_limit)
        if not batch or not product_keeps_its_bound(self.bound.dtype):
            return nothing_found(len(queries), k, queries.device)
        parts: list[Found] = []
        for start in range(0, len(queries), batch):
            if parts and FEW * int(parts[0][2].count_nonzero()) < len(parts[0][2]):  # it is of no use for such queries
                parts.append(nothing_found(len(queries) - start, k, queries.device))
                break
            some = slice(start, start + batch)
            parts.append(self._search_batch(queries[some], None if own is None else own[some], k, panel_rows, report))
        reduced, indices, answered = (torch.cat(part) for part in zip(*parts, strict=True))
        return reduced, indices, answered

    def shape(self, n_queries: int, k: int, memory_limit: int) -> tuple[int, int]:
        """Queries in a batch and rows in a panel, such that scratch fits the limit; no queries where nothing does."""
        panel_rows = _round_up(max(k, _even_share(len(self.rows), PANEL_ROWS)), BLOCK)
        batch = max(LANES, self._n_bounds() // panel_rows // LANES * LANES)
        batch = min(batch, _round_up(_even_share(n_queries, batch), LANES))
        while batch and self._scratch_bytes(batch, panel_rows, k) > memory_limit:
            least = _round_up(max(k, TILE_ROWS), BLOCK)
            if batch > LANES or panel_rows <= least:
                batch //= 2
            else:
                panel_rows = max(least, _round_up(panel_rows // 2, BLOCK))
        return batch, panel_rows

    def _n_bounds(self) -> int:
        return BOUNDS * 2 // max(2, product_dtype(self.bound.dtype).itemsize)

    def _scratch_bytes(self, batch: int, panel_rows: int, k: int) -> int:
        """An upper estimate: bounds and minima; parts of the blocks not excluded; pairs; a tile; gaps in refine."""
        size = product_dtype(self.bound.dtype).itemsize
        pairs = batch * most_candidates(panel_rows, k)
        encoded = batch if self.encoded is not None else max(batch, TILE_ROWS)
        bounds = int(1.25 * size * batch * panel_rows)
        return bounds + pairs * (FANOUT * 40 + 80) + encoded * self.bound.encoding_bytes + 5 * 8 * CACHED

    def _search_batch(self, queries: Tensor, own: Tensor | None, k: int, panel_rows: int, report: Report) -> Found:
        with report.stage("encode"):
            encoded = self.bound.encode_queries(queries)
        answered = encoded.provable.clone()
        best = None
        for start in range(0, len(self.rows), panel_rows):
            n_rows = min(panel_rows, len(self.rows) - start)
            tiles = self._encoded_tiles(start, start + n_rows, len(queries))
            bounds = Bounds(tiles, n_rows, encoded.columns, report)
            if best is None:
                with report.stage("guess"):
                    guess = bounds.least(min(n_rows, self.n_outside + (k if own is None else k + 1)))
                with report.stage("refine"):
                    guessed = measure(self.metric, queries, self.rows, all_pairs(guess), own)
                    farthest = guessed.view(guess.shape).kthvalue(k, dim=1).values
            else:
                farthest = torch.minimum(farthest, best[0][:, -1])
            with report.stage("exclude"):
                limit = self.bound.threshold(farthest, queries, encoded)
                answered &= limit < padding(limit.dtype)
                pairs = bounds.descend(limit, answered, most_candidates(panel_rows, k))
                pairs = Pairs(pairs.query, pairs.row + start)
                report.candidates += len(pairs.query)
            with report.stage("refine"):
                if best is None:
                    reduced = measure_rest(self.metric, queries, self.rows, pairs, own, all_pairs(guess), guessed)
                else:
                    reduced = measure(self.metric, queries, self.rows, pairs, own)
                best = nearest(pairs, reduced, len(queries), k, best)
        assert best is not None
        return *best, answered

    def _encoded_tiles(self, start: int, stop: int, n_queries: int) -> Iterator[EncodedRows]:
        n_rows = min(TILE_ROWS, _round_up(TILE // n_queries, BLOCK))
        for first in range(start, stop, n_rows):
            some = slice(first, min(first + n_rows, stop))
            if self.encoded is None:
                yield self.bound.encode_rows(self.rows[some])
            else:
                columns, base = self.encoded
                yield EncodedRows(columns[some], None if base is None else base[some])


def _even_share(n: int, most: int) -> int:
    """The largest part of n in as few parts of at most ``most`` as can be, as equal as can be."""
    return -(-n // -(-n // most))


def _round_up(n: int, multiple: int) -> int:
    return -(-n // multiple) * multiple


def most_candidates(panel_rows: int, k: int) -> int:
    """How many rows, or blocks of them, may be left of a panel for one query."""
    return max(min(panel_rows // 16, 8192), 4 * k)


class Bounds:
    """The bounds of a panel of rows for some queries, and their minima over blocks of 8 and of 64 rows.

    They are held as integers of the same bits: minima of these are faster than of 16-bit floats, and the order is the
    same, except that negative numbers, which are below any threshold, stand in a wrong order among themselves.
    """

    def __init__(self, tiles: Iterable[EncodedRows], n_rows: int, columns: Tensor, report: Report):
        self.n_rows, self.n_queries = n_rows, len(columns)
        n_padded = _round_up(n_rows, BLOCK)
        self.width = len(columns) if len(columns) < LANES else _round_up(len(columns), LANES)
        columns = torch.nn.functional.pad(columns, (0, 0, 0, self.width - len(columns)))
        shape = (n_padded, self.width)
        bounds = torch.empty(shape, dtype=product_dtype(columns.dtype), device=columns.device)
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
