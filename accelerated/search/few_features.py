"""The filter for few features on a GPU: rows that lie together in blocks, and bounding boxes around these.

Rows are halved at the median of the feature in which they spread most, and the halves again, until a block has few: the
leaves of a k-d tree (Bentley, Multidimensional binary search trees, 1975). Queries are grouped so too, and a group
looks at blocks together:

    guess    measure the nearest blocks; the k-th neighbour of a query is no farther than the k-th of these rows
    exclude  a block whose box is farther from the group's box than that, for all of the group, has no neighbour of it
    refine   measure all rows of the other blocks exactly, and keep the k best

Where boxes exclude little, as among equals, a query is not answered here.
"""

import copy
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.product_filter import ProductFilter
from accelerated.search.refine import Found, Pairs, nearest, nothing_found
from accelerated.search.report import Report
from accelerated.search.tree import tree_reach

ROWS = 64  # in a block, at most, and queries in a group
MOST_BLOCKS = 4  # one in so many may be left for a group
MOST_ROWS = 1024  # may be left for a query; or 4 k
GAPS, GPU_GAPS = 2**18, 2**26  # differences of queries and rows that are held at once
SCRATCH_OF_GAP = 80  # bytes: the difference, its square, with one feature also the sum, its root, whether it is near
SCRATCH_OF_BOXES = 40  # bytes: how far two boxes are apart, in four steps, and which are left
SCRATCH_OF_GUESS = 4 * 8  # bytes: a distance, put together, turned, and selected from
SCRATCH_OF_ROW = 100  # bytes: a row that is left, its query and its distance, put together, sorted, in a matrix
MOST_PAIRS = 2**30  # of boxes: CUDA's nonzero counts to 2^31


