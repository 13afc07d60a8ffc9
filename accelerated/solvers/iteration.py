"""The iterative solvers: the memory, the start and the preconditioner that each of them is given."""

import math

import torch
from torch import Tensor

from accelerated.progress import residual_bar
from accelerated.solvers import blocks, cg, cholesky, nystrom, pivots
from accelerated.solvers.certificate import Residual, norm
from accelerated.solvers.foresight import warn_of_many_iterations
from accelerated.solvers.preconditioner import Preconditioner
from accelerated.solvers.sizes import (
    bytes_of_matrices,
    bytes_of_vectors,
    count_matrices,
    get_block,
    get_enough,
    get_rank,
    get_usual_rank,
)
from accelerated.solvers.solution import Learned, Options, Solution, Watch, prove
from accelerated.solvers.system import SOME, System, estimate_sums
from knn_inputs.messages import warn

MOST_ITERATIONS = {"cg": 200, "blocks": 100}
BYTES_OF_ENTRY = 64  # of the matrix of a sample, with its copies


def iterate(system: System, b: Tensor, start: Tensor, solver: str, options: Options, memory_limit: int) -> Learned:
    """Returns what "cg", "blocks" or "nystrom" learns from A z = b, with its certificate.

    Raises ValueError for a ``memory_limit`` that is too small, and for a rank above n.
    """
    n_some = max(2, min(SOME, math.isqrt(memory_limit // (4 * BYTES_OF_ENTRY))))
    sums = estimate_sums(system, n_some)
    asked = options._replace(max_iter=options.max_iter or MOST_ITERATIONS.get(solver))
    # The exact z is at most |b| / jitter long. If ``start`` is twice as long, 0 is nearer.
    start = torch.where(norm(start) <= 2 * norm(b) / system.jitter, start, 0.0)
    with residual_bar(shown=options.progress and solver != "nystrom") as advance:  # which has no residual to follow

        def watch(residual: Residual, tol: float) -> None:
            worst = int((residual.R / residual.fitted).argmax())
            advance(float(residual.R[worst]), tol * float(residual.fitted[worst]))

        if solver == "nystrom":
            solution, rank, landmarks = _by_landmarks(system, b, asked, memory_limit)
        elif solver == "blocks":
            solution, rank, landmarks = _in_blocks(system, b, start, asked, memory_limit, watch), 0, None
        else:
            solution, rank = _by_gradients(system, b, start, asked, memory_limit, n_some, watch)
            landmarks = None
    z, residual, n_iter, converged, interrupted = solution
    learned = Learned(
        solver,
        z,
        residual.R,
        rank,
        n_iter,
        converged,
        interrupted,
        sums=sums,
        landmarks=landmarks,
        n_compared=n_some if n_some < system.n else None,
        direct=_direct_solver(system),
    )
    return prove(learned, system, residual, None)


def _by_landmarks(system: System, b: Tensor, asked: Options, memory_limit: int) -> tuple[Solution, int, list[int]]:
    """Returns the solution of ``nystrom``, its rank, and the landmarks; warns if the memory makes them fewer."""
    most, usual = get_rank(system, asked.rank, 8, bytes_of_vectors(system, b), memory_limit), get_usual_rank(system)
    if asked.rank is None and most < usual:
        warn(
            f"solver='nystrom' takes at most {most} landmarks, and not {usual}, because of memory_limit={memory_limit}:"
            f" pass more memory for a better model, or rank={most}"
        )
    solution, landmarks = nystrom.solve(system, b, most, asked.tol)
    return solution, len(landmarks), landmarks


def _in_blocks(system: System, b: Tensor, start: Tensor, asked: Options, memory_limit: int, watch: Watch) -> Solution:
    assert asked.max_iter is not None
    size = get_block(system, bytes_of_vectors(system, b), memory_limit)
    return blocks.solve(system, b, start, size, tol=asked.tol, max_iter=asked.max_iter, watch=watch)


def _by_gradients(
    system: System, b: Tensor, start: Tensor, asked: Options, memory_limit: int, n_some: int, watch: Watch
) -> tuple[Solution, int]:
    """Returns the solution of ``cg``, and the rank of its preconditioner; warns if it will hardly converge from 0."""
    assert asked.max_iter is not None
    stored, dtype = pivots.get_dtype(system), cg.choose_dtype(system, n_some // 2)
    most = get_rank(system, asked.rank, stored.itemsize, bytes_of_vectors(system, b), memory_limit)
    F, chosen, _ = pivots.factor(system, most, 1.0, stored, dtype)
    precondition = Preconditioner(F, system.jitter).solve
    if not start.any():
        remedies = _remedies(system, asked.rank, most, len(chosen))
        warn_of_many_iterations(system, F, b, system.jitter * precondition(b), asked, n_some, remedies)
    solution = cg.solve(system, b, start, precondition, dtype, tol=asked.tol, max_iter=asked.max_iter, watch=watch)
    return solution, len(chosen)


def _remedies(system: System, asked: int | None, most: int, rank: int) -> list[str]:
    """Returns the arguments with which cg, now of a rank, would take fewer iterations, or may take more."""
    remedies = [_direct_solver(system), "a larger max_iter"]
    if rank == most < system.n:
        is_short = asked is None and most < get_usual_rank(system)
        remedies.append(f"a larger memory_limit, for a rank above {most}" if is_short else f"a rank above {most}")
    return remedies


def _direct_solver(system: System) -> str:
    """Returns the arguments with which the system is solved by a direct solver, if the machine has the memory."""
    solver, n_matrices = ("cholesky", count_matrices(system)) if cholesky.is_proven(system) else ("pinv", 5)
    return f"solver={solver!r} and memory_limit={get_enough(bytes_of_matrices(system, n_matrices), system)}"
