"""Step 12: the table of distances for any numbers.

Far from the origin the expanded form of step 10 is wrong: at 1e8 the squares are about 1e16, where neighbouring
floating-point numbers are 2 apart, and a squared distance of 0.25 is lost. Subtracting the mean first does not help
where one row lies far away. Subtract before you square. Unsigned and small types wrap around: 10 - 20 is 246 in uint8,
so convert first.
"""

import numpy as np


def get_distances(Q, X):
    """Returns the euclidean distances from the queries Q to the rows X, an array of shape (n_queries, n).

    Q and X have the shapes (n_queries, n_features) and (n, n_features), and any type of numbers: float64, float32,
    float16, or whole numbers up to 2**53. The distances are right up to the rounding of float64. There is no array of
    n_queries x n x n_features numbers. Loops are allowed.

    By hand: the pixels 10 and 20 are 10 apart, and the numbers 1e8 and 1e8 + 0.5 are 0.5 apart. The whole numbers 0 and
    2**40 are 2**40 apart, whose square int64 cannot hold. (0, 0) and (1, 1) in float32 are the root of 2 apart, in all
    the digits of float64.

    >>> Q, X = np.array([[10]], dtype=np.uint8), np.array([[20]], dtype=np.uint8)
    >>> np.asarray(get_distances(Q, X)).tolist()
    [[10.0]]
    >>> np.asarray(get_distances(np.array([[1e8]]), np.array([[1e8 + 0.5]]))).tolist()
    [[0.5]]
    >>> np.asarray(get_distances(np.array([[0]]), np.array([[2**40]]))).tolist() == [[2.0**40]]
    True
    >>> Q, X = np.array([[0, 0]], dtype=np.float32), np.array([[1, 1]], dtype=np.float32)
    >>> np.asarray(get_distances(Q, X)).round(12).tolist()
    [[1.414213562373]]
    """
    Q, X = np.asarray(Q, dtype=np.float64), np.asarray(X, dtype=np.float64)
    squares = np.zeros((len(Q), len(X)))
    for q, x in zip(Q.T, X.T, strict=True):  # feature by feature
        gaps = q[:, None] - x  # (n_queries, n)
        squares += gaps * gaps
    return np.sqrt(squares)
