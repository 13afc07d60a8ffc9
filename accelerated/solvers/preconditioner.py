"""The preconditioner of conjugate gradients: P = F F^T + jitter I, whose inverse costs as little as a product with F.

By Woodbury's formula, with M = F^T F + jitter I of the size of the rank,

    P^-1 r = (r - F M^-1 F^T r) / jitter.

The difference cancels all that F explains of r, which is nearly everything. So F, though stored as float32, is
multiplied as float64: then P^-1 is the exact inverse for a matrix close to P. With products in float32 the rounding
errors, divided by jitter, exceed the result, and the iteration takes many more steps.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from accelerated.solvers.cholesky import factor_in_place, solve_with
from accelerated.solvers.system import product, slots, sum_up
from accelerated.workers import count_workers, share

ROWS = 256  # of F that a worker holds as float64
GPU_ROWS = 8192  # the same on a GPU: `benchmarks.constants GPU_ROWS --device cuda`
COLUMNS = 256  # of M that a worker computes at once


class Preconditioner:
    """P = F F^T + jitter I for F, (n, rank), float32, or float64 where numbers are too large or too small."""

    def __init__(self, F: Tensor, jitter: float):
        self.F, self.jitter, self.n_workers = F, jitter, count_workers(F.device)
        self.rank = F.shape[1]
        M = torch.zeros((self.rank, self.rank), dtype=torch.float64, device=F.device)
        share(partial(self._add_up_columns, M), range(0, self.rank, COLUMNS), self.n_workers)
        M.diagonal().add_(jitter)
        self.L = factor_in_place(M) if self.rank else M  # which reads the lower triangle alone

    def _add_up_columns(self, M: Tensor, start: int) -> None:
        """Writes some columns of the lower triangle of F^T F."""
        stop = min(start + COLUMNS, self.rank)
        for _, F in rows_in(self.F[:, start:], range(0, len(self.F), get_rows(self.F.device)), torch.float64):
            M[start:, start:stop].addmm_(F.T, F[:, : stop - start])

    def solve(self, r: Tensor) -> Tensor:
        """Returns P^-1 r, (n, m)."""
        known = torch.zeros_like(r)
        if self.rank:
            share(partial(self._times, self.regress(r), known), row_slots(self.F), self.n_workers)
        return (r - known) / self.jitter

    def regress(self, r: Tensor) -> Tensor:
        """Returns M^-1 F^T r, (rank, m), ridge regression of r on the columns of F."""
        return solve_with(self.L, sum_up(share(partial(self._times_transposed, r), row_slots(self.F), self.n_workers)))

    def _times_transposed(self, r: Tensor, starts: Sequence[int]) -> Tensor:
        total = torch.zeros((self.rank, r.shape[1]), dtype=torch.float64, device=r.device)
        for rows, F in rows_in(self.F, starts, torch.float64):
            total += product(F.T, r[rows])
        return total

    def _times(self, inner: Tensor, known: Tensor, starts: Sequence[int]) -> None:
        for rows, F in rows_in(self.F, starts, torch.float64):
            known[rows] = product(F, inner)


def get_rows(device: torch.device) -> int:
    """Returns how many rows of F a worker takes at once."""
    return ROWS if device.type == "cpu" else GPU_ROWS


def row_slots(F: Tensor) -> list[Sequence[int]]:
    """Returns the first rows of ranges of rows of F, in shares for workers."""
    return slots(range(0, len(F), get_rows(F.device)))


def rows_in(F: Tensor, starts: Sequence[int], dtype: torch.dtype) -> Iterator[tuple[slice, Tensor]]:
    """Yields ranges of rows, and these rows of F in a dtype; copies are always in the same memory."""
    n_at_once = min(get_rows(F.device), len(F))
    space = torch.empty((n_at_once, F.shape[1]) if dtype != F.dtype else 0, dtype=dtype, device=F.device)
    for start in starts:
        rows = slice(start, min(start + n_at_once, len(F)))
        yield rows, F[rows] if dtype == F.dtype else space[: rows.stop - start].copy_(F[rows])
