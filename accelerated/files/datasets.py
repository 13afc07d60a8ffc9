"""Matrices by name in files that may hold several, and the packages that read them."""

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from knn_inputs.messages import a_kind_of, show, suggest

NAMED = re.compile(r"(.*\.(?:hdf5|h5|zarr|parquet)):(.+)", re.IGNORECASE | re.DOTALL)


def split_name(path: str, dataset: str | None) -> tuple[str, str | None]:
    """Returns the path of a file and the name of a matrix in it, which may follow the path and a colon.

    >>> split_name("sift.hdf5:train", None), split_name("sift.hdf5", "test"), split_name("C:\\\\rows.npy", None)
    (('sift.hdf5', 'train'), ('sift.hdf5', 'test'), ('C:\\\\rows.npy', None))
    """
    if dataset is not None and not isinstance(dataset, str):
        raise TypeError(f"dataset={show(dataset)} is {a_kind_of(dataset)}, but must be a str")
    named = NAMED.fullmatch(path)
    if named is None:
        return path, dataset
    if dataset is not None:
        raise ValueError(f"path={path!r} names a dataset, and so does dataset={dataset!r}: pass one of them")
    return named[1], named[2]


def import_reader(package: str, path: str) -> Any:
    """Returns the module that reads a format; raises ImportError with advice if it is not installed."""
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        name = package.partition(".")[0]
        raise ImportError(f"path={path!r} needs {name}: pip install 'verified-knn[files]'", name=name) from error


def choose_dataset(path: str, dataset: str | None, arrays: Mapping[str, Any]) -> str:
    """Returns the name of the matrix to read, of the arrays by their names; with one matrix no name is needed."""
    if dataset is not None:
        if dataset in arrays:
            return dataset
        raise ValueError(f"dataset={dataset!r} is not in path={path!r}{suggest(dataset, arrays)}; {_list(arrays)}")
    matrices = [name for name, array in arrays.items() if len(array.shape) == 2 and _is_real(array.dtype)]
    if len(matrices) == 1:
        return matrices[0]
    advice = f"pass dataset={matrices[0]!r} or another" if matrices else "pass a file with a matrix of numbers"
    raise ValueError(f"path={path!r} holds {len(matrices)} matrices of numbers; {_list(arrays)}: {advice}")


def _is_real(dtype: Any) -> bool:
    return isinstance(dtype, np.dtype) and dtype.kind in "buif"


def _list(arrays: Mapping[str, Any]) -> str:
    return "it has " + (", ".join(f"{name!r} {array.shape}" for name, array in arrays.items()) or "no arrays")
