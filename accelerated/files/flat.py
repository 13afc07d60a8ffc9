"""Numbers that lie in a file without gaps, row after row or column after column, from some byte on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import FileIO

import numpy as np

from accelerated.files.rows_file import RowsFile, check_dtype, check_shape, fill, open_raw

PAGE, ALIGNED = 4096, 64  # bytes
COLUMNS = 256  # bytes of a row whose columns are read together, and then written to the row at once
AT_ONCE = 2**22  # bytes of these columns


@dataclass(frozen=True)
class FlatRows(RowsFile):
    """Row after row: the numbers of some rows are read by one seek."""

    stored: np.dtype  # dtype with the byte order of the file
    offset: int  # bytes before the first number

    def _read(self, start: int, stop: int) -> np.ndarray:
        n_features = self.shape[1]
        place = self.offset + start * n_features * self.stored.itemsize
        rows = allocate((stop - start, n_features), self.stored, place)
        with open_raw(self.path) as file:
            fill(rows, file, place, f"rows {start} to {stop - 1}")
        return as_native(rows)


@dataclass(frozen=True)
class FlatColumns(RowsFile):
    """Column after column, as NumPy writes arrays in Fortran order."""

    stored: np.dtype
    offset: int

    def _read(self, start: int, stop: int) -> np.ndarray:
        rows = np.empty((stop - start, self.shape[1]), self.dtype)
        width = self.stored.itemsize
        n_columns = min(self.shape[1], max(1, COLUMNS // width))
        n_rows = min(stop - start, max(1, AT_ONCE // (n_columns * width)))
        # a little longer, as columns that lie a power of two apart would be in the same few lines of a cache
        columns = np.empty((n_columns, n_rows + max(1, ALIGNED // width)), self.stored)
        with open_raw(self.path) as file:
            for first in range(start, stop, n_rows):
                for left in range(0, self.shape[1], n_columns):
                    target = rows[first - start : first - start + n_rows, left : left + n_columns]
                    some = columns[: target.shape[1], : len(target)]
                    self._fill_columns(some, file, first, left)
                    target[...] = some.T
        return rows

    def _fill_columns(self, columns: np.ndarray, file: FileIO, first: int, left: int) -> None:
        """Reads a piece of some columns, from the row ``first`` and the column ``left`` on."""
        for j, column in enumerate(columns, left):
            place = self.offset + (j * self.shape[0] + first) * self.stored.itemsize
            fill(column, file, place, f"rows {first} to {first + len(column) - 1} of column {j}")


def make_flat(path: str, shape: tuple[int, ...], stored: np.dtype, offset: int, by_column: bool = False) -> RowsFile:
    """Returns the file as rows; raises ValueError unless it holds a matrix of real numbers."""
    kind = FlatColumns if by_column else FlatRows
    return kind(path, check_shape(path, shape), check_dtype(path, stored), stored, offset)


def allocate(shape: tuple[int, int], dtype: np.dtype, place: int) -> np.ndarray:
    """Returns an empty array for numbers from this place of a file on, at an address that the system copies to fast.

    The system copies from pages that it holds of the file. A processor that compares addresses within a page alone
    takes a load for that of the store before, and waits, if the target is a few bytes further in its page than the
    source ("4K aliasing"): then 0.5 s in place of 0.2 s for 512 MB (`python -m benchmarks.reading`). So the target is
    at the same place in a page as the source, or up to 63 bytes before it, as the address is a multiple of 64.
    """
    n_bytes = shape[0] * shape[1] * dtype.itemsize
    buffer = np.empty(n_bytes + PAGE, np.uint8)
    aligned = place - place % ALIGNED
    first = (aligned - int(buffer.__array_interface__["data"][0])) % PAGE
    return buffer[first : first + n_bytes].view(dtype).reshape(shape)


def as_native(rows: np.ndarray) -> np.ndarray:
    """Returns the array in the byte order of this machine; it is changed in place."""
    return rows if rows.dtype.isnative else rows.byteswap(inplace=True).view(rows.dtype.newbyteorder("="))


def write_flat(
    path: str, blocks: Iterator[np.ndarray], make_head: Callable[[tuple[int, int], np.dtype], bytes]
) -> None:
    """Writes C-contiguous blocks of one width and dtype to a new file, behind the head of a matrix of their shape.

    The number of rows is known at the end, so the head is written twice; it has the same length for any number.
    """
    n_rows, head = 0, b""
    with open(path, "xb") as file:
        for block in blocks:
            head = head or make_head((0, block.shape[1]), block.dtype)
            if not n_rows:
                file.write(head)
            file.write(block.reshape(-1).view(np.uint8).data)
            n_rows += len(block)
            last = make_head((n_rows, block.shape[1]), block.dtype)
        assert len(last) == len(head)
        file.seek(0)
        file.write(last)
