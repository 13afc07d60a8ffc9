"""Step 4: neighbours with their labels, and ties.

Now measure and choose together, for one query. A tie is a pair of rows at the same distance. If only one of them fits
among the k, a rule has to decide which: here it is the row that comes first in X. The labels must not decide: sorting
pairs of (distance, label) gives ties to the smaller label.
"""

import numpy as np


def get_neighbors(X, y, query, k):
    """Returns the k nearest rows of X to the query as a list of pairs (distance, label), nearest first.

    X has the shape (n, n_features), y the labels of its rows, (n,), and the query the shape (n_features,). Of equally
    near rows the one that comes first in X comes first in the answer.

    By hand: from 1 both 0 and 2 are 1 away. The row 0 comes first in X, though its label "b" comes after "a". The row 9
    is 8 away, and has the label of the row 2.

    >>> X, y = np.array([[0.0], [2.0], [9.0]]), np.array(["b", "a", "a"])
    >>> [(float(distance), str(label)) for distance, label in get_neighbors(X, y, query=np.array([1.0]), k=3)]
    [(1.0, 'b'), (1.0, 'a'), (8.0, 'a')]
    """
    distances = []
    for row in X:
        gaps = row - query
        distances.append(np.sqrt(np.sum(gaps * gaps)))
    nearest = sorted(range(len(X)), key=lambda i: distances[i])[:k]  # sorted is stable
    return [(distances[i], y[i]) for i in nearest]
