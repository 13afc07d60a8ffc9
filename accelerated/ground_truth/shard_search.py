"""The search of one shard of a file: its rows are read, checked, prepared, indexed and searched for all queries."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import torch

from accelerated.arrays import exact_dtype
from accelerated.base import prepare_rows
from accelerated.files import RowsFile
from accelerated.files.read_ahead import read_ahead
from accelerated.metrics import Metric, get_metric
from accelerated.search import Clock, Index, Queries, Report, make_index, search
from accelerated.search.room import Room
from accelerated.search.short_blocks import in_short_blocks
from accelerated.shards import NO_ROW, Found, name_rows
from knn_inputs.entries import read_numbers
from knn_inputs.metrics import ALIASES, ChosenMetric, choose_metric
from knn_inputs.parameters import check_name, warn_of_idle_p

# A distance by these needs two rows alone: others learn from all rows, or a row may lack features. Each comes with the
# bytes that a filter may keep for a number of the rows, as ``NearestNeighbors`` lists them, or SciPy's tree.
METRICS = {
    **dict.fromkeys(("euclidean", "sqeuclidean", "cosine", "minkowski"), 16),
    **{"manhattan": 20, "chebyshev": 16, "hamming": 32, "jaccard": 4, "canberra": 0, "braycurtis": 0},
}
BYTES_OF_ROW = 64  # that a filter keeps besides


class Job(NamedTuple):
    """Which neighbours to search: it can be pickled, and any process that reads the files can search any shard."""

    base: RowsFile
    queries: RowsFile
    metric: ChosenMetric
    k: int
    device: torch.device
    memory_limit: int


class Part(NamedTuple):
    """The neighbours of all queries in one shard, and how many queries each filter certified there."""

    found: Found  # of no more columns than some query has rows: late shards have few of the nearest
    certified: dict[str, int]


def read_metric(metric: str, p: float) -> ChosenMetric:
    """Returns the metric; raises ValueError unless it is one that measures two rows without knowing others."""
    check_name(metric, "metric", [*METRICS, *(name for name in ALIASES if ALIASES[name] in METRICS)])
    warn_of_idle_p(metric, p)
    return choose_metric(metric, p)


def default_shard_rows(job: Job) -> int:
    """Returns how many rows fit half of the memory: two blocks as read, the rows as prepared, and their index."""
    bytes_of_number = 2 * job.base.dtype.itemsize + 8 + METRICS[job.metric.name]
    return max(1, job.memory_limit // 2 // (bytes_of_number * job.base.shape[1] + BYTES_OF_ROW))


def read_queries(job: Job) -> np.ndarray:
    """Returns all queries, checked, in the type that their file has."""
    return check_block(job.queries.read(0, len(job.queries)), get_metric(*job.metric), "queries", job.queries, 0)


def check_block(block: np.ndarray, metric: Metric, name: str, file: RowsFile, start: int) -> np.ndarray:
    """Returns rows of a file, from ``start`` on; raises ValueError, with their place in the file, for bad numbers."""

    def place_in_file(place: tuple[int, ...]) -> tuple[int, ...]:
        return place[0] + start, *place[1:]

    described = f"{name}={file.path!r}"
    return read_numbers(block, described, None, metric.largest, metric.least, place_in_matrix=place_in_file)


def make_shard(job: Job, start: int, block: np.ndarray, room: Room, k: int | None = None) -> Index:
    """Returns the index of the rows from ``start`` on, for about ``k`` neighbours of a query.

    It is right until the next one is made in the same room, where the rows may be.
    """
    metric = get_metric(*job.metric)
    checked = check_block(block, metric, "base", job.base, start)
    return make_index(metric, _prepare(checked, metric, job, room), k or job.k)


def _prepare(checked: np.ndarray, metric: Metric, job: Job, room: Room) -> torch.Tensor:
    """Returns what ``prepare_rows`` does, on a CPU in the memory of the shard before if the rows are kept as given."""
    if job.device.type != "cpu" or not metric.keeps_rows:
        return prepare_rows(checked, metric, job.device, job.memory_limit)
    rows = room.take("rows", (len(checked), checked.shape[1]), exact_dtype(checked))
    np.copyto(rows.numpy(), checked)
    return rows


def search_block(
    job: Job, queries: np.ndarray, start: int, block: np.ndarray, room: Room, so_far: Found | None = None
) -> Part:
    """Returns the nearest rows of a block, whose first row is ``start`` in the file, for checked queries.

    If the nearest of all rows before it are known, only its share of the nearest is expected to be in the block.
    """
    share = 1.0 if so_far is None else len(block) / (start + len(block))
    shard = make_shard(job, start, block, room, math.ceil(share * job.k))
    return search_index(job, shard, queries, start, so_far)


def search_index(job: Job, shard: Index, queries: np.ndarray, start: int, so_far: Found | None = None) -> Part:
    """Returns the nearest rows of a shard, whose first row is ``start`` in the file, for checked queries.

    ``so_far`` has the k nearest rows of other shards. A row that is farther than the last of these is not among the k
    nearest of all, so it may be missing; one that is as far may not, for the order of indices may put it first.
    """
    given, k = Queries.given(queries, shard.metric, shard.rows), min(job.k, len(shard.rows))
    if so_far is not None and (limits := so_far.reduced[:, -1]).max() < np.inf:
        given, shard = given.up_to(limits), shard._replace(filters=in_short_blocks(shard.filters))
    numbers, scratch = range(len(queries)), job.memory_limit // 2
    found = search(shard, given, numbers, k, memory_limit=scratch, progress=False, clock=Clock())
    reduced, indices = name_rows(found, job.k, start)
    indices = np.where(reduced == np.inf, NO_ROW, indices)
    width = int((indices != NO_ROW).sum(1).max())
    return Part(Found(reduced[:, :width], indices[:, :width]), count_certified(found.report))


def blocks_of(job: Job, starts: Iterable[int], shard_rows: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yields each start with the rows of its shard, which a thread reads while the shard before is searched."""
    starts = list(starts)
    yield from zip(starts, read_ahead(job.base, starts, shard_rows), strict=True)


def count_certified(report: Report) -> dict[str, int]:
    """Returns how many queries each filter certified; those that equal another one got its neighbours.

    >>> count_certified(Report(n_queries=9, filter="float32", certified=4, fallbacks={"float64": 3, "exhaustive": 1}))
    {'float32': 4, 'float64': 2, 'exhaustive': 1, 'by an equal query': 2}
    >>> count_certified(Report(n_queries=9, filter="uint8", certified=4, fallbacks={"uint8": 5, "exhaustive": 1}))
    {'uint8': 8, 'exhaustive': 1}
    """
    if not report.fallbacks:
        return {report.filter: report.n_queries}
    left = [*report.fallbacks.values(), 0]
    counts = Counter({report.filter: report.certified})
    counts.update({name: left[i] - left[i + 1] for i, name in enumerate(report.fallbacks)})  # adds
    counts["by an equal query"] = report.n_queries - report.certified - left[0]
    return {name: count for name, count in counts.items() if count}


def add_certified(parts: Iterable[dict[str, int]]) -> dict[str, int]:
    """Returns the counts of all shards together."""
    return dict(sum((Counter(part) for part in parts), Counter()))
