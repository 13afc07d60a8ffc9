"""``.fvecs``, ``.bvecs`` and ``.ivecs``: before the numbers of each row there is how many they are, an int32.

All are little-endian. Source: http://corpus-texmex.irisa.fr
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO

import numpy as np

from accelerated.files.flat import as_native
from accelerated.files.rows_file import AGAIN, RowsFile, fill, open_raw

STORED: dict[str, np.dtype] = {".fvecs": np.dtype("<f4"), ".bvecs": np.dtype("u1"), ".ivecs": np.dtype("<i4")}
HEAD = np.dtype("<i4")
AT_ONCE = 2**20  # bytes that are read before their numbers are copied: so few that they are still in a cache


@dataclass(frozen=True)
class VecsRows(RowsFile):
    """Rows with a head each, which is checked when the row is read."""

    record: np.dtype  # of a row: its head and its numbers

    def _read(self, start: int, stop: int) -> np.ndarray:
        rows = np.empty((stop - start, self.shape[1]), self.record["numbers"].base)
        n_at_once = max(1, AT_ONCE // self.record.itemsize)
        with open_raw(self.path) as file:
            for first in range(start, stop, n_at_once):
                last = min(stop, first + n_at_once)
                rows[first - start : last - start] = self._read_records(file, first, last)["numbers"]
        return as_native(rows)

    def _read_records(self, file: FileIO, start: int, stop: int) -> np.ndarray:
        records = np.empty(stop - start, self.record)
        fill(records, file, start * self.record.itemsize, f"rows {start} to {stop - 1}")
        is_other = records["n_features"] != self.shape[1]
        if is_other.any():
            i = int(is_other.argmax())
            problem = f"path={self.path!r} says that row {start + i} has {records['n_features'][i]} numbers"
            raise ValueError(f"{problem}, but row 0 has {self.shape[1]}: {AGAIN}")
        return records


def open_vecs(path: str) -> RowsFile:
    """Returns the rows of a file whose rows have heads. Raises OSError and ValueError as ``open_rows`` does."""
    stored = STORED[os.path.splitext(path)[1].lower()]
    with open(path, "rb") as file:
        head, size = file.read(HEAD.itemsize), os.fstat(file.fileno()).st_size
    if len(head) < HEAD.itemsize:
        raise ValueError(f"path={path!r} has {size} bytes, but the head of a row alone has {HEAD.itemsize}: {AGAIN}")
    n_features = int(np.frombuffer(head, HEAD)[0])
    of_row = HEAD.itemsize + n_features * stored.itemsize
    if n_features < 1 or size % of_row:
        problem = f"says that row 0 has {n_features} numbers of {stored.itemsize} bytes"
        problem += "" if n_features < 1 else f" after a head of {HEAD.itemsize}, of which no file of {size} consists"
        raise ValueError(f"path={path!r} {problem}: give it the ending of its format, or {AGAIN}")
    return VecsRows(path, (size // of_row, n_features), stored.newbyteorder("="), _record(n_features, stored))


def _record(n_features: int, stored: np.dtype) -> np.dtype:
    return np.dtype([("n_features", HEAD), ("numbers", stored, (n_features,))])


def write_vecs(path: str, blocks: Iterator[np.ndarray]) -> None:
    """Writes blocks of one width and dtype to a new file, each row behind its head."""
    with open(path, "xb") as file:
        for block in blocks:
            n_rows, n_features = block.shape
            records = np.empty(n_rows, _record(n_features, block.dtype))
            records["n_features"], records["numbers"] = n_features, block
            file.write(records.view(np.uint8).data)
