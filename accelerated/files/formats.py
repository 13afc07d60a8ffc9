"""The formats, by the ending of a path."""

import os
from collections.abc import Callable, Collection
from dataclasses import replace

from accelerated.files.bins import open_bin
from accelerated.files.datasets import split_name
from accelerated.files.hdf5 import open_hdf5
from accelerated.files.npy import open_npy
from accelerated.files.npz import open_npz
from accelerated.files.parquet import open_parquet
from accelerated.files.rows_file import RowsFile, Version
from accelerated.files.vecs import open_vecs
from accelerated.files.zarr_arrays import open_zarr
from knn_inputs.paths import read_path

FLAT: dict[str, Callable[[str], RowsFile]] = {
    ".npy": open_npy,
    ".npz": open_npz,
    **dict.fromkeys((".fvecs", ".bvecs", ".ivecs"), open_vecs),
    **dict.fromkeys((".fbin", ".u8bin", ".i8bin", ".ibin"), open_bin),
}
NAMED: dict[str, Callable[[str, str | None], RowsFile]] = {  # formats whose matrices have names
    **dict.fromkeys((".hdf5", ".h5"), open_hdf5),
    ".parquet": open_parquet,
    ".zarr": open_zarr,
}


def open_rows(path: str | os.PathLike[str], dataset: str | None = None) -> RowsFile:
    """Returns the rows of a file, of which none is read before ``read`` asks for it.

    The ending of the path tells the format: ``docs/files.md`` lists them. ``dataset`` names a matrix in an HDF5 or Zarr
    file or a column of lists in a Parquet file; "sift.hdf5:train" does the same. A file with one matrix needs no name.

    Raises TypeError unless the path is a str or an os.PathLike; OSError, FileNotFoundError among them, if the file
    cannot be read; ImportError if a package for the format is not installed; ValueError for an ending that is not
    known, and for a file that is not as its format demands: cut, longer than its head tells, of another kind, or
    without a row. ``read`` raises OSError if the file was changed since, even if it was only touched.

    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/rows.npy", np.arange(8.0).reshape(4, 2))
    ...     rows = open_rows(f"{folder}/rows.npy")
    ...     rows.shape, rows.read(1, 3).tolist()
    ((4, 2), [[2.0, 3.0], [4.0, 5.0]])
    """
    path, dataset = split_name(os.path.abspath(read_path(path)), dataset)
    ending = get_ending(path, (*FLAT, *NAMED))
    if dataset is not None and ending in FLAT:
        raise ValueError(f"dataset={dataset!r}, but a file {ending} holds one matrix: leave dataset out")
    opened = None if os.path.isdir(path) else Version.of(path)  # before its head is read, which belongs to it then
    rows = NAMED[ending](path, dataset) if ending in NAMED else FLAT[ending](path)
    return replace(rows, opened=opened)


def get_ending(path: str, known: Collection[str]) -> str:
    """Returns the ending of the path in lower case; raises ValueError unless it is one of the known ones."""
    ending = os.path.splitext(path)[1].lower()
    if ending not in known:
        listed = ", ".join(sorted(known))
        raise ValueError(f"path={path!r} has an ending that is not known: pass a path that ends in {listed}")
    return ending
