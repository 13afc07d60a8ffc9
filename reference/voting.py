"""From neighbours to an answer: how much each one counts, and how the counts become shares or an average.

Everything is added in the order of the neighbours, nearest first, one at a time. Floating-point addition depends on
its order, so a stated order is what makes two programs agree to the last bit.
"""

import numpy as np


def neighbor_weights(distances, weights):
    """How much each neighbour counts, shape (n_queries, k): all alike, or 1 / distance, or what ``weights`` returns.

    Inverse distance weighting is Shepard's (1968). A distance of 0 would count infinitely; so where 1 / distance is
    infinite, only those neighbours count, equally. Raises ValueError for returned weights that cannot be used.

    >>> neighbor_weights(np.array([[1.0, 4.0], [0.0, 4.0]]), "distance")
    array([[1.  , 0.25],
           [1.  , 0.  ]])
    """
    if callable(weights):
        return check_returned_weights(weights(distances), distances.shape)
    if weights == "uniform":
        return np.ones(distances.shape)
    with np.errstate(divide="ignore", over="ignore"):
        closeness = 1.0 / distances
    for row in closeness:
        if np.any(np.isinf(row)):
            row[:] = np.isinf(row)
    return closeness


@np.errstate(over="ignore", invalid="ignore")  # too large a sum is refused in _divide
def vote_shares(codes, weights, n_classes):
    """The share of the votes for each class, shape (n_classes,), from the neighbours' classes and weights.

    >>> vote_shares([2, 0, 2], [1.0, 1.0, 2.0], n_classes=3)
    array([0.25, 0.  , 0.75])
    """
    votes, total = np.zeros(n_classes), 0.0
    for code, weight in zip(codes, weights, strict=True):
        votes[code] += weight
        total += weight
    return _divide(votes, total)


@np.errstate(over="ignore", invalid="ignore")
def average(targets, weights):
    """The weighted average of the neighbours' targets, shape (n_outputs,): sum w y / sum w.

    >>> average(np.array([[0.0], [1.0]]), [1.0, 3.0])
    array([0.75])
    """
    summed, total = np.zeros(targets.shape[1]), 0.0
    for target, weight in zip(targets, weights, strict=True):
        summed += weight * target
        total += weight
    return _divide(summed, total)


def _divide(summed, total):
    """summed / total; ValueError where a sum of weights, or of weighted targets, is more than a float can hold."""
    if not np.isfinite(total) or not np.all(np.isfinite(summed)):
        raise ValueError(f"the weights of a query's neighbors add up to {total}, with their targets to {summed}")
    return summed / total


def check_weights(weights):
    """Raises ValueError unless ``weights`` is "uniform", "distance" or a function of the distances."""
    if not callable(weights) and not (isinstance(weights, str) and weights in ("uniform", "distance")):
        raise ValueError(f"weights={weights!r} is not uniform, distance or a function of the distances")


def check_returned_weights(returned, shape):
    """The returned weights as float64; ValueError unless they are finite, at least 0, and not all 0 for a query."""
    array = np.asarray(returned)
    if array.dtype.kind not in "buif":
        raise ValueError(f"weights returned dtype {array.dtype}, but must return real numbers")
    array = np.array(array, dtype=np.float64)
    if array.shape != shape:
        raise ValueError(f"weights returned shape {array.shape} for distances of shape {shape}")
    wrong = ~(np.isfinite(array) & (array >= 0))
    if np.any(wrong):
        raise ValueError(f"weights returned {array[wrong][0]}, but must be finite and at least 0")
    if not np.all(np.any(array > 0, axis=1)):
        raise ValueError("weights returned 0 for all neighbours of a query: nobody is left to vote")
    return array
