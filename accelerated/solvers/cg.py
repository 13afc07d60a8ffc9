"""``solver="cg"``: preconditioned conjugate gradients on tiles of K, which is never stored.

When to use: for similarities without negative eigenvalues, if the matrix does not fit the memory; ``auto`` does.
Cost: n^2 / 2 similarities each iteration; 2 n rank^2 multiplications for the preconditioner.
Memory: 4 n rank + 24 rank^2 bytes, some vectors, and a tile for each worker.
Proven: the certificate, from a residual in float64; ``converged_`` says whether it meets ``tol``.

The formula, for A z = b with the preconditioner P (``preconditioner``); it begins with r = b - A z, p = v = P^-1 r:

1. a = r.v / p.A p;  z <- z + a p;  r <- r - a A p
2. v <- P^-1 r;  p <- v + (r.v now / r.v before) p
3. when the recurrence of r says that it is short enough: r = b - A z anew, in float64. If that is not short enough, the
   iteration begins again with it.

Step 3 is there because the recurrence never meets a rounding error of A p, so its r keeps falling when that of z does
not. Tiles are float32 where their errors are small beside the jitter (``choose_dtype``), else float64; they become
float64 when p.A p is not positive, or not finite, or when a new beginning has not halved the residual.

Source: Hestenes and Stiefel, Methods of conjugate gradients for solving linear systems, 1952; Golub and Van Loan,
Matrix Computations, 4th edition, 2013, section 11.5; for the refinement, Carson and Higham, Accelerating the solution
of linear systems by iterative refinement in three precisions, 2018.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from accelerated.solvers.certificate import Residual, get_residual, get_residual_at_last, norm
from accelerated.solvers.solution import Solution, Watch
from accelerated.solvers.system import System
from accelerated.workers import count_workers, share

HALF_OF_GOAL = 0.5  # so that the residual measured anew, which is longer than the recurrence says, is short enough
GAIN = {  # the least residual, as a share of the first one, that tiles are asked for; far below it squares become 0
    torch.float32: 2.0**-14,
    torch.float64: 2.0**-53,
}
LARGEST_IN_FLOAT32 = 2.0**60  # k(x, x), a feature's square, 1 / jitter: float32 ends at 2^128 and 2^-126
HEAVIEST = 100  # examples that are always among those whose errors in float32 are computed
SHARE_OF_JITTER = 1 / 8  # that float32 tiles may be wrong by


def choose_dtype(system: System, n_some: int) -> torch.dtype:
    """Returns float32 for tiles if that makes products with S K S wrong by about an eighth of the jitter, else float64.

    Let E be what float32 makes S K S wrong by. If |E| <= jitter / 8, A + E has no eigenvalue below 7/8 jitter. The
    solution d of (A + E) d = r leaves r - A d = E d, at most |E| |(A + E)^-1| |r| <= |r| / 7 long: each new beginning
    more than halves the residual.

    |E| is estimated as n / n_some times that of ``n_some`` examples, drawn at random, and that of the ``HEAVIEST``
    examples, whose weights or similarities to themselves are largest, and which a sample may miss.
    """
    longest, diagonal = float(system.examples.abs().max()), system.diagonal
    if not max(float(diagonal.max()), longest * longest, 1 / system.jitter) <= LARGEST_IN_FLOAT32:
        return torch.float64
    some = torch.from_numpy(np.random.default_rng(2).permutation(system.n)[:n_some]).to(system.device)
    heaviest = diagonal.topk(min(system.n, HEAVIEST)).indices
    wrong = _error_of_float32(system, some) * system.n / len(some) + _error_of_float32(system, heaviest)
    return torch.float32 if wrong <= SHARE_OF_JITTER * system.jitter else torch.float64


def _error_of_float32(system: System, some: Tensor) -> float:
    """Returns about the norm of the error of float32 in S K S between some examples; infinity if it overflows.

    The rounding of products with a vector is at most 2^-24 times the largest sum of magnitudes in a row, for one tile.
    Rounding errors of different tiles are nearly independent, so their share in a row is that of sqrt(tile / n).
    """
    examples, scale = system.examples[some], system.scale[some]
    queries = system.similarity.as_queries(examples)

    def compare(dtype: torch.dtype) -> Tensor:
        return scale[:, None] * system.similarity.compare(queries.to(dtype), examples.to(dtype)).double() * scale

    rounded, K = share(compare, [torch.float32, torch.float64], count_workers(system.device))
    E = rounded - K
    if not E.isfinite().all():  # gamma times a similarity may be out of the range
        return math.inf
    of_sums = 2.0**-24 * float(K.abs().sum(1).max()) * math.sqrt(min(1, system.tile / system.n))
    return float(torch.linalg.matrix_norm(E, 2)) + of_sums


def solve(
    system: System,
    b: Tensor,
    z: Tensor,
    precondition: Callable[[Tensor], Tensor],
    dtype: torch.dtype,
    *,
    tol: float,
    max_iter: int,
    watch: Watch,
) -> Solution:
    """Returns a solution of A z = b, (n, m), beginning with z, by tiles of ``dtype``, and of float64 where those fail.

    It ends when the certificate meets ``tol``, after ``max_iter`` iterations, when not even float64 tiles halve the
    residual, and at an interrupt, each time with the shortest residual.
    """
    best = get_residual(system, b, z)
    n_iter, interrupted = 0, False
    while not best.is_enough(tol) and n_iter < max_iter and not interrupted:
        run = _Run(system, precondition, dtype, best, b - system.jitter * z, tol)
        interrupted = run.iterate(max_iter - n_iter, watch)
        n_iter += run.n_iter
        now, too_late = get_residual_at_last(system, b, z + run.d)
        interrupted |= too_late
        is_halved = bool((now.R <= best.R / 2)[~best.are_enough(tol)].all())
        better = now.R < best.R
        z = torch.where(better, z + run.d, z)
        best = Residual(*(torch.where(better, new, old) for new, old in zip(now, best, strict=True)))
        watch(best, tol)
        if not is_halved:
            if dtype == torch.float64:
                break
            dtype = torch.float64
    return Solution(z, best, n_iter, best.is_enough(tol), interrupted)


class _Run:
    """Conjugate gradients from one residual on: d, with A d nearly that residual, after ``n_iter`` products with A."""

    def __init__(
        self,
        system: System,
        precondition: Callable[[Tensor], Tensor],
        dtype: torch.dtype,
        first: Residual,
        rest: Tensor,  # b - jitter z
        tol: float,
    ):
        self.system, self.precondition, self.dtype = system, precondition, dtype
        self.first, self.rest, self.tol = first, rest, tol
        self.d, self.n_iter = torch.zeros_like(first.r), 0

    def iterate(self, most: int, watch: Watch) -> bool:
        """Takes at most so many steps; returns whether it was interrupted."""
        r, active = self.first.r, ~self.first.are_enough(self.tol)
        try:
            v = self.precondition(r)
            p, rv = v, (r * v).sum(0)
            while self.n_iter < most:
                Ap = self.system.times_all(p, self.dtype)
                self.n_iter += 1
                curvature = (p * Ap).sum(0)
                if not bool(((curvature > 0) & curvature.isfinite())[active].all()):
                    break
                a = torch.where(active, rv / curvature, 0.0)  # an output that is good enough stays as it is
                self.d, r = self.d + a * p, r - a * Ap  # not in place: an interrupt leaves a d that is complete
                now = Residual(r, norm(r), norm(self.rest - self.system.jitter * self.d - r))
                watch(now, self.tol)
                active = active & (self._goal(now) < now.R)
                if not active.any():
                    break
                v = self.precondition(r)
                before, rv = rv, (r * v).sum(0)
                p = v + torch.where(active, rv / before, 0.0) * p
        except KeyboardInterrupt:
            return True
        return False

    def _goal(self, now: Residual) -> Tensor:
        """Returns the length at which the recurrence of the residual is short enough, (n_outputs,)."""
        goal = HALF_OF_GOAL * self.tol / (1 + self.tol) * now.fitted
        return torch.maximum(goal, GAIN[self.dtype] * self.first.R)
