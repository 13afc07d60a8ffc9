"""The exact neighbours of all queries of a file among all rows of another one, which may be larger than memory.

Shard after shard of the base is read, indexed and searched for all queries. Its neighbours go to a folder beside the
result, and are merged with those of the other shards (``accelerated/shards.py``). So the bytes of the result depend
neither on the order of the shards, nor on their size, nor on how often the work was interrupted. Each search is told
how far the k nearest rows of the shards before it are, and leaves out rows that are farther.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from accelerated.calling_thread import in_calling_thread
from accelerated.devices import resolve_device
from accelerated.files import open_rows, write_neighbors
from accelerated.ground_truth.inputs import describe, hash_all, hashing, version_of
from accelerated.ground_truth.on_dask import check_address, search_on_dask
from accelerated.ground_truth.outputs import files_of_result, read_out
from accelerated.ground_truth.parts_folder import PartsFolder, flush_names, write_text
from accelerated.ground_truth.shard_search import (
    Job,
    Part,
    add_certified,
    blocks_of,
    default_shard_rows,
    read_metric,
    read_queries,
    search_block,
)
from accelerated.metrics import get_metric
from accelerated.progress import progress_bar
from accelerated.search import resolve_memory_limit
from accelerated.search.memory import least_bytes, too_little
from accelerated.search.room import Room
from accelerated.shards import merge, nothing
from knn_inputs.messages import show
from knn_inputs.parameters import check_int

MOST_NAMED = 1000  # queries with ties that the description lists
TIE_RULE = "rows are sorted by distance, equal distances by index"


def find_ground_truth(
    base: str | os.PathLike[str],
    queries: str | os.PathLike[str],
    k: int,
    *,
    out: str | os.PathLike[str],
    metric: str = "euclidean",
    p: float = 2,
    memory_limit: int | str | None = None,
    shard_rows: int | None = None,
    scheduler: str | None = None,
    device: str | torch.device | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """Writes the k nearest rows of ``base`` for each of the ``queries`` to the file ``out``; returns its description.

    All three are files of a format that ``accelerated.files`` knows. The description is written beside the result, as
    ``out`` with .json behind it: the versions and the inputs with their sha256, how many queries each filter certified,
    and the queries whose k-th distance another row has, too. Until both are written, finished shards are kept in a
    folder, ``out`` with .parts behind it. After an interrupt, the same call goes on from there.

    ``memory_limit``, 1 GiB by default, is shared by the shards, if ``shard_rows`` does not tell their size, and by
    their search; queries and answers do not count. ``scheduler`` is the address of a scheduler of Dask, such as
    tcp://host:8786, whose workers can read both files.

    Raises OSError if a file cannot be read or written; ValueError for files of different widths, for NaN and other
    numbers that cannot be measured, with their row in the file, and for a metric that needs more than two rows. Raises
    ValueError also if the folder of parts belongs to another search, if it or the result would be written over another
    file, or if an input changes meanwhile; BlockingIOError if another call is writing the same result.

    >>> import tempfile
    >>> import numpy as np
    >>> from accelerated.files import read_neighbors
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/base.npy", np.array([[0.0], [3.0], [1.0]]))
    ...     np.save(f"{folder}/queries.npy", np.array([[2.0], [9.0]]))
    ...     made = find_ground_truth(f"{folder}/base.npy", f"{folder}/queries.npy", 1, out=f"{folder}/truth.hdf5")
    ...     indices, distances = read_neighbors(f"{folder}/truth.hdf5")
    >>> indices.tolist(), distances.tolist(), made["ties"]
    ([[1], [1]], [[1.0], [6.0]], {'n_queries': 1, 'queries': [0]})
    """
    began = time.perf_counter()
    job = read_job(base, queries, k, metric, p, memory_limit, device)
    if scheduler is not None:
        check_address(scheduler)
    out = read_out(out, job)
    checked, inputs = read_queries(job), {"base": describe(job.base), "queries": describe(job.queries)}
    versions = {name: version_of(name) for name in ("verified-knn", "numpy", "torch")}
    asked = {**inputs, "k": k, "metric": job.metric.name, "p": job.metric.p, "verified-knn": versions["verified-knn"]}
    folder = PartsFolder(out)
    with folder.kept():
        size = _begin(folder, asked, shard_rows, default_shard_rows(job))
        starts = range(0, len(job.base), size)
        with hashing([file["path"] for file in inputs.values()]) as sums, in_calling_thread():
            found, certified = _search(folder, job, checked, starts, scheduler, progress)
            hashes = sums()
        if inputs != {"base": describe(job.base), "queries": describe(job.queries)}:
            folder.remove_files()
            raise ValueError("base or queries was changed while it was read, so no answer was written: call again")
        tied = np.flatnonzero(found.reduced[:, k:] == found.reduced[:, k - 1 : k])
        reduced = torch.from_numpy(found.reduced[:, :k].copy())
        write_neighbors(out, found.indices[:, :k], get_metric(*job.metric).to_distance(reduced).numpy())
        described = {
            **{name: asked[name] for name in ("k", "metric", "p")},
            "tie_rule": TIE_RULE,
            **{name: {**inputs[name], "sha256": digest} for name, digest in zip(inputs, hashes, strict=True)},
            "result": {"sha256": hash_all(files_of_result(out))},
            "shards": len(starts),
            "certified": certified,
            "ties": {"n_queries": len(tied), "queries": tied[:MOST_NAMED].tolist()},
            "versions": versions,
            "seconds": round(time.perf_counter() - began, 3),
        }
        write_text(Path(f"{out}.json"), json.dumps(described, indent=1))
        flush_names(folder.path.parent)  # the parts are removed after the disk has the result under its name
        folder.remove_files()
    return described


def read_job(
    base: Any, queries: Any, k: Any, metric: str, p: float, memory_limit: int | str | None, device: Any
) -> Job:
    """Returns the search for k neighbours and, because it shows ties, one more, if the base has so many rows."""
    files = open_rows(base), open_rows(queries)
    (n_rows, n_features), (_, width) = (file.shape for file in files)
    if width != n_features:
        paths = f"queries={files[1].path!r} has {width} features, but base={files[0].path!r} has {n_features}"
        raise ValueError(f"{paths}: pass files of the same width")
    if check_int(k, "k") > n_rows:
        raise ValueError(f"k={show(k)} is more than the {n_rows} rows of base={files[0].path!r}: pass at most {n_rows}")
    where = resolve_device(device, None)
    limit, n_wanted = resolve_memory_limit(memory_limit, where), min(k + 1, n_rows)
    if (needed := 2 * least_bytes(n_features, n_wanted)) > limit:  # half of the limit is for shards
        raise ValueError(too_little(limit, needed, "for one query and one row"))
    return Job(*files, read_metric(metric, p), n_wanted, where, limit)


def _begin(folder: PartsFolder, asked: dict[str, Any], shard_rows: int | None, default: int) -> int:
    """Returns the number of rows of a shard: if parts are there, theirs.

    Raises ValueError if these are of another search.
    """
    if shard_rows is not None:
        check_int(shard_rows, "shard_rows")
    begun = folder.begun()
    if begun is None:
        size = default if shard_rows is None else shard_rows
        folder.begin({**asked, "shard_rows": size})
        return size
    size = int(begun["shard_rows"] if shard_rows is None else shard_rows)
    for name, value in {**asked, "shard_rows": size}.items():
        if (before := begun.get(name)) != value:
            if isinstance(value, dict) and isinstance(before, dict):
                field = next(field for field in {**value, **before} if before.get(field) != value.get(field))
                name, before, value = f"{field} of {name}", before.get(field), value.get(field)
            remedy = "pass the same to go on, or remove the folder to begin anew"
            raise ValueError(
                f"{str(folder.path)!r} was begun with {name}={before!r}, but now it is {value!r}: {remedy}"
            )
    folder.sweep()
    return size


def _search(
    folder: PartsFolder, job: Job, queries: np.ndarray, starts: range, scheduler: str | None, progress: bool
) -> Part:
    """Returns the neighbours in all shards; shards whose parts are missing or damaged are searched, and written."""
    whole, missing = Part(nothing(len(queries), job.k), {}), []
    for start in starts:
        if (part := folder.read(start)) is None:
            missing.append(start)
        else:
            whole = _merge(whole, part)
    sizes = {start: min(starts.step, len(job.base) - start) for start in missing}
    with progress_bar(sum(sizes.values()), shown=progress, unit="row") as advance:

        def take(start: int, part: Part) -> None:
            nonlocal whole
            folder.write(start, part)
            whole = _merge(whole, part)
            advance(sizes[start])

        if scheduler is not None:
            for start, part in search_on_dask(job, missing, starts.step, scheduler):
                take(start, part)
        else:
            room = Room(job.device)
            for start, block in blocks_of(job, missing, starts.step):
                take(start, search_block(job, queries, start, block, room, whole.found))
    return whole


def _merge(a: Part, b: Part) -> Part:
    """Returns both parts as one, with as many columns as ``a`` has."""
    return Part(merge(a.found, b.found), add_certified([a.certified, b.certified]))
