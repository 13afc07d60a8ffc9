"""How far computed weights, and predictions with them, may be from the exact ones.

Let A = S K S + jitter I and b = S (y - intercept), with S as in ``SimilarityRegressor``, let z be the computed solution
of A z = b, and z* the exact one. The residual r = b - A z is known, and z* - z = A^-1 r, so every error is r times a
matrix. How long that can be follows from the eigenvalues l of S K S, if none is negative:

    fitted values    S K S A^-1 r               l / (l + jitter) <= 1
    weights          S A^-1 r                   1 / (l + jitter) <= 1 / jitter
    a query x        (S k)^T A^-1 r             sqrt(l) / (l + jitter) <= 1 / (2 sqrt(jitter))

In the last row k has the similarities of x to the examples. The matrix of similarities of x and the examples together
has no negative eigenvalue either. Therefore k = K^(1/2) v with |v|^2 <= k(x, x), and the error is at most
|v| |A^-1 S K^(1/2)| |r|. The singular values of S K^(1/2) are the sqrt(l), and the last bound is reached at l = jitter.

"Exact" means: for the similarities as computed. Their rounding may make an eigenvalue of S K S negative, down to -e,
with e from ``rounding_of_eigenvalues``. The bounds then hold with jitter - e in place of the jitter, as long as that is
at least half of it: 1 / (l + jitter) <= 1 / (jitter - e), and for a query |A^-1 S K^(1/2)|^2 is an eigenvalue of
A^-1 (A - jitter I + E) A^-1, where E has eigenvalues of at most e: 1 / a - (jitter - e) / a^2 <= 1 / (4 (jitter - e)).
Numbers so small that float64 rounds them to 0 are left aside.
"""

from typing import NamedTuple

import numpy as np

UNIT_ROUNDOFF = 2.0**-53


class Certificate(NamedTuple):
    """Bounds of errors, in the units of y: each a float, or (n_outputs,) if y has columns.

    ``fitted_values``: of the predictions for the examples, their (weighted) root mean square. ``weights``: of
    ``dual_coef_``, the length. ``query``: of any prediction f(x), divided by sqrt(k(x, x)), which is 1 for rbf,
    laplacian and cosine.
    """

    fitted_values: float | np.ndarray
    weights: float | np.ndarray
    query: float | np.ndarray


def certify(R, weights, smallest):
    """Returns the Certificate for residuals of length R, a float or (n_outputs,), and the ``smallest`` eigenvalue."""
    s = np.sqrt(weights)
    return Certificate(R / float(norm(s)), float(np.max(s)) * R / smallest, R / (2 * float(np.sqrt(smallest))))


def is_near(R, size, tol):
    """Returns whether fitted values are off by at most ``tol`` times the root mean square of the exact ones.

    ``size`` is the length of S K S z. That of S K S z*, the exact one, is at least size - R, and the two differ by at
    most R. For z = 0 the size is 0, so no tolerance is met unless y is 0.

    >>> bool(is_near(R=0.001, size=1.0, tol=0.01)), bool(is_near(R=1.0, size=0.0, tol=0.5))
    (True, False)
    """
    return tol * (size - R) >= R


def examine(A, b, z, jitter):
    """Returns R, a bound of the length of b - A z, and the length of S K S z, for b and z of (n,) or (n, n_outputs).

    Each entry of A z is a sum of n products, whose rounding is at most n u |A| |z| / (1 - n u), with u = 2^-53, in any
    order of additions (Higham, 2002, section 3.1). Besides there are at most 5 roundings in an entry of A, 3 in one of
    b and 1 in the difference, and 2 are left for the computation of this bound.
    """
    n = len(A) + 8
    rounding = n * UNIT_ROUNDOFF / (1 - n * UNIT_ROUNDOFF)
    product = A @ z
    bound = np.abs(b - product) + rounding * (np.abs(A) @ np.abs(z) + np.abs(b))
    return (1 + rounding) * norm(bound), norm(product - jitter * z)


def norm(x):
    """Returns the length of each column. Dividing by the largest entry first keeps squares from 0 and infinity.

    >>> float(norm(np.array([3e-200, 4e-200])))
    5e-200
    """
    largest = np.max(np.abs(x), axis=0)
    scaled = x / np.where(largest == 0, 1, largest)
    return largest * np.sqrt(np.sum(scaled * scaled, axis=0))


def has_no_negative_eigenvalue(similarity, coef0):
    """Returns whether every matrix of these similarities is proven to have no negative eigenvalue.

    Linear similarities are products X X^T, cosines too, with rows of length 1. Sums and products, entry by entry, of
    such matrices have no negative eigenvalue either (Schur, 1911), hence polynomials with coefficients of at least 0.
    The rbf and the laplacian are Fourier transforms of densities, the normal and the Cauchy (Bochner, 1933).
    """
    proven = ("rbf", "laplacian", "linear", "cosine")
    return isinstance(similarity, str) and (similarity in proven or (similarity == "polynomial" and coef0 >= 0))


def rounding_of_eigenvalues(B, n_features, degree):
    """Returns how far below 0 rounding may bring an eigenvalue of B = S K S, for similarities proven as above.

    The formula with most roundings is the cosine, with 2 d + 8 of them; a power multiplies their effect by the degree.
    So B_ij is off by at most c u sqrt(B_ii B_jj), with c = 2 degree (d + 4), by the inequality of Cauchy and Schwarz.
    Hence B is off by a matrix with no eigenvalue above c u times the trace of B, as the sum of its squares shows.
    """
    return 2 * degree * (n_features + 4) * UNIT_ROUNDOFF * float(np.trace(B))
