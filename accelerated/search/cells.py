"""The filter by cells, for rows in clusters: a query is compared with the rows of near cells alone.

    guess    measure the rows with the least bounds in the nearest cells: no neighbour is farther than the k-th of these
    exclude  all rows of the cells that are farther away (``bounds/cells.py``), and in the other cells the rows with
             bounds above that distance, by a product of each cell's rows with the queries that need the cell
    refine   measure the remaining pairs exactly, and keep the k nearest

Rows are encoded in the order of their cells, so that those of a cell lie side by side.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.accumulation import product_keeps_error_limit
from accelerated.search.bounds.cells import (
    MOST_FEATURES,
    Cells,
    divide_rows,
    draw_centers,
    lowered_distances,
    lowest,
    predict_share,
    width_of_clusters,
)
from accelerated.search.bounds.frame import N_SAMPLED, Frame, reach
from accelerated.search.bounds.multiply import ceiling, has_witness, is_as_precise_as_asked, product_dtype
from accelerated.search.bounds.protocol import EncodedQueries
from accelerated.search.bounds.squared import SquaredBound
from accelerated.search.filter import Batch, Found, Measured, Pairs
from accelerated.search.memory import BYTES_OF_BOUND_IN_CELL, BYTES_OF_GAP, cells_bytes
from accelerated.search.product_filter import ProductFilter, encode_all
from accelerated.search.refine import measure, measure_unknown, nearest
from accelerated.search.report import Clock
from accelerated.search.sizes import sizes_of
from accelerated.search.speeds import CPU, seconds_of_bound, seconds_of_products

# `python -m benchmarks.constants NAME` measures these six:
CELL_SAMPLE = 2**10  # rows that centres are drawn from
MOST_CENTERS = 2**8  # that are drawn
ROWS_OF_CELL = 2**8  # rows for each cell, at least, in the mean
QUERIES_TO_PAY = 1000  # with so many the fit and the search must take less time than by other filters
FEWEST_WITH_CELLS = 2**10  # queries; fewer are not worth a worker of their own, because each cell has few of them
CELL_QUERIES = 2**11  # in a batch, at most: the more there are, the more share a cell

KEPT_IN_CELLS = 2**10  # pairs that a query may keep, or 4 k

SECONDS_OF_NUMBER = 6e-9  # to find the cell of a row and to encode it, for each column
OF_CELL = 2e-9  # seconds that a bound in a cell takes besides its product
# A search by cells may take so many times as long as a sample shows: a second worker does not help few queries, and a
# query may need twice the share of the rows.
MARGIN = 4
OF_MINIMA = 1e-9  # seconds that other filters take for a bound besides its product

Places = tuple[Tensor, Tensor]  # queries, and places in the order of the cells


class Bounded(NamedTuple):
    """A batch of queries, and what their bounds are made from."""

    encoded: EncodedQueries
    distances: Tensor  # float64 (n_queries, n_cells), from the centres, in the frame


class Kept(NamedTuple):
    """The pairs that no bound excludes."""

    pairs: Pairs  # sorted by (query, row)
    is_complete: Tensor  # bool (n_queries,): False for a query with too many pairs, or bounds that prove nothing


@dataclass(frozen=True)
class CellFilter:
    """Certifies queries for rows in clusters."""

    metric: Metric
    rows: Tensor  # (n_rows, n_features)
    cells: Cells
    bound: SquaredBound
    columns: Tensor  # (n_rows, n_columns), the encoded rows in the order of their cells
    name = "cells"
    why = "rows lie in clusters, so a query needs the rows of near ones alone"

    @classmethod
    def make(cls, metric: Metric, rows: Tensor, frame: Frame, k: int, is_asked: bool) -> "CellFilter | None":
        """Returns the filter; None if a sample shows that a query needs too many cells, unless it is asked for."""
        bound = SquaredBound.make(metric, frame, torch.float32).useful()
        n_cells = min(MOST_CENTERS, len(rows) // ROWS_OF_CELL)
        if not product_keeps_error_limit(bound.dtype, rows.device) or len(frame.center) > MOST_FEATURES:
            return None
        few, many = (rows[:: max(1, len(rows) // n)] for n in (N_SAMPLED, CELL_SAMPLE))
        width = width_of_clusters(frame.apply(metric.embed(few), torch.float32).cpu(), k, len(rows))
        if not is_asked and (n_cells < 2 or width is None):
            return None
        sample = frame.apply(metric.embed(many), torch.float32).cpu()
        centers = draw_centers(sample, max(2, n_cells), width or 0.0)
        if not (is_asked or _pays(predict_share(sample, centers, k, len(rows)), centers)):
            return None
        cells = divide_rows(metric, rows, frame, centers)
        return cls(metric, rows, cells, bound, encode_all(bound, rows, cells.order).columns)

    @property
    def fewest_for_a_worker(self) -> int:
        """Returns the number of queries that are worth a worker of their own."""
        return FEWEST_WITH_CELLS

    def finer(self) -> list[ProductFilter]:
        """Returns filters by products with all rows, which encode rows when they are needed."""
        return [ProductFilter(self.metric, self.rows, bound) for bound in (self.bound, *self.bound.finer())]

    def batch_size(self, k: int, scratch: int) -> int:
        """Returns the number of queries whose pairs fit the limit; 0 if products are not as precise as promised."""
        if product_dtype(self.bound.dtype, self.rows.device) is None:
            return 0
        of_query = cells_bytes(len(self.cells.radius), most_of_query(k), self.bound.encoding_bytes)
        n_bounds = max(self._most_bounds(scratch), 2 * int(self.cells.size.max()))
        for_queries = scratch - n_bounds * BYTES_OF_BOUND_IN_CELL - self.most_gaps(scratch) * BYTES_OF_GAP
        return max(0, min(CELL_QUERIES, for_queries // of_query))

    def most_gaps(self, scratch: int) -> int:
        """Returns how many differences are held at once when pairs are measured."""
        return max(1, min(sizes_of(self.rows.device).gaps, scratch // (4 * BYTES_OF_GAP)))

    def _most_bounds(self, scratch: int) -> int:
        """Returns how many bounds are held at once, if there is more than one query."""
        return min(sizes_of(self.rows.device).product, scratch // (4 * BYTES_OF_BOUND_IN_CELL))

    def search(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Found:
        """Guesses in the nearest cells, then searches all cells that the guess leaves."""
        with clock.stage("encode"):
            bounded = self.bounds_of(batch.queries)
        guess = self._guess(bounded, batch, k, scratch, clock)
        kth = nearest(guess, len(batch.queries), k)[0][:, -1]
        kth = kth if batch.limits is None else kth.minimum(batch.limits)
        with clock.stage("exclude"):
            kept = self.pairs_within(kth, batch.queries, bounded, k, scratch)
        with clock.stage("refine"):
            reduced = measure_unknown(self.metric, self.rows, batch, kept.pairs, self.most_gaps(scratch), guess)
            closest = nearest(Measured(kept.pairs, reduced), len(batch.queries), k)
        return Found(*closest, kept.is_complete, len(kept.pairs.query))

    def bounds_of(self, queries: Tensor) -> Bounded:
        """Encodes queries, and makes their bounds on the distances to cells."""
        encoded = ProductFilter(self.metric, self.rows, self.bound).encode_queries(queries)
        points = self.bound.frame.apply(self.metric.embed(queries))
        return Bounded(encoded, lowered_distances(self.cells.centers, points))

    def _guess(self, bounded: Bounded, batch: Batch, k: int, scratch: int, clock: Clock) -> Measured:
        """Returns the rows with the least bounds in each of the nearest cells of a query, which have k rows or more."""
        n_wanted, parts = k + batch.n_self, []
        with clock.stage("guess"):
            nearest_cells = self._nearest_cells(bounded.distances, n_wanted)
            for some, query, bounds in self._products(nearest_cells, bounded, scratch):
                n_least = min(n_wanted, bounds.shape[1])
                place = bounds[: len(query)].topk(n_least, largest=False, sorted=False).indices
                parts.append((query.repeat_interleave(n_least), some.start + place.flatten()))
            pairs = self._sorted(parts)
        with clock.stage("refine"):
            return Measured(pairs, measure(self.metric, self.rows, batch, pairs, self.most_gaps(scratch)))

    def _nearest_cells(self, distances: Tensor, n_wanted: int) -> Tensor:
        """Returns which cells are the nearest that have so many rows together, bool (n_queries, n_cells)."""
        order = distances.argsort(1)
        size = self.cells.size[order]
        return torch.zeros_like(order, dtype=torch.bool).scatter_(1, order, size.cumsum(1) - size < n_wanted)

    def pairs_within(self, reduced: Tensor, queries: Tensor, bounded: Bounded, k: int, scratch: int) -> Kept:
        """Returns the pairs that may be as near as ``reduced``, (n_queries,).

        If there are more than ``most_of_query(k)`` for each query, those with more are not complete.
        """
        encoded, n_queries, most = bounded.encoded, len(queries), most_of_query(k)
        beyond = reach(self.metric, reduced, queries, encoded.size, self.bound.frame)
        threshold = ceiling(self.bound.threshold(reduced, queries, encoded), self.bound.dtype)
        complete = encoded.certifiable & threshold.isfinite()
        is_open = ~(lowest(bounded.distances, self.cells.radius) > beyond[:, None]) & complete[:, None]
        n_pairs, parts, precise = 0, [], []
        for some, query, bounds in self._products(is_open, bounded, scratch):
            place, row = (bounds[: len(query)] <= threshold[query, None]).nonzero(as_tuple=True)
            precise.append(is_as_precise_as_asked(bounds.T, self.bound.dtype, self.bound.dtype))
            parts.append((query[place], some.start + row))
            n_pairs += len(row)
            if n_pairs > most * n_queries:
                parts, are_few = _drop_many(parts, most, n_queries)
                complete, n_pairs = complete & are_few, len(parts[0][0])
        if precise:
            complete = complete & torch.stack(precise).all()
        return Kept(self._sorted(parts), complete)

    def _products(self, is_needed: Tensor, bounded: Bounded, scratch: int) -> Iterator[tuple[slice, Tensor, Tensor]]:
        """Yields the places of each cell's rows, some queries that need it, and their bounds, (n_queries, n_rows).

        ``is_needed`` is bool (n_queries, n_cells). There is one more line of bounds if there is a witness.
        """
        factor, n_witnesses = bounded.encoded.factor, int(has_witness(self.bound.dtype))
        assert isinstance(factor, Tensor)
        witness = torch.arange(len(factor) - n_witnesses, len(factor), device=factor.device)  # its line is the last
        of_cells = is_needed.T.nonzero()[:, 1].split(is_needed.sum(0).tolist())
        for (first, last), of_cell in zip(pairwise(self.cells.start.tolist()), of_cells, strict=True):
            if len(of_cell):
                n_at_once = max(1, self._most_bounds(scratch) // (last - first) - n_witnesses)
                for query in of_cell.split(n_at_once):
                    lines = factor.index_select(0, torch.cat([query, witness]))
                    yield slice(first, last), query, lines @ self.columns[first:last].T

    def _sorted(self, parts: list[Places]) -> Pairs:
        """Returns queries and the rows at places in the order of the cells as pairs, sorted by (query, row)."""
        if not parts:
            empty = torch.zeros(0, dtype=torch.int64, device=self.rows.device)
            return Pairs(empty, empty)
        query, place = (torch.cat(some) for some in zip(*parts, strict=True))
        key = (query * len(self.rows) + self.cells.order[place]).sort().values
        return Pairs(key // len(self.rows), key % len(self.rows))


def _drop_many(parts: list[Places], most: int, n_queries: int) -> tuple[list[Places], Tensor]:
    """Returns the queries and places without those of queries with more than ``most``, and which have no more."""
    query, place = (torch.cat(some) for some in zip(*parts, strict=True))
    are_few = torch.bincount(query, minlength=n_queries) <= most
    keep = are_few[query]
    return [(query[keep], place[keep])], are_few


def _pays(share_needed: float, centers: Tensor) -> bool:
    """Tells whether cells of these centres are expected to take less time for a row than products with all queries."""
    n_cells, n_columns = centers.shape
    fastest = min(seconds_of_bound(dtype, n_columns) for dtype in seconds_of_products(CPU))
    of_bound = seconds_of_bound(torch.float32, n_columns)
    by_cells = n_cells * of_bound + n_columns * SECONDS_OF_NUMBER
    by_cells += QUERIES_TO_PAY * MARGIN * share_needed * (of_bound + OF_CELL)
    return by_cells < QUERIES_TO_PAY * (fastest + OF_MINIMA)


def most_of_query(k: int) -> int:
    """Returns how many pairs a query may keep; with more it is not certified."""
    return max(KEPT_IN_CELLS, 4 * k)
