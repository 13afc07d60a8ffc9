"""Solving for the weights of the examples: pinv(A) y for a square A = K + jitter I, in float64.

The pseudo-inverse comes from eigenvalues if A is symmetric, else from singular values. If A is proven to be far enough
from singular, the pseudo-inverse is the inverse, and a Cholesky factor gives the same answer in a fraction of the time.
"""

import torch
from torch import Tensor

from accelerated.search.memory import too_little
from accelerated.validation import check_finite

UNIT_ROUNDOFF = 2.0**-53
MATRICES = {
    "cholesky": 4,
    "eigenvalues": 5,
    "singular values": 9,
}  # as large as A, including A itself, for each method


def cut_off(n: int) -> float:
    """Returns the share of the largest singular value below which others count as 0: n eps, as in ``reference``.

    The error of each computed singular value is up to about n eps times the largest, so a value below may be 0, and its
    reciprocal would be noise. It is the rule of ``numpy.linalg.matrix_rank``. It would undo a jitter of 1e-6 if it were
    above 1e-6 / n, as the largest singular value of an rbf is at most n: that is so only from n = 67,000.
    """
    return n * torch.finfo(torch.float64).eps


def solve(A: Tensor, y: Tensor, *, solver: str, is_symmetric: bool, memory_limit: int) -> Tensor:
    """Returns pinv(A) y, shape (n, n_outputs), for A of shape (n, n) and y of shape (n, n_outputs), both float64.

    ``solver`` is "auto" or "pinv", which never tries Cholesky. Of a symmetric A only the lower triangle is read.
    Raises ValueError if ``memory_limit`` is too small.
    """
    if is_symmetric and solver == "auto":
        check_memory(len(A), "cholesky", memory_limit)
        if is_clearly_positive(A):
            return torch.cholesky_solve(y, torch.linalg.cholesky(A))
    if is_symmetric:
        check_memory(len(A), "eigenvalues", memory_limit)
        values, vectors = torch.linalg.eigh(A)
        return vectors @ (_invert(values) * (vectors.T @ y))
    check_memory(len(A), "singular values", memory_limit)
    left, values, right = torch.linalg.svd(A)
    return right.T @ (_invert(values) * (left.T @ y))


def _invert(values: Tensor) -> Tensor:
    """Returns 1 / value as a column, (n, 1), and 0 for values at or below the cut-off."""
    check_finite(values, "a singular value of the similarities")
    keep = values.abs() > cut_off(len(values)) * values.abs().max()
    return torch.where(keep, values.reciprocal(), torch.zeros_like(values))[:, None]


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
    n = len(A)
    gamma = (n + 1) * UNIT_ROUNDOFF / (1 - (n + 1) * UNIT_ROUNDOFF)
    trace = A.diagonal().sum()
    shifted = A.clone()
    shifted.diagonal().sub_((cut_off(n) + 2 * gamma / (1 - gamma)) * trace)
    return bool(trace > 2.0**-1000) and int(torch.linalg.cholesky_ex(shifted).info) == 0


def check_memory(n: int, method: str, memory_limit: int) -> None:
    """Raises ValueError if the (n, n) matrices that a method needs do not fit the limit, in bytes."""
    needed = MATRICES[method] * 8 * n * n
    if needed > memory_limit:
        raise ValueError(too_little(memory_limit, needed, f"to fit {n} examples by their {method}"))
