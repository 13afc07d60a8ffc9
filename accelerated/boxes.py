"""The filter for few features on a GPU: rows that lie together in blocks, and bounding boxes around these.

Rows are halved at the median of the feature in which they spread most, and the halves again, until a block has few: the
leaves of a k-d tree (Bentley, Multidimensional binary search trees, 1975). Queries are grouped so too, and a group
looks at blocks together:

    guess    measure the nearest blocks; the k-th neighbour of a query is no farther than the k-th of these rows
    exclude  a block whose box is farther from the group's box than that, for all of the group, has no neighbour of it
    refine   measure all rows of the other blocks exactly, and keep the k best

Where boxes exclude little, as among equals, a query is not answered here.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.product import ProductFilter
from accelerated.refine import Found, Pairs, nearest, nothing_found
from accelerated.report import Report
from accelerated.tree import tree_reach

BLOCK = 64  # rows, and at most as many queries in a group
MOST_BLOCKS = 4  # one in so many may be left for a group
MOST_ROWS = 1024  # may be left for a query; or 4 k
GAPS, GPU_GAPS = 2**18, 2**26  # numbers at once, when rows are measured
GAP_BYTES, ROW_BYTES, BOX_BYTES = 80, 100, 40  # of scratch for each, for a row that is left, and for a pair of boxes


class BoxFilter:
    """Answers for euclidean, manhattan and chebyshev distances."""

    name = "boxes"
    n_at_once = 2**20

    def __init__(self, metric: Metric, rows: Tensor, then: Sequence[ProductFilter]):
        rows = rows.to(torch.float64)
        self.metric, self.n_rows, self.then = metric, len(rows), then
        self.numbers = in_blocks(rows, BLOCK)  # of the rows, (n_blocks, size)
        self.rows = rows_or_nan(rows, self.numbers)  # (n_blocks, size, n_features); no comparison with NaN is true
        self.low, self.high = corners(self.rows)

    def finer(self) -> Sequence[ProductFilter]:
        """Bounds by products, if there are any for the metric."""
        return self.then

    def search(self, queries: Tensor, own: Tensor | None, k: int, memory_limit: int, report: Report) -> Found:
        """Reduced distances and rows of the k nearest, both (n_queries, k), and which queries are answered."""
        reduced, indices, answered = nothing_found(len(queries), k, queries.device)
        with report.stage("group"):
            numbers = in_blocks(queries, max(1, min(BLOCK, len(queries) * BLOCK // self.n_rows)))
        size = numbers.shape[1]
        gaps = min(GAPS if queries.device.type == "cpu" else GPU_GAPS, memory_limit // (2 * GAP_BYTES))
        per_query = ROW_BYTES * most_rows(k) + 3 * 8 * self.rows.shape[1] * self._n_guessed(k)
        batch = (memory_limit - gaps * GAP_BYTES) // (len(self.low) * BOX_BYTES + size * per_query)
        if batch and gaps >= size * self.rows[0].numel():
            for some in numbers.split(batch):
                found = self._search_groups(queries, some, own, k, gaps, report)
                is_query = some >= 0
                for all_of_them, of_groups in zip((reduced, indices, answered), found, strict=True):
                    all_of_them[some[is_query]] = of_groups[is_query]
        return reduced, indices, answered

    def _n_guessed(self, k: int) -> int:
        """Blocks that have k rows in any case, without the query itself and what one block lacks."""
        return min(len(self.low), k // self.rows.shape[1] + 2)

    def _search_groups(
        self, queries: Tensor, numbers: Tensor, own: Tensor | None, k: int, gaps: int, report: Report
    ) -> Found:
        """The answers for the queries of groups, (n_groups, size) of their numbers; (n_groups, size, k) each."""
        numbers = torch.where(numbers < 0, numbers[:, :1], numbers)
        n_groups, size = numbers.shape
        groups = queries[numbers]  # (n_groups, size, n_features)
        own = None if own is None else own[numbers]
        with report.stage("guess"):
            away = self._distance_of_boxes(groups.amin(1), groups.amax(1))  # (n_groups, n_blocks)
            near_blocks = away.topk(self._n_guessed(k), dim=1, largest=False).indices
            group = torch.arange(n_groups, device=queries.device).repeat_interleave(near_blocks.shape[1])
            guessed = torch.cat(list(self._measure(groups, own, group, near_blocks.flatten(), gaps)))
            guessed = guessed.unflatten(0, near_blocks.shape).transpose(1, 2).flatten(2)
            farthest = guessed.topk(k, dim=2, largest=False, sorted=False).values.amax(2)  # (n_groups, size)
        with report.stage("exclude"):
            is_left = away <= tree_reach(self.metric.to_tree(farthest)).amax(1, keepdim=True)
            few = is_left.sum(1) <= max(near_blocks.shape[1], len(self.low) // MOST_BLOCKS)
            group, block = (is_left & few[:, None]).nonzero(as_tuple=True)
            report.candidates += size * self.rows.shape[1] * (near_blocks.numel() + len(group))
        with report.stage("refine"):
            n_left = torch.zeros(n_groups * size, dtype=torch.int64, device=queries.device)
            left = []
            start = 0
            for reduced in self._measure(groups, own, group, block, gaps):  # (n, size, block size)
                some = slice(start, start := start + len(reduced))
                place = group[some, None] * size + torch.arange(
                    size, device=queries.device
                )  # of the queries, (n, size)
                is_near = reduced <= farthest.view(-1)[place][..., None]
                is_near &= (n_left[place] <= most_rows(k))[..., None]
                n, in_group, in_block = is_near.nonzero(as_tuple=True)
                place = place[n, in_group]
                n_left += torch.bincount(place, minlength=len(n_left))
                left.append((place, self.numbers[block[some]][n, in_block], reduced[is_near]))
            answered = few.repeat_interleave(size) & (n_left <= most_rows(k))
            best = self._best(left, answered, k)
        return best[0].unflatten(0, (n_groups, size)), best[1].unflatten(0, (n_groups, size)), answered.view(-1, size)

    def _best(self, left: list[tuple[Tensor, Tensor, Tensor]], answered: Tensor, k: int) -> tuple[Tensor, Tensor]:
        place, row, reduced = (torch.cat(part) for part in zip(*left, strict=True))
        keep = answered[place].nonzero()[:, 0]
        keep = keep[(place[keep] * self.n_rows + row[keep]).argsort()]
        return nearest(Pairs(place[keep], row[keep]), reduced[keep], len(answered), k)

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

    def _measure(self, groups: Tensor, own: Tensor | None, group: Tensor, block: Tensor, gaps: int) -> Iterator[Tensor]:
        """The reduced distances of groups and blocks, (n,) each, some of them at a time, (..., size, block size)."""
        assert self.metric.pairs is not None
        n_at_once = gaps // (groups.shape[1] * self.rows[0].numel())
        for start in range(0, max(1, len(group)), n_at_once):
            g, b = group[start : start + n_at_once], block[start : start + n_at_once]
            reduced = self.metric.pairs(groups[g][:, :, None], self.rows[b][:, None])
            if own is not None:
                reduced.masked_fill_(own[g][:, :, None] == self.numbers[b][:, None], torch.inf)
            yield reduced


def most_rows(k: int) -> int:
    """How many rows may be left for a query."""
    return max(MOST_ROWS, 4 * k)


def in_blocks(points: Tensor, most: int) -> Tensor:
    """The numbers of points (n, n_features), those that lie together in a line, (n_blocks, size).

    A line has at most ``most``; all are full but for one, which ends in -1.

    >>> in_blocks(torch.tensor([[9.0, 0.0], [0.0, 1.0], [8.0, 0.0], [0.0, 0.0], [1.0, 0.0]]), most=2)
    tensor([[ 3,  1],
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
        numbers = numbers.gather(1, halved.gather(2, widest)[..., 0].argsort(1))  # NaN comes last
    numbers = numbers.view(-1, size)
    return numbers[numbers[:, 0] >= 0]


def rows_or_nan(points: Tensor, numbers: Tensor) -> Tensor:
    """The points with these numbers, (..., n_features), NaN where a number is -1."""
    return torch.where(numbers[..., None] < 0, torch.nan, points[numbers])


def corners(blocks: Tensor) -> tuple[Tensor, Tensor]:
    """The lowest and the highest values of the points, (n_blocks, size, n_features), that are not NaN."""
    is_none = blocks.isnan()
    return blocks.masked_fill(is_none, torch.inf).amin(1), blocks.masked_fill(is_none, -torch.inf).amax(1)
