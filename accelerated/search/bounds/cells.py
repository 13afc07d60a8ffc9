"""Cells: rows that lie near one of some hundred centres. A centre that is far from a query excludes all of its rows.

Let c be the centre of a cell, r at least |x - c| for each of its rows x, and q a query, all in the frame (``Frame``).
By the triangle inequality

    |q - x| >= |q - c| - |x - c| >= |q - c| - r,

so if that is positive, its square is a lower bound on the squared distances to all rows of the cell. It holds for any
centres and for any division of the rows among them. Good ones make r small.

Rounding. A centre is a point of float32, taken as it is. Let u = 2^-24. A row in the frame is rounded to float32 once,
and its difference from c once more, to g. So |x - c| <= |g| (1 + u) + u |x|, and |x| <= |c| + |x - c|. A sum of d
squares in float32 is off by at most d u of itself in any order, so the computed length t of g is at least |g| (1 - (d /
2 + 2) u). Squares that vanish, below 2^-126, cost less than 2^-40. Together

    |x - c| <= t (1 + (d + 16) u) + 2 u |c| + 2^-40,

for up to 2^11 features. For queries |q|^2 + |c|^2 - 2 q.c is computed in float64. Its terms have magnitudes of at most
(|q| + |c|)^2 together, so it is off by at most (2 d + 16) 2^-53 of that, which is taken off.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.frame import Frame
from accelerated.search.bounds.multiply import U
from accelerated.search.bounds.sampled import compared
from accelerated.workers import count_workers, share

MOST_FEATURES = 2**11  # so that a sample in float64 takes 16 MiB
POWER = 4  # of the distance from the centres so far, by which a row is drawn as the next one
ROUNDS = 16  # in which centres are drawn
# Where the nearest rows are not nearer than this share of the median distance, radii are so large that the triangle
# inequality excludes hardly any cell.
NEAR = 0.5
WIDTH = 1.5  # of a cluster, as a multiple of the distance between near rows
SPARE = 1.1  # the farthest of many rows is farther from its centre than that of a sample
ASSIGNED = 2**11  # rows at once: `python -m benchmarks.constants ASSIGNED`


class Cells(NamedTuple):
    """The rows by cells."""

    centers: Tensor  # float32 (n_cells, n_columns), in the frame
    radius: Tensor  # float64 (n_cells,), r
    order: Tensor  # int64 (n_rows,), the numbers of the rows, cell after cell, ascending in each
    start: Tensor  # int64 (n_cells + 1,), where a cell begins in ``order``

    @property
    def size(self) -> Tensor:
        """Returns the number of rows in each cell."""
        return self.start.diff()


def lowered_distances(centers: Tensor, points: Tensor) -> Tensor:
    """Returns distances of points in the frame from the centres, or a little less, float64 (n, n_cells).

    The points are float64 (n, n_columns). Where numbers overflow, a distance is infinite or NaN.
    """
    exact = centers.to(torch.float64)
    of_points, of_centers = (torch.linalg.vector_norm(some, dim=1) for some in (points, exact))
    squared = of_points[:, None].square() + of_centers.square() - 2 * (points @ exact.T)
    squared -= (2 * points.shape[1] + 16) * U * (of_points[:, None] + of_centers).square_()
    return squared.clamp_(min=0).sqrt_() * (1 - 4 * U)


def lowest(distances: Tensor, radius: Tensor) -> Tensor:
    """Returns lower bounds on squared distances to the rows within each radius, (n, n_cells); NaN for NaN."""
    return (distances - radius).clamp_(min=0).square_() * (1 - 8 * U)


def draw_centers(sample: Tensor, n: int, near: float = 0.0) -> Tensor:
    """Returns about n centres for a sample of rows in the frame, float32 (n_sampled, n_columns), on the CPU.

    They are fewer if each row of the sample is within ``near`` of one. In each round rows are drawn in proportion to a
    power of their distances from the centres so far (as in Bahmani et al., Scalable k-means++, 2012, with the power 2),
    so that a cluster without a centre soon gets one. The farthest row has the weight 1, or all powers of small
    distances would be 0. Then each centre moves to the mean of the rows that are nearest to it.
    """
    generator = torch.Generator("cpu").manual_seed(0)
    weights, distance = torch.ones(len(sample), device="cpu"), torch.full((len(sample),), torch.inf, device="cpu")
    drawn, n_drawn = [sample[:1]], 1
    while n_drawn < n and bool((distance > near).any()) and bool(weights.isfinite().all()):
        n_more = min(-(-n // ROUNDS), int(weights.count_nonzero()))
        drawn.append(sample[torch.multinomial(weights, n_more, generator=generator)])
        distance = distance.minimum(torch.cdist(sample, drawn[-1]).amin(1))
        weights, n_drawn = (distance / distance.max()).pow_(POWER).masked_fill_(distance <= near, 0), n_drawn + n_more
    centers = torch.cat(drawn)
    cell, _ = nearest_centers(sample, centers)
    sums = torch.zeros_like(centers).index_add_(0, cell, sample)
    count = torch.bincount(cell, minlength=len(centers))
    return (sums / count[:, None])[count > 0]


def nearest_centers(points: Tensor, centers: Tensor) -> tuple[Tensor, Tensor]:
    """Returns for points in float32 the number of a centre that is about the nearest, and their distance from it.

    A point whose distance is NaN has the distance infinity.
    """
    squared = torch.addmm(torch.linalg.vecdot(centers, centers), points, centers.T, alpha=-2)
    cell = squared.argmin(1)
    distance = torch.linalg.vector_norm(points - centers.index_select(0, cell), dim=1)
    return cell, distance.to(torch.float64).nan_to_num_(nan=torch.inf, posinf=torch.inf)


def widen(distance: Tensor, centers: Tensor) -> Tensor:
    """Returns radii, float64 (n_cells,), for the greatest computed distances from the centres."""
    length = torch.linalg.vector_norm(centers.to(torch.float64), dim=1)
    return distance * (1 + (centers.shape[1] + 16) * 2.0**-24) + 2.0**-23 * length + 2.0**-40


def width_of_clusters(sample: Tensor, k: int, n_rows: int) -> float | None:
    """Returns a distance within which rows of a sample are in one cluster; None if they are not in clusters.

    They are not if the k nearest of ``n_rows`` rows are so far from most rows that no cell would be excluded. The
    sample is in the frame, float32, on the CPU.
    """
    between = torch.cdist(sample[compared(sample)], sample)
    near = between.kthvalue(_place(sample, k, n_rows), dim=1).values
    is_clustered = bool((near < NEAR * between.median(1).values).float().mean() > 0.5)
    return WIDTH * float(near.median()) if is_clustered else None


def predict_share(sample: Tensor, centers: Tensor, k: int, n_rows: int) -> float:
    """Returns the share of the rows that a query is expected to need for its k nearest."""
    queries = sample[compared(sample)]
    near = torch.cdist(queries, sample).kthvalue(_place(sample, k, n_rows), dim=1).values
    cell, distance = nearest_centers(sample, centers)
    farthest = _farthest(cell, distance, len(centers))
    lowered = lowered_distances(centers, queries.to(torch.float64))
    is_open = ~(lowest(lowered, SPARE * farthest) > near[:, None].square())
    return float(is_open[:, cell].double().mean())


def _farthest(cell: Tensor, distance: Tensor, n_cells: int) -> Tensor:
    """Returns the greatest distance in each cell, (n_cells,); 0 where it has no row."""
    return distance.new_zeros(n_cells).scatter_reduce_(0, cell, distance, "amax")


def _place(sample: Tensor, k: int, n_rows: int) -> int:
    """Returns the rank of the distance that stands for the k-th of all rows, among those of a row to the sample."""
    return min(len(sample), 2 + k * len(sample) // n_rows)


def divide_rows(metric: Metric, rows: Tensor, frame: Frame, centers: Tensor) -> Cells:
    """Returns all rows by the cells of the centres, without the cells that have none."""
    centers = centers.to(rows.device)

    def assign(start: int) -> tuple[Tensor, Tensor]:
        some = frame.apply(metric.embed(rows[start : start + ASSIGNED]), torch.float32)
        return nearest_centers(some, centers)

    assigned = share(assign, range(0, len(rows), ASSIGNED), count_workers(rows.device))
    cell, distance = (torch.cat(parts) for parts in zip(*assigned, strict=True))
    size = torch.bincount(cell, minlength=len(centers))
    radius, is_used = widen(_farthest(cell, distance, len(centers)), centers), size > 0
    order = torch.from_numpy(cell.to(torch.int16).cpu().numpy().argsort(kind="stable")).to(rows.device)
    start = torch.nn.functional.pad(size[is_used].cumsum(0), (1, 0))
    return Cells(centers[is_used], radius[is_used], order, start)
