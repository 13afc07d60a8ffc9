"""A warning before the work: how many iterations conjugate gradients will probably take."""

import math

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from accelerated.similarities import UNIT_ROUNDOFF
from accelerated.solvers.pivots import get_rest
from accelerated.solvers.solution import Options
from accelerated.solvers.system import System
from knn_inputs.messages import warn

USEFUL = 1 / 10  # of the similarity of an example to itself: a larger jitter is not worth naming
USUAL = 1 / 2  # of the iterations that the theory allows, in the cases of `python -m benchmarks.similarity`


def warn_of_many_iterations(
    system: System, F: Tensor, residuals: np.ndarray, options: Options, n_some: int, bytes_of_factor: int
) -> None:
    """Warns if clearly more than ``max_iter`` iterations are needed.

    With l the largest eigenvalue of S K S - F F^T the preconditioned matrix has a condition number of at most
    c = 1 + l / jitter, and the error, in the norm of A, is at most 2 ((sqrt c - 1) / (sqrt c + 1))^i of the first one
    after i iterations (Golub and Van Loan, 2013, section 11.3). So sqrt(c) log(2 / tol) / 2 iterations reach tol, and
    usually about half of that do; no tol below 2^-53 is reached. l is estimated: its part outside the diagonal from
    ``n_some`` examples.
    """
    assert options.max_iter is not None
    some = np.random.default_rng(1).permutation(system.n)[:n_some]
    rest = get_rest(system, F, some)
    rest.diagonal().zero_()
    largest = float(torch.linalg.eigvalsh(rest).max()) * system.n / len(some) + float(residuals.max())
    root, digits = math.sqrt(1 + max(largest, 0) / system.jitter), math.log(2 / max(options.tol, UNIT_ROUNDOFF))
    expected = USUAL * root * digits / 2
    if expected < 1.5 * options.max_iter:
        return
    why = ", which solver='auto' takes because the matrix does not fit the memory," if options.solver == "auto" else ""
    remedies = [f"solver='cholesky' with memory_limit={bytes_of_factor}", "a larger max_iter"]
    if F.shape[1] < system.n:
        remedies.append(f"a rank above {F.shape[1]}")
    enough = largest * (USUAL * digits / options.max_iter) ** 2  # half of max_iter would be expected
    smoother = f"; a jitter of about {enough:.1g} is easier, but makes another, smoother model"
    warn(
        f"solver='cg'{why} needs about {float(f'{expected:.1g}'):,.0f} iterations with jitter={system.jitter:.3g}, but "
        f"max_iter is {options.max_iter}, so it will probably not converge: pass {', or '.join(remedies)}"
        f"{smoother if enough < USEFUL * float(system.diagonal.mean()) else ''}",
        ConvergenceWarning,
    )
