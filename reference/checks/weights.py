"""The weights of neighbours: which are known, those that a user's function returns, and their sums."""

import numpy as np


def check_weights(weights):
    """Raises ValueError unless ``weights`` is "uniform", "distance" or a function of the distances."""
    if not callable(weights) and not (isinstance(weights, str) and weights in ("uniform", "distance")):
        raise ValueError(f"weights={weights!r} is not uniform, distance or a function of the distances")


def check_returned_weights(returned, shape):
    """Returns the weights as float64; raises ValueError unless all are finite and at least 0, and some above 0."""
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


def check_sums(summed, total):
    """Raises ValueError if a sum of weights, or of weighted targets, is more than a float can hold."""
    if not np.isfinite(total) or not np.all(np.isfinite(summed)):
        raise ValueError(f"the weights of a query's neighbours add up to {total}, with their targets to {summed}")
