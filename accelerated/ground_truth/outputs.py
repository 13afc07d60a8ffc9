"""The files that a ground truth writes: which they are, and whether they could be written over something else."""

import os
from typing import Any

import numpy as np

from accelerated.files.datasets import import_reader
from accelerated.files.formats import get_ending
from accelerated.files.neighbors import ENDINGS, HDF5, TYPES, path_of_distances
from accelerated.ground_truth.shard_search import Job
from knn_inputs.paths import read_path


def read_out(out: Any, job: Job) -> str:
    """Returns the path of the result. Raises, before hours of work, if it cannot be written.

    This is ImportError for a format whose package is missing, FileNotFoundError for a missing folder, else ValueError.
    """
    out = os.path.abspath(read_path(out))
    ending = get_ending(out, ENDINGS)
    if ending in HDF5:
        import_reader("h5py", out)
    most = np.iinfo(TYPES[ending][0]).max
    if len(job.base) > most:
        raise ValueError(
            f"out={out!r} holds indices up to {most}, but base has {len(job.base)} rows: write .hdf5 or .npy"
        )
    if not os.path.isdir(folder := os.path.dirname(out)):
        raise FileNotFoundError(2, "No such folder for out: make it, or pass another path", folder)
    beside = files_of_result(out)[1:]
    for path in (out, *beside, f"{out}.json"):
        _check_path(path, out, job)
    if not os.path.exists(out):
        for path in filter(os.path.exists, beside):
            problem = f"would write its distances to {path!r}, which is there without it, so they may be other rows"
            raise ValueError(f"out={out!r} {problem}: pass another file, or remove that one")
    return out


def _check_path(path: str, out: str, job: Job) -> None:
    """Raises ValueError if a file that will be written is an input or a folder."""
    for name, file in (("base", job.base), ("queries", job.queries)):
        if os.path.exists(path) and os.path.samefile(path, file.path):
            raise ValueError(f"out={out!r} would be written over {name}={file.path!r}: pass another file")
    if os.path.isdir(path):
        raise ValueError(f"out={out!r} would be written over the folder {path!r}: pass another file")


def files_of_result(out: str) -> list[str]:
    """Returns the path of the indices, and of the distances if their format has them in another file."""
    return [out, *filter(None, [path_of_distances(out)])]
