"""How good predictions are: the share of right answers, or the share of the spread that they explain."""

import numpy as np

from knn_inputs.targets import read_answers, read_right_labels, read_targets


def accuracy(y, predicted):
    """Returns the share of queries whose labels are all right. Raises ValueError for y of another shape.

    >>> accuracy(["a", "b", "a", "a"], np.array(["a", "b", "b", "a"]))
    0.75
    """
    right = predicted == read_right_labels(y, predicted.shape)
    return float(np.mean(right.reshape(len(right), -1).all(axis=1)))


@np.errstate(over="ignore", invalid="ignore")  # the last check refuses a score that overflows
def r_squared(y, predicted):
    """Returns R^2 = 1 - sum (y - predicted)^2 / sum (y - mean of y)^2, the mean over the outputs.

    1 is perfect, and 0 is as good as predicting the mean. Where y is constant the quotient would divide by 0: there
    R^2 is 1 if every prediction is right, else 0. Raises ValueError for y of another shape, for a single query, which
    has no spread to explain, and for a score that is not finite.

    >>> r_squared([0, 1, 2], np.array([0.0, 1.0, 1.0]))
    0.5
    """
    y = read_targets(read_answers(y, predicted.shape), len(predicted)).reshape(len(predicted), -1)
    if len(y) < 2:
        raise ValueError(f"R^2 needs at least 2 queries, but there is {len(y)}")
    # measure from the first y, in units of the largest gap: then only constant targets have a spread of 0
    gap, missed = y - y[0], y - predicted.reshape(y.shape)  # (n_queries, n_outputs)
    unit = np.max(np.abs(gap), axis=0)
    constant = unit == 0
    gap, missed = gap / np.where(constant, 1, unit), missed / np.where(constant, 1, unit)

    spread = np.sum((gap - np.mean(gap, axis=0)) ** 2, axis=0)
    quotient = np.sum(missed**2, axis=0) / np.where(constant, 1, spread)
    score = float(np.mean(np.where(constant, np.all(missed == 0, axis=0), 1 - quotient)))
    if not np.isfinite(score):
        raise ValueError(f"R^2 is {score}: targets or predictions are too large to be squared")
    return score
