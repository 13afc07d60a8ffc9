"""The k nearest of all rows are among the k nearest of either half."""

import numpy as np


def claim(kneighbors, rng):
    n, d = int(rng.integers(4, 25)), rng.integers(1, 4)
    X, Q = rng.integers(-4, 5, (n, d)).astype(float), rng.integers(-4, 5, (2, d)).astype(float)
    half, k = n // 2, int(rng.integers(1, n // 2 + 1))
    whole, _ = kneighbors(X, Q, k)
    parts = [kneighbors(rows, Q, k)[0] for rows in (X[:half], X[half:])]
    assert np.allclose(np.sort(np.hstack(parts), axis=1)[:, :k], whole)
    alone = np.vstack([kneighbors(X, query[np.newaxis], k)[0] for query in Q])
    assert np.allclose(alone, whole), "a query has the same distances alone"