class BoxFilter:
    """Answers for euclidean, manhattan and chebyshev distances."""

    n_at_once = 2**16

    def __init__(self, metric: Metric, rows: Tensor, products: Sequence[ProductFilter]):
        self.name, self.most_in_group = "boxes", ROWS
        self.metric, self.n_rows, self.products = metric, len(rows), products
        self.numbers = in_blocks(rows, ROWS)  # of the rows, (n_blocks, size)
        self.rows = rows_or_nan(rows, self.numbers)  # (n_blocks, size, n_features); no comparison with NaN is true
        self.low, self.high = (corner.to(torch.float64) for corner in corners(self.rows))

    def finer(self) -> Sequence["BoxFilter | ProductFilter"]:
        """The same for each query alone, as one that lies apart spoils its group; then the products."""
        alone = copy.copy(self)
        alone.name, alone.most_in_group = "boxes, one by one", 1
        return [alone, *self.products]

    def search(self, queries: Tensor, own: Tensor | None, k: int, memory_limit: int, report: Report) -> Found:
        """Reduced distances and rows of the k nearest, both (n_queries, k), and which queries are answered."""
        reduced, indices, answered = nothing_found(len(queries), k, queries.device)
        with report.stage("group"):  # as many queries as lie in the space of a block
            numbers = in_blocks(queries, max(1, min(self.most_in_group, len(queries) * ROWS // self.n_rows)))
        size = numbers.shape[1]
        gaps = min(GAPS if queries.device.type == "cpu" else GPU_GAPS, memory_limit // (2 * SCRATCH_OF_GAP))
        of_query = SCRATCH_OF_ROW * most_rows(k) + SCRATCH_OF_GUESS * self.rows.shape[1] * self._n_guessed(k)
        of_group = SCRATCH_OF_BOXES * len(self.low) + size * of_query
        batch = min((memory_limit - gaps * SCRATCH_OF_GAP) // of_group, MOST_PAIRS // len(self.low))
        if batch and gaps >= size * self.rows[0].numel():
            for some in numbers.split(batch):
                found = self._search_groups(queries, some, own, k, gaps, report)
                is_query = some >= 0
                for all_of_them, of_groups in zip((reduced, indices, answered), found, strict=True):
                    all_of_them[some[is_query]] = of_groups.unflatten(0, some.shape)[is_query]
        return reduced, indices, answered

    def _n_guessed(self, k: int) -> int:
        """Blocks that have k rows in any case, without the query itself and what one block lacks."""
        return min(len(self.low), k // self.rows.shape[1] + 2)

    def _search_groups(
        self, queries: Tensor, numbers: Tensor, own: Tensor | None, k: int, gaps: int, report: Report
    ) -> Found:
        """The answers for the queries with these numbers, (n_groups, size), as if in one line."""
        numbers = torch.where(numbers < 0, numbers[:, :1], numbers)
        groups = queries[numbers]  # (n_groups, size, n_features)
        own = None if own is None else own[numbers]
        with report.stage("guess"):
            away = self._distance_of_boxes(groups.amin(1), groups.amax(1))  # (n_groups, n_blocks)
            near_blocks = away.topk(self._n_guessed(k), dim=1, largest=False).indices
            group = torch.arange(len(groups), device=queries.device).repeat_interleave(near_blocks.shape[1])
            block = near_blocks.flatten()
            guessed = torch.cat([part for _, part in self._measure(groups, own, group, block, gaps)])
            by_query = guessed.unflatten(0, near_blocks.shape).transpose(1, 2).flatten(2)
            farthest = by_query.topk(k, dim=2, largest=False, sorted=False).values.amax(2)  # (n_groups, size)
            del by_query
            left = Left(farthest, most_rows(k))
            left.add(group, self.numbers[block], guessed)
        with report.stage("exclude"):
            is_left = away <= tree_reach(self.metric.to_tree(farthest)).amax(1, keepdim=True)
            few = is_left.sum(1) <= max(near_blocks.shape[1], len(self.low) // MOST_BLOCKS)
            is_left.scatter_(1, near_blocks, False)
            group, block = (is_left & few[:, None]).nonzero(as_tuple=True)
        with report.stage("refine"):
            for some, reduced in self._measure(groups, own, group, block, gaps):
                left.add(group[some], self.numbers[block[some]], reduced)
            report.candidates += groups.shape[1] * self.rows.shape[1] * (near_blocks.numel() + len(group))
            answered = few.repeat_interleave(groups.shape[1]) & left.is_complete()
            return *left.nearest(answered, k, self.n_rows), answered

    def _distance_of_boxes(self, low: Tensor, high: Tensor) -> Tensor:
        """How far boxes with these corners, (n, n_features), are from those of the blocks, (n, n_blocks)."""
        total = torch.zeros((len(low), len(self.low)), dtype=torch.float64, device=low.device)
        for i in range(low.shape[1]):
            gap = torch.maximum(self.low[:, i] - high[:, i, None], low[:, i, None] - self.high[:, i]).clamp_(min=0)
            if self.metric.tree_p == torch.inf:
                total = torch.maximum(total, gap)
            else:
                total += gap if self.metric.tree_p == 1 else gap * gap
        return total.sqrt_() if self.metric.tree_p == 2 else total

    def _measure(
        self, groups: Tensor, own: Tensor | None, group: Tensor, block: Tensor, gaps: int
    ) -> Iterator[tuple[slice, Tensor]]:
        """Which of the groups and blocks, (n,) each, and their reduced distances, (..., size, block size)."""
        assert self.metric.pairs is not None
        n_at_once = gaps // (groups.shape[1] * self.rows[0].numel())
        for start in range(0, len(group), n_at_once):
            some = slice(start, start + n_at_once)
            rows = self.rows[block[some]].to(torch.float64)
            reduced = self.metric.pairs(groups[group[some]][:, :, None], rows[:, None])
            if own is not None:
                is_own = own[group[some]][:, :, None] == self.numbers[block[some]][:, None]
                reduced.masked_fill_(is_own, torch.inf)
            yield some, reduced


class Left:
    """The rows that may be neighbours: not beyond ``farthest``, (n_groups, size), and not too many for a query."""

    def __init__(self, farthest: Tensor, most: int):
        self.farthest, self.most = farthest, most
        self.n_rows = torch.zeros(farthest.numel(), dtype=torch.int64, device=farthest.device)  # of each query
        self.parts: list[tuple[Tensor, Tensor, Tensor]] = []  # queries, rows, reduced distances

    def add(self, group: Tensor, numbers: Tensor, reduced: Tensor) -> None:
        """Those of blocks of rows with these numbers, (n, block size), at reduced distances (n, size, block size)."""
        is_near = reduced <= self.farthest[group][..., None]
        size = self.farthest.shape[1]
        query = group[:, None] * size + torch.arange(size, device=group.device)  # (n, size)
        self.n_rows.index_add_(0, query.flatten(), is_near.sum(2).flatten())
        is_near &= (self.n_rows <= self.most)[query][..., None]
        n, in_group, in_block = is_near.nonzero(as_tuple=True)
        self.parts.append((query[n, in_group], numbers[n, in_block], reduced[is_near]))

    def is_complete(self) -> Tensor:
        """The queries for which all such rows are here, (n_groups * size,)."""
        return self.n_rows <= self.most

    def nearest(self, wanted: Tensor, k: int, n_rows: int) -> tuple[Tensor, Tensor]:
        """Reduced distances and rows of the k nearest, (n_groups * size, k), of the queries that are ``wanted``."""
        query, row, reduced = (torch.cat(part) for part in zip(*self.parts, strict=True))
        keep = wanted[query].nonzero()[:, 0]
        keep = keep[(query[keep] * n_rows + row[keep]).argsort()]
        return nearest(Pairs(query[keep], row[keep]), reduced[keep], len(wanted), k)


def most_rows(k: int) -> int:
    """How many rows may be left for a query."""
    return max(MOST_ROWS, 4 * k)


def in_blocks(points: Tensor, most: int) -> Tensor:
    """The numbers of points (n, n_features), those that lie together in a line, (n_blocks, size).

    A line has at most ``most``. What is lacking to full lines is at the end, where all of a line may be lacking, which
    then is none; of the others all are full but for one, which ends in -1.

    >>> in_blocks(torch.tensor([[9.0, 0.0], [0.0, 1.0], [8.0, 0.0], [0.0, 0.0], [1.0, 0.0]]), most=2)
    tensor([[ 1,  3],
            [ 4,  2],
            [ 0, -1]])
    """
    n = len(points)
    depth = (-(-n // most) - 1).bit_length()
    size = -(-n >> depth)
    numbers = torch.full((size << depth,), -1, device=points.device)
    numbers[:n] = torch.arange(n, device=points.device)
    for level in range(depth):
        numbers = numbers.view(1 << level, -1)
        halved = rows_or_nan(points, numbers)
        low, high = corners(halved)
        widest = (high - low).argmax(1)[:, None, None].expand(-1, halved.shape[1], 1)
        numbers = numbers.gather(1, halved.gather(2, widest)[..., 0].argsort(dim=1, stable=True))  # NaN last
    numbers = numbers.view(-1, size)
    return numbers[: -(-n // size)]


def rows_or_nan(points: Tensor, numbers: Tensor) -> Tensor:
    """The points with these numbers, (..., n_features), NaN where a number is -1."""
    return torch.where(numbers[..., None] < 0, torch.nan, points[numbers])


def corners(blocks: Tensor) -> tuple[Tensor, Tensor]:
    """The lowest and the highest values of the points, (n_blocks, size, n_features), that are not NaN."""
    is_none = blocks.isnan()
    return blocks.masked_fill(is_none, torch.inf).amin(1), blocks.masked_fill(is_none, -torch.inf).amax(1)
