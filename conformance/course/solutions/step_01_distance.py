"""Step 1: the distance between two examples.

k-NN measures distances, chooses the nearest examples, and combines their targets. This step measures. The euclidean
distance is the length of the straight line: subtract, square, add, and take the root.
"""

import numpy as np


def get_distance(a, b):
    """Returns the euclidean distance between a and b, two arrays of shape (n_features,), as a number.

    By hand: the gaps between (0, 0) and (3, 4) are 3 and 4, and the root of 9 + 16 is 5.

    >>> float(get_distance(np.array([0.0, 0.0]), np.array([3.0, 4.0])))
    5.0
    """
    gaps = a - b
    return np.sqrt(np.sum(gaps * gaps))
