"""A warning before the work: how many iterations conjugate gradients will probably take."""

import math

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from accelerated.similarities import UNIT_ROUNDOFF
from accelerated.solvers.pivots import get_rest
from accelerated.solvers.system import System
from knn_inputs.messages import warn


def warn_of_many_iterations(
    system: System, F: Tensor, residuals: np.ndarray, tol: float, max_iter: int, n_some: int
) -> None:
    """Warns if about more than ``max_iter`` iterations are needed.

    With l the largest eigenvalue of S K S - F F^T the preconditioned matrix has a condition number of at most
    c = 1 + l / jitter, and the error, in the norm of A, is at most 2 ((sqrt c - 1) / (sqrt c + 1))^i of the first one
    after i iterations (Golub and Van Loan, 2013, section 11.3). So about sqrt(c) log(2 / tol) / 2 iterations reach tol,
    and often a third of that do; no tol below 2^-53 is reached. l is estimated: its part outside the diagonal from
    ``n_some`` examples.
    """
    some = np.random.default_rng(1).permutation(system.n)[:n_some]
    rest = get_rest(system, F, some)
    rest.diagonal().zero_()
    largest = float(torch.linalg.eigvalsh(rest).max()) * system.n / len(some) + float(residuals.max())
    root, digits = math.sqrt(1 + max(largest, 0) / system.jitter), math.log(2 / max(tol, UNIT_ROUNDOFF))
    expected = root * digits / 2
    if expected / 3 > max_iter:
        enough = largest * (digits / max_iter) ** 2
        warn(
            f"solver='cg' needs about {expected:.2g} iterations with jitter={system.jitter:.3g}, but max_iter is "
            f"{max_iter}: it will probably not converge. Pass a larger max_iter, or a jitter of about {enough:.2g}",
            ConvergenceWarning,
        )
