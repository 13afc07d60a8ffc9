"""The argument ``cv``: a number of folds that the data are enough for, or pairs of index arrays."""

from typing import Any

import numpy as np

from knn_inputs.containers import to_array
from knn_inputs.messages import show, warn
from knn_inputs.parameters import check_int


def check_n_folds(cv: Any, codes: np.ndarray) -> int:
    """Returns the number of folds; raises ValueError if there are fewer examples, or of no class as many.

    ``codes`` holds each example's class, (n,), and the same number for all if there are no classes. Warns if the
    smallest class has fewer examples than there are folds.
    """
    n_folds = check_int(cv, "cv", least=2)
    sizes = np.unique(codes, return_counts=True)[1]
    if n_folds > np.max(sizes):
        what = "examples" if len(sizes) == 1 else "examples of the largest class"
        raise ValueError(f"cv={show(n_folds)} is more than the {np.max(sizes)} {what}")
    if n_folds > np.min(sizes):
        warn(f"the smallest class has {np.min(sizes)} examples: some of cv={n_folds} folds have no example of it")
    return n_folds


def read_fold(fold: Any, n_examples: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the indices to fit on and those to score, int64; raises ValueError for a fold that is no such pair."""
    try:
        train, test = fold
    except Exception as error:
        raise ValueError(f"cv has {show(fold)} as a fold, but must have pairs of index arrays (train, test)") from error
    return _read_indices(train, n_examples), _read_indices(test, n_examples)


def _read_indices(indices: Any, n_examples: int) -> np.ndarray:
    indices = to_array(indices, "cv")
    if indices.ndim != 1 or indices.dtype.kind not in "iu" or not len(indices):
        raise ValueError(f"cv has indices of shape {indices.shape} and dtype {indices.dtype}, but needs (n,) and int")
    if np.min(indices) < 0 or np.max(indices) >= n_examples:
        raise ValueError(f"cv has indices from {np.min(indices)} to {np.max(indices)}, but X has {n_examples} rows")
    return indices.astype(np.int64)
