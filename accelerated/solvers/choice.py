"""The choice of a solver by the similarity, the jitter and the memory."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from accelerated.search.memory import too_little
from accelerated.solvers import cholesky, whole
from accelerated.solvers.certificate import Certificate, get_residual
from accelerated.solvers.iteration import iterate
from accelerated.solvers.sizes import bytes_of_matrices, count_matrices, get_enough
from accelerated.solvers.solution import Learned, Options, prove
from accelerated.solvers.system import SOME, System, estimate_sums
from accelerated.validation import check_finite
from knn_inputs.messages import warn
from knn_inputs.parameters import check_int

NAMES = ["auto", "pinv", "cholesky", "cg", "blocks", "nystrom"]


def check_rank(rank: Any, solver: str) -> None:
    """Raises TypeError or ValueError unless the rank is None or an int above 0; warns if it has no effect."""
    if rank is None:
        return
    check_int(rank, "rank")
    if solver in ("pinv", "cholesky", "blocks"):
        warn(f"rank={rank} has no effect, because solver={solver!r} makes no factor of low rank")


def solve_to_scale(system: System, b: Tensor, start: Tensor, options: Options, memory_limit: int) -> Learned:
    """Returns what ``solve`` does, for targets of any size: they are scaled so that squares are neither 0 nor infinite.

    Powers of two do not round.
    """
    exponent = torch.frexp(b.abs().amax(0)).exponent
    learned = solve(system, _times_power(b, -exponent), _times_power(start, -exponent), options, memory_limit)
    certificate = learned.certificate and Certificate(*(_times_power(bound, exponent) for bound in learned.certificate))
    return learned._replace(
        z=_times_power(learned.z, exponent),
        residual_norm=_times_power(learned.residual_norm, exponent),
        certificate=certificate,
    )


def _times_power(values: Tensor, exponent: Tensor) -> Tensor:
    """Returns values 2^exponent for each column; in two steps, as the power itself may be infinite."""
    half = exponent.cpu().numpy() // 2
    for power in (half, exponent.cpu().numpy() - half):
        values = values * torch.from_numpy(np.ldexp(1.0, power)).to(values.device)
    return values


def solve(system: System, b: Tensor, start: Tensor, options: Options, memory_limit: int) -> Learned:
    """Returns the weights for S y = b, (n, n_outputs), from memory of ``memory_limit`` bytes.

    The iterative solvers begin with ``start``. Raises ValueError if the similarity, the jitter or the memory does not
    suit the solver that was asked for.
    """
    solver = _choose(system, options.solver, memory_limit)
    if solver in ("auto", "pinv") or (solver == "cholesky" and not system.is_proven):
        learned = _with_certificate(_solve_whole(system, b, solver, options.progress, memory_limit), system, b)
        if system.similarity.is_above_zero:
            learned = learned._replace(sums=estimate_sums(system), n_compared=SOME if system.n > SOME else None)
        return learned
    if solver == "cholesky":
        L, sums = cholesky.factor(system, options.progress)
        learned = Learned(solver, cholesky.solve_with(L, b), torch.zeros(0), system.n, sums=sums)
        del L  # its memory is free for the tiles
        return _with_certificate(learned, system, b)
    return iterate(system, b, start, solver, options, memory_limit)


def _choose(system: System, solver: str, memory_limit: int) -> str:
    """Returns the solver: "auto" stays if the matrix has to be looked at.

    For a similarity without negative eigenvalues, and a jitter, "auto" becomes cholesky if a matrix fits the limit and
    its inverse is proven to be the pseudo-inverse, and cg if the five matrices of the pseudo-inverse do not fit.
    """
    if not system.is_proven:
        if solver not in ("cg", "blocks", "nystrom"):
            return solver
        if system.similarity.is_positive:
            usual = 1e-3 * float(check_finite(system.diagonal, "a similarity").median()) or 1e-3
            needed = f"a jitter such as {usual:.1g}, not {system.jitter:.3g}"
        else:
            needed = "one of the similarities rbf, laplacian, linear, cosine, and polynomial with coef0 >= 0"
        raise ValueError(f"solver={solver!r} needs {needed}: pass that, or solver='pinv'")
    bytes_needed = bytes_of_matrices(system, count_matrices(system))
    if solver == "cholesky" and not cholesky.is_proven(system):
        least = cholesky.least_jitter(system)
        raise ValueError(
            f"solver='cholesky' needs a jitter above {least:.3g}, but it is {system.jitter:.3g}: pass solver='auto'"
        )
    if solver == "cholesky" and bytes_needed > memory_limit:
        bytes_needed = get_enough(bytes_needed, system)
        raise ValueError(too_little(memory_limit, bytes_needed, f"to fit {system.n} examples by their cholesky factor"))
    if solver != "auto":
        return solver
    if bytes_needed <= memory_limit and cholesky.is_proven(system):
        return "cholesky"
    return "auto" if bytes_of_matrices(system, 5) <= memory_limit else "cg"


def _solve_whole(system: System, b: Tensor, solver: str, progress: bool, memory_limit: int) -> Learned:
    at_worst = "eigenvalues" if system.similarity.is_symmetric else "singular values"
    if solver == "pinv":
        whole.check_memory(system.n, "eigenvalues", memory_limit, at_worst)
    else:
        whole.check_memory(system.n, "a Cholesky factor", memory_limit, at_worst if solver == "auto" else "")
    A = whole.get_matrix(system, progress)
    return whole.solve(A, b, system, solver, memory_limit)


def _with_certificate(learned: Learned, system: System, b: Tensor) -> Learned:
    if not system.is_proven:
        return learned
    return prove(learned, system, get_residual(system, b, learned.z), learned.sums)
