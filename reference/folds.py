"""Cutting the examples into folds, each of which is predicted by a model that was fitted on the others."""

import numpy as np

from knn_inputs.messages import warn
from knn_inputs.parameters import check_int


def get_folds(cv, codes):
    """Returns (train, test) index arrays for each fold: ``cv`` folds in the order of the examples, or given pairs.

    ``codes`` holds each example's class, (n,), and every fold gets about the same share of each (stratified folds).
    If there are no classes, give every example the same code: then the folds are consecutive, and the first ones are
    larger by one if the examples do not divide evenly. Raises TypeError or ValueError for a ``cv`` that is neither a
    number of folds nor a list of pairs.

    >>> [test.tolist() for train, test in get_folds(2, np.array([0, 0, 0, 0, 1, 1]))]
    [[0, 1, 4], [2, 3, 5]]
    """
    if hasattr(cv, "__iter__") and not isinstance(cv, str):
        folds = [(_check_indices(train, len(codes)), _check_indices(test, len(codes))) for train, test in cv]
        if not folds:
            raise ValueError("cv has 0 folds, but needs at least 1")
        return folds
    n_folds = check_int(cv, "cv", least=2)
    _check_class_sizes(n_folds, np.unique(codes, return_counts=True)[1])
    fold = _deal(n_folds, codes)
    return [(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(n_folds)]


def _deal(n_folds, codes):
    """Returns the fold of each example, (n,), by scikit-learn's rule."""
    # sort the examples by class, in the order in which the classes appear in the data
    classes, first = np.unique(codes, return_index=True)
    by_class = np.concatenate([codes[codes == classes[c]] for c in np.argsort(first)])

    # deal the examples like cards: fold i gets every n_folds-th one, and so its share of each class
    hands = [by_class[i::n_folds] for i in range(n_folds)]

    # within each class keep the order: fold 0 takes the first examples, fold 1 the next ones
    fold = np.empty(len(codes), dtype=np.int64)
    for c in classes:
        fold[codes == c] = np.repeat(np.arange(n_folds), [np.sum(hand == c) for hand in hands])
    return fold


def _check_class_sizes(n_folds, sizes):
    if n_folds > np.max(sizes):
        what = "examples" if len(sizes) == 1 else "examples of the largest class"
        raise ValueError(f"cv={n_folds} is more than the {np.max(sizes)} {what}")
    if n_folds > np.min(sizes):
        message = f"the smallest class has {np.min(sizes)} examples: some of cv={n_folds} folds have no example of it"
        warn(message)


def _check_indices(indices, n_examples):
    indices = np.asarray(indices)
    if indices.ndim != 1 or indices.dtype.kind not in "iu" or not len(indices):
        raise ValueError(f"cv has indices of shape {indices.shape} and dtype {indices.dtype}, but needs (n,) and int")
    if np.min(indices) < 0 or np.max(indices) >= n_examples:
        raise ValueError(f"cv has indices from {np.min(indices)} to {np.max(indices)}, but X has {n_examples} rows")
    return indices.astype(np.int64)
