"""Cutting the examples into folds, each of which is predicted by a model that was fitted on the others."""

import numpy as np

from knn_inputs.folds import check_n_folds, read_fold


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
        folds = [read_fold(fold, len(codes)) for fold in cv]
        if not folds:
            raise ValueError("cv has 0 folds, but needs at least 1")
        return folds
    n_folds = check_n_folds(cv, codes)
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
