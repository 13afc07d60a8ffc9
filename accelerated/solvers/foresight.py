"""A warning before the work, where conjugate gradients will probably not converge."""

from functools import partial

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from accelerated.solvers.pivots import get_rest
from accelerated.solvers.solution import Options
from accelerated.solvers.system import System
from accelerated.workers import count_workers, share
from knn_inputs.messages import warn

LIKELY = 2  # times max_iter: the warning is given from there on, as some samples take 3 times as many as the fit
FURTHEST = 4  # times max_iter: the most iterations that are tried
CPU = torch.device("cpu")


def warn_of_many_iterations(
    system: System, F: Tensor, b: Tensor, rest: Tensor, options: Options, n_some: int, remedies: list[str]
) -> None:
    """Warns if clearly more than ``max_iter`` iterations are needed for a sample that stands for all examples.

    ``rest``, (n, n_outputs), is b less its part in the preconditioner. For the rest the preconditioner only divides by
    the jitter, so the iteration is that of plain conjugate gradients for G + jitter I, with G = S K S - F F^T. It is
    tried on ``n_some`` examples drawn at random. Each of them stands for n / n_some examples, so G is taken as many
    times: then its large eigenvalues are about those of all examples.
    """
    assert options.max_iter is not None
    most = FURTHEST * options.max_iter
    some = np.random.default_rng(1).permutation(system.n)[:n_some]
    A = get_rest(system, F, some).cpu() * (system.n / len(some))
    A.diagonal().add_(system.jitter)
    enough = (options.tol / 2 * torch.linalg.vector_norm(b[some], dim=0)).tolist()
    columns = list(zip(rest[some].cpu().T, enough, strict=True))
    expected = max(share(partial(_count_steps, A, most), columns, count_workers(CPU)))
    if expected <= LIKELY * options.max_iter:
        return
    why = ", which solver='auto' takes because the memory is too small for a direct solver,"
    warn(
        f"solver='cg'{why if options.solver == 'auto' else ''} needs "
        f"{'more than' if expected > most else 'about'} {min(expected, most):,} iterations with "
        f"jitter={system.jitter:.3g}, but max_iter is {options.max_iter}, so it will probably not converge: pass "
        f"{', or '.join(remedies)}; a larger jitter is easier, but makes another, smoother model",
        ConvergenceWarning,
    )


def _count_steps(A: Tensor, most: int, column: tuple[Tensor, float]) -> int:
    """Returns the steps of conjugate gradients until the residual of A z = r is short enough; most + 1 if it is not."""
    r, enough = column
    p, rr = r, float(r @ r)
    for step in range(most + 1):
        if rr <= enough * enough:
            return step
        Ap = A @ p
        a = rr / float(p @ Ap)
        r = r - a * Ap
        before, rr = rr, float(r @ r)
        p = r + (rr / before) * p
    return most + 1
