"""The formats, by the ending of a path."""

import os
from typing import Any

from accelerated.files.bins import open_bin
from accelerated.files.npy import open_npy
from accelerated.files.rows_file import RowsFile
from accelerated.files.vecs import open_vecs
from knn_inputs.paths import read_path

FLAT = {
    ".npy": open_npy,
    **dict.fromkeys((".fvecs", ".bvecs", ".ivecs"), open_vecs),
    **dict.fromkeys((".fbin", ".u8bin", ".i8bin", ".ibin"), open_bin),
}


def open_rows(path: str | os.PathLike[str], dataset: str | None = None) -> RowsFile:
    """Returns the rows of a file, of which none is read before ``read`` asks for it.

    The ending of the path tells the format.

    Raises TypeError unless the path is a str or an os.PathLike; OSError, FileNotFoundError among them, if the file
    cannot be read; ValueError for an ending that is not known, and for a file that is not as its format demands: cut,
    longer than its head tells, of another kind.

    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/rows.npy", np.arange(8.0).reshape(4, 2))
    ...     rows = open_rows(f"{folder}/rows.npy")
    ...     rows.shape, rows.read(1, 3).tolist()
    ((4, 2), [[2.0, 3.0], [4.0, 5.0]])
    """
    path = os.path.abspath(read_path(path))
    ending = os.path.splitext(path)[1].lower()
    if ending not in FLAT:
        refuse_ending(path, FLAT)
    return FLAT[ending](path)


def refuse_ending(path: str, known: Any) -> None:
    """Raises ValueError for a path with another ending than the known ones."""
    raise ValueError(f"path={path!r} has an ending that is not known: pass a path that ends in {', '.join(known)}")
