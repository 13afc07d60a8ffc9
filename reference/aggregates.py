"""One number from the targets of a query's neighbours: their average, their median, and how far they are spread out.

Each adds one number at a time, in an order that is stated: the order of additions decides the last bits.
"""

import numpy as np

from knn_inputs.callables import call_aggregate, refuse_sums


def aggregate(targets, weights, how):
    """Returns what ``how`` makes of the targets, (k,) or (k, n_outputs), and the weights, (k,): () or (n_outputs,).

    ``how`` is "mean", "median" or a function of the targets of one output and the weights, which returns a number.
    """
    if how == "mean":
        return weighted_mean(targets, weights)
    outputs = targets.reshape(len(targets), -1).T  # (n_outputs, k)
    if how == "median":
        made = [weighted_median(of_output, weights) for of_output in outputs]
    else:
        made = [call_aggregate(how, of_output, weights) for of_output in outputs]
    return np.array(made).reshape(targets.shape[1:])


@np.errstate(over="ignore", invalid="ignore")  # refuse_sums refuses a sum that overflows
def weighted_mean(targets, weights):
    """Returns sum w y / sum w, the neighbours added nearest first.

    >>> float(weighted_mean(np.array([0.0, 1.0]), np.array([1.0, 3.0])))
    0.75
    """
    summed, total = np.zeros(targets.shape[1:]), 0.0
    for target, weight in zip(targets, weights, strict=True):
        summed = summed + weight * target
        total = total + weight
    refuse_sums(summed, total)
    return summed / total


@np.errstate(over="ignore", invalid="ignore")
def weighted_median(targets, weights):
    """Returns the smallest target up to which the weights reach half of their sum, of targets of shape (k,).

    If they reach exactly half, it is the mean of that target and the next larger one that weighs anything: so uniform
    weights give the ordinary median. Weights are added in the order of the targets, and for equal targets nearest
    first. Raises ValueError for a sum that overflows. (Edgeworth, On Observations Relating to Several Quantities, 1887)

    >>> targets = np.array([5.0, 1.0, 2.0])
    >>> [float(weighted_median(targets, np.array(weights))) for weights in ([1, 1, 1], [3, 1, 1], [2, 1, 1])]
    [2.0, 5.0, 3.5]
    """
    order = np.argsort(targets, kind="stable")
    up_to = np.cumsum(weights[order])  # (k,), of the target and all smaller ones
    # Of all larger ones. Where ``up_to`` is half of the sum or more, the difference is exact (Sterbenz, 1974). Where it
    # is less, the difference exceeds half of the sum, also when it is rounded. So both comparisons decide rightly.
    beyond = up_to[-1] - up_to
    low, high = targets[order][[np.argmax(up_to >= beyond), np.argmax(up_to > beyond)]]
    middle = low if low == high else (low + high) / 2
    refuse_sums(middle, up_to[-1])
    return middle


@np.errstate(over="ignore", invalid="ignore")
def weighted_std(targets, weights):
    """Returns sqrt(sum w (y - mean)^2 / sum w), the neighbours added nearest first, shape () or (n_outputs,).

    The mean is ``weighted_mean``. Raises ValueError for a sum that overflows. A gap below about 1e-162 squares to 0.

    >>> float(weighted_std(np.array([0.0, 4.0]), np.array([3.0, 1.0])))
    1.7320508075688772
    """
    gaps = targets - weighted_mean(targets, weights)
    return np.sqrt(weighted_mean(gaps * gaps, weights))
