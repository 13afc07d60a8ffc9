"""Step 13: other metrics.

A metric says which examples are near. With gaps g = a - b:

* euclidean: the root of the sum of g^2;     sqeuclidean: the same without the root
* manhattan: the sum of |g|;                 chebyshev: the largest |g|
* minkowski: the p-th root of the sum of |g|^p, which is manhattan for p = 1 and euclidean for p = 2
* cosine: 1 - cos of the angle, where cos is a.b / (|a| |b|). A vector of zeros is at distance 1 from any other vector,
  and at distance 0 from another vector of zeros. Rounding may make 1 - cos a little less than 0: return 0 then
* hamming: the share of features that differ
* jaccard: of the features that are not 0 in a or in b, the share that is 0 in one of them; 0 if there are none
"""

import numpy as np


def get_distance(a, b, metric="euclidean", p=2):
    """Returns the distance between a and b, two arrays of shape (n_features,), by the metric of that name.

    By hand: the gaps between (0, 0) and (3, 4) are 3 and 4, which makes 5, 7 and 4 by the first three metrics, and 7 by
    minkowski with p = 1. Two vectors of zeros are at cosine distance 0.

    >>> a, b = np.array([0.0, 0.0]), np.array([3.0, 4.0])
    >>> [float(get_distance(a, b, metric)) for metric in ("euclidean", "manhattan", "chebyshev")]
    [5.0, 7.0, 4.0]
    >>> float(get_distance(a, b, "minkowski", p=1)), float(get_distance(a, a, "cosine"))
    (7.0, 0.0)
    """
    gaps = np.abs(a - b)
    if metric == "cosine":
        return _cosine(a, b)
    if metric == "jaccard":
        either = np.sum((a != 0) | (b != 0))
        return np.sum((a != 0) != (b != 0)) / either if either else 0.0
    formulas = {
        "euclidean": lambda: np.sqrt(np.sum(gaps**2)),
        "sqeuclidean": lambda: np.sum(gaps**2),
        "manhattan": lambda: np.sum(gaps),
        "chebyshev": lambda: np.max(gaps),
        "minkowski": lambda: np.sum(gaps**p) ** (1 / p),
        "hamming": lambda: np.mean(a != b),
    }
    return formulas[metric]()


def _cosine(a, b):
    if not np.any(a) or not np.any(b):
        return 1.0 if np.any(a) or np.any(b) else 0.0
    a, b = a / np.sqrt(np.sum(a * a)), b / np.sqrt(np.sum(b * b))
    gaps = a - b
    return np.sum(gaps * gaps) / 2  # for unit vectors |a - b|^2 = 2 - 2 a.b
