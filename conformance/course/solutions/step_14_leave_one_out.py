"""Step 14: leave one out.

To judge a model by its own training rows, each row must be predicted without itself: it would be its own nearest
neighbour, and vote for its own label. Leave it out by its index. Leaving out whatever is at distance 0 would lose its
twins, rows with the same values, and dropping the first neighbour may drop a twin and keep the row.
"""

import numpy as np


def leave_one_out(X, k):
    """Returns for each row of X the indices of its k nearest other rows, nearest first, an array of shape (n, k).

    X has the shape (n, n_features), and k is from 1 to n - 1. Of equal distances the lower index comes first.

    By hand: rows 0 and 1 are twins, so each is the nearest of the other; row 2 is as far from both, and takes row 0.

    >>> np.asarray(leave_one_out(np.array([[1.0], [1.0], [5.0]]), k=1)).tolist()
    [[1], [0], [0]]
    """
    nearest = np.empty((len(X), k), dtype=int)
    for i, row in enumerate(X):
        gaps = X - row
        order = np.argsort(np.sqrt(np.sum(gaps * gaps, axis=1)), kind="stable")
        nearest[i] = order[order != i][:k]
    return nearest
