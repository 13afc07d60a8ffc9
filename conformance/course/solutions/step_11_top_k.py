"""Step 11: the k nearest without sorting all distances.

A full sort of n distances takes about n log n comparisons, though only k of them are asked for. ``np.argpartition``
finds the k smallest in about n comparisons, and ``heapq.nsmallest`` in about n log k. Both have traps: a partition
returns the k smallest in any order, takes any of the rows that tie at the k-th place, and fails at k = n if it is
asked for the wrong place.
"""

import numpy as np


def get_nearest(distances, k):
    """Returns the indices of the k smallest distances, nearest first, as k whole numbers, without a full sort.

    ``distances`` has the shape (n,), and k is from 1 to n. Of equal distances the one with the lower index comes first,
    also at the k-th place.

    By hand: 1.0 is the smallest, at index 2; then 3.0 is there twice, and index 0 comes before index 3.

    >>> [int(i) for i in get_nearest(np.array([3.0, 4.0, 1.0, 3.0]), k=2)]
    [2, 0]
    """
    kth = np.partition(distances, k - 1)[k - 1]  # the k-th smallest distance
    below, tied = np.flatnonzero(distances < kth), np.flatnonzero(distances == kth)  # both in the order of the rows
    below = below[np.argsort(distances[below], kind="stable")]  # fewer than k of them
    return np.concatenate([below, tied])[:k]
