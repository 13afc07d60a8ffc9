"""The filter by a product of matrices: lower bounds for all pairs at the speed of the product, few exact distances.

For a batch of queries and a block of rows, products make a bound for every pair (``bounds``), and minima over 8 and
over 64 rows make it cheap to find the low ones (``block_minima``). Then

    guess    measure some rows with low bounds exactly: no neighbour is farther than the k-th nearest of these
    exclude  a row whose bound is above that distance is not a neighbour, nor is any row of a small block whose minimum
             is above it
    refine   measure the remaining pairs exactly, and keep the k nearest

A bad guess costs time, never a neighbour. A query for which the bounds exclude too few rows is not certified. Queries
with limits, from the search of other rows, need no guess, unless their limits exclude too little.
"""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.block_minima import LANES, UPPER, BlockMinima, Pieces, product_width
from accelerated.search.bounds.accumulation import product_keeps_error_limit
from accelerated.search.bounds.jaccard import divide_by_sizes
from accelerated.search.bounds.multiply import (
    COPIED,
    WITNESS,
    above_thresholds,
    ceiling,
    has_witness,
    pad_columns,
    prepare_queries,
    product_dtype,
    round_up,
    write_padded,
)
from accelerated.search.bounds.prefix import Prefix
from accelerated.search.bounds.protocol import EncodedQueries, EncodedRows, LowerBound
from accelerated.search.bounds.squared import SquaredBound
from accelerated.search.filter import Batch, Found, Measured, Pairs, nothing_found
from accelerated.search.memory import BYTES_OF_GAP, ProductPlan, even_share, most_kept, product_bytes
from accelerated.search.refine import all_pairs, kth_distance, measure, measure_unknown, nearest, within
from accelerated.search.report import Clock
from accelerated.search.room import Room
from accelerated.search.screen import drop_far
from accelerated.search.sizes import sizes_of
from accelerated.search.speeds import seconds_of_bound
from accelerated.workers import count_workers, share

ENCODED_ROWS = 2**14  # at once, if rows are encoded when they are needed: `python -m benchmarks.constants ENCODED_ROWS`
# Rows of a product by one worker, at least: `python -m benchmarks.constants FEWEST_ROWS_FOR_A_WORKER`
FEWEST_ROWS_FOR_A_WORKER = 2**12
# Rows in a block, at least, because the k-th distance after a block limits how many pairs the next one leaves:
ROWS_FOR_A_NEIGHBOR = 2**9  # `python -m benchmarks.constants ROWS_FOR_A_NEIGHBOR`
# Rows that are guessed for a query besides k by manhattan bounds: these are loose, and the k nearest not the k lowest:
MORE_GUESSED = 8  # `python -m benchmarks.constants MORE_GUESSED`
ENCODING_BYTES = 2**28  # of scratch for them, at most
# Blocks of rows of many features are up to 4 times as long, because their products take longer than fresh memory does:
WIDE = 128  # features; rows of 256 have blocks twice as long: `python -m benchmarks.constants WIDE`


