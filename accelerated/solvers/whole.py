"""Solving with the whole matrix of similarities: those given, those of a function, and those not proven positive."""

import torch
from torch import Tensor

from accelerated.progress import progress_bar
from accelerated.search.memory import too_little
from accelerated.solvers import cholesky, pinv
from accelerated.solvers.certificate import norm
from accelerated.solvers.solution import Learned
from accelerated.solvers.system import System
from accelerated.validation import check_finite

MATRICES = {"a Cholesky factor": 3, "eigenvalues": 5, "singular values": 9}  # as large as A, A included


def get_matrix(system: System, progress: bool) -> Tensor:
    """Returns A = S K S + jitter I, (n, n), for the similarities of any kind of examples."""
    n, scale = system.n, system.scale
    if isinstance(system.examples, Tensor) and system.similarity.is_symmetric:
        A, _ = cholesky.get_triangle(system, progress)
        for rows in system.ranges():  # the other triangle
            A[: rows.start, rows] = A[rows, : rows.start].T
            A[rows, rows] = A[rows, rows].tril() + A[rows, rows].tril(-1).T
        return A
    A = torch.empty((n, n), dtype=torch.float64, device=system.device)
    step = max(1, min(n, system.tile**2 // n))
    with progress_bar(n * n, shown=progress) as advance:
        for start in range(0, n, step):
            K = system.similarity.compare(system.examples[start : start + step], system.examples)
            A[start : start + step] = check_finite(K, "a similarity").to(system.device)
            advance(K.numel())
    A.mul_(scale[:, None]).mul_(scale).diagonal().add_(system.jitter)
    return A


def check_memory(n: int, method: str, memory_limit: int, at_worst: str = "") -> None:
    """Raises ValueError if the (n, n) matrices that a method needs do not fit the limit, in bytes.

    The message also names the bytes of ``at_worst``, a method that may be needed after it.
    """
    needed = MATRICES[method] * 8 * n * n
    if needed <= memory_limit:
        return
    most = MATRICES[at_worst or method] * 8 * n * n
    unless = f", unless {method} will do, which takes {needed} bytes" if most > needed else ""
    raise ValueError(too_little(memory_limit, most, f"to fit {n} examples by {at_worst or method}{unless}"))


def solve(A: Tensor, b: Tensor, system: System, solver: str, memory_limit: int) -> Learned:
    """Returns pinv(A) b for A = S K S + jitter I of the system, (n, n).

    ``solver`` is "auto", "pinv" or "cholesky", which raises ValueError where A is not proven to be positive definite.
    """
    check_finite(A.diagonal(), "a similarity with jitter")  # all other entries have been checked
    n, both = len(A), torch.cat([b, system.scale[:, None]], dim=1)
    is_symmetric = torch.equal(A, A.T)
    why, advice = "the similarities are not symmetric", "pass a similarity that is"
    if is_symmetric and solver != "pinv":
        why = "the matrix of similarities with jitter is singular or has negative eigenvalues, or is close to it"
        advice = "pass a larger jitter"
        if system.similarity.is_positive:
            advice += f", above about {pinv.margin(n) * float(A.diagonal().sum()):.1g}, or scale the features down"
        if pinv.is_clearly_positive(A):
            L = torch.linalg.cholesky(A)
            z = torch.cholesky_solve(both, L)
            return _learned("cholesky", A, b, z, torch.cholesky_inverse(L).diagonal(), n)
    if solver == "cholesky":
        raise ValueError(f"solver='cholesky' cannot be used, because {why}: {advice}, or solver='auto'")
    check_memory(n, "eigenvalues" if is_symmetric else "singular values", memory_limit)
    z, rank, diagonal = pinv.solve(A, both, is_symmetric)
    learned = _learned("pinv", A, b, z, diagonal, rank)
    return learned if solver == "pinv" else learned._replace(why=why, advice=advice)


def _learned(solver: str, A: Tensor, b: Tensor, z: Tensor, diagonal: Tensor, rank: int) -> Learned:
    z, of_ones = z[:, :-1].contiguous(), z[:, -1:]
    inverse = (diagonal.clone(), of_ones.clone()) if rank == len(A) else None  # a singular A has none
    return Learned(solver, z, norm(b - A @ z), rank, inverse=inverse)
