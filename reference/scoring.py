"""How good predictions are: the share of right answers, or the share of the spread that they explain."""

import numpy as np

from knn_inputs.targets import compare_labels, read_answers, read_targets


def accuracy(y, predicted):
    """Returns the share of queries whose labels are all right. Raises ValueError for y of another shape.

    >>> accuracy(["a", "b", "a", "a"], np.array(["a", "b", "b", "a"]))
    0.75
    """
    right = compare_labels(predicted, y)
    return float(np.mean(right.all(axis=1)))


@np.errstate(over="ignore", divide="ignore", invalid="ignore")  # the last check refuses a score that is not finite
def r_squared(y, predicted):
    """Returns R^2 = 1 - sum (y - predicted)^2 / sum (y - mean of y)^2, the mean over the outputs.

    1 is perfect, and 0 is as good as predicting the mean. Where y is constant the quotient would divide by 0: there
    R^2 is 1 if every prediction is right, else 0. Raises ValueError for y of another shape, for a single query, which
    has no spread to explain, and for a score that is not finite.

    >>> r_squared([0, 1, 2], np.array([0.0, 1.0, 1.0]))
    0.5
    """
    y = read_targets(read_answers(y, predicted.shape), len(predicted))
    y, predicted = (np.array(values, order="C").reshape(len(y), -1) for values in (y, predicted))
    if len(y) < 2:
        advice = "score several at once; for leave-one-out, a KNNRegressor has score(None, y)"
        raise ValueError(f"R^2 needs at least 2 queries, but there is {len(y)}: {advice}")
    constant, right = np.all(y == y[0], axis=0), np.all(y == predicted, axis=0)  # (n_outputs,)
    gap, unit = scaled_difference(y, y[:1])  # from the first y, because the mean of large numbers is rounded
    missed, missed_unit = scaled_difference(y, predicted)

    spread = np.sum((gap - np.mean(gap, axis=0)) ** 2, axis=0)
    quotient = np.ldexp(np.sum(missed**2, axis=0) / spread, 2 * (missed_unit - unit))
    score = float(np.mean(np.where(constant | right, right, 1 - quotient)))
    if not np.isfinite(score):
        raise ValueError(f"R^2 is {score}: targets or predictions are too large to be squared")
    return score


def scaled_difference(a, b):
    """Returns (a - b) / 2^e, (n_queries, n_outputs), and e, (n_outputs,), such that the largest is from 1/2 to 1.

    So squares of tiny differences do not vanish, and those of huge ones do not overflow. Powers of two do not round.

    >>> scaled_difference(np.array([[0.0], [6.0]]), np.array([[0.0]]))
    (array([[0.  ],
           [0.75]]), array([3], dtype=int32))
    """
    huge = np.maximum(np.max(np.abs(a), axis=0), np.max(np.abs(b), axis=0)) > 2.0**1022
    half = np.where(huge, 0.5, 1)  # a - b could overflow
    difference = half * a - half * b
    exponent = np.frexp(np.max(np.abs(difference), axis=0))[1]
    return np.ldexp(difference, -exponent), exponent + huge
