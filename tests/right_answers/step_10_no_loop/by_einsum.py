"""Products and norms by ``einsum``, and squares clipped in place."""

import numpy as np


def get_distances(Q, X):
    squares = np.einsum("ij,ij->i", Q, Q)[:, None] + np.einsum("ij,ij->i", X, X)
    squares -= 2 * np.einsum("id,jd->ij", Q, X)
    np.clip(squares, 0, None, out=squares)
    return np.sqrt(squares)
