"""The file behind a ``np.memmap``, which is then read some rows at a time in place of being mapped."""

import mmap
import os

import numpy as np

from accelerated.files.flat import make_flat
from accelerated.files.rows_file import RowsFile

SHARED = ("r", "r+", "w+")  # in these modes the numbers of the array are those of the file; in "c" they need not be


def of_memmap(array: np.ndarray) -> RowsFile | None:
    """Returns the rows of a file for an array that maps them, or for some consecutive rows of one; else None.

    The array must be a C-contiguous matrix, the file the one that was mapped: its first and last rows are compared with
    those of the array, which finds a file that was cut, deleted or replaced by other rows, but not one that differs in
    the middle alone. Changes that are made to the array later are in the rows, too.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/rows.npy", np.arange(8.0).reshape(4, 2))
    ...     rows = of_memmap(np.load(f"{folder}/rows.npy", mmap_mode="r")[1:])
    ...     rows.shape, rows.read(0, 1).tolist()
    ((3, 2), [[2.0, 3.0]])
    >>> of_memmap(np.zeros((4, 2)))
    """
    mapped = getattr(array, "_mmap", None)
    if not isinstance(array, np.memmap) or not isinstance(mapped, mmap.mmap) or array.filename is None:
        return None
    is_matrix = array.ndim == 2 and array.size > 0 and array.flags.c_contiguous and array.dtype.kind in "buif"
    if not is_matrix or array.mode not in SHARED:
        return None
    offset = _find_offset(array, mapped)
    if offset is None:
        return None
    if array.mode != "r":
        array.flush()  # or some systems would read the numbers from before the last changes
    rows = make_flat(os.path.abspath(array.filename), array.shape, array.dtype, offset)
    return rows if _has_same_ends(rows, array) else None


def _find_offset(array: np.memmap, mapped: mmap.mmap) -> int | None:
    """Returns the place of the first number in the file; None if the numbers are not in the map.

    NumPy gives the attributes of a map to the arrays that are made of it: a slice has the ``offset`` of the whole, and
    a copy may have a map that it does not use. So the place follows from addresses. A map begins at a multiple of the
    granularity of the system, at or before ``offset``.
    """
    in_map = _address(array) - _address(np.frombuffer(mapped, np.uint8))
    if not 0 <= in_map <= len(mapped) - array.nbytes:
        return None
    return array.offset - array.offset % mmap.ALLOCATIONGRANULARITY + in_map


def _address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def _has_same_ends(rows: RowsFile, array: np.ndarray) -> bool:
    """Tells whether the first and the last row of the file have the bytes of those of the array."""
    n_rows = len(array)
    native = array.dtype.newbyteorder("=")
    try:
        ends = [rows.read(i, i + 1).tobytes() for i in (0, n_rows - 1)]
    except OSError:
        return False
    return ends == [array[i : i + 1].astype(native).tobytes() for i in (0, n_rows - 1)]
