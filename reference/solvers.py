"""Solving A z = y, where A = K + jitter I: with singular values, by conjugate gradients, and block by block.

``pinv_times`` solves for every A, in time n^3. The other two are for a symmetric A with eigenvalues above 0 alone. They
are generators: each yields a better z after every step, in time n^2, and ``iterate`` takes the first one that is good
enough. The caller decides on that, from y - A z computed afresh, so that no solver judges itself.
"""

import numpy as np

from reference import checks

BLOCK = 64  # rows; a block is solved in BLOCK^3 / 3 steps, and its change costs n BLOCK steps


class ConvergenceWarning(UserWarning):
    """A solver ended with ``max_iter`` before its answer was as near to the exact one as ``tol`` asks for."""


def pinv_times(A, y):
    """Returns pinv(A) y for a square A = U S V^T: it is V 1/S U^T y, with 0 in place of 1/0.

    It is evaluated from right to left, so that no n x n matrix is computed after the decomposition.

    >>> pinv_times(np.array([[1.0, 1.0], [1.0, 1.0]]), np.array([[1.0], [2.0]])).round(2).tolist()
    [[0.75], [0.75]]
    """
    U, s, Vt = np.linalg.svd(checks.check_finite(A, "a similarity with jitter"))
    largest = checks.check_finite(s, "a singular value of the similarities")[0]
    inverse = np.where(s > cut_off(len(A)) * largest, 1 / np.where(s == 0, 1, s), 0)  # (n,)
    return Vt.T @ (inverse[:, None] * (U.T @ y))


def cut_off(n):
    """Returns n eps: singular values up to this share of the largest one count as 0, here and in ``accelerated``.

    Each singular value is computed with an error of up to about n eps times the largest, so a smaller one may be a true
    0, and dividing by it would return noise. ``np.linalg.matrix_rank`` has the same rule. For the rbf similarity, whose
    largest singular value is at most n, it leaves a jitter of 1e-6 in force up to n = 67,000. It is written out because
    the defaults of libraries differ: that of ``np.linalg.pinv`` is 1e-15 for every n.
    """
    return n * np.finfo(np.float64).eps


def iterate(steps, is_enough, max_iter):
    """Returns the first z of the steps that is enough, or the last one, and the number of steps up to it."""
    for n_iter, z in enumerate(steps):
        if n_iter == max_iter or is_enough(z):
            break
    return z, n_iter


def conjugate_gradients(A, y, z):
    """Yields z, (n,), and then a better one after each step (Hestenes and Stiefel, 1952).

    The exact answer is the lowest point of E(z) = z^T A z / 2 - y^T z, because there the gradient A z - y is 0. So the
    residual r = y - A z points downhill. A step goes along a direction p to its lowest point: E(z + t p) is least at

        t = p^T r / p^T A p,    and p^T r = r^T r, because r is at a right angle to the previous p.

    The next p is the new r, plus as much of the previous p as makes p^T A p_previous = 0. Then p^T A q is 0 for every
    earlier direction q too, so that no step spoils an earlier one, and n steps suffice, were it not for rounding.

    After a step the residual is r - t A p, which needs no other product. But rounding adds up in it: it goes on to fall
    where y - A z has long stopped. So y - A z is computed as well, and where the two differ the method starts anew.

    >>> steps = conjugate_gradients(np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([3.0, 0.0]), np.zeros(2))
    >>> [next(steps).round(12).tolist() for _ in range(3)]
    [[0.0, 0.0], [1.5, 0.0], [2.0, -1.0]]
    """
    r = p = y - A @ z
    yield z
    while np.any(r):  # there is nothing to improve where r is 0
        Ap = A @ p
        t = (r @ r) / (p @ Ap)
        z = z + t * p
        previous, r = r, r - t * Ap
        true = y - A @ z
        if np.linalg.norm(true - r) > np.linalg.norm(true) / 2:
            r = p = true
        else:
            p = r + (r @ r) / (previous @ previous) * p
        yield z


def blocks(A, y, z):
    """Yields z, (n,), and then a better one after each pass over all blocks of rows (block Gauss-Seidel).

    A step changes the entries z_B of one block, by a d that makes the residual r_B of this block 0: A_BB d = r_B.
    There is no step size to choose, and every step leads nearer to the exact answer z*, or leaves z as it is. To see
    it, let e = z* - z, so that r = A e, and measure e by its energy e^T A e, which is 0 at z* alone. A change by d
    makes the energy

        e^T A e - 2 d^T r_B + d^T A_BB d,

    which is least where A_BB d = r_B, and lower by r_B^T A_BB^-1 r_B there. That is at least 0, as A_BB has eigenvalues
    above 0 alone, like A (Luenberger and Ye, 2008, section 8.6, for blocks of one row).

    >>> steps = blocks(np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([3.0, 0.0]), np.zeros(2))
    >>> [next(steps).round(12).tolist() for _ in range(2)]
    [[0.0, 0.0], [2.0, -1.0]]
    """
    while True:
        yield z
        r = y - A @ z  # afresh in each pass
        z = z.copy()
        for start in range(0, len(z), BLOCK):
            B = slice(start, start + BLOCK)
            d = np.linalg.solve(A[B, B], r[B])
            z[B] += d
            r -= A[:, B] @ d
