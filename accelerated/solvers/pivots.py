"""Randomly pivoted Cholesky: K is nearly F F^T, from a few of its columns that chance chooses well.

The residual of example i is d_i = K_ii - |F_i|^2, the part of K_ii that F does not have yet. An example is drawn with a
probability in proportion to its residual. So outlying examples and large clusters both get their share, and the
expected error is close to the least of any F of that rank (Chen, Epperly, Tropp and Webber, Randomly pivoted Cholesky,
2024).

Examples are drawn in blocks, because products of matrices are fast. Other examples of the block may have made the
residual of a drawn one smaller; it is accepted with a probability of its residual now, divided by that when it was
drawn. Then the accepted examples are distributed as if they were drawn one at a time (Epperly, Tropp and Webber,
Embrace rejection, 2024).
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from accelerated.solvers.cholesky import factor_in_place
from accelerated.solvers.preconditioner import row_slots, rows_in
from accelerated.solvers.system import System
from accelerated.workers import count_workers, share

BLOCK = 256  # examples drawn at once, as in the paper


def factor(
    system: System, most: int, enough: float, dtype: torch.dtype, working: torch.dtype = torch.float64
) -> tuple[Tensor, list[int], np.ndarray]:
    """Returns F, (n, rank) with rank at most ``most``, in ``dtype``; the chosen examples; and the residuals d, (n,).

    It stops before ``most`` where the residuals together are below ``enough`` times the jitter: then A is
    F F^T + jitter I within a factor of 1 + enough. The same examples give the same F: the random numbers begin anew at
    each call. Similarities and products are computed in ``working``.
    """
    rng = np.random.default_rng(0)
    F = torch.empty((system.n, most), dtype=dtype, device=system.examples.device)
    residuals = system.diagonal.cpu().numpy().copy()
    if not np.isfinite(residuals.sum()):
        raise ValueError("the similarities of the examples to themselves have an infinite sum: scale the features down")
    chosen: list[int] = []
    while len(chosen) < most and (total := residuals.sum()) > enough * system.jitter:
        drawn = np.unique(rng.choice(system.n, size=BLOCK, p=residuals / total))
        rng.shuffle(drawn)
        accepted = _accept(get_rest(system, F[:, : len(chosen)], drawn), rng)[: most - len(chosen)]
        if len(accepted) == 0:  # rounding has used up the residuals
            break
        residuals -= _extend(F, len(chosen), system, drawn[accepted], working)
        np.clip(residuals, 0, None, out=residuals)
        chosen += drawn[accepted].tolist()
        residuals[chosen] = 0
    return F[:, : len(chosen)], chosen, residuals


def get_dtype(system: System) -> torch.dtype:
    """Returns float32 for F, if it holds the roots of the entries of S K S and of the jitter, else float64."""
    fits = system.jitter >= 2.0**-200 and float(system.diagonal.max()) <= 2.0**200
    return torch.float32 if fits else torch.float64


def get_rest(system: System, F: Tensor, some: np.ndarray) -> Tensor:
    """Returns S K S - F F^T between some examples."""

    def compute(some: np.ndarray) -> Tensor:
        examples, scale, known = system.examples[some], system.scale[some], F[some].double()
        K = system.similarity.compare(system.similarity.as_queries(examples), examples)
        return scale[:, None] * K * scale - known @ known.T

    return share(compute, [some], count_workers(F.device))[0]


def _accept(G: Tensor, rng: np.random.Generator) -> np.ndarray:
    """Returns the positions of the drawn examples that are accepted, by the residual entries G between them.

    Each accepted example is eliminated from the others, as in Cholesky's factorisation. An example whose residual has
    shrunk to rounding errors, 1e-12 of what it was, is never accepted.
    """
    rest = G.cpu().numpy().copy()
    before, chance = rest.diagonal().copy(), rng.random(len(rest))
    accepted = []
    for i in range(len(rest)):
        if rest[i, i] > max(chance[i], 1e-12) * before[i]:
            accepted.append(i)
            column = rest[i + 1 :, i] / np.sqrt(rest[i, i])
            rest[i + 1 :, i + 1 :] -= np.outer(column, column)
    return np.array(accepted, dtype=np.int64)


def _extend(F: Tensor, rank: int, system: System, pivots: np.ndarray, dtype: torch.dtype) -> np.ndarray:
    """Adds a column to F for each pivot; returns by how much the residuals shrink, (n,).

    With C the columns of the pivots, less their part in F F^T, and C_pp = L L^T between the pivots, the new columns
    are C L^-T.
    """
    known = F[pivots, :rank].to(dtype)
    examples, scale = system.examples[pivots].to(dtype), system.scale.to(dtype)
    L = factor_in_place(_regular(get_rest(system, F[:, :rank], pivots))).to(dtype)

    shrunk = torch.empty(system.n, dtype=torch.float64, device=F.device)

    def fill(starts: Sequence[int]) -> None:
        for rows, old in rows_in(F[:, :rank], starts, dtype):
            queries = system.similarity.as_queries(system.examples[rows]).to(dtype)
            C = system.similarity.compare(queries, examples).mul_(scale[rows, None]).mul_(scale[pivots])
            C.addmm_(old, known.T, alpha=-1)
            new = torch.linalg.solve_triangular(L, C.T, upper=False).T.to(F.dtype)
            F[rows, rank : rank + len(pivots)] = new
            shrunk[rows] = new.double().square_().sum(1)

    share(fill, row_slots(F), count_workers(F.device))
    return shrunk.cpu().numpy()


def _regular(C: Tensor) -> Tensor:
    """Returns C with a diagonal that is larger by its rounding errors, so that its factorisation does not end early."""
    return C + torch.eye(len(C), dtype=C.dtype, device=C.device) * (1e-14 * C.diagonal().sum())
