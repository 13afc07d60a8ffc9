"""Parquet: numeric columns are the features, or one column of lists of one length has all numbers of a row.

Pages cannot be skipped, so a row group is decoded from its beginning up to the last row that is asked for. A reading
that begins where the one before has ended goes on decoding there.
"""

import dataclasses
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np

from accelerated.files.datasets import import_reader
from accelerated.files.rows_file import AGAIN, RowsFile, check_dtype, check_shape
from knn_inputs.messages import suggest

AT_ONCE = 2**22  # bytes of rows that are decoded before they are copied
BUFFER = 2**20  # bytes of a column that are read at once; else it would be all that a row group has of it


class Layout(NamedTuple):
    """Where the numbers of the rows are in a file."""

    columns: tuple[str, ...]  # one of lists, or as many as features
    starts: tuple[int, ...]  # the first row of each row group, and the number of rows
    n_features: int
    dtype: np.dtype
    of_lists: bool


@dataclass(frozen=True)
class ParquetRows(RowsFile):
    """Rows of columns of numbers, or of one column of lists."""

    dataset: str | None
    layout: Layout
    # of the last reading, if there was one
    _decoders: list["Decoder"] = dataclasses.field(default_factory=list, repr=False, compare=False)

    def _read(self, start: int, stop: int) -> np.ndarray:
        rows = np.empty((stop - start, self.shape[1]), self.dtype)
        decoder = self._get_decoder(start)
        while decoder.row < stop:
            row, batch = decoder.row, decoder.take(stop)
            rows[row - start : decoder.row - start] = self._to_numbers(batch, row)
        self._decoders[:] = [decoder] if stop < len(self) else []
        return rows

    def _get_decoder(self, start: int) -> "Decoder":
        """Returns the decoder of the last reading if it is at this row, else a new one.

        It is taken out of the list, so that no other thread has it. A process that was forked leaves it to its parent,
        which has the same open file.
        """
        try:
            decoder = self._decoders.pop()
        except IndexError:
            return Decoder(self, start)
        return decoder if (decoder.row, decoder.process) == (start, os.getpid()) else Decoder(self, start)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_decoders": []}  # which hold an open file

    def _to_numbers(self, batch: Any, first: int) -> np.ndarray:
        """Returns the numbers of a batch that begins with the row ``first``, (n, n_features)."""
        arrays = [batch.column(batch.schema.get_field_index(name)) for name in self.layout.columns]
        if self.layout.of_lists:
            self._check_gaps(arrays[0], 0, first, 1)
            arrays[0], width = arrays[0].flatten(), self.shape[1]
            self._check_gaps(arrays[0], 0, first, width, not_floats=True)
            return arrays[0].to_numpy(zero_copy_only=False).reshape(-1, width)
        for j, array in enumerate(arrays):
            self._check_gaps(array, j, first, 1, not_floats=True)
        return np.stack([array.to_numpy(zero_copy_only=False) for array in arrays], axis=1)

    def _check_gaps(self, array: Any, j: int, first: int, width: int, not_floats: bool = False) -> None:
        """Raises ValueError for a gap, except among floats, where it is NaN; ``width`` entries are one row."""
        if array.null_count == 0 or (not_floats and _to_dtype(array.type).kind == "f"):
            return
        row = first + int(np.argmax(array.is_null().to_numpy(zero_copy_only=False))) // width
        place = f"in row {row} of column {self.layout.columns[j]!r}"
        raise ValueError(f"path={self.path!r} has a gap {place}: fill it, or drop these rows")


class Decoder:
    """Decodes the rows of a file from one row on."""

    def __init__(self, rows: ParquetRows, start: int):
        self.row = start  # the next one
        self.process = os.getpid()
        self._batches = _decode(rows, start)
        self._batch: Any = ()

    def take(self, stop: int) -> Any:
        """Returns a batch of the next rows, which ends at ``stop`` or before."""
        if not len(self._batch):
            self._batch = next(self._batches)
        batch = self._batch.slice(0, stop - self.row)
        self._batch = self._batch.slice(len(batch))
        self.row += len(batch)
        return batch


