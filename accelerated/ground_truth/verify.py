"""A given ground truth is checked exactly: every row that it names is measured, and a sample of queries is searched.

The row at a place is right if it is as far from the query as the row that belongs there, to the last bit, and was not
named before. So an answer without wrong rows is one of the truths that equal distances allow. Distances that a file
brings along are not looked at, because most formats round them.
"""

import os
from typing import Any, NamedTuple

import numpy as np
import torch

from accelerated.calling_thread import in_calling_thread
from accelerated.files import read_neighbors
from accelerated.ground_truth.search import read_job
from accelerated.ground_truth.shard_search import (
    Job,
    blocks_of,
    default_shard_rows,
    make_shard,
    read_queries,
    search_index,
)
from accelerated.metrics import get_metric
from accelerated.progress import progress_bar
from accelerated.search import Clock, Index, Queries
from accelerated.search.filter import Pairs
from accelerated.search.refine import measure
from accelerated.search.room import Room
from accelerated.shards import Found, merge, nothing
from knn_inputs.parameters import check_int

GAPS_AT_ONCE = 2**17  # differences of a query and a row in one feature, while rows are measured


class Wrong(NamedTuple):
    """A place of a ground truth with a row that does not belong there; a row that the base lacks has no distance."""

    query: int
    place: int
    row: int
    distance: float | None
    true_row: int
    true_distance: float
    is_repeated: bool


class Verified(NamedTuple):
    """The result of the check of a ground truth.

    - n_queries: the number of queries that were searched
    - k: the number of rows for each of them
    - n_reordered: the number of places with another row than by the order of indices, but equally far: these are right
    - wrong: all others that differ, by query and place
    """

    n_queries: int
    k: int
    n_reordered: int
    wrong: list[Wrong]


def verify(
    found: Any,
    base: str | os.PathLike[str],
    queries: str | os.PathLike[str],
    *,
    sample: int | None = 1000,
    seed: int = 0,
    metric: str = "euclidean",
    p: float = 2,
    memory_limit: int | str | None = None,
    device: str | torch.device | None = None,
    progress: bool = False,
) -> Verified:
    """Checks the neighbours ``found``, a file of them or an array of indices, (n_queries, k), and returns the errors.

    ``base`` and ``queries`` are files, and ``sample`` is the number of queries, drawn by ``seed``, that are searched;
    None, or a number above theirs, takes all. For all else see ``find_ground_truth``.

    Raises as ``find_ground_truth`` does, and ValueError if ``found`` has another number of queries.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/base.npy", np.array([[0.0], [3.0], [1.0]]))
    ...     np.save(f"{folder}/queries.npy", np.array([[2.0], [9.0]]))
    ...     result = verify([[1, 2], [2, 1]], f"{folder}/base.npy", f"{folder}/queries.npy")
    >>> result.n_queries, result.n_reordered, result.wrong[0]
    (2, 0, Wrong(query=1, place=0, row=2, distance=8.0, true_row=1, true_distance=6.0, is_repeated=False))
    """
    named = read_neighbors(found)[0] if isinstance(found, str | os.PathLike) else np.asarray(found)
    if named.ndim != 2 or not named.size or named.dtype.kind not in "iu":
        raise ValueError(f"found has shape {named.shape} and dtype {named.dtype}, but must be indices, (n_queries, k)")
    job = read_job(base, queries, named.shape[1], metric, p, memory_limit, device)
    if len(named) != len(job.queries):
        raise ValueError(f"found has {len(named)} queries, but {job.queries.path!r} has {len(job.queries)}")
    job = job._replace(k=named.shape[1])
    numbers = _draw(len(named), sample, seed)
    given = read_queries(job)[numbers]
    indices = named[numbers].astype(np.int64)
    measured, true = _measure_and_search(job, given, indices, progress)
    return _compare(job, numbers, indices, measured, true)


def _draw(n_queries: int, sample: int | None, seed: int) -> np.ndarray:
    """Returns the numbers of the sampled queries, in ascending order."""
    if sample is None or check_int(sample, "sample") >= n_queries:
        return np.arange(n_queries)
    return np.sort(np.random.default_rng(check_int(seed, "seed", 0)).choice(n_queries, sample, replace=False))


def _measure_and_search(job: Job, queries: np.ndarray, indices: np.ndarray, progress: bool) -> tuple[np.ndarray, Found]:
    """Returns the reduced distances of the named rows, NaN for a row that the base lacks, and the true neighbours."""
    measured, size = np.full(indices.shape, np.nan), default_shard_rows(job)
    starts, true, room = range(0, len(job.base), size), nothing(len(queries), job.k), Room(job.device)
    with in_calling_thread(), progress_bar(len(job.base), shown=progress, unit="row") as advance:
        for start, block in blocks_of(job, starts, size):
            shard = make_shard(job, start, block, room)
            true = merge(true, search_index(job, shard, queries, start, true).found)
            is_here = (indices >= start) & (indices < start + len(block))
            measured[is_here] = _measure(shard, queries, indices - start, is_here)
            advance(len(block))
    return measured, true


def _measure(shard: Index, queries: np.ndarray, places: np.ndarray, is_here: np.ndarray) -> np.ndarray:
    """Returns the reduced distances of the queries to the rows of a shard that they name, by query and place."""
    batch = Queries.given(queries, shard.metric, shard.rows).read(np.arange(len(queries)), Clock())
    query, row = (torch.from_numpy(of).to(shard.rows.device) for of in (np.nonzero(is_here)[0], places[is_here]))
    return measure(shard.metric, shard.rows, batch, Pairs(query, row), GAPS_AT_ONCE).cpu().numpy()


def _compare(job: Job, numbers: np.ndarray, indices: np.ndarray, measured: np.ndarray, true: Found) -> Verified:
    is_repeated = np.zeros(indices.shape, dtype=bool)
    for row, line in enumerate(indices):
        is_repeated[row] = True
        is_repeated[row, np.unique(line, return_index=True)[1]] = False
    is_wrong = (measured != true.reduced) | is_repeated
    to_distance = get_metric(*job.metric).to_distance
    distances, true_distances = (to_distance(torch.from_numpy(of)).numpy() for of in (measured, true.reduced))
    wrong = [
        Wrong(
            int(numbers[query]),
            int(place),
            int(indices[query, place]),
            None if np.isnan(distances[query, place]) else float(distances[query, place]),
            int(true.indices[query, place]),
            float(true_distances[query, place]),
            bool(is_repeated[query, place]),
        )
        for query, place in np.argwhere(is_wrong)
    ]
    return Verified(len(numbers), job.k, int(((indices != true.indices) & ~is_wrong).sum()), wrong)
