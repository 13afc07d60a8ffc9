"""Step 15: choosing k.

A small k follows noise, and a large k forgets where the query is. Which k is best is measured: predict each row without
itself, with each candidate for k, and take the k that predicts the most rows correctly. All candidates share one
search, because the k nearest are the first k of any larger number of neighbours.
"""

from collections import Counter

import numpy as np


def choose_k(X, y, candidates):
    """Returns the candidate for k with the highest leave-one-out accuracy; of equally good ones, the smallest.

    X has the shape (n, n_features), y has the labels, (n,), and the candidates are a list of whole numbers from 1 to
    n - 1, in any order. The prediction for a row is the vote of its k nearest other rows. Equal distances go to the
    lower index, equal votes to the smallest label.

    By hand: with k = 1 the rows 0, 1, 5 and 6 are all predicted correctly. With k = 3 each is outvoted, two to one.

    >>> X, y = np.array([[0.0], [1.0], [5.0], [6.0]]), np.array(["a", "a", "b", "b"])
    >>> int(choose_k(X, y, [3, 1]))
    1
    """
    correct = dict.fromkeys(sorted(candidates), 0)
    for i, row in enumerate(X):
        gaps = X - row
        order = np.argsort(np.sqrt(np.sum(gaps * gaps, axis=1)), kind="stable")
        nearest = y[order[order != i]].tolist()
        for k in correct:
            votes = Counter(nearest[:k])
            winner = max(sorted(votes), key=votes.__getitem__)
            correct[k] += winner == y[i]
    return max(correct, key=correct.__getitem__)  # max takes the first of equals: the smallest k
