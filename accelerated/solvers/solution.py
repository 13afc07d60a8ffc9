"""The results of solvers."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from accelerated.arrays import to_numpy
from accelerated.solvers.certificate import Certificate, Residual, certify
from accelerated.solvers.system import System

Watch = Callable[[Residual, float], object]  # is told each residual, and tol


class Options(NamedTuple):
    """The arguments of the constructor that the solvers use."""

    solver: str = "auto"
    tol: float = 1e-3
    max_iter: int | None = None
    rank: int | None = None
    progress: bool = False


class Solution(NamedTuple):
    """A solution of A z = b by an iterative solver, with its residual."""

    z: Tensor  # (n, n_outputs)
    residual: Residual
    n_iter: int  # products with A, or passes over all blocks
    converged: bool
    interrupted: bool = False


class Learned(NamedTuple):
    """The weights z of the examples, before S, and all that ``fit`` tells about them."""

    solver: str
    z: Tensor  # (n, n_outputs)
    residual_norm: Tensor  # (n_outputs,)
    rank: int
    n_iter: int = 1  # that of a direct solver
    converged: bool = True
    interrupted: bool = False
    certificate: Certificate | None = None
    condition_bound: float | None = None
    sums: Tensor | None = None  # of the rows of K, (n,)
    n_compared: int | None = None  # examples that the sums are estimated from; None: all
    inverse: tuple[Tensor, Tensor] | None = None  # the diagonal of A^-1, (n,), and A^-1 S 1, (n, 1)
    landmarks: list[int] | None = None  # all examples but these have the weight 0
    why: str = ""  # auto came to the pseudo-inverse
    advice: str = ""  # and how to avoid it
    direct: str = ""  # the arguments with which a direct solver finds the exact weights


def get_start(last: Any, scale: Tensor, n_outputs: int) -> Tensor:
    """Returns the z that an iterative solver begins with, (n, n_outputs), from the ``dual_coef_`` of the last fit.

    It is 0 where there was none or one of other outputs or more examples. Examples that are new begin with 0.
    """
    start = torch.zeros((len(scale), n_outputs), dtype=torch.float64, device=scale.device)
    if last is None:
        return start
    last = torch.from_numpy(to_numpy(last).reshape(len(last), -1)).to(scale.device)
    if len(last) > len(scale) or last.shape[1] != n_outputs:
        return start
    scale = scale[: len(last), None]
    start[: len(last)] = torch.where(scale > 0, last / scale, 0.0)
    return start


def prove(learned: Learned, system: System, residual: Residual, sums: Tensor | None) -> Learned:
    """Adds the certificate, the length of the residual, and a bound on the condition number of A.

    No eigenvalue of S K S exceeds its trace, or the largest sum of a row of K, if that has no entry below 0, times the
    largest weight. The similarities are wrong by a matrix of a norm of at most error times the trace
    (``cholesky.is_proven``), and the sums by less than 1e-9 of themselves.
    """
    trace = largest = float(system.diagonal.sum())
    if sums is not None and system.similarity.is_above_zero:
        largest = min(trace, float(sums.max() * system.scale.square().max()))
    largest = largest * (1 + 1e-9) + system.similarity.error * trace
    return learned._replace(
        certificate=certify(system, residual.R),
        residual_norm=residual.R,
        condition_bound=(largest + system.jitter) / system.jitter,
    )
