"""Rows written to a file, a block at a time: the file is complete, or an older one of its name stays as it was."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from accelerated.files import bins, vecs
from accelerated.files.casting import fit_numbers
from accelerated.files.datasets import split_name
from accelerated.files.flat import write_flat
from accelerated.files.formats import get_ending
from accelerated.files.hdf5 import write_hdf5
from accelerated.files.npy import make_header
from accelerated.files.rows_file import RowsFile
from accelerated.saving.archive import written_whole
from knn_inputs.containers import to_array
from knn_inputs.paths import read_path

AT_ONCE = 2**24  # bytes of rows that are converted and written at once
HDF5 = (".hdf5", ".h5")
WRITERS: dict[str, Callable[[str, Iterator[np.ndarray]], None]] = {
    ".npy": partial(write_flat, make_head=make_header),
    **dict.fromkeys(bins.STORED, partial(write_flat, make_head=bins.make_head)),
    **dict.fromkeys(vecs.STORED, vecs.write_vecs),
}
STORED = {**bins.STORED, **vecs.STORED}  # the types of the formats that have one


def write_rows(path: str | os.PathLike[str], rows: Any, dtype: Any = None) -> None:
    """Writes a matrix to a file whose format is that of the path's ending.

    ``rows`` is a matrix (n, n_features), a ``RowsFile``, or an iterator of blocks of one width, which is consumed. The
    file is written under another name beside the path, and renamed when it is complete. The matrix in an HDF5 file is
    called train, unless the path names it, as "sift.hdf5:base" does; other matrices of the file stay.

    ``dtype`` is that of an .npy or HDF5 file, by default that of the rows; other formats have one type each. A number
    that the type does not hold is refused, but with a ``dtype`` that is given floats may be rounded.

    Raises TypeError for a path that is neither a str nor an os.PathLike, and for rows that are no matrix; ValueError
    for an ending that cannot be written, for another dtype than that of the format, for blocks of different widths, for
    rows of which there are none, and for a number that does not fit, with its row and column; OSError if the file
    cannot be written.

    >>> import tempfile
    >>> from accelerated.files import open_rows
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_rows(f"{folder}/rows.u8bin", [[0, 255], [7, 8]])
    ...     write_rows(f"{folder}/rows.npy", open_rows(f"{folder}/rows.u8bin"), dtype="float32")
    ...     open_rows(f"{folder}/rows.npy").read(0, 2).tolist()
    [[0.0, 255.0], [7.0, 8.0]]
    """
    path, dataset = split_name(read_path(path), None)
    ending = get_ending(path, (*WRITERS, *HDF5))
    name = (dataset or "train").strip("/")
    if not name.strip("./"):
        raise ValueError(f"path={path + ':' + str(dataset)!r} names no dataset behind the colon: pass '{path}:train'")
    stored = STORED.get(ending)
    asked = None if dtype is None else np.dtype(dtype)
    if asked is not None and asked.kind not in "buif":
        raise ValueError(f"dtype={asked.name!r}, but must be of real numbers")
    if stored is not None and asked is not None and not np.can_cast(asked, stored, "equiv"):
        raise ValueError(f"dtype={asked.name!r}, but {ending} files hold {stored.name}: leave dtype out")
    blocks = fit_blocks(split(rows), stored or asked, may_round=asked is not None)
    with written_whole(path) as unfinished:
        if ending in HDF5:
            write_hdf5(unfinished, {name: blocks}, path)
        else:
            WRITERS[ending](unfinished, blocks)


def split(rows: Any) -> Iterator[np.ndarray]:
    """Yields the rows in blocks of at most ``AT_ONCE`` bytes, however they are given."""
    if isinstance(rows, RowsFile):
        n_at_once = _count_at_once(rows.shape[1] * rows.dtype.itemsize)
        yield from (rows.read(i, min(i + n_at_once, len(rows))) for i in range(0, len(rows), n_at_once))
        return
    for given in rows if isinstance(rows, Iterator) else [rows]:
        block = to_array(given, "rows")
        if block.ndim != 2 or block.dtype.kind not in "buif":
            problem = f"shape {block.shape} and dtype {block.dtype}"
            raise ValueError(f"rows has {problem}, but must be a matrix, (n, n_features), of a numeric dtype")
        n_at_once = _count_at_once(block.shape[1] * block.itemsize)
        yield from (block[i : i + n_at_once] for i in range(0, len(block), n_at_once))


def _count_at_once(n_bytes: int) -> int:
    """Returns how many rows of this size are written at once."""
    return max(1, AT_ONCE // max(1, n_bytes))


def fit_blocks(
    blocks: Iterator[np.ndarray], dtype: np.dtype | None, may_round: bool = False, name: str = "rows"
) -> Iterator[np.ndarray]:
    """Yields blocks of one width and of the dtype, None for that of the first block; raises ValueError as above."""
    n_rows, n_features = 0, None
    for block in blocks:
        if n_features not in (None, block.shape[1]):
            raise ValueError(f"{name} has {n_features} columns up to row {n_rows - 1}, and then {block.shape[1]}")
        n_features, dtype = block.shape[1], dtype or block.dtype
        yield fit_numbers(block, dtype, may_round, name, n_rows)
        n_rows += len(block)
    if not n_rows or not n_features:
        raise ValueError(
            f"{name} has {n_rows} rows of {n_features or 0} columns, but a file needs at least one of each"
        )
