"""Step 3: the k nearest.

From the distances to all rows, choose the k smallest. The answer is not the distances but the indices of their rows,
because the next steps look up the targets of these rows. Equal distances keep the order of the rows.
"""

import numpy as np


def get_nearest(distances, k):
    """Returns the indices of the k smallest distances, nearest first, as k whole numbers.

    ``distances`` has the shape (n,), and k is from 1 to n. Of equal distances the one with the lower index comes first.

    By hand: 1.0 is the smallest, at index 2; then 3.0 is there twice, and index 0 comes before index 3.

    >>> [int(i) for i in get_nearest(np.array([3.0, 4.0, 1.0, 3.0]), k=2)]
    [2, 0]
    """
    return np.argsort(distances, kind="stable")[:k]
