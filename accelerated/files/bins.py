"""``.fbin``, ``.u8bin``, ``.i8bin`` and ``.ibin``: the numbers of rows and of features, two uint32, then the rows.

All are little-endian. Source: big-ann-benchmarks, ``xbin_mmap`` in ``benchmark/dataset_io.py``.
"""

import os

import numpy as np

from accelerated.files.flat import make_flat
from accelerated.files.rows_file import AGAIN, RowsFile, refuse_size

STORED: dict[str, np.dtype] = {
    ".fbin": np.dtype("<f4"),
    ".u8bin": np.dtype("u1"),
    ".i8bin": np.dtype("i1"),
    ".ibin": np.dtype("<i4"),
}
HEAD = np.dtype(("<u4", (2,)))
LARGEST = np.iinfo(np.uint32).max


def open_bin(path: str) -> RowsFile:
    """Returns the rows of a file with one head. Raises OSError and ValueError as ``open_rows`` does."""
    stored = STORED[os.path.splitext(path)[1].lower()]
    shape, size = read_head(path)
    n_numbers = shape[0] * shape[1]
    if stored == STORED[".ibin"] and n_numbers and size == HEAD.itemsize + 8 * n_numbers:
        advice = "read both with ``read_neighbors``"
        raise ValueError(f"path={path!r} holds distances behind {shape[0]} x {shape[1]} indices: {advice}")
    if size != (expected := HEAD.itemsize + n_numbers * stored.itemsize):
        numbers = f"{shape[0]} x {shape[1]} numbers of {stored.itemsize} bytes"
        refuse_size(path, size, expected, f"a head of {HEAD.itemsize} bytes and {numbers}")
    return make_flat(path, shape, stored, HEAD.itemsize)


def read_head(path: str) -> tuple[tuple[int, int], int]:
    """Returns the shape that the head tells, and the size of the file in bytes."""
    with open(path, "rb") as file:
        head, size = file.read(HEAD.itemsize), os.fstat(file.fileno()).st_size
    if len(head) < HEAD.itemsize:
        raise ValueError(f"path={path!r} has {size} bytes, but its head alone has {HEAD.itemsize}: {AGAIN}")
    n_rows, n_features = np.frombuffer(head, HEAD.base).tolist()  # ints of Python, whose product does not overflow
    return (n_rows, n_features), size


def make_head(shape: tuple[int, int], dtype: np.dtype) -> bytes:
    """Returns the head of a file of this shape; raises ValueError for one that two uint32 do not hold."""
    if max(shape) > LARGEST:
        raise ValueError(
            f"rows has shape {shape}, but this format holds at most {LARGEST} rows: pass a path to an .npy"
        )
    return np.array(shape, HEAD.base).tobytes()
