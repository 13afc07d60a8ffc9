"""The filter by a product of matrices: bounds for all pairs at the speed of a GEMM, exact distances for the few left.

For some queries and a panel of rows the product gives a lower bound on every distance (``certificate``). Minima over
blocks of 8 rows, and over blocks of 8 such blocks, make a small tree over each query's bounds:

    guess    rows with the least bounds are probably near: measure k of them exactly; the k-th neighbour is no farther
    exclude  what has a bound above that distance cannot be a neighbour: descend only into blocks that have a lower one
    refine   measure what is left exactly, and keep the k best

Nothing is assumed about the guess. A query that excludes too little is not answered here.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, Self

import torch
from torch import Tensor

from accelerated.arrays import allocate
from accelerated.metrics import Metric
from accelerated.search.block_minima import BLOCK, FANOUT, LANES, Bounds, width
from accelerated.search.bounds.accumulation import product_keeps_its_bound
from accelerated.search.bounds.multiply import (
    NEVER_EXCLUDED,
    EncodedRows,
    aligned,
    ceiling,
    padding,
    product_dtype,
    round_up,
)
from accelerated.search.bounds.squared import Encoded
from accelerated.search.refine import Found, Pairs, all_pairs, measure, nearest, nothing_found
from accelerated.search.report import Report

PANEL_ROWS = 2**18
TILE_ROWS, TILE_BYTES = 2**14, 2**28  # at most, of rows that are encoded when they are needed, and their scratch
GAP_BYTES = 5 * 8  # for each gap that is added up
FEW = 16  # a filter that answers fewer than one in so many of a first batch is not asked about the others


class Sizes(NamedTuple):
    """How much is done at once."""

    queries: int  # handed over at once, so that what is left is worth another filter
    bounds: int  # of 2 bytes, of a panel for a batch
    tile: int  # bounds made by one product
    encoding: int  # bytes of scratch to encode rows with
    gaps: int  # numbers, when pairs are measured


# 30 MiB of bounds stay in a shared cache, and the C library keeps them for reuse. A tile is reduced to minima, and gaps
# are added up, while they are in a core's cache.
CPU_SIZES = Sizes(queries=2048, bounds=15 * 2**20, tile=2**20, encoding=2**22, gaps=2**17)
# So much that some dozens of launches are little beside it: reckoned, not measured.
GPU_SIZES = Sizes(queries=2**14, bounds=2**30, tile=2**30, encoding=2**28, gaps=2**25)


class Plan(NamedTuple):
    """How much of a search is done at once."""

    batch: int  # queries
    panel_rows: int
    gaps: int  # numbers, when pairs are measured
    made: torch.dtype  # the type of the bounds


class Bound(Protocol):
    """How rows and queries are encoded, so that their product is a lower bound on their distances."""

    encoding_bytes: int  # scratch for each row or query while it is encoded

    @property
    def dtype(self) -> torch.dtype: ...

    def encode_rows(self, rows: Tensor) -> EncodedRows: ...

    def encode_queries(self, queries: Tensor) -> Encoded: ...

    def threshold(self, reduced: Tensor, queries: Tensor, encoded: Encoded) -> Tensor:
        """Numbers, float64 (n,): a row with a bound above is farther than ``reduced``."""
        ...

    def finer(self) -> Sequence["Bound"]: ...


class ProductFilter:
    """Answers by bounds for all pairs, made by a product in the numbers of the bound."""

    def __init__(self, metric: Metric, rows: Tensor, bound: Bound):
        self.name = str(bound.dtype).removeprefix("torch.")
        self.metric, self.rows, self.bound = metric, rows, bound
        self.encoded: EncodedRows | None = None
        self.n_outside = 0
        self.sizes = CPU_SIZES if rows.device.type == "cpu" else GPU_SIZES
        self.n_at_once = self.sizes.queries

    def keep_encoded(self) -> Self:
        """Encodes all rows now; otherwise a tile of them is encoded whenever it is needed."""
        first = self._encode_rows(0, 1)
        n_at_once = max(1, self.sizes.encoding // self.bound.encoding_bytes)
        columns = allocate((len(self.rows), first.columns.shape[1]), self.bound.dtype, self.rows.device)
        base = None if first.base is None else first.base.new_empty(len(self.rows))
        for start in range(0, len(self.rows), n_at_once):
            some = slice(start, start + n_at_once)
            part = self._encode_rows(start, start + n_at_once)
            columns[some] = part.columns
            if base is not None and part.base is not None:
                base[some] = part.base
        self.encoded = EncodedRows(columns, base)
        if base is not None:
            self.n_outside = int((base == NEVER_EXCLUDED).count_nonzero())
        return self

    def _encode_rows(self, start: int, stop: int) -> EncodedRows:
        columns, base = self.bound.encode_rows(self.rows[start:stop])
        return EncodedRows(_pad_columns(columns), base)

    def finer(self) -> list["ProductFilter"]:
        """The same in more precise numbers."""
        return [ProductFilter(self.metric, self.rows, bound) for bound in self.bound.finer()]

    def search(self, queries: Tensor, own: Tensor | None, k: int, memory_limit: int, report: Report) -> Found:
        """Reduced distances and rows of the k nearest, both (n_queries, k), and which queries are answered."""
        device = queries.device
        made = product_dtype(self.bound.dtype, device)
        plan = self.plan(len(queries), k + 1 + self.n_outside, made or torch.float64, memory_limit)
        if not plan.batch or not product_keeps_its_bound(self.bound.dtype, device):
            return nothing_found(len(queries), k, device)
        parts: list[Found] = []
        for start in range(0, len(queries), plan.batch):
            if parts and FEW * int(parts[0][2].count_nonzero()) < len(parts[0][2]):  # it is of no use for such queries
                parts.append(nothing_found(len(queries) - start, k, device))
                break
            some = slice(start, start + plan.batch)
            parts.append(self._search_batch(queries[some], None if own is None else own[some], k, plan, report))
        reduced, indices, answered = (torch.cat(part) for part in zip(*parts, strict=True))
        return reduced, indices, answered

    def plan(self, n_queries: int, k: int, made: torch.dtype, memory_limit: int) -> Plan:
        """How much to do at once, such that scratch fits the limit; no queries where nothing does."""
        panel_rows = round_up(max(k, _even_share(len(self.rows), PANEL_ROWS)), BLOCK)
        batch = max(LANES, self.sizes.bounds * 2 // max(2, made.itemsize) // panel_rows // LANES * LANES)
        batch = min(batch, round_up(_even_share(n_queries, batch), LANES))
        gaps = max(1, min(self.sizes.gaps, memory_limit // (4 * GAP_BYTES)))
        while batch and self._scratch_bytes(plan := Plan(batch, panel_rows, gaps, made), k) > memory_limit:
            least = round_up(max(k, TILE_ROWS), BLOCK)
            if batch > LANES or panel_rows <= least:
                batch //= 2
            else:
                panel_rows = max(least, round_up(panel_rows // 2, BLOCK))
        return plan._replace(batch=batch)

    def _scratch_bytes(self, plan: Plan, k: int) -> int:
        """An upper estimate: bounds and minima; parts of the blocks not excluded; pairs; a tile; gaps in refine."""
        pairs = plan.batch * most_candidates(plan.panel_rows, k)
        encoded = plan.batch if self.encoded is not None else max(plan.batch, self._rows_encoded_at_once())
        bounds = int(1.25 * plan.made.itemsize * width(plan.batch, self.rows.device) * plan.panel_rows)
        return bounds + pairs * (FANOUT * 40 + 80) + encoded * self.bound.encoding_bytes + plan.gaps * GAP_BYTES

    def _rows_encoded_at_once(self) -> int:
        return round_up(min(TILE_ROWS, TILE_BYTES // self.bound.encoding_bytes), BLOCK)

    def _search_batch(self, queries: Tensor, own: Tensor | None, k: int, plan: Plan, report: Report) -> Found:
        with report.stage("encode"):
            encoded = self.bound.encode_queries(queries)
            columns = _pad_columns(encoded.columns)
        answered = encoded.provable.clone()
        best = None
        for start in range(0, len(self.rows), plan.panel_rows):
            n_rows = min(plan.panel_rows, len(self.rows) - start)
            tiles = self._encoded_tiles(start, start + n_rows, len(queries))
            bounds = Bounds(tiles, n_rows, columns, plan.made, report)
            if best is None:
                with report.stage("guess"):
                    guess = bounds.least(min(n_rows, self.n_outside + (k if own is None else k + 1)))
                with report.stage("refine"):
                    guessed = measure(self.metric, queries, self.rows, all_pairs(guess), own, plan.gaps)
                    farthest = guessed.view(guess.shape).topk(k, largest=False, sorted=False).values.amax(1)
            else:
                farthest = torch.minimum(farthest, best[0][:, -1])
            with report.stage("exclude"):
                limit = ceiling(self.bound.threshold(farthest, queries, encoded), plan.made)
                answered &= limit < padding(plan.made)
                pairs = bounds.descend(limit, answered, most_candidates(plan.panel_rows, k))
                pairs = Pairs(pairs.query, pairs.row + start)
                report.candidates += len(pairs.query)
            with report.stage("refine"):
                known = (all_pairs(guess), guessed) if best is None else None
                reduced = measure(self.metric, queries, self.rows, pairs, own, plan.gaps, known)
                best = nearest(pairs, reduced, len(queries), k, best)
        assert best is not None
        return *best, answered

    def _encoded_tiles(self, start: int, stop: int, n_queries: int) -> Iterator[EncodedRows]:
        n_rows = round_up(self.sizes.tile // n_queries, BLOCK)
        if self.encoded is None:
            n_rows = min(n_rows, self._rows_encoded_at_once())
        for first in range(start, stop, n_rows):
            last = min(first + n_rows, stop)
            if self.encoded is None:
                yield self._encode_rows(first, last)
            else:
                columns, base = self.encoded
                yield EncodedRows(columns[first:last], None if base is None else base[first:last])


def _pad_columns(columns: Tensor) -> Tensor:
    lacking = aligned(columns.shape[1], columns.device) - columns.shape[1]
    return torch.nn.functional.pad(columns, (0, lacking)) if lacking else columns


def _even_share(n: int, most: int) -> int:
    """The largest part of n in as few parts of at most ``most`` as can be, as equal as can be."""
    return -(-n // -(-n // most))


def most_candidates(panel_rows: int, k: int) -> int:
    """How many rows, or blocks of them, may be left of a panel for one query."""
    return max(min(panel_rows // 16, 8192), 4 * k)
