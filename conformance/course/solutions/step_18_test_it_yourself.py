"""Step 18: test it yourself.

How do you test k-NN without another k-NN to compare with? By relations that every right answer fulfils, whatever the
data: distances never fall, twins are equally far, a moved table has the same neighbours. Write such a claim. It is
tried on many wrong searches, and should catch some of them, and on right ones, and must accuse none. Right searches
differ in the order of equal distances, and in the last bits of a distance.
"""

import numpy as np


def claim(kneighbors, rng):
    """Raises AssertionError if the search under test breaks the relation.

    ``kneighbors(X, Q, k)`` is that search: it returns the euclidean distances and the indices of the k nearest rows of
    X for each query of Q, two arrays of shape (n_queries, k). ``rng`` is a NumPy generator to draw data with, another
    one for each of 20 calls.

    By hand: this claim would catch a search that does not sort: ``distances, _ = kneighbors(X, Q, 3)`` and then
    ``assert np.all(np.diff(distances) >= 0)``, on X and Q that you draw. It catches few others.



    """
    n, d = rng.integers(2, 9), rng.integers(1, 4)
    X = rng.integers(-4, 5, (n, d)).astype(float)
    Q, k = X[rng.integers(0, n, 2)], int(rng.integers(1, n + 1))
    distances, indices = kneighbors(X, Q, k)
    assert distances.shape == indices.shape == (2, k)
    assert np.all(distances[:, 0] == 0), "a query that is a row finds itself, or a twin"
    for query, measured, rows in zip(Q, distances, indices, strict=True):
        assert len(set(rows.tolist())) == k, "no row is found twice"
        assert np.allclose(measured, np.sqrt(np.sum((X[rows] - query) ** 2, axis=1))), "distances are of their rows"
        others = np.delete(X, rows, axis=0)
        nearest = np.sqrt(np.sum((others - query) ** 2, axis=1)).min(initial=np.inf)
        assert measured[-1] <= nearest * (1 + 1e-12), "no row that is left out is nearer"
