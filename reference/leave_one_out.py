"""Leave-one-out predictions of the regressor by similarity, from one inverse instead of n fits."""

import numpy as np

from reference.solvers import cut_off


def leave_one_out(K, y, weights, jitter, fit_intercept):
    """Returns the prediction for each example by the model of all others, for y and predictions of (n, n_outputs).

    ``weights``, (n,), are above 0. Raises ValueError for fewer than 2 examples and for a singular A.

    As in ``SimilarityRegressor`` let A = S K S + jitter I, and b = S y; s_i and G_ij are the entries of S and A^-1.
    Replace b_i by c = b_i - (G b)_i / G_ii, and call the new solution z'. Its entry i is

        z'_i = (G b)_i + G_ii (c - b_i) = 0.

    So in each equation the term of z'_i is 0, and all equations but the i-th are those of a model that does not have
    example i: z' solves for its weights. The i-th equation then is s_i f(x_i) = c, where f is that model (Allen, 1974;
    Cook, 1977):

        f(x_i) = y_i - (G S y)_i / (s_i G_ii).

    A model with an intercept learns y - m_i and adds m_i, the mean of the other targets:

        f(x_i) = y_i - ((G S y)_i - m_i (G S 1)_i) / (s_i G_ii).

    >>> K, y, ones = np.array([[1.0, 0.5], [0.5, 1.0]]), np.array([[1.0], [3.0]]), np.ones(2)
    >>> leave_one_out(K, y, ones, jitter=0.0, fit_intercept=False).round(12).tolist()
    [[1.5], [0.5]]
    """
    if len(K) < 2:
        raise ValueError(f"leave-one-out needs at least 2 examples of a weight above 0, but there is {len(K)}")
    s = np.sqrt(weights)[:, None]
    G = invert(s * K * s.T + jitter * np.eye(len(K)))
    means = means_of_others(y, weights) if fit_intercept else np.zeros_like(y)
    return y - (G @ (s * y) - means * (G @ s)) / (s * np.diag(G)[:, None])


def invert(A):
    """Returns the inverse of A; raises ValueError if it has none to within rounding, as ``cut_off`` tells it."""
    U, values, Vt = np.linalg.svd(A)
    if values[-1] <= cut_off(len(A)) * values[0]:
        raise ValueError("leave-one-out needs an inverse, but K + jitter I is singular: pass a larger jitter")
    return (Vt.T / values) @ U.T


def means_of_others(y, weights):
    """Returns the mean of all rows of y but the i-th, for each i, (n, n_outputs).

    >>> means_of_others(np.array([[1.0], [2.0], [6.0]]), np.array([1.0, 1.0, 3.0])).tolist()
    [[5.0], [4.75], [1.5]]
    """
    rows = range(len(y))
    return np.array([np.average(np.delete(y, i, axis=0), axis=0, weights=np.delete(weights, i)) for i in rows])
