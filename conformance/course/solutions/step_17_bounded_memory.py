"""Step 17: any number of rows in bounded memory.

The table of 10,000 queries and 1,000,000 rows takes 80 GB. Take the rows in blocks instead, and keep for each query the
k best so far: after each block, choose the k nearest among the k best and the rows of the block. Three things go wrong:
an index that counts from the start of its block, a last block with fewer rows, and ties across blocks.
"""

import numpy as np


def get_neighbors(X, Q, k, block):
    """Returns the distances and the indices of the k nearest rows, both (n_queries, k), nearest first.

    X has the shape (n, n_features), Q the shape (n_queries, n_features), and k is from 1 to n. At most ``block`` rows
    are measured at once; k may be larger than that. Of equal distances the lower index comes first.

    By hand: in blocks of 2, 5 is in the second block, and its index is 2, not 0.

    >>> distances, indices = get_neighbors(np.array([[0.0], [9.0], [5.0]]), np.array([[5.0]]), k=2, block=2)
    >>> np.asarray(distances).tolist(), np.asarray(indices).tolist()
    ([[0.0, 4.0]], [[2, 1]])
    """
    best, rows = np.empty((len(Q), 0)), np.empty((len(Q), 0), dtype=int)
    for start in range(0, len(X), block):
        found = _measure(Q, X[start : start + block])
        best = np.concatenate([best, found], axis=1)  # the best so far have lower indices, and come first
        rows = np.concatenate([rows, np.tile(start + np.arange(found.shape[1]), (len(Q), 1))], axis=1)
        order = np.argsort(best, axis=1, kind="stable")[:, :k]
        best, rows = np.take_along_axis(best, order, axis=1), np.take_along_axis(rows, order, axis=1)
    return best, rows


def _measure(Q, X):
    squares = np.zeros((len(Q), len(X)))
    for q, x in zip(Q.T, X.T, strict=True):
        squares += (q[:, None] - x) ** 2
    return np.sqrt(squares)
