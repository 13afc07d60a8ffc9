"""The filter for few features on a GPU: blocks of rows that lie together, and the bounding boxes of these blocks.

The rows are halved at the median of the feature in which they spread most, and the halves again, until a block has few
rows: the leaves of a k-d tree (Bentley, Multidimensional binary search trees, 1975). The queries of a batch are halved
in the same way, into bundles. The queries of a bundle look at the same blocks:

    guess    measure the nearest blocks; the k-th neighbour of a query is no farther than the k-th of these rows
    exclude  the distance of two boxes is a bound for each query and row in them: a block whose box is farther from the
             bundle's box than the largest of these k-th distances holds no neighbour of any query in the bundle
    refine   measure all rows of the blocks that are not excluded exactly, and keep the k nearest

Where boxes exclude little, as among equally distant rows, a query is not certified.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.filter import Batch, Filter, Found, Measured, Pairs, nothing_found
from accelerated.search.memory import BYTES_OF_BOX_GAP, boxes_bytes
from accelerated.search.refine import kth_distance, nearest
from accelerated.search.report import Clock
from accelerated.search.tree import tree_reach

# `python -m benchmarks.constants NAME --device cuda` measures these four:
MOST_IN_BLOCK = 64  # rows of a block, and queries of a bundle
OPEN_SHARE = 4  # a bundle may open 1 / 4 of the blocks
MOST_NEAR = 256  # rows that a query may keep; or 4 k
GPU_GAPS = 2**26  # differences of queries and rows in one feature that are held at once
GAPS = 2**18  # the same on a CPU, where this filter is used only if it is asked for by its name
MOST_QUERIES = 2**18  # in a batch, so that the progress bar moves
MOST_BOX_PAIRS = 2**30  # CUDA's nonzero counts to 2^31


@dataclass(frozen=True)
class FewFeaturesFilter:
    """Certifies queries for euclidean, manhattan and chebyshev distances."""

    metric: Metric
    n_rows: int
    indices: Tensor  # (n_blocks, size), the numbers of the rows, -1 where the last block is not full
    blocks: Tensor  # (n_blocks, size, n_features), NaN for the number -1: no comparison with NaN is true
    low: Tensor  # (n_blocks, n_features), the lower corner of each block's box
    high: Tensor  # (n_blocks, n_features), the upper corner
    others: Sequence[Filter]  # for queries that this filter does not certify even one by one
    most_in_bundle: int = MOST_IN_BLOCK

    @classmethod
    def make(cls, metric: Metric, rows: Tensor, others: Sequence[Filter]) -> "FewFeaturesFilter":
        """Puts the rows into blocks."""
        indices = halve(rows, MOST_IN_BLOCK)
        blocks = points_or_nan(rows, indices)
        low, high = (corner.to(torch.float64) for corner in corners(blocks))
        return cls(metric, len(rows), indices, blocks, low, high, others)

    @property
    def name(self) -> str:
        """Returns the name by which ``search_report`` calls the filter."""
        return "boxes" if self.most_in_bundle > 1 else "boxes, one by one"

    @property
    def why(self) -> str:
        """Returns the reason for which the rule chooses the filter."""
        return f"{self.low.shape[1]} features are few for {self.n_rows} rows, so boxes exclude most of them"

    def finer(self) -> Sequence[Filter]:
        """Returns this filter with bundles of one query, as one that lies apart spoils a bundle; then the others."""
        return [replace(self, most_in_bundle=1), *self.others]

    def batch_size(self, k: int, scratch: int) -> int:
        """Returns the number of queries that fit the limit."""
        n_queries = MOST_QUERIES
        while n_queries and not self._fits(n_queries, self._bundle_size(n_queries), k, scratch):
            n_queries //= 2
        return n_queries

    def _bundle_size(self, n_queries: int) -> int:
        """Returns how many queries take about as much space as the rows of a block."""
        return max(1, min(self.most_in_bundle, n_queries * MOST_IN_BLOCK // self.n_rows))

    def _fits(self, n_queries: int, most_in_bundle: int, k: int, scratch: int) -> bool:
        n_bundles, size = shape_of_parts(n_queries, most_in_bundle)
        n_gaps, n_blocks = self._most_gaps(scratch), len(self.low)
        if n_gaps < size * self.blocks[0].numel() or n_bundles * n_blocks > MOST_BOX_PAIRS:
            return False
        n_guessed = self.blocks.shape[1] * self._n_guessed(k)
        needed = boxes_bytes(n_bundles, n_bundles * size, n_blocks, n_guessed, most_near(k), n_gaps)
        return needed <= scratch

    def _most_gaps(self, scratch: int) -> int:
        most = GAPS if self.blocks.device.type == "cpu" else GPU_GAPS
        return min(most, scratch // (2 * BYTES_OF_BOX_GAP))

    def _n_guessed(self, k: int) -> int:
        """Returns a number of blocks that have k rows even without the query itself and with one block not full."""
        return min(len(self.low), k // self.blocks.shape[1] + 2)

    def search(self, batch: Batch, k: int, scratch: int, clock: Clock) -> Found:
        """Measures the blocks of rows that are near each bundle of queries."""
        n_queries = len(batch.queries)
        with clock.stage("bundle"):
            size = self._bundle_size(n_queries)
            while not self._fits(n_queries, size, k, scratch) and size < self.most_in_bundle:
                size += 1  # few queries make small bundles, which may be more than ``batch_size`` has reckoned with
            numbers = halve(batch.queries, size)  # (n_bundles, size)
        is_query = numbers >= 0
        filled = torch.where(is_query, numbers, numbers[:, :1])
        bundles = Bundles(batch.queries[filled], batch.self_index[filled])
        found = self._search_bundles(bundles, k, self._most_gaps(scratch), clock)
        reduced, indices, certified, _ = nothing_found(n_queries, k, numbers.device)
        at, kept = numbers[is_query], is_query.flatten()
        reduced[at] = found.reduced[kept]
        indices[at] = found.indices[kept]
        certified[at] = found.certified[kept]
        return Found(reduced, indices, certified, found.n_candidates)

    def _search_bundles(self, bundles: "Bundles", k: int, most_gaps: int, clock: Clock) -> Found:
        """Returns the neighbours of all queries of the bundles, (n_bundles * size, k)."""
        n_bundles, size = bundles.self_index.shape
        most = most_near(k)
        with clock.stage("guess"):
            bound = self._distance_of_boxes(bundles.queries.amin(1), bundles.queries.amax(1))  # (n_bundles, n_blocks)
            near_blocks = bound.topk(self._n_guessed(k), dim=1, largest=False).indices
            bundle = torch.arange(n_bundles, device=bound.device).repeat_interleave(near_blocks.shape[1])
            block = near_blocks.flatten()
            guessed = torch.cat([reduced for _, reduced in self._measure(bundles, bundle, block, most_gaps)])
            by_query = guessed.unflatten(0, near_blocks.shape).transpose(1, 2).flatten(2)
            kth = kth_distance(by_query, k)  # (n_bundles, size)
            n_near = torch.zeros_like(kth, dtype=torch.int64)
            near = [_near_rows(kth, n_near, most, bundle, self.indices[block], guessed)]
        with clock.stage("exclude"):
            is_open = bound <= tree_reach(self.metric.to_tree(kth)).amax(1, keepdim=True)
            is_few = is_open.sum(1) <= max(near_blocks.shape[1], len(self.low) // OPEN_SHARE)
            is_open.scatter_(1, near_blocks, False)  # these are measured already
            bundle, block = (is_open & is_few[:, None]).nonzero(as_tuple=True)
        with clock.stage("refine"):
            for some, reduced in self._measure(bundles, bundle, block, most_gaps):
                counted = near[-1].n_near
                near.append(_near_rows(kth, counted, most, bundle[some], self.indices[block[some]], reduced))
            certified = (is_few[:, None] & (near[-1].n_near <= most)).flatten()
            n_candidates = size * self.blocks.shape[1] * (near_blocks.numel() + len(bundle))
            return Found(*_nearest_of(near, certified, k, self.n_rows), certified, n_candidates)

    def _distance_of_boxes(self, low: Tensor, high: Tensor) -> Tensor:
        """Returns the distances of boxes with these corners, (n, n_features), to those of the blocks, (n, n_blocks)."""
        total = torch.zeros((len(low), len(self.low)), dtype=torch.float64, device=low.device)
        for i in range(low.shape[1]):
            gap = torch.maximum(self.low[:, i] - high[:, i, None], low[:, i, None] - self.high[:, i]).clamp_(min=0)
            if self.metric.tree_p == torch.inf:
                total = torch.maximum(total, gap)
            else:
                total += gap if self.metric.tree_p == 1 else gap * gap
        return total.sqrt_() if self.metric.tree_p == 2 else total

    def _measure(
        self, bundles: "Bundles", bundle: Tensor, block: Tensor, most_gaps: int
    ) -> Iterator[tuple[slice, Tensor]]:
        """Measures bundle[i] to block[i], for all i: yields slices of i, and distances (n, bundle size, block size)."""
        assert self.metric.measure_pairs is not None
        n_at_once = most_gaps // (bundles.queries.shape[1] * self.blocks[0].numel())
        for start in range(0, len(bundle), n_at_once):
            some = slice(start, start + n_at_once)
            rows = self.blocks[block[some]].to(torch.float64)
            reduced = self.metric.measure_pairs(bundles.queries[bundle[some]][:, :, None], rows[:, None])
            is_self = bundles.self_index[bundle[some]][:, :, None] == self.indices[block[some]][:, None]
            yield some, reduced.masked_fill_(is_self, torch.inf)  # a place without a row gets infinity or keeps NaN


class Bundles(NamedTuple):
    """Queries that lie together; a bundle that is not full repeats its first query."""

    queries: Tensor  # (n_bundles, size, n_features)
    self_index: Tensor  # (n_bundles, size)


class NearRows(NamedTuple):
    """Those rows of some blocks that may be neighbours of a query."""

    measured: Measured  # the queries are numbered through all bundles
    n_near: Tensor  # (n_bundles, size): how many rows there were for each query, in these blocks and earlier ones


def _near_rows(kth: Tensor, n_earlier: Tensor, most: int, bundle: Tensor, numbers: Tensor, reduced: Tensor) -> NearRows:
    """Returns those rows of blocks that are not beyond ``kth``, for queries with at most ``most`` of them so far.

    The rows have these numbers, (n, block size), and reduced distances, (n, size, block size), to bundles (n,).
    """
    is_near = reduced <= kth[bundle][..., None]
    n_near = n_earlier.index_add(0, bundle, is_near.sum(2))
    is_near &= (n_near <= most)[bundle][..., None]
    n, in_bundle, in_block = is_near.nonzero(as_tuple=True)
    query = bundle[n] * kth.shape[1] + in_bundle
    return NearRows(Measured(Pairs(query, numbers[n, in_block]), reduced[is_near]), n_near)


def _nearest_of(near: list[NearRows], certified: Tensor, k: int, n_rows: int) -> tuple[Tensor, Tensor]:
    """Returns reduced distances and numbers of the k nearest rows, (n_queries, k); infinity if not certified."""
    query = torch.cat([some.measured.pairs.query for some in near])
    row = torch.cat([some.measured.pairs.row for some in near])
    reduced = torch.cat([some.measured.reduced for some in near])
    keep = certified[query].nonzero()[:, 0]
    keep = keep[(query[keep] * n_rows + row[keep]).argsort()]
    return nearest(Measured(Pairs(query[keep], row[keep]), reduced[keep]), len(certified), k)


def most_near(k: int) -> int:
    """Returns how many near rows a query may have; with more it is not certified."""
    return max(MOST_NEAR, 4 * k)


def halve(points: Tensor, largest: int) -> Tensor:
    """Returns the numbers of points (n, n_features), parts of nearby points line by line, (n_parts, size).

    The parts are blocks of rows, or bundles of queries; a part has at most ``largest`` points. All parts are full
    except the last, which may end in -1.

    >>> halve(torch.tensor([[9.0, 0.0], [0.0, 1.0], [8.0, 0.0], [0.0, 0.0], [1.0, 0.0]]), largest=2)
    tensor([[ 1,  3],
            [ 4,  2],
            [ 0, -1]])
    """
    n_parts, size = shape_of_parts(len(points), largest)
    depth = (n_parts - 1).bit_length()
    numbers = torch.full((size << depth,), -1, device=points.device)
    numbers[: len(points)] = torch.arange(len(points), device=points.device)
    for level in range(depth):
        numbers = numbers.view(1 << level, -1)
        halved = points_or_nan(points, numbers)
        low, high = corners(halved)
        widest = (high - low).argmax(1)[:, None, None].expand(-1, halved.shape[1], 1)
        numbers = numbers.gather(1, halved.gather(2, widest)[..., 0].argsort(dim=1, stable=True))  # NaN last
    return numbers.view(-1, size)[:n_parts]


def shape_of_parts(n: int, largest: int) -> tuple[int, int]:
    """Returns how many parts n points make, and their size, if they are halved until a part has ``largest`` or less."""
    depth = (-(-n // largest) - 1).bit_length()
    size = -(-n >> depth)
    return -(-n // size), size


def points_or_nan(points: Tensor, numbers: Tensor) -> Tensor:
    """Returns the points with these numbers, (..., n_features), NaN for the number -1."""
    return torch.where(numbers[..., None] < 0, torch.nan, points[numbers])


def corners(parts: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the least and the largest values of the points of each part, (n_parts, size, n_features), except NaN."""
    is_none = parts.isnan()
    return parts.masked_fill(is_none, torch.inf).amin(1), parts.masked_fill(is_none, -torch.inf).amax(1)
