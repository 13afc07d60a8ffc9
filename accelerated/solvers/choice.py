"""The choice of a solver by the similarity, the jitter and the memory, and the sizes that each solver can afford."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from accelerated.progress import residual_bar
from accelerated.search.memory import too_little
from accelerated.solvers import blocks, cg, cholesky, nystrom, pivots, whole
from accelerated.solvers.certificate import Certificate, Residual, certify, get_residual, norm
from accelerated.solvers.foresight import warn_of_many_iterations
from accelerated.solvers.preconditioner import Preconditioner, get_rows
from accelerated.solvers.solution import Learned, Options
from accelerated.solvers.system import GPU_TILE, SLOTS, SOME, TILE, System, estimate_sums
from accelerated.validation import check_finite
from accelerated.workers import count_workers
from knn_inputs.messages import warn
from knn_inputs.parameters import check_int

NAMES = ["auto", "pinv", "cholesky", "cg", "blocks", "nystrom"]
MOST_RANK = 2000  # chosen by the cases of `python -m benchmarks.similarity`
RANK_SHARE = 10  # examples for each column of the preconditioner
MOST_ITERATIONS = {"cg": 200, "blocks": 100}
LEAST_TILE = 16
BYTES_OF_ENTRY = 64  # of a matrix whose eigenvalues are computed, with its copies


def check_rank(rank: Any, solver: str) -> None:
    """Raises TypeError or ValueError unless the rank is None or an int above 0; warns if it has no effect."""
    if rank is None:
        return
    check_int(rank, "rank")
    if solver in ("pinv", "cholesky", "blocks"):
        warn(f"rank={rank} has no effect, because solver={solver!r} makes no factor of low rank")


def with_tile(system: System, memory_limit: int) -> System:
    """Returns the system with tiles of such a side that those of all workers take at most a quarter of the limit."""
    system = system._replace(tile=_largest_tile(system))
    while system.tile > LEAST_TILE and _bytes_of_tiles(system) > memory_limit // 4:
        system = system._replace(tile=system.tile // 2)
    return system


def _largest_tile(system: System) -> int:
    return min(TILE if system.device.type == "cpu" else GPU_TILE, system.n)


def _bytes_of_tiles(system: System) -> int:
    """Returns the bytes of a tile for each worker, and of its queries and examples, in two types."""
    width = system.examples.shape[1] if isinstance(system.examples, Tensor) else 1
    return count_workers(system.device) * (12 * system.tile**2 + 32 * system.tile * width)


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
            learned = learned._replace(sums=estimate_sums(system), n_compared=_fewer(SOME, system))
        return learned
    if solver == "cholesky":
        L, sums = cholesky.factor(system, options.progress)
        learned = Learned(solver, cholesky.solve_with(L, b), torch.zeros(0), system.n, sums=sums)
        del L  # its memory is free for the tiles
        return _with_certificate(learned, system, b)
    return _iterate(system, b, start, solver, options, memory_limit)


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
    bytes_needed = _matrix_bytes(system, _n_matrices(system))
    if solver == "cholesky" and not cholesky.is_proven(system):
        least = cholesky.least_jitter(system)
        raise ValueError(
            f"solver='cholesky' needs a jitter above {least:.3g}, but it is {system.jitter:.3g}: pass solver='auto'"
        )
    if solver == "cholesky" and bytes_needed > memory_limit:
        bytes_needed = _with_tiles(bytes_needed, system)
        raise ValueError(too_little(memory_limit, bytes_needed, f"to fit {system.n} examples by their cholesky factor"))
    if solver != "auto":
        return solver
    if bytes_needed <= memory_limit and cholesky.is_proven(system):
        return "cholesky"
    return "auto" if _matrix_bytes(system, 5) <= memory_limit else "cg"


def _with_tiles(bytes_needed: int, system: System) -> int:
    """Returns a limit that is enough for bytes that count the present tiles; a larger limit has larger tiles.

    These take at most a quarter of the limit, and at most the bytes of the largest tiles.
    """
    rest, largest = bytes_needed - _bytes_of_tiles(system), _bytes_of_tiles(system._replace(tile=_largest_tile(system)))
    return max(bytes_needed, min(rest * 4 // 3 + 4, rest + largest))


def _n_matrices(system: System) -> int:
    """Returns how many n x n matrices a Cholesky factor takes, which is made in place on a CPU only."""
    return 1 if system.device.type == "cpu" else 2


def _matrix_bytes(system: System, n_matrices: int) -> int:
    """Returns the bytes of n x n matrices, with a tile for each worker and a sum of rows for each range of rows."""
    return 8 * n_matrices * system.n**2 + _bytes_of_tiles(system) + 8 * system.n * len(system.ranges())


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
    return _prove(learned, system, get_residual(system, b, learned.z), learned.sums)


def _prove(learned: Learned, system: System, residual: Residual, sums: Tensor | None) -> Learned:
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


def _iterate(system: System, b: Tensor, start: Tensor, solver: str, options: Options, memory_limit: int) -> Learned:
    n_some = max(2, min(SOME, math.isqrt(memory_limit // (4 * BYTES_OF_ENTRY))))
    sums, tol, working = estimate_sums(system, n_some), options.tol, _working_bytes(system, b)
    exact = _direct_solver(system)
    most = MOST_ITERATIONS.get(solver, 0) if options.max_iter is None else options.max_iter
    landmarks = None
    # The exact z is at most |b| / jitter long. If ``start`` is twice as long, 0 is nearer.
    start = torch.where(norm(start) <= 2 * norm(b) / system.jitter, start, 0.0)
    with residual_bar(shown=options.progress and solver != "nystrom") as advance:  # which has no residual to follow

        def watch(residual: Residual, tol: float) -> None:
            worst = int((residual.R / residual.fitted).argmax())
            advance(float(residual.R[worst]), tol * float(residual.fitted[worst]))

        if solver == "nystrom":
            most_rank = _get_rank(system, options.rank, 8, working, memory_limit)
            if options.rank is None and most_rank < _usual_rank(system):
                warn(
                    f"solver='nystrom' takes at most {most_rank} landmarks, and not {_usual_rank(system)}, because of "
                    f"memory_limit={memory_limit}: pass more memory for a better model, or rank={most_rank}"
                )
            solution, landmarks = nystrom.solve(system, b, most_rank, tol)
            rank = len(landmarks)
        elif solver == "blocks":
            rank, size = 0, _get_block(system, working, memory_limit)
            solution = blocks.solve(system, b, start, size, tol=tol, max_iter=most, watch=watch)
        else:
            stored, dtype = pivots.get_dtype(system), cg.choose_dtype(system, n_some // 2)
            most_rank = _get_rank(system, options.rank, stored.itemsize, working, memory_limit)
            F, chosen, _ = pivots.factor(system, most_rank, 1.0, stored, dtype)
            rank, precondition = len(chosen), Preconditioner(F, system.jitter).solve
            if not start.any():
                remedies = _remedies(system, exact, options.rank, most_rank, rank)
                rest, asked = system.jitter * precondition(b), options._replace(max_iter=most)
                warn_of_many_iterations(system, F, b, rest, asked, n_some, remedies)
            solution = cg.solve(system, b, start, precondition, dtype, tol=tol, max_iter=most, watch=watch)
    z, residual, n_iter, converged, interrupted = solution
    learned = Learned(solver, z, residual.R, rank, n_iter, converged, interrupted, sums=sums, landmarks=landmarks)
    learned = learned._replace(n_compared=_fewer(n_some, system))
    return _prove(learned._replace(direct=exact), system, residual, None)


def _direct_solver(system: System) -> str:
    """Returns the arguments with which the system is solved by a direct solver, if the machine has the memory."""
    solver, n_matrices = ("cholesky", _n_matrices(system)) if cholesky.is_proven(system) else ("pinv", 5)
    return f"solver={solver!r} and memory_limit={_with_tiles(_matrix_bytes(system, n_matrices), system)}"


def _remedies(system: System, exact: str, asked: int | None, most: int, rank: int) -> list[str]:
    """Returns the arguments with which cg, now of a rank, would take fewer iterations, or may take more."""
    remedies = [exact, "a larger max_iter"]
    if rank == most < system.n:
        is_short = asked is None and most < _usual_rank(system)
        remedies.append(f"a larger memory_limit, for a rank above {most}" if is_short else f"a rank above {most}")
    return remedies


def _get_block(system: System, working: int, memory_limit: int) -> int:
    """Returns the largest side of a block whose matrix and copies, 24 bytes for each entry, fit with the vectors."""
    least, largest = min(system.n, LEAST_TILE), min(system.n, blocks.SOLVED_BLOCK)
    needed = working + 24 * least**2
    if needed > memory_limit:
        enough = _with_tiles(needed, system)
        raise ValueError(too_little(memory_limit, enough, f"to fit {system.n} examples in blocks of {least}"))
    return min(largest, math.isqrt((memory_limit - working) // 24))


def _working_bytes(system: System, b: Tensor) -> int:
    """Returns the bytes of the vectors of an iterative solver: its own dozen, and a sum for each slot."""
    return 8 * b.numel() * (SLOTS + 12) + _bytes_of_tiles(system)


def _get_rank(system: System, rank: int | None, bytes_each: int, working: int, memory_limit: int) -> int:
    """Returns the rank asked for, else a tenth of the examples, at most ``MOST_RANK``, as far as the memory allows.

    A factor of that rank takes ``bytes_each`` n rank bytes, its matrix 24 rank^2, and each worker some rows as float64.
    """
    of_rows = 16 * get_rows(system.device) * count_workers(system.device)

    def needed(size: int) -> int:
        return working + size * (bytes_each * system.n + of_rows) + 24 * size**2

    if rank is not None and rank > system.n:
        raise ValueError(f"rank={rank} is more than the {system.n} examples: pass at most {system.n}")
    least = rank or 1
    if needed(least) > memory_limit:
        enough = _with_tiles(needed(least), system)
        raise ValueError(too_little(memory_limit, enough, f"to fit {system.n} examples with rank={least}"))
    wanted = rank or _usual_rank(system)
    while needed(wanted) > memory_limit:
        wanted -= max(1, wanted // 50)
    return wanted


def _usual_rank(system: System) -> int:
    return max(1, min(MOST_RANK, system.n // RANK_SHARE))


def _fewer(n_some: int, system: System) -> int | None:
    """Returns the number of examples in a sample; None if it has all of them."""
    return n_some if n_some < system.n else None
