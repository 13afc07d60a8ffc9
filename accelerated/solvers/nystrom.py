"""``solver="nystrom"``: another model, with weights for a few examples only, the landmarks; never chosen by ``auto``.

When to use: for millions of examples, or where predictions must be fast: a query meets the landmarks alone.
Cost: n rank similarities and 2 n rank^2 multiplications.
Memory: 8 n rank + 24 rank^2 bytes.
Proven: the certificate, which says how far this model is from the exact one.

The formula, with landmarks p that randomly pivoted Cholesky chooses, and their F (``pivots``), so that S K S is nearly
F F^T, and F_p, the rows of the landmarks, is lower triangular:

1. w = (F^T F + jitter I)^-1 F^T b, ridge regression on the columns of F
2. z_p = F_p^-T w, and 0 for all other examples: (S K S)_:p z_p = F F_p^T z_p = F w

Source: Williams and Seeger, Using the Nystrom method to speed up kernel machines, 2001; the landmarks as in ``pivots``.
"""

from functools import partial

import torch
from torch import Tensor

from accelerated.solvers import pivots
from accelerated.solvers.certificate import get_residual
from accelerated.solvers.preconditioner import Preconditioner
from accelerated.solvers.solution import Solution
from accelerated.solvers.system import System
from accelerated.workers import count_workers, share


def solve(system: System, b: Tensor, most: int, tol: float) -> tuple[Solution, list[int]]:
    """Returns the solution with at most ``most`` landmarks, (n, m) with rows of 0 for other examples, and these.

    There are fewer where the others change the matrix by less than about ``tol`` times the jitter.
    """
    F, chosen, _ = pivots.factor(system, most, tol, torch.float64)
    z = torch.zeros_like(b)
    if chosen:
        w = Preconditioner(F, system.jitter).regress(b)
        # a worker does it, because two threads of torch may have other bits
        divide = partial(torch.linalg.solve_triangular, F[chosen].T, upper=True)
        z[chosen] = share(divide, [w], count_workers(b.device))[0]
    residual = get_residual(system, b, z, system.times_some(chosen, z[chosen]) if chosen else z)
    return Solution(z, residual, 1, residual.is_enough(tol)), chosen
