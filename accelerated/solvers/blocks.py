"""``solver="blocks"``: mini-batches, each solved exactly.

When to use: where even the factor of ``cg``'s preconditioner takes too much memory, or to see what mini-batches can do.
Cost: n^2 similarities and n block^2 / 3 multiplications each pass; many passes where the jitter is small.
Memory: a block x block matrix, some vectors, and a tile for each worker.
Proven: no step makes the error longer in the norm of A; the certificate.

The formula, for A z = b with A = S K S + jitter I; it begins with r = b - A z:

1. take a block B of examples, at random; each pass takes every example once
2. solve A_BB d = r_B exactly, by Cholesky's factor
3. z_B <- z_B + d;  r <- r - A_:B d

Step 2 makes the error e = z* - z as short as a change of z_B can, in the norm of A. A e = r, and for any change d

    (e - d)^T A (e - d) = e^T A e - 2 d^T r_B + d^T A_BB d,

which is least at A_BB d = r_B, where it is e^T A e - r_B^T A_BB^-1 r_B. So there is no step size to choose, and the
error never grows. Gradient descent on a mini-batch has a step size, and one that is right for one data set diverges on
the next. The residual that decides is measured anew, in float64, as in ``cg``.

Source: block Gauss-Seidel, Golub and Van Loan, Matrix Computations, 4th edition, 2013, section 11.2; for mini-batches
of K, Tu, Roelofs, Venkataraman and Recht, Large scale kernel learning using block coordinate descent, 2016.
"""

import numpy as np
import torch
from torch import Tensor

from accelerated.solvers.certificate import Residual, get_residual, get_residual_at_last, norm
from accelerated.solvers.cholesky import factor_in_place, solve_with
from accelerated.solvers.solution import Solution, Watch
from accelerated.solvers.system import System

SOLVED_BLOCK = 2048  # examples, if their matrix fits: `python -m benchmarks.constants SOLVED_BLOCK`


def solve(system: System, b: Tensor, z: Tensor, block: int, *, tol: float, max_iter: int, watch: Watch) -> Solution:
    """Returns a solution of A z = b, (n, m), beginning with z, in blocks of that many examples.

    It ends when the certificate meets ``tol``, after ``max_iter`` passes, and at an interrupt.
    """
    rng = np.random.default_rng(0)
    residual, n_passes, interrupted = get_residual(system, b, z), 0, False
    while not residual.is_enough(tol) and n_passes < max_iter and not interrupted:
        z, r = z.clone(), residual.r.clone()
        try:
            while n_passes < max_iter:
                order = torch.from_numpy(rng.permutation(system.n)).to(z.device)
                for chosen in order.split(block):
                    _solve_block(system, chosen, z, r)
                n_passes += 1
                now = Residual(r, norm(r), norm(b - system.jitter * z - r))
                watch(now, tol)
                if now.is_enough(tol / 2):
                    break
        except KeyboardInterrupt:
            interrupted = True
        residual, too_late = get_residual_at_last(system, b, z)
        interrupted |= too_late
        watch(residual, tol)
    return Solution(z, residual, n_passes, residual.is_enough(tol), interrupted)


def _solve_block(system: System, chosen: Tensor, z: Tensor, r: Tensor) -> None:
    """Changes z for the chosen examples so that their entries of r, which is changed with it, become 0."""
    examples, scale = system.examples[chosen], system.scale[chosen]
    A = system.similarity.compare(system.similarity.as_queries(examples), examples)
    A.mul_(scale[:, None]).mul_(scale).diagonal().add_(system.jitter)
    d = solve_with(factor_in_place(A), r[chosen])
    changed = system.times_some(chosen, d)
    z[chosen] += d
    r -= changed
    r[chosen] -= system.jitter * d
