"""Where rows come from: files, arrays in memory, the chunks of a dask array, the partitions of a dask DataFrame.

A task reads a file itself, so a file is never read by the client, and the workers of a cluster must find it under the
same path. An array in memory goes to the tasks from here, and a chunk of Dask as Dask makes it.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from dask.delayed import delayed
from torch import Tensor

from accelerated.arrays import copy_rows, exact_dtype
from accelerated.distributed.schedulers import Scheduler
from accelerated.distributed.shards import Shards, once
from accelerated.files import RowsFile, of_memmap, open_rows
from accelerated.files.rows_file import Version
from accelerated.search.memory import even_share
from knn_inputs.matrices import check_shape
from knn_inputs.messages import a_kind_of
from knn_inputs.metrics import ChosenMetric

FILES = (str, os.PathLike, RowsFile)  # kinds of X, or of its entries
Cut = Callable[[int, int, int], Sequence[int]]  # (n_rows, n_features, itemsize) -> the numbers of rows of the shards


def open_files(X: Any) -> list[RowsFile] | None:
    """Returns the files that X names or is, or whose rows it maps into memory; None if it is rows itself.

    Reading a file that is changed later raises OSError, also if the change is made to the array that maps it. Raises
    ValueError for files whose rows differ in length, and as ``files.open_rows`` does.
    """
    if isinstance(X, np.ndarray):
        file = of_memmap(X)
        return None if file is None else [replace(file, opened=Version.of(file.path))]
    paths = [X] if isinstance(X, FILES) else X
    if not isinstance(paths, list | tuple) or not paths or not all(isinstance(path, FILES) for path in paths):
        return None
    files = [path if isinstance(path, RowsFile) else open_rows(path) for path in paths]
    for other in files[1:]:
        if other.shape[1] != files[0].shape[1]:
            ours, theirs = (f"{file.shape[1]} features in path={file.path!r}" for file in (files[0], other))
            raise ValueError(f"X has {ours}, but {theirs}: pass files whose rows are equally long")
    return files


def shards_of_files(files: Sequence[RowsFile], cut: Cut, chosen: ChosenMetric) -> Shards:
    """Returns the rows of files, one after the other."""
    n_features, itemsize = files[0].shape[1], max(file.dtype.itemsize for file in files)
    sources = [(file, cut(len(file), n_features, itemsize)) for file in files]
    return Shards.of_sources(sources, n_features, itemsize, chosen)


def shards_of_array(checked: np.ndarray | Tensor, cut: Cut, chosen: ChosenMetric) -> Shards:
    """Returns a copy of the rows of a checked matrix in memory, in pieces, each of which is a source of its own."""
    if isinstance(checked, Tensor):
        rows = copy_rows(checked, torch.device("cpu"), exact_dtype(checked)).numpy()
    else:
        rows = np.array(checked, order="C")
    n_rows, n_features = rows.shape
    sizes = cut(n_rows, n_features, rows.itemsize)
    pieces = np.split(rows, np.cumsum(sizes)[:-1])
    sources = [(once(piece), [len(piece)]) for piece in pieces]
    return Shards.of_sources(sources, n_features, rows.itemsize, chosen)


def shards_of_collection(X: Any, scheduler: Scheduler, cut: Cut, chosen: ChosenMetric) -> Shards:
    """Returns the rows of a dask array or DataFrame; a chunk that is too long for one shard is cut into several.

    The lengths of chunks are computed where they are unknown. Raises TypeError for another collection, and ValueError
    unless it is a matrix.
    """
    if hasattr(type(X), "chunks"):
        check_shape(tuple(X.shape), X)
        X = X.rechunk({1: -1}) if X.numblocks[1] > 1 else X
        lengths, chunks, itemsize = list(X.chunks[0]), list(X.to_delayed().ravel()), X.dtype.itemsize
    elif hasattr(type(X), "columns"):
        lengths, chunks, itemsize = [np.nan], list(X.to_delayed()), 8
    else:
        raise TypeError(f"X is {a_kind_of(X)}, but must be an array or a DataFrame of dask, or rows, or paths of files")
    if np.isnan(lengths).any():
        lengths = scheduler.compute([delayed(len)(chunk) for chunk in chunks])
    n_features = X.shape[1] if hasattr(type(X), "chunks") else len(X.columns)
    check_shape((sum(lengths), n_features), X)
    sources = [(chunk, cut(n, n_features, itemsize)) for chunk, n in zip(chunks, lengths, strict=True)]
    return Shards.of_sources(sources, n_features, itemsize, chosen)


def cut_evenly(n_rows: int, most: int) -> list[int]:
    """Returns the numbers of rows of shards of about equal size, each at most ``most``; none for no rows.

    >>> cut_evenly(10, 4)
    [4, 4, 2]
    """
    size = even_share(n_rows, most) if n_rows else 1
    return [min(size, n_rows - start) for start in range(0, n_rows, size)]
