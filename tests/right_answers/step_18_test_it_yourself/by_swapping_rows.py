"""The order of the rows changes no distance, and all rows at once are found once each."""

import numpy as np


def claim(kneighbors, rng):
    n, d = int(rng.integers(2, 30)), rng.integers(1, 4)
    X, Q = rng.normal(size=(n, d)), rng.normal(size=(2, d))
    k = int(rng.integers(1, n + 1))
    order = rng.permutation(n)
    distances, indices = kneighbors(X, Q, k)
    shuffled, places = kneighbors(X[order], Q, k)
    assert np.allclose(distances, shuffled)
    assert np.array_equal(order[places], indices), "no two rows are equally far, so the same rows are found"
    _, everything = kneighbors(X, Q, n)
    assert np.array_equal(np.sort(everything, axis=1), [range(n)] * len(Q))
