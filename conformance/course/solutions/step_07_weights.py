"""Step 7: weights, so that near neighbours count more.

A neighbour at distance d gets the weight 1 / d. At distance 0 that is infinite: such a neighbour is an exact match, and
then exact matches count alone, with the weight 1 each, and all others get 0. A distance can be so tiny that 1 / d is
infinite although d is not 0. If no distance is 0, such tiny distances count as exact matches.
"""

import numpy as np


def get_weights(distances):
    """Returns the weights 1 / distance of the k neighbours, shape (k,).

    ``distances`` has the shape (k,), and none is negative. If some distances are 0, these have the weight 1 and all
    others 0. If none is 0 but some are so small that 1 / distance is infinite, these have the weight 1, all others 0.

    By hand: 1 / 2 = 0.5 and 1 / 4 = 0.25; beside a distance of 0 both count nothing.

    >>> [float(weight) for weight in get_weights(np.array([2.0, 4.0]))]
    [0.5, 0.25]
    >>> [float(weight) for weight in get_weights(np.array([0.0, 2.0, 0.0]))]
    [1.0, 0.0, 1.0]
    """
    if np.any(distances == 0):
        return (distances == 0) * 1.0
    with np.errstate(over="ignore"):
        weights = 1 / distances
    return np.isinf(weights) * 1.0 if np.any(np.isinf(weights)) else weights
