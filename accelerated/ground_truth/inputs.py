"""The inputs of a ground truth: its files, by size and time and by their sha256, and the versions of the packages."""

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Event
from typing import Any

from accelerated.files import RowsFile

READ_AT_ONCE = 2**20  # bytes


def describe(file: RowsFile) -> dict[str, Any]:
    """Returns the shape and the type of the rows, and the size and the last change of their file.

    They stand for the content when a search is resumed, because to hash a large file takes longer than to look at it.
    """
    stats = [os.stat(path) for path in _files_of(file.path)]
    return {
        "path": file.path,
        "dataset": getattr(file, "dataset", None),  # of a file that may hold several
        "rows": file.shape[0],
        "features": file.shape[1],
        "dtype": str(file.dtype),
        "bytes": sum(one.st_size for one in stats),
        "changed_ns": max(one.st_mtime_ns for one in stats),
    }


def version_of(package: str) -> str:
    """Returns the version of a package; unknown if it is not installed, as this project in a bare checkout."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


@contextmanager
def hashing(paths: list[str]) -> Iterator[Callable[[], list[str]]]:
    """Hashes files in a thread of its own, and yields a function that waits for the sha256 of each.

    If the caller leaves before, as after an interrupt, the thread stops.
    """
    is_over = Event()
    with ThreadPoolExecutor(1, "verified-knn-sha256") as hasher:
        sums = [hasher.submit(sha256_of, path, is_over) for path in paths]
        try:
            yield lambda: [one.result() for one in sums]
        finally:
            is_over.set()


def hash_all(paths: list[str]) -> list[str]:
    """Returns the sha256 of each file."""
    with hashing(paths) as sums:
        return sums()


def sha256_of(path: str, is_over: Event) -> str:
    """Returns the sha256 of a file, or of the names and the content of all files in a folder, such as one of Zarr."""
    digest = hashlib.sha256()
    is_folder = os.path.isdir(path)
    for name in _files_of(path):
        if is_folder:
            digest.update(os.path.relpath(name, path).encode() + b"\0")
        with open(name, "rb") as file:
            while (some := file.read(READ_AT_ONCE)) and not is_over.is_set():
                digest.update(some)
    return digest.hexdigest()


def _files_of(path: str) -> Iterator[Path]:
    where = Path(path)
    yield from sorted(one for one in where.rglob("*") if one.is_file()) if where.is_dir() else [where]