def _decode(rows: ParquetRows, start: int) -> Iterator[Any]:
    """Yields batches with all rows from ``start`` on, none of them empty."""
    path, (columns, starts, n_features, dtype, _) = rows.path, rows.layout
    n_at_once = max(1, AT_ONCE // (n_features * dtype.itemsize))
    with _opened(path) as file:
        if _find_layout(file, path, rows.dataset) != rows.layout:
            raise OSError(f"path={path!r} was replaced by another file since it was opened: open it again")
        try:
            for group, (first, last) in enumerate(pairwise(starts)):
                if last <= start:
                    continue
                for batch in file.iter_batches(n_at_once, [group], list(columns), use_threads=False):
                    n_before = min(max(0, start - first), len(batch))
                    first += len(batch)
                    if n_before < len(batch):
                        yield batch.slice(n_before)
                if first != last:
                    raise OSError(f"row group {group} ends at row {first}, but should at {last}")
        except Exception as error:  # pyarrow raises kinds of its own
            raise OSError(f"rows from {start} on of path={path!r} cannot be read: {error}; {AGAIN}") from error


def open_parquet(path: str, dataset: str | None) -> RowsFile:
    """Returns the rows of a Parquet file; ``dataset`` names the column of lists if there are other columns.

    A gap in a column of floats is NaN. The index that pandas writes beside the columns is not among the features.
    Scratch memory is a few MiB for each column, or for the column of lists.

    Raises ImportError without pyarrow; OSError and ValueError as ``open_rows`` does.
    """
    with _opened(path) as file:
        layout = _find_layout(file, path, dataset)
    shape = check_shape(path, (layout.starts[-1], layout.n_features))
    return ParquetRows(path, shape, layout.dtype, dataset, layout)


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    """Yields the file, opened to read; raises ValueError if it is cut or of another format."""
    parquet = import_reader("pyarrow.parquet", path)
    with open(path, "rb") as opened:
        try:
            file = parquet.ParquetFile(opened, buffer_size=BUFFER, pre_buffer=False)
        except Exception as error:
            raise ValueError(f"path={path!r} cannot be read as Parquet: {error}; {AGAIN}") from error
        yield file


def _find_layout(file: Any, path: str, dataset: str | None) -> Layout:
    """Returns where the numbers are; raises ValueError for a column that holds something else."""
    schema = file.schema_arrow
    index = json.loads((schema.metadata or {}).get(b"pandas", b"{}")).get("index_columns", [])
    fields = [schema.field(i) for i in range(len(schema.names)) if schema.names[i] not in index]
    if dataset is not None:
        fields = [field for field in fields if field.name == dataset]
        if not fields:
            raise ValueError(f"dataset={dataset!r} is no column of path={path!r}{suggest(dataset, schema.names)}")
    n_rows = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    starts = tuple(accumulate(n_rows, initial=0))
    columns = tuple(field.name for field in fields)
    if len(fields) == 1 and (n_features := getattr(fields[0].type, "list_size", None)) is not None:
        return Layout(columns, starts, n_features, check_dtype(path, _to_dtype(fields[0].type.value_type)), True)
    for field in fields:
        if _to_dtype(field.type).kind not in "buif":
            advice = "pass dataset= with the name of a column of fixed-size lists, or write the other columns elsewhere"
            raise ValueError(f"path={path!r} has a column {field.name!r} of {field.type}, not of numbers: {advice}")
    if len(set(columns)) < len(columns):
        raise ValueError(f"path={path!r} has two columns of one name: give each column a name of its own")
    dtype = np.result_type(*(_to_dtype(field.type) for field in fields)) if fields else np.dtype(float)
    return Layout(columns, starts, len(fields), dtype, False)


def _to_dtype(kind: Any) -> np.dtype:
    """Returns the dtype of a type of pyarrow, that of objects where NumPy has none."""
    try:
        return np.dtype(kind.to_pandas_dtype())
    except NotImplementedError:
        return np.dtype(object)
