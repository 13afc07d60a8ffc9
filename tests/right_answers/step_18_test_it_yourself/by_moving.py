"""Moving all rows and queries by whole numbers, far too, changes no distance."""

import numpy as np


def claim(kneighbors, rng):
    n, d = rng.integers(3, 20), rng.integers(1, 4)
    X, Q = rng.integers(-5, 6, (n, d)) / 4, rng.integers(-5, 6, (3, d)) / 4
    k = int(rng.integers(1, n + 1))
    shift = 2.0 ** rng.integers(0, 40, d)
    before, _ = kneighbors(X, Q, k)
    after, _ = kneighbors(X + shift, Q + shift, k)
    assert np.allclose(before, after, rtol=1e-12, atol=0), f"moved by {shift}: {before} became {after}"
