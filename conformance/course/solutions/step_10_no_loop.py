"""Step 10: the table of distances without a loop, and without an array of all differences.

``Q[:, None] - X[None]`` needs no loop, but 1,000 queries, 10,000 rows and 100 features make 8 GB of it. Instead expand
the square: |q - x|^2 = |q|^2 + |x|^2 - 2 q.x. All products q.x at once are one matrix product. The expanded form
rounds, so that a distance of 0 may come out as the root of a tiny negative number: take care of that. Step 12 is about
the numbers for which the expanded form is of no use.
"""

import numpy as np


def get_distances(Q, X):
    """Returns the euclidean distances from the queries Q to the rows X, an array of shape (n_queries, n).

    Q has the shape (n_queries, n_features), and X the shape (n, n_features). The code has no loop, and makes no array
    of n_queries x n x n_features numbers. No distance is NaN. The numbers are small: below 1,000. Products of whole
    numbers are exact, and so are the distances between rows of whole numbers, unless a mean is subtracted first.

    By hand: for (3, 0) and (3, 4) the squares are 9 and 25, the product is 9, and 9 + 25 - 18 = 16, with the root 4.

    >>> Q, X = np.array([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [3.0, 4.0]])
    >>> np.asarray(get_distances(Q, X)).tolist()
    [[3.0, 4.0], [4.0, 3.0], [0.0, 5.0]]
    """
    q, x = np.sum(Q * Q, axis=1), np.sum(X * X, axis=1)  # (n_queries,) and (n,)
    squares = q[:, None] + x[None, :] - 2 * (Q @ X.T)
    return np.sqrt(np.maximum(squares, 0))
