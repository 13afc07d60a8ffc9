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


@np.errstate(over="ignore", invalid="ignore")  # what is too large is refused at the end
def r_squared(y, predicted):
    """R^2 = 1 - sum (y - predicted)^2 / sum (y - mean of y)^2, the mean over the outputs.

    1 is perfect, 0 no better than the mean. Where y is constant the quotient divides by 0: then R^2 is 1 if all is
    right, else 0. Raises ValueError for y of another shape, for a single query, which has no spread to explain, and
    where it is not finite.

    >>> r_squared([0, 1, 2], np.array([0.0, 1.0, 1.0]))
    0.5
    """
    y, _ = check_targets(check_answers(y, predicted.shape), len(predicted))
    if len(y) < 2:
        raise ValueError(f"R^2 needs at least 2 queries, but there is {len(y)}")
    # seen from the first y, in units of the farthest: then a constant is 0, and no square of the others is
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