@dataclass(frozen=True)
class ProductFilter:
    """Certifies queries by bounds for all pairs, made by products of numbers of ``bound.dtype``."""

    metric: Metric
    rows: Tensor  # (n_rows, n_features)
    bound: LowerBound
    kept: EncodedRows | None = None  # None: each search encodes the rows, of which all must be excludable
    n_never_excluded: int = 0

    @classmethod
    def make(cls, metric: Metric, rows: Tensor, bound: LowerBound) -> "ProductFilter":
        """Encodes all rows and keeps them."""
        kept = encode_all(bound, rows)
        return cls(metric, rows, bound, kept, kept.n_never_excluded())

    @property
    def name(self) -> str:
        """Returns the type of the encoded numbers, or prefix, by which ``search_report`` calls the filter."""
        return str(self.bound.dtype).removeprefix("torch.") if self._prefix is None else "prefix"

    @property
    def why(self) -> str:
        """Returns the reason for which the rule chooses the filter."""
        if self._prefix is not None:
            return f"{self._prefix.n_numbers - 1} directions are enough to exclude most rows"
        closed = isinstance(self.bound, SquaredBound) and self.bound.frame.gaps is not None
        once = ", once wide gaps between their numbers are closed" if closed else ""
        return f"products in {self.name} are fast here, and precise enough for these rows{once}"

    @property
    def _is_coarse(self) -> bool:
        """Tells whether the bounds leave so many pairs that it pays to see them in float32 before they are measured."""
        return self.rows.device.type == "cpu" and (self.bound.dtype == torch.uint8 or self._prefix is not None)

    @property
    def _prefix(self) -> Prefix | None:
        return self.bound.prefix if isinstance(self.bound, SquaredBound) else None

    def predict(self, n_queries: int) -> dict[str, float]:
        """Returns the seconds that one thread of a CPU should take to multiply kept rows, as products of it did."""
        if self.kept is None or self.rows.device.type != "cpu":
            return {}
        of_bound = seconds_of_bound(self.bound.dtype, self.kept.columns.shape[1])
        return {"multiply": n_queries * len(self.rows) * of_bound}

    def finer(self) -> list["ProductFilter"]:
        """Returns filters in more precise numbers, which encode rows when they are needed."""
        return [ProductFilter(self.metric, self.rows, bound) for bound in self.bound.finer()]

    def batch_size(self, k: int, scratch: int) -> int:
        """Returns the number of queries whose bounds fit the limit; 0 if products are not as precise as promised.

        0 also if rows would be encoded again for so few queries that it takes longer than to measure all pairs.
        """
        n_queries, fewest = self._plan(k, scratch).n_queries, 1 if self.kept is not None else LANES // 2
        return n_queries if n_queries >= fewest and product_keeps_error_limit(self.bound.dtype, self.rows.device) else 0

    def plan_for(self, n_queries: int, k: int, scratch: int) -> ProductPlan:
        """Returns how much to do at once for so many queries: larger blocks than for a full batch, if these fit."""
        plan = self._plan(k, scratch, n_queries)
        return plan if n_queries <= plan.n_queries else self._plan(k, scratch)

    def _plan(self, k: int, scratch: int, n_queries: int | None = None) -> ProductPlan:
        """Returns how much to do at once within the scratch, for a full batch or for ``n_queries`` queries.

        Its own ``n_queries`` is 0 if nothing fits or may be used.
        """
        device, sizes = self.rows.device, sizes_of(self.rows.device)
        dtype = self.bound.dtype
        out_dtype, n_copied = product_dtype(dtype, device), 2 * COPIED if dtype == torch.int8 else 0
        most = self._n_guessed(k + 1)
        least_rows = round_up(max(most, ENCODED_ROWS), UPPER)
        most_gaps = max(1, min(sizes.gaps, scratch // (4 * BYTES_OF_GAP)))
        if out_dtype is None:
            return ProductPlan(0, UPPER, most_gaps, dtype)
        longer = max(1, min(4, self.rows.shape[1] // WIDE)) if device.type == "cpu" and self._prefix is None else 1
        most_bounds = longer * sizes.bounds * 2 // max(2, out_dtype.itemsize)
        for_few = 0 if n_queries is None else most_bounds // round_up(n_queries + 1, LANES)
        most_rows = max(longer * sizes.rows, min(sizes.most_rows, max(for_few, k * ROWS_FOR_A_NEIGHBOR)))
        block_rows = round_up(max(most, even_share(len(self.rows), most_rows)), UPPER)
        width = max(LANES, min(most_bounds // block_rows // LANES * LANES, sizes.queries))
        while n_queries := width - has_witness(dtype):
            plan = ProductPlan(n_queries, block_rows, most_gaps, out_dtype, n_copied)
            n_encoded = n_queries if self.kept is not None else max(n_queries, self._n_encoded_at_once())
            width_of_product = product_width(n_queries, dtype, device)
            if product_bytes(plan, most, width_of_product, n_encoded, self.bound.encoding_bytes) <= scratch:
                return plan
            if width > LANES or block_rows <= least_rows:
                width //= 2
            else:
                block_rows = max(least_rows, round_up(block_rows // 2, UPPER))
        return ProductPlan(0, block_rows, most_gaps, out_dtype)

    def _n_encoded_at_once(self) -> int:
        return round_up(min(ENCODED_ROWS, ENCODING_BYTES // self.bound.encoding_bytes), UPPER)

    def search(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Found:
        """Searches block after block; the k-th distance so far is the next block's limit.

        Certifies nothing if torch's settings were changed since ``batch_size`` so that no product may be made, or only
        a larger one than was planned.
        """
        plan = self.plan_for(len(batch.queries), k, scratch)
        if len(batch.queries) > plan.n_queries:
            return nothing_found(len(batch.queries), k, self.rows.device)
        with clock.stage("encode"):
            encoded = self.encode_queries(batch.queries)
        found = nothing_found(len(batch.queries), k, self.rows.device)
        found = found._replace(certified=encoded.certifiable)  # as far as the blocks searched so far can tell
        room = batch.room or Room(self.rows.device)
        for start in range(0, len(self.rows), plan.block_rows):
            found = self._search_block(start, found, batch, encoded, plan, room, clock)
            if not bool(found.certified.any()):  # nor will it be by later blocks
                break
        return found

    def encode_queries(self, queries: Tensor) -> EncodedQueries:
        """Encodes queries, within ``Sizes.encoding`` bytes of scratch at a time, so that long ones stay in a cache."""
        n_at_once = max(1, sizes_of(queries.device).encoding // self.bound.encoding_bytes)
        parts = [self.bound.encode_queries(some) for some in queries.split(n_at_once)]
        encoded = EncodedQueries._make(None if x[0] is None else torch.cat(x) for x in zip(*parts, strict=True))
        columns = pad_columns(encoded.columns, witness=0)
        width = product_width(len(columns), self.bound.dtype, columns.device)
        factor = prepare_queries(columns, width, self.bound.dtype, encoded.start)
        return encoded._replace(columns=columns, factor=factor)

    def _search_block(
        self,
        start: int,
        found: Found,
        batch: Batch,
        encoded: EncodedQueries,
        plan: ProductPlan,
        room: Room,
        clock: Clock,
    ) -> Found:
        """Returns the nearest rows of those found so far and of the block from ``start``."""
        k = found.indices.shape[1]
        minima = self.multiply_block(start, encoded, plan, room, clock)
        kth, guess = found.reduced[:, -1], None
        kth = kth if batch.limits is None else kth.minimum(batch.limits)
        if start == 0 and (batch.limits is None or minima.most_open(self._threshold(kth, batch, encoded, plan)) > k):
            guess = self._guess(minima, batch, k, plan, clock)
            kth = kth.minimum(kth_distance(guess.reduced.view(len(batch.queries), -1), k))
        with clock.stage("exclude"):
            threshold = self._threshold(kth, batch, encoded, plan)
            certified = found.certified & minima.is_precise & (threshold < above_thresholds(plan.out_dtype))
            most_tied = None
            if encoded.is_exact is not None:  # then the first k tied rows are enough, beside the query itself
                most_tied = torch.where(encoded.is_exact, k + batch.n_self, len(self.rows))
            kept = minima.descend(threshold, certified, most_kept(plan.block_rows, k), most_tied)
            pairs = Pairs(kept.pairs.query, kept.pairs.row + start)
        with clock.stage("refine"):
            if self._is_coarse:
                pairs = drop_far(self.metric, self.rows, batch.queries, pairs, kth, plan.most_gaps)
            reduced = measure_unknown(self.metric, self.rows, batch, pairs, plan.most_gaps, guess)
            earlier = None if guess is not None else (found.reduced, found.indices)
            closest = nearest(within(Measured(pairs, reduced), kth), len(batch.queries), k, earlier)
        return Found(*closest, certified & kept.is_complete, found.n_candidates + len(pairs.query))

    def _threshold(self, kth: Tensor, batch: Batch, encoded: EncodedQueries, plan: ProductPlan) -> Tensor:
        """Returns numbers in the type of the bounds: a row with a bound above is farther than ``kth``, (n_queries,)."""
        return ceiling(self.bound.threshold(kth, batch.queries, encoded), plan.out_dtype)

    def _n_guessed(self, k: int) -> int:
        """Returns how many rows are guessed for a query, so that k are near even if its bounds are loose."""
        return k + self.n_never_excluded + (MORE_GUESSED if self.metric.manhattan_radius is not None else 0)

    def multiply_block(
        self, start: int, encoded: EncodedQueries, plan: ProductPlan, room: Room, clock: Clock
    ) -> BlockMinima:
        """Returns the bounds of the block of rows from ``start``."""
        n_rows = min(start + plan.block_rows, len(self.rows)) - start

        def encode(first: int, stop: int) -> EncodedRows:
            some = slice(start + first, start + stop)
            if self.kept is None:
                return _encode_rows(self.bound, self.rows[some])
            return EncodedRows._make(None if part is None else part[some] for part in self.kept)

        n_workers = 1 if self.kept is None else count_workers(self.rows.device)
        n_at_once = sizes_of(self.rows.device).product // len(encoded.columns)
        if self.kept is None:
            n_at_once = min(n_at_once, self._n_encoded_at_once())
        elif n_workers * FEWEST_ROWS_FOR_A_WORKER <= n_rows:
            n_at_once = min(n_at_once, even_share(n_rows, n_at_once, n_workers))
        finish = partial(self._divide, encoded, plan.most_gaps)
        pieces = Pieces(encode, finish, n_rows, round_up(n_at_once, UPPER), n_workers, self.bound.dtype, plan.out_dtype)
        return BlockMinima.make(pieces, encoded, room, clock)

    def _divide(self, encoded: EncodedQueries, n_at_once: int, product: Tensor, rows: EncodedRows) -> None:
        """Makes products into bounds where sizes are to be divided by; a query of padding has the size 1."""
        if rows.size is not None:
            size = torch.nn.functional.pad(encoded.size, (0, product.shape[1] - len(encoded.size)), value=1.0)
            divide_by_sizes(product, rows, size.to(torch.float32), n_at_once)

    def _guess(self, minima: BlockMinima, batch: Batch, k: int, plan: ProductPlan, clock: Clock) -> Measured:
        """Returns rows of the first block that are probably near, at least k without the query itself."""
        with clock.stage("guess"):
            guess = minima.least(min(minima.n_rows, self._n_guessed(k + batch.n_self)))
        with clock.stage("refine"):
            pairs = all_pairs(guess)
            return Measured(pairs, measure(self.metric, self.rows, batch, pairs, plan.most_gaps))


def encode_all(bound: LowerBound, rows: Tensor, order: Tensor | None = None) -> EncodedRows:
    """Returns all rows encoded, in the given order if any, within ``Sizes.encoding`` bytes of scratch at a time."""
    first = _encode_rows(bound, rows[:1])
    columns = torch.empty((len(rows), first.columns.shape[1]), dtype=bound.dtype, device=rows.device)
    kept = EncodedRows(columns, *(None if one is None else one.new_empty(len(rows)) for one in first[1:]))
    n_workers = count_workers(rows.device)
    n_at_once = max(1, sizes_of(rows.device).encoding // (bound.encoding_bytes * n_workers))

    def encode(some: slice) -> None:
        encoded = bound.encode_rows(rows[some] if order is None else rows.index_select(0, order[some]))
        write_padded(encoded.columns, columns[some], WITNESS)
        for whole, part in zip(kept[1:], encoded[1:], strict=True):
            if whole is not None and part is not None:
                whole[some] = part

    share(encode, [slice(start, start + n_at_once) for start in range(0, len(rows), n_at_once)], n_workers)
    return kept


def _encode_rows(bound: LowerBound, rows: Tensor) -> EncodedRows:
    encoded = bound.encode_rows(rows)
    return encoded._replace(columns=pad_columns(encoded.columns, WITNESS))
