"""Doubling all numbers doubles all distances, and mirroring a feature changes none."""

import numpy as np


def claim(kneighbors, rng):
    n, d = rng.integers(2, 12), rng.integers(1, 6)
    X, Q = rng.normal(size=(n, d)), rng.normal(size=(3, d))
    k = int(rng.integers(1, n + 1))
    distances, _ = kneighbors(X, Q, k)
    scale = 2.0 ** rng.integers(-60, 60)
    scaled, _ = kneighbors(scale * X, scale * Q, k)
    assert np.allclose(scaled / scale, distances, rtol=1e-12, atol=0)
    mirrored, _ = kneighbors(X * [-1, *[1] * (d - 1)], Q * [-1, *[1] * (d - 1)], k)
    assert np.allclose(mirrored, distances, rtol=1e-12, atol=0)
    turned, _ = kneighbors(X[:, ::-1], Q[:, ::-1], k)
    assert np.allclose(turned, distances, rtol=1e-12, atol=0)
