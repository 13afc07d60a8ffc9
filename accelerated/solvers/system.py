"""The equations that every solver solves, (S K S + jitter I) z = S y, as products of tiles of K that are never stored.

S is diagonal, with the root of each example's weight. Without weights it is the identity.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from accelerated.similarities import Similarity
from accelerated.validation import check_finite
from accelerated.workers import Piece, count_workers, share

TILE = 512  # a tile of 512 x 512 float32 numbers and its operands stay in a core's cache: `benchmarks.constants TILE`
GPU_TILE = 4096  # few kernels, each for many entries: `benchmarks.constants GPU_TILE --device cuda`
SLOTS = 8  # sums that are kept apart, whatever the number of workers is: so it changes no bit of their total
SOME = 1000  # examples, at most, that sums, errors of float32 and iterations are estimated from


def add_up_here(system: "System", operand: Tensor, shares: list[Sequence[int]]) -> list[Tensor]:
    """Returns what ``System.add_up`` makes of each share, with the workers of this process."""
    return share(partial(system.add_up, operand), shares, count_workers(system.device))


class System(NamedTuple):
    """S K S + jitter I for a similarity without negative eigenvalues, (n, n), float64."""

    similarity: Similarity
    examples: Any  # encoded, (n, width), float64; or a list, of which only ``whole`` makes similarities
    scale: Tensor  # the diagonal of S, (n,)
    jitter: float
    tile: int = TILE
    # (system, operand, shares) -> the sum of each share: ``accelerated.distributed`` has them made elsewhere
    add_up_all: Callable[["System", Tensor, list[Sequence[int]]], list[Tensor]] = add_up_here

    @property
    def n(self) -> int:
        return len(self.scale)

    @property
    def device(self) -> torch.device:
        return self.scale.device

    @property
    def is_proven(self) -> bool:
        """Whether no eigenvalue of A is below the jitter, which is above 0."""
        return self.similarity.is_positive and self.jitter > 0

    @property
    def diagonal(self) -> Tensor:
        """The diagonal of S K S, (n,)."""
        assert self.similarity.of_itself is not None
        return self.scale * self.scale * self.similarity.of_itself(self.examples)

    def ranges(self, step: int = 0) -> list[slice]:
        """Returns the ranges of rows of a tile, or of ``step`` rows."""
        step = step or self.tile
        return [slice(start, min(start + step, self.n)) for start in range(0, self.n, step)]

    def get_space(self, dtype: torch.dtype) -> Tensor:
        """Returns memory for a tile, which ``tiles`` uses again and again: new memory each time takes longer."""
        return torch.empty(self.tile**2, dtype=dtype, device=self.device)

    def tiles(self, rows: slice, columns: list[slice], space: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """Yields each range of columns and the entries of K, without S, there, in ``space`` and in its dtype."""
        dtype = space.dtype
        queries = self.similarity.as_queries(self.examples[rows]).to(dtype)
        for column in columns:
            examples = self.examples[column].to(dtype)
            out = space[: len(queries) * len(examples)].view(len(queries), len(examples))
            yield column, self.similarity.compare(queries, examples, out)

    def times(self, V: Tensor, dtype: torch.dtype = torch.float64) -> Tensor:
        """Returns S K S V for V of shape (n, m), float64: tiles and products in ``dtype``, their sums in float64.

        K is symmetric, so a tile below the diagonal serves twice, for its rows and for its columns. Where numbers are
        too large for float32 the result is not finite; in float64 ValueError is raised.
        """
        operand = (self.scale[:, None] * V).to(dtype)
        totals = self.add_up_all(self, operand, slots(range(len(self.ranges()))[::-1]))
        multiplied = self.scale[:, None] * sum_up(totals)
        return check_finite(multiplied, "a similarity") if dtype == torch.float64 else multiplied

    def add_up(self, operand: Tensor, some: Sequence[int]) -> Tensor:
        """Returns the part of K times the operand, (n, m), float64, that is made of some ranges of rows of tiles."""
        ranges, space = self.ranges(), self.get_space(operand.dtype)
        total = torch.zeros(operand.shape, dtype=torch.float64, device=operand.device)
        for i in some:
            for column, K in self.tiles(ranges[i], ranges[: i + 1], space):
                total[ranges[i]].add_(product(K, operand[column]))
                if column != ranges[i]:
                    total[column].add_(product(K.T, operand[ranges[i]]))
        return total

    def times_some(self, chosen: Any, V: Tensor) -> Tensor:
        """Returns (S K S)_:chosen V, (n, m), for V of shape (n_chosen, m)."""
        examples, operand = self.examples[chosen], self.scale[chosen, None] * V
        ranges = self.ranges(max(1, self.tile**2 // len(examples)))
        multiplied = torch.empty((self.n, V.shape[1]), dtype=torch.float64, device=V.device)

        def fill(some: Sequence[slice]) -> None:
            space = torch.empty((some[0].stop - some[0].start, len(examples)), dtype=torch.float64, device=V.device)
            for rows in some:
                queries = self.similarity.as_queries(self.examples[rows])
                K = self.similarity.compare(queries, examples, space[: len(queries)])
                multiplied[rows] = product(K, operand)

        share(fill, slots(ranges), count_workers(V.device))
        return check_finite(multiplied.mul_(self.scale[:, None]), "a similarity")

    def times_all(self, Z: Tensor, dtype: torch.dtype = torch.float64) -> Tensor:
        """Returns (S K S + jitter I) Z."""
        return self.times(Z, dtype).add_(Z, alpha=self.jitter)


def estimate_sums(system: System, n_some: int = SOME) -> Tensor:
    """Returns about the sum of each row of K, (n,), from its diagonal and at most ``n_some`` of its columns.

    The similarity of an example to itself is often larger than all others, so it is not estimated from those few.
    """
    plain = system._replace(scale=torch.ones_like(system.scale))
    some = np.random.default_rng(0).permutation(system.n)[:n_some]
    others, itself = plain.times_some(some, plain.scale[some, None])[:, 0], plain.diagonal
    counted = torch.full_like(others, len(some))
    others[some] -= itself[some]
    counted[some] -= 1
    return itself + others * ((system.n - 1) / counted.clamp(min=1))


def slots(pieces: Sequence[Piece]) -> list[Sequence[Piece]]:
    """Returns the pieces of work in at most ``SLOTS`` about equal shares, if the largest pieces come first."""
    return [pieces[start::SLOTS] for start in range(min(SLOTS, len(pieces)))]


def sum_up(totals: list[Tensor]) -> Tensor:
    """Returns the sum of the tensors, from the first to the last."""
    total = totals[0]
    for other in totals[1:]:
        total += other
    return total


def product(K: Tensor, V: Tensor) -> Tensor:
    """Returns K V as (V^T K^T)^T, because MKL takes several times as long for few columns as for few rows."""
    return (V.T @ K.T).T
