"""``solver="cholesky"``: the factor of the whole matrix, for similarities that have no negative eigenvalue.

When to use: as long as one n x n matrix fits; ``auto`` does.
Cost: n^3 / 3 multiplications, n^2 / 2 similarities.
Memory: one n x n matrix of float64, of which half is touched.
Proven: the matrix has no singular value at or below the cut-off, so that its inverse is its pseudo-inverse; and the
certificate.

The formula, with A = S K S + jitter I:

1. A = L L^T, L lower triangular (Cholesky), in place, for one range of columns K after the other:
   A_:K <- A_:K - L_:j L_Kj^T, with all earlier columns j; A_KK = L_KK L_KK^T (LAPACK's potrf); below it
   L_:K = A_:K L_KK^-T
2. L w = b, from the first row to the last; L^T z = w, from the last to the first (LAPACK's potrs)
3. for leave-one-out: A^-1 = L^-T L^-1 (LAPACK's potri, in place)

Source: Golub and Van Loan, Matrix Computations, 4th edition, 2013, section 4.2.
"""

from collections.abc import Sequence
from functools import partial

import torch
from scipy.linalg import lapack
from torch import Tensor

from accelerated.progress import progress_bar
from accelerated.solvers.pinv import margin
from accelerated.solvers.system import System, slots, sum_up
from accelerated.validation import check_finite
from accelerated.workers import count_workers, share

STEP = 512  # columns: `python -m benchmarks.constants STEP`


def is_proven(system: System) -> bool:
    """Tells whether the jitter keeps all eigenvalues of A above the cut-off and lets LAPACK's factorisation end.

    K has no negative eigenvalue. The computed K is wrong by E with |E_ij| <= e k_i k_j (``Similarity.error``), so
    |S E S| <= e trace(S K S), the largest it can be if all entries have one sign: no computed eigenvalue lies below
    jitter - e trace. From there the argument is that of ``pinv.is_clearly_positive``, whose margin is added.
    """
    return system.jitter > least_jitter(system)


def least_jitter(system: System) -> float:
    """Returns the jitter above which ``is_proven``."""
    trace = float(system.diagonal.sum()) + system.n * system.jitter
    return (system.similarity.error + margin(system.n)) * trace


def factor(system: System, progress: bool = False) -> tuple[Tensor, Tensor]:
    """Returns L in the lower triangle of a matrix, (n, n), and the sums of the rows of K, (n,)."""
    A, sums = get_triangle(system, progress)
    return factor_in_place(A), sums


def get_triangle(system: System, progress: bool) -> tuple[Tensor, Tensor]:
    """Returns a matrix with A in its lower triangle, (n, n), and the sums of the rows of K, (n,)."""
    ranges = system.ranges()
    A = torch.empty((system.n, system.n), dtype=torch.float64, device=system.examples.device)

    def fill(slot: Sequence[int]) -> Tensor:
        sums, space = torch.zeros(system.n, dtype=torch.float64, device=A.device), system.get_space(torch.float64)
        for i in slot:
            for columns, K in system.tiles(ranges[i], ranges[: i + 1], space):
                sums[ranges[i]] += K.sum(1)
                if columns != ranges[i]:
                    sums[columns] += K.sum(0)
                torch.mul(K, system.scale[ranges[i], None], out=K).mul_(system.scale[columns])
                A[ranges[i], columns] = K
        return sums

    def done(slot: Sequence[int]) -> None:
        advance(sum(ranges[i].stop * system.tile for i in slot))

    with progress_bar(sum(rows.stop for rows in ranges) * system.tile, shown=progress) as advance:
        total = sum_up(share(fill, slots(range(len(ranges))[::-1]), count_workers(A.device), done))
    check_finite(total, "a similarity")
    A.diagonal().add_(system.jitter)
    return A, total


def factor_in_place(A: Tensor) -> Tensor:
    """Returns L, the lower triangle, which on a CPU is that of A itself. Raises ValueError if A is not positive.

    LAPACK's own threads wait for one another in a busy loop, so it factors the whole matrix only for a single worker.
    """
    n_workers = count_workers(A.device)
    if A.device.type != "cpu":
        L, info = torch.linalg.cholesky_ex(A)
        _check_info(int(info), 0)
        return L
    if n_workers == 1 or len(A) <= STEP:
        _, info = lapack.dpotrf(A.numpy().T, lower=0, clean=0, overwrite_a=1)  # in Fortran's order L is an upper one
        _check_info(info, 0)
        return A
    for start in range(0, len(A), STEP):
        columns, *below = (slice(first, min(first + STEP, len(A))) for first in range(start, len(A), STEP))
        share(partial(_subtract_earlier, A, columns), [columns, *below], n_workers)
        L_KK, info = torch.linalg.cholesky_ex(A[columns, columns])
        _check_info(int(info), start)
        A[columns, columns] = L_KK
        share(partial(_divide, A, columns, L_KK), below, n_workers)
    return A


def _subtract_earlier(A: Tensor, columns: slice, rows: slice) -> None:
    A[rows, columns].addmm_(A[rows, : columns.start], A[columns, : columns.start].T, alpha=-1)


def _divide(A: Tensor, columns: slice, L_KK: Tensor, rows: slice) -> None:
    A[rows, columns] = torch.linalg.solve_triangular(L_KK, A[rows, columns].T, upper=False).T


def _check_info(info: int, start: int) -> None:
    if info:
        row = start + info - 1
        raise ValueError(
            f"the matrix of similarities with jitter is not positive definite at row {row}, because rounding errors "
            "exceed the jitter: pass a larger jitter, or solver='pinv'"
        )


def solve_with(L: Tensor, b: Tensor) -> Tensor:
    """Returns the solution of L L^T z = b, (n, m)."""
    if L.device.type != "cpu":
        return torch.cholesky_solve(b, L)
    return torch.from_numpy(lapack.dpotrs(L.numpy().T, b.numpy(), lower=0)[0]).contiguous()


def inverse_diagonal(L: Tensor) -> Tensor:
    """Returns the diagonal of (L L^T)^-1, (n,); on a CPU it overwrites L."""
    if L.device.type != "cpu":
        return torch.cholesky_inverse(L).diagonal().clone()
    lapack.dpotri(L.numpy().T, lower=0, overwrite_c=1)
    return L.diagonal().clone()
