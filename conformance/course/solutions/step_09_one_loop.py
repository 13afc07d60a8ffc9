"""Step 9: the table of distances with one loop.

NumPy subtracts a query from all rows at once: ``X - query`` has the shape (n, n_features), because the query is
repeated for each row ("broadcast"). So the inner loop of step 2 goes, and the loop over the queries stays.
"""

import numpy as np


def get_distances(Q, X):
    """Returns the euclidean distances from the queries Q to the rows X, an array of shape (n_queries, n).

    Q has the shape (n_queries, n_features), and X the shape (n, n_features). The code has one loop.

    By hand: (3, 0) is 3 from (0, 0) and 4 from (3, 4), and (0, 4) the other way round; (0, 0) is 0 and 5 from them.

    >>> Q, X = np.array([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [3.0, 4.0]])
    >>> np.asarray(get_distances(Q, X)).tolist()
    [[3.0, 4.0], [4.0, 3.0], [0.0, 5.0]]
    """
    distances = np.empty((len(Q), len(X)))
    for i, query in enumerate(Q):
        gaps = X - query  # (n, n_features)
        distances[i] = np.sqrt(np.sum(gaps * gaps, axis=1))
    return distances
