"""Ground truth: the indices of the neighbours of each query, and their distances, as others exchange them.

- ``.ibin`` and ``.bin``: n_queries and k as two uint32, the indices as uint32, then the distances as float32, which may
  be left out. Source: big-ann-benchmarks, ``knn_result_read`` in ``benchmark/dataset_io.py``.
- ``.hdf5``: the datasets neighbors and distances. Source: ann-benchmarks, ``ann_benchmarks/datasets.py``.
- ``.ivecs``: indices as int32; distances as float32 in a file beside it, which ends in ``.fvecs``.
- ``.npy``: indices as int64; distances as float64 in a file beside it, which ends in ``.distances.npy``.
"""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from accelerated.files import bins
from accelerated.files.formats import get_ending, open_rows
from accelerated.files.hdf5 import list_datasets, opened_hdf5, write_hdf5
from accelerated.files.rows_file import fill, open_raw, refuse_size
from accelerated.files.writing import WRITERS, fit_blocks, split
from accelerated.saving.archive import written_whole
from knn_inputs.containers import to_array
from knn_inputs.paths import read_path

BESIDE = {".ivecs": ".fvecs", ".npy": ".distances.npy"}  # the ending of the file of distances
BINS, HDF5 = (".ibin", ".bin"), (".hdf5", ".h5")
ENDINGS = (*BINS, *HDF5, *BESIDE)
TYPES: dict[str, tuple[np.dtype, np.dtype]] = {  # of indices and of distances
    **dict.fromkeys(BINS, (np.dtype("<u4"), np.dtype("<f4"))),
    **dict.fromkeys(HDF5, (np.dtype(np.int64), np.dtype(np.float64))),
    ".ivecs": (np.dtype("<i4"), np.dtype("<f4")),
    ".npy": (np.dtype(np.int64), np.dtype(np.float64)),
}
MISSING = 2**32 - 1  # -1 as an uint32: the index of a place without a neighbour


