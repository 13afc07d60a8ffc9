"""A file of rows that is read some rows at a time: only these are in memory, and a file that was cut is noticed.

A file is opened anew for each reading, because a path and some numbers can be pickled and shared by threads, and an
open file cannot. Nothing is mapped into memory, so reading a file of any size does not let resident memory grow.
"""

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from io import FileIO
from typing import NoReturn

import numpy as np

AGAIN = "copy or download the file again"


@dataclass(frozen=True)
class RowsFile(ABC):
    """A matrix in a file, of which ``read`` returns some rows.

    - path: the file, as an absolute path, so that a process that starts in another folder finds it
    - shape: the numbers of rows and of features, both at least 1
    - dtype: of the numbers that ``read`` returns, real and in the byte order of this machine
    """

    path: str
    shape: tuple[int, int]
    dtype: np.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def read(self, start: int, stop: int) -> np.ndarray:
        """Returns the rows from ``start`` up to ``stop``, a C-contiguous array (stop - start, n_features) of its own.

        Raises ValueError for a range outside of the rows and for content that is not as the format demands; OSError if
        the file cannot be read, or ends before these rows do because it was cut since it was opened.
        """
        if not 0 <= start <= stop <= len(self):
            raise ValueError(f"start={start}, stop={stop} is not a range of the {len(self)} rows of path={self.path!r}")
        if start == stop:
            return np.empty((0, self.shape[1]), self.dtype)
        return self._read(int(start), int(stop))

    @abstractmethod
    def _read(self, start: int, stop: int) -> np.ndarray: ...


def open_raw(path: str) -> FileIO:
    """Returns the file, opened for ``fill``: without a buffer, as large pieces are read."""
    return open(path, "rb", buffering=0)


def fill(array: np.ndarray, file: FileIO, offset: int, name: str) -> None:
    """Fills a C-contiguous array with the bytes of a file from an offset on.

    Raises OSError, with the ``name`` of what the array is to hold, if the file ends before the array is full.
    """
    left = array.reshape(-1).view(np.uint8).data
    file.seek(offset)
    while left:
        n_read = file.readinto(left)  # Linux reads at most 2 GiB at a time
        if not n_read:
            end, size = offset + array.nbytes, os.fstat(file.fileno()).st_size
            raise OSError(
                f"path={file.name!r} ends at byte {size}, but {name} end at byte {end}: the file was cut since it was "
                f"opened, or its disk is damaged; {AGAIN}"
            )
        left = left[n_read:]


def check_shape(path: str, shape: tuple[int, ...]) -> tuple[int, int]:
    """Returns the shape as two ints; raises ValueError unless it has two dimensions, both at least 1."""
    if len(shape) != 2:
        raise ValueError(
            f"path={path!r} has shape {shape}, but must hold a matrix, a row for each example: write it in this shape"
        )
    if min(shape) < 1:
        raise ValueError(f"path={path!r} has shape {shape}, but must hold at least one row and one column")
    return int(shape[0]), int(shape[1])


def check_dtype(path: str, dtype: np.dtype) -> np.dtype:
    """Returns the dtype in the byte order of this machine; raises ValueError unless it is of real numbers."""
    if dtype.kind not in "buif":
        raise ValueError(f"path={path!r} holds {dtype}, but must hold real numbers: write them with a numeric dtype")
    return dtype.newbyteorder("=")


def refuse_size(path: str, size: int, expected: int, why: str) -> NoReturn:
    """Raises ValueError for a file of another size than its head tells."""
    difference = f"{expected - size} are missing" if size < expected else f"{size - expected} are left over"
    raise ValueError(f"path={path!r} has {size} bytes, but {why} make {expected}, so {difference}: {AGAIN}")
