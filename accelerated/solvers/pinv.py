"""``solver="pinv"``: the pseudo-inverse of the whole matrix, for any similarity.

When to use: where the similarity is asymmetric, or may have negative eigenvalues that the jitter does not lift, or
where there is no jitter; ``auto`` does so, and says why.
Cost: n^2 similarities; about 10 n^3 multiplications for eigenvalues, if symmetric, else 20 n^3 for singular values.
Memory: 5 n x n matrices of float64 if symmetric, else 9.
Proven: nothing but what LAPACK's backward stability gives; the certificate if K has no negative eigenvalue.

The formula, with A = S K S + jitter I:

1. A = U diag(s) V^T, singular values s; for a symmetric A its eigenvalues and eigenvectors serve as well
2. 1 / s where s is above the cut-off, n eps times the largest; else 0
3. z = V diag(1 / s) U^T b, from right to left, so that no other n x n matrix is made

Source: Penrose, On best approximate solutions of linear matrix equations, 1956; Golub and Van Loan, Matrix
Computations, 4th edition, 2013, section 5.5.
"""

import torch
from torch import Tensor

from accelerated.similarities import UNIT_ROUNDOFF
from accelerated.validation import check_finite


def cut_off(n: int) -> float:
    """Returns the share of the largest singular value below which others count as 0: n eps, as in ``reference``.

    The error of each computed singular value is up to about n eps times the largest, so a value below may be 0, and its
    reciprocal would be noise. It is the rule of ``numpy.linalg.matrix_rank``. It would undo a jitter of 1e-6 if it were
    above 1e-6 / n, as the largest singular value of an rbf is at most n: that is so only from n = 67,000.
    """
    return n * torch.finfo(torch.float64).eps


def solve(A: Tensor, b: Tensor, is_symmetric: bool) -> tuple[Tensor, int, Tensor]:
    """Returns pinv(A) b, (n, m), the rank of A, and the diagonal of pinv(A), (n,)."""
    if is_symmetric:
        values, right = torch.linalg.eigh(A)
        left = right
    else:
        left, values, transposed = torch.linalg.svd(A)
        right = transposed.T
    inverse = _invert(values)
    diagonal = (right * left) @ inverse
    return right @ (inverse * (left.T @ b)), int(inverse.count_nonzero()), diagonal[:, 0]


def _invert(values: Tensor) -> Tensor:
    """Returns 1 / value as a column, (n, 1), and 0 for values at or below the cut-off."""
    check_finite(values, "a singular value of the similarities")
    keep = values.abs() > cut_off(len(values)) * values.abs().max()
    return torch.where(keep, values.reciprocal(), torch.zeros_like(values))[:, None]


def margin(n: int) -> float:
    """Returns the share of the trace that ``is_clearly_positive`` takes off: the cut-off and 2 g, derived there."""
    gamma = (n + 1) * UNIT_ROUNDOFF / (1 - (n + 1) * UNIT_ROUNDOFF)
    return cut_off(n) + 2 * gamma / (1 - gamma)


def is_clearly_positive(A: Tensor) -> bool:
    """Tells whether all eigenvalues of the symmetric A are proven to be above the cut-off: pinv(A) is then its inverse.

    Take B = A - shift I. If its Cholesky factorisation runs to the end, in conventional arithmetic with any order of
    addition (as LAPACK's does; a GPU's is assumed to do so too), the computed R satisfies R^T R = B + E with
    |E_ij| <= g sqrt(b_ii b_jj), g = gamma / (1 - gamma), gamma = (n+1) u / (1 - (n+1) u) (Demmel, 1989; Higham,
    Accuracy and Stability of Numerical Algorithms, 2002, theorem 10.5). So |E| <= g trace(B), and as R^T R has no
    negative eigenvalue, B has none below -g trace(B) (the idea of Rump, Verification of positive definiteness, 2006).
    Subtracting the shift rounds each b_ii by at most u a_ii. Thus with

        shift = (cut_off + 2 g) trace(A)

    every eigenvalue of A is above cut_off trace(A). So all of them are positive, their sum, the trace, is at least the
    largest, and all are above the cut-off. The second g pays for the u a_ii, for the rounding of the shift and the
    trace, and for underflow, at most 2^-1074 in each of n + 2 terms of an entry, as long as the trace itself is not
    close to the least floats.
    """
    trace = A.diagonal().sum()
    shifted = A.clone()
    shifted.diagonal().sub_(margin(len(A)) * trace)
    return bool(trace > 2.0**-1000) and int(torch.linalg.cholesky_ex(shifted).info) == 0
