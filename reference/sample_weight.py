"""Sample weights: an example of weight w stands for w equal examples, and so takes w of the k places.

A weight of 0 removes an example. Nothing is repeated in memory, so that a weight of a billion costs nothing.
"""

import numpy as np


def fill_places(order, repeats, k, leave_out=-1):
    """Returns the index of the example in each of the k places, (k,), or in fewer if there are too few copies.

    ``order`` has the indices of all examples, nearest first, and ``repeats``, (n,), their weights. Of the example with
    the index ``leave_out`` one copy does not count.

    >>> fill_places(np.array([2, 0, 1]), np.array([1, 5, 2]), k=4).tolist()
    [2, 2, 0, 1]
    """
    order = order[repeats[order] > 0][: k + 1]  # they are enough: each takes a place, or it is the one to leave out
    copies = repeats[order] - (order == leave_out)
    last = np.cumsum(copies)  # where the copies of each example end
    places = np.arange(min(k, last[-1]))
    return order[np.searchsorted(last, places, side="right")]  # the first that ends after the place