def read_neighbors(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns the indices (int64) and the distances of the neighbours of each query, both (n_queries, k).

    The distances are None if the file has none. They are float32 from an ``.ibin``, ``.bin`` or ``.ivecs`` file, so
    they are rounded; of other formats they have the type that was written. The index -1 is that of no row.

    Raises TypeError for a path that is neither a str nor an os.PathLike; OSError if a file cannot be read; ValueError
    for an ending that is not known, for a file that is not as its format demands, for indices that are not whole
    numbers from -1 on, and for distances of another shape.
    """
    path = os.path.abspath(read_path(path))
    ending = get_ending(path, ENDINGS)
    distances: np.ndarray | None
    if ending in BINS:
        indices, distances = _read_bin(path)
    elif ending in HDF5:
        with opened_hdf5(path) as file:
            has_distances = "distances" in list_datasets(file)
        indices = _read_all(path, "neighbors")
        distances = _read_all(path, "distances") if has_distances else None
    else:
        beside = path_of_distances(path)
        indices = _read_all(path)
        distances = _read_all(beside) if beside and os.path.exists(beside) else None
    return _check(indices, distances, f"path={path!r}: ")


def write_neighbors(path: str | os.PathLike[str], indices: Any, distances: Any = None) -> None:
    """Writes the neighbours of each query, both (n_queries, k), in the format of the path's ending.

    Distances are rounded to float32 in an ``.ibin``, ``.bin`` or ``.ivecs`` file: two that differ may be equal then.
    To keep all their bits, pass a path to an ``.hdf5`` or ``.npy`` file. The index -1 and the distance infinity stand
    for a neighbour that is missing. Files are complete, or older ones stay as they were.

    Raises TypeError for a path that is neither a str nor an os.PathLike; ValueError for an ending that is not known,
    for indices that are not whole numbers from -1 on or that the format does not hold, for distances of another shape
    or beyond float32, and where distances are left out but a file of others lies beside; OSError if a file cannot be
    written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_neighbors(f"{folder}/truth.ibin", [[3, 1], [2, -1]], [[0.5, 2.0], [0.25, np.inf]])
    ...     read_neighbors(f"{folder}/truth.ibin")
    (array([[ 3,  1],
           [ 2, -1]]), array([[0.5 , 2.  ],
           [0.25,  inf]], dtype=float32))
    """
    path = read_path(path)
    ending = get_ending(path, ENDINGS)
    given = None if distances is None else to_array(distances, "distances")
    indices, given = _check(to_array(indices, "indices"), given)
    of_indices, of_distances = TYPES[ending]
    if ending in BINS:
        indices = np.where(indices < 0, MISSING, indices)
    ids = fit_blocks(split(indices), of_indices, name="indices")
    lengths = None if given is None else fit_blocks(split(given), of_distances, True, "distances")
    if ending in HDF5:
        with written_whole(path) as unfinished:
            write_hdf5(unfinished, {"neighbors": ids, "distances": lengths or iter(())}, path)
    elif beside := path_of_distances(path):
        _write_beside(path, beside, ids, lengths)
    else:
        with written_whole(path) as unfinished:
            _write_bin(unfinished, indices.shape, ids, lengths)


def path_of_distances(path: str) -> str | None:
    """Returns the path of the file of distances beside a file of indices; None if the format has both in one file."""
    stem, ending = os.path.splitext(path)
    return stem + BESIDE[ending.lower()] if ending.lower() in BESIDE else None


def _read_bin(path: str) -> tuple[np.ndarray, np.ndarray | None]:
    shape, size = bins.read_head(path)
    of_ids, of_distances = TYPES[".bin"]
    n_numbers, head = shape[0] * shape[1], bins.HEAD.itemsize
    alone, both = (head + n_numbers * width for width in (of_ids.itemsize, of_ids.itemsize + of_distances.itemsize))
    if size not in (alone, both):
        refuse_size(path, size, both, f"a head of {head} bytes and {shape[0]} x {shape[1]} indices and distances")
    ids = np.empty(shape, of_ids)
    distances = None if size == alone else np.empty(shape, of_distances)
    with open_raw(path) as file:
        fill(ids, file, head, "indices")
        if distances is not None:
            fill(distances, file, alone, "distances")
    indices = np.where(ids == MISSING, -1, ids.astype(np.int64))
    return indices, None if distances is None else distances.astype(np.float32)


def _read_all(path: str, dataset: str | None = None) -> np.ndarray:
    rows = open_rows(path, dataset)
    return rows.read(0, len(rows))


def _check(indices: np.ndarray, distances: np.ndarray | None, where: str = "") -> tuple[np.ndarray, np.ndarray | None]:
    """Returns the indices as int64, and the distances; raises ValueError unless they may be those of neighbours."""
    if indices.ndim != 2 or indices.dtype.kind not in "ui":
        problem = f"indices has shape {indices.shape} and dtype {indices.dtype}"
        raise ValueError(f"{where}{problem}, but must be a matrix of ints, (n_queries, k)")
    if indices.size and not -1 <= int(indices.min()) <= int(indices.max()) < 2**63:
        raise ValueError(f"{where}indices has {indices.min()} to {indices.max()}, but must have numbers from -1 on")
    if distances is not None and (distances.shape != indices.shape or distances.dtype.kind not in "uif"):
        problem = f"distances has shape {distances.shape} and dtype {distances.dtype}"
        raise ValueError(f"{where}{problem}, but must hold a number for each of the indices, {indices.shape}")
    return indices.astype(np.int64), distances


def _write_bin(
    path: str, shape: tuple[int, ...], ids: Iterator[np.ndarray], lengths: Iterator[np.ndarray] | None
) -> None:
    with open(path, "xb") as file:
        file.write(bins.make_head((shape[0], shape[1]), TYPES[".bin"][0]))
        for blocks in (ids, lengths or ()):
            for block in blocks:
                file.write(block.reshape(-1).view(np.uint8).data)


def _write_beside(path: str, beside: str, ids: Iterator[np.ndarray], lengths: Iterator[np.ndarray] | None) -> None:
    """Writes both files before either has its name, so that an error leaves two older files as they were."""
    write_ids, write_lengths = (WRITERS[os.path.splitext(name)[1].lower()] for name in (path, beside))
    if lengths is None:
        if os.path.exists(beside):
            raise ValueError(f"distances=None, but path={beside!r} would be read as the distances: remove it first")
        with written_whole(path) as unfinished:
            write_ids(unfinished, ids)
        return
    with written_whole(beside) as others, written_whole(path) as unfinished:
        write_lengths(others, lengths)
        write_ids(unfinished, ids)
