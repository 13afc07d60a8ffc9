"""Leave-one-out predictions of the regressor by similarity in closed form, from one factor in place of n fits."""

from typing import NamedTuple

import torch
from torch import Tensor

from accelerated.solvers import cholesky
from accelerated.solvers.system import System
from accelerated.validation import check_finite


class NoLeaveOneOut(ValueError, AttributeError):
    """The model has no leave-one-out predictions; ``hasattr`` says so, too."""


class Training(NamedTuple):
    """What leave-one-out needs to know of a fit."""

    system: System
    targets: Tensor  # (n, n_outputs)
    intercept: Tensor | None  # (n_outputs,)
    z: Tensor  # A^-1 S (y - intercept), (n, n_outputs)
    solver: str
    inverse: tuple[Tensor, Tensor] | None  # the diagonal of A^-1, (n,), and A^-1 S 1, (n, 1), if they are known
    of_unused: Tensor  # predictions for the examples of weight 0, (n_unused, n_outputs)


def get_leave_one_out(training: Training) -> Tensor:
    """Returns the prediction for each example by the model of all others, (n, n_outputs).

    With u = A^-1 S 1, ``reference.leave_one_out`` derives

        f(x_i) = y_i - ((A^-1 S y)_i - m_i u_i) / (s_i (A^-1)_ii),

    where m_i is the mean of the other targets, or 0 without an intercept. Here A^-1 S y is z + intercept u. An example
    of weight 0 is not in the model: its prediction is the model's own. Raises ValueError where A has no inverse, or the
    solver does not make it, and for fewer than 2 examples.
    """
    system, targets, intercept, z, solver, inverse, of_unused = training
    if solver not in ("cholesky", "pinv"):
        raise NoLeaveOneOut(
            f"leave-one-out needs the inverse of the matrix, but solver_ is {solver!r}, which never makes it: fit with "
            "solver='cholesky', or use sklearn's cross_val_predict"
        )
    if inverse is None and solver == "pinv":
        raise NoLeaveOneOut("leave-one-out needs an inverse, but K + jitter I is singular: pass a larger jitter")
    used = system.scale > 0
    n_used = int(used.sum())
    if n_used < 2:
        raise NoLeaveOneOut(f"leave-one-out needs at least 2 examples of a weight above 0, but there is {n_used}")
    diagonal, of_ones = inverse or _get_inverse(system)
    shift = torch.zeros_like(targets)
    if intercept is not None:
        weights = system.scale.square()[:, None]
        means = intercept - weights * (targets - intercept) / (weights.sum() - weights)  # of the others
        shift = (intercept - means) * of_ones
    predicted = targets - (z + shift) / (system.scale * diagonal)[:, None]
    predicted[~used] = of_unused
    return check_finite(predicted, "a leave-one-out prediction")


def _get_inverse(system: System) -> tuple[Tensor, Tensor]:
    """Returns the diagonal of A^-1, (n,), and A^-1 S 1, (n, 1), from one factor of A."""
    L, _ = cholesky.factor(system)
    of_ones = cholesky.solve_with(L, system.scale[:, None])
    return cholesky.inverse_diagonal(L), of_ones
