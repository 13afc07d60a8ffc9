"""Arrays of Zarr, versions 2 and 3 of the format: chunks that are files of their own, in a folder."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from accelerated.files.datasets import choose_dataset, import_reader
from accelerated.files.rows_file import AGAIN, RowsFile, check_dtype, check_shape


@dataclass(frozen=True)
class ZarrRows(RowsFile):
    """Rows of one array, of which a reading decodes the chunks that it meets."""

    dataset: str | None  # None: the path is the array itself

    def _read(self, start: int, stop: int) -> np.ndarray:
        try:
            array = _find_arrays(self.path)[self.dataset or ""]
            if (now := (array.shape, array.dtype.newbyteorder("="))) != (before := (self.shape, self.dtype)):
                raise OSError(f"its shape and dtype are {now}, but were {before}")
            rows = array[start:stop]
        except Exception as error:  # each codec raises errors of its own
            problem = f"rows {start} to {stop - 1} of path={self.path!r} cannot be read"
            raise OSError(f"{problem}: {error}; {AGAIN}") from error
        return np.array(rows, self.dtype, order="C", copy=None)


def open_zarr(path: str, dataset: str | None) -> RowsFile:
    """Returns the rows of an array. Raises ImportError without zarr; OSError and ValueError as ``open_rows`` does.

    Zarr does not write chunks whose numbers are all the fill value, so a chunk that was lost reads as such numbers.
    """
    if not os.path.exists(path):
        raise FileNotFoundError(2, "No such file or directory", path)
    try:
        arrays = _find_arrays(path)
    except ImportError:
        raise
    except Exception as error:
        raise ValueError(f"path={path!r} cannot be read as Zarr: {error}; {AGAIN}") from error
    name = choose_dataset(path, dataset and dataset.strip("/"), arrays)
    shape, dtype = check_shape(path, arrays[name].shape), check_dtype(path, arrays[name].dtype)
    return ZarrRows(path, shape, dtype, name or None)


def _find_arrays(path: str) -> dict[str, Any]:
    """Returns the arrays in a folder by their names; the name of a folder that is an array is empty."""
    zarr = import_reader("zarr", path)
    opened = zarr.open(path, mode="r")
    if isinstance(opened, zarr.Array):
        return {"": opened}
    return {name: member for name, member in opened.members(max_depth=None) if isinstance(member, zarr.Array)}
