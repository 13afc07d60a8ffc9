"""Step 2: the distances from every query to every row, with two loops.

The result is a table with a row for each query and a column for each training row. Two loops are slow in Python, but
each number is computed as in step 1. Steps 9, 10 and 12 make the same table faster.
"""

import numpy as np


def get_distances(Q, X):
    """Returns the euclidean distances from the queries Q to the rows X, an array of shape (n_queries, n).

    Q has the shape (n_queries, n_features), and X the shape (n, n_features).

    By hand: (0, 0) is 0 from itself and 5 from (3, 4), and (3, 0) is 3 from the one and 4 from the other.

    >>> Q, X = np.array([[0.0, 0.0], [3.0, 0.0]]), np.array([[0.0, 0.0], [3.0, 4.0]])
    >>> np.asarray(get_distances(Q, X)).tolist()
    [[0.0, 5.0], [3.0, 4.0]]
    """
    distances = np.empty((len(Q), len(X)))
    for i in range(len(Q)):
        for j in range(len(X)):
            gaps = Q[i] - X[j]
            distances[i, j] = np.sqrt(np.sum(gaps * gaps))
    return distances
