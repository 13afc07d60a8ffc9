"""A file of rows that is read some rows at a time: only these are in memory, and a file that was cut is noticed.

A file is opened anew for each reading, because a path and some numbers can be pickled and shared by threads, and an
open file cannot. So each reading compares the size of the file and the time of its last change with those from when it
was opened first: the numbers of a file of another layout would be read as other numbers. The inode is not compared,
because a copy on the disk of another machine has another one. Nothing is mapped into memory, so reading a file of any
size does not let resident memory grow.
"""

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from io import FileIO
from typing import NamedTuple, NoReturn

import numpy as np

AGAIN = "copy or download the file again"


class Version(NamedTuple):
    """The size of a file and the time of its last change: others for a file that was written since."""

    n_bytes: int
    changed_ns: int

    @classmethod
    def of(cls, path: str) -> "Version":
        """Returns that of the file as it is now; raises OSError if it cannot be found."""
        stats = os.stat(path)
        return cls(stats.st_size, stats.st_mtime_ns)


@dataclass(frozen=True)
class RowsFile(ABC):
    """A matrix in a file, of which ``read`` returns some rows.

    - path: the file, as an absolute path, so that a process that starts in another folder finds it
    - shape: the numbers of rows and of features, both at least 1
    - dtype: of the numbers that ``read`` returns, real and in the byte order of this machine
    - opened: the version of the file whose rows these are; None for a folder, and where changes are asked for
    """

    path: str
    shape: tuple[int, int]
    dtype: np.dtype
    opened: Version | None = field(default=None, kw_only=True)

    def __len__(self) -> int:
        return self.shape[0]

    def read(self, start: int, stop: int) -> np.ndarray:
        """Returns the rows from ``start`` up to ``stop``, a C-contiguous array (stop - start, n_features) of its own.

        Raises ValueError for a range outside of the rows and for content that is not as the format demands; OSError if
        the file cannot be read, ends before these rows do, or was changed since it was opened.
        """
        if not 0 <= start <= stop <= len(self):
            raise ValueError(f"start={start}, stop={stop} is not a range of the {len(self)} rows of path={self.path!r}")
        if start == stop:
            return np.empty((0, self.shape[1]), self.dtype)
        self._check_version()
        rows = self._read(int(start), int(stop))
        self._check_version()  # again, as it may have been replaced before it was opened to read
        return rows

    def _check_version(self) -> None:
        if self.opened is not None and (now := Version.of(self.path)) != self.opened:
            raise OSError(
                f"path={self.path!r} was changed since it was opened: it had {self.opened.n_bytes} bytes, last changed "
                f"at {self.opened.changed_ns} ns, and has {now.n_bytes}, changed at {now.changed_ns}; open it again"
            )

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
