"""Datasets of HDF5 files, such as those of ann-benchmarks: train, test, neighbors and distances."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from accelerated.files.datasets import choose_dataset, import_reader
from accelerated.files.rows_file import AGAIN, RowsFile, check_dtype, check_shape

CHUNK = 2**20  # bytes that HDF5 writes and reads at once


@dataclass(frozen=True)
class Hdf5Rows(RowsFile):
    """Rows of one dataset."""

    dataset: str

    def _read(self, start: int, stop: int) -> np.ndarray:
        rows = np.empty((stop - start, self.shape[1]), self.dtype)
        with opened_hdf5(self.path) as file:
            try:
                dataset = file[self.dataset]  # in another file, if its name is a link to that
                if (now := (dataset.shape, dataset.dtype.newbyteorder("="))) != (before := (self.shape, self.dtype)):
                    raise OSError(f"its shape and dtype are {now}, but were {before}")
                dataset.read_direct(rows, np.s_[start:stop])
            except Exception as error:  # of a file that is damaged or was replaced h5py raises many kinds
                where = f"rows {start} to {stop - 1} of dataset {self.dataset!r} in path={self.path!r}"
                raise OSError(f"{where} cannot be read: {error}; {AGAIN}") from error
        return rows


def open_hdf5(path: str, dataset: str | None) -> RowsFile:
    """Returns the rows of a dataset. Raises ImportError without h5py; OSError and ValueError as ``open_rows`` does."""
    with opened_hdf5(path) as file:
        arrays = list_datasets(file)
        name = choose_dataset(path, dataset and dataset.strip("/"), arrays)
        shape, dtype = check_shape(path, arrays[name].shape), check_dtype(path, arrays[name].dtype)
    return Hdf5Rows(path, shape, dtype, name)


@contextmanager
def opened_hdf5(path: str) -> Iterator[Any]:
    """Yields the file, opened to read; raises ValueError if it is cut or of another format."""
    h5py = import_reader("h5py", path)
    with open(path, "rb"):  # raises the error of Python if the file cannot be opened
        pass
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise ValueError(f"path={path!r} cannot be read as HDF5: {error}; {AGAIN}") from error
    with file:
        yield file


def list_datasets(file: Any) -> dict[str, Any]:
    """Returns all datasets by their names."""
    arrays: dict[str, Any] = {}
    file.visititems(lambda name, item: arrays.update({name: item}) if hasattr(item, "shape") else None)
    return arrays


def write_hdf5(path: str, matrices: Mapping[str, Iterator[np.ndarray]], before: str) -> None:
    """Writes matrices by their names to a new file; each comes in blocks of one width and dtype.

    All else that the file ``before`` holds, if it is there, is copied, because one file has base, queries and truth.
    """
    h5py = import_reader("h5py", path)
    open(path, "xb").close()  # raises the error of Python if the file cannot be written
    with h5py.File(path, "w") as file:
        _copy_others(before, file, matrices)
        for name, blocks in matrices.items():
            dataset = None
            for block in blocks:
                n_features = block.shape[1]
                if dataset is None:
                    chunks = (max(1, CHUNK // (n_features * block.itemsize)), n_features)
                    dataset = file.create_dataset(
                        name, (0, n_features), block.dtype, maxshape=(None, n_features), chunks=chunks
                    )
                dataset.resize(len(dataset) + len(block), axis=0)
                dataset[len(dataset) - len(block) :] = block


def _copy_others(before: str, file: Any, names: Collection[str]) -> None:
    """Copies what a file holds under other names; nothing if it is not there, or no HDF5 file."""
    try:
        with opened_hdf5(before) as earlier:
            file.attrs.update(earlier.attrs)
            for name in earlier:
                if name not in names:
                    earlier.copy(name, file)
    except (FileNotFoundError, ValueError):
        return
    for name in names:
        if name in file:  # in a group that was copied
            del file[name]
