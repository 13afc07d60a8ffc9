"""Numbers that lie in a file without gaps, row after row or column after column, from some byte on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from accelerated.files.rows_file import RowsFile, check_dtype, check_shape, fill


@dataclass(frozen=True)
class FlatRows(RowsFile):
    """Row after row: the numbers of some rows are read by one seek."""

    stored: np.dtype  # dtype with the byte order of the file
    offset: int  # bytes before the first number

    def _read(self, start: int, stop: int) -> np.ndarray:
        n_features = self.shape[1]
        rows = np.empty((stop - start, n_features), self.stored)
        place = self.offset + start * n_features * self.stored.itemsize
        fill(rows, self.path, place, f"rows {start} to {stop - 1}")
        return as_native(rows)


@dataclass(frozen=True)
class FlatColumns(RowsFile):
    """Column after column, as NumPy writes arrays in Fortran order: a seek for each column."""

    stored: np.dtype
    offset: int

    def _read(self, start: int, stop: int) -> np.ndarray:
        n_rows, n_features = self.shape
        rows = np.empty((stop - start, n_features), self.dtype)
        column = np.empty(stop - start, self.stored)
        for j in range(n_features):
            place = self.offset + (j * n_rows + start) * self.stored.itemsize
            fill(column, self.path, place, f"rows {start} to {stop - 1} of column {j}")
            rows[:, j] = column
        return rows


def make_flat(path: str, shape: tuple[int, ...], stored: np.dtype, offset: int, by_column: bool = False) -> RowsFile:
    """Returns the file as rows; raises ValueError unless it holds a matrix of real numbers."""
    kind = FlatColumns if by_column else FlatRows
    return kind(path, check_shape(path, shape), check_dtype(path, stored), stored, offset)


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
