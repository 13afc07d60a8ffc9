"""How good predictions are: the share that is right, or the share of the spread that is explained."""

import numpy as np

from reference.targets import check_answers, check_targets


def accuracy(y, predicted):
    """The share of the queries whose labels are all right. Raises ValueError for y of another shape.

    >>> accuracy(["a", "b", "a", "a"], np.array(["a", "b", "b", "a"]))
    0.75
    """
    right = predicted == check_answers(y, predicted.shape)
    return float(np.mean(right.reshape(len(right), -1).all(axis=1)))


def r_squared(y, predicted):
    """R^2 = 1 - sum (y - predicted)^2 / sum (y - mean of y)^2, the mean over the outputs.

    1 is perfect, 0 no better than the mean. Where y is constant the quotient divides by 0: then R^2 is 1 if all is
    right, else 0. Raises ValueError for y of another shape and for a single query, which has no spread to explain.

    >>> r_squared([0, 1, 2], np.array([0.0, 1.0, 1.0]))
    0.5
    """
    y, _ = check_targets(check_answers(y, predicted.shape), len(predicted))
    if len(y) < 2:
        raise ValueError(f"R^2 needs at least 2 queries, but there is {len(y)}")
    missed = np.sum((y - predicted.reshape(y.shape)) ** 2, axis=0)
    spread = np.sum((y - np.mean(y, axis=0)) ** 2, axis=0)
    constant = spread == 0
    return float(np.mean(np.where(constant, missed == 0, 1 - missed / np.where(constant, 1, spread))))
