"""Compares the distances with those of a search that measures and sorts everything, on whole numbers."""

import numpy as np


def claim(kneighbors, rng):
    n, d = rng.integers(1, 40), rng.integers(1, 5)
    X, Q = rng.integers(-3, 4, (n, d)).astype(float), rng.integers(-3, 4, (5, d)).astype(float)
    k = int(rng.integers(1, n + 1))
    distances, indices = kneighbors(X, Q, k)
    table = np.linalg.norm(Q[:, None] - X[None], axis=2)
    np.testing.assert_allclose(distances, np.sort(table, axis=1)[:, :k], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(np.take_along_axis(table, indices, axis=1), distances, rtol=1e-9, atol=1e-9)
