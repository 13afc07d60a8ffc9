"""NumPy's own files, ``.npy``, of any real dtype, in C or Fortran order, of versions 1 to 3 of the format.

Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import os
from io import BytesIO
from typing import BinaryIO

import numpy as np

from accelerated.files.flat import make_flat
from accelerated.files.rows_file import AGAIN, RowsFile, refuse_size


def open_npy(path: str) -> RowsFile:
    """Returns the matrix in an ``.npy`` file. Raises OSError and ValueError as ``open_rows`` does."""
    with open(path, "rb") as file:
        shape, by_column, dtype = read_header(file, path)
        offset, size = file.tell(), os.fstat(file.fileno()).st_size
    rows = make_flat(path, shape, dtype, offset, by_column)
    n, d = rows.shape
    if size != (expected := offset + n * d * dtype.itemsize):
        refuse_size(path, size, expected, f"a header of {offset} bytes and {n} x {d} numbers of {dtype.itemsize} bytes")
    return rows


def read_header(file: BinaryIO, path: str) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Returns shape, order and dtype of an array in NumPy's format, and leaves the file at its first number."""
    try:
        major, _ = np.lib.format.read_magic(file)
        if major == 1:
            return np.lib.format.read_array_header_1_0(file)
        # of versions 2 and 3, which differ in the encoding of names, there is one public reader
        return np.lib.format.read_array_header_2_0(file)
    except OSError:
        raise
    except Exception as error:  # NumPy parses the header as Python, so a changed byte may raise anything
        problem = f"path={path!r} does not begin as an .npy file: {error}"
        raise ValueError(f"{problem}; give it the ending of its format, or {AGAIN}") from error


def make_header(shape: tuple[int, int], dtype: np.dtype) -> bytes:
    """Returns the head of an array in C order; NumPy leaves room in it for any number of rows."""
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    buffer = BytesIO()
    np.lib.format.write_array_header_1_0(buffer, header)
    return buffer.getvalue()
