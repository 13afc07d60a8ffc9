"""A lower bound on Manhattan distances from a product of matrices, which has no |q - x| in it.

Cut each feature into a few cells, at quantiles, and let a be a point of a cell. Of an x in that cell

    |q - x| = (q - a) - (x - a)   if the whole cell lies below q,
    |q - x| = (x - a) - (q - a)   if it lies above,      and      |q - x| >= 0   if q lies in it too:

something of the query for that cell, times something of the row. So each feature of a row becomes two numbers for each
cell, 1 and v = x - a for the cell that x is in, 0 and 0 for the others, and each feature of a query becomes the factors
of these: g = +-(q - a) and -+1, or 0 and 0 for the cell that q is in. Only gaps within a cell are lost.

Rounding g and v to the type T of the product costs at most sum |g - g~| and sum |v - v~|, which are measured; of the
cells of a feature the one with the largest counts. The product itself is off by at most ``alpha`` (``certificate``)
times sum |g~| + sum |v~| and what is taken off; 2 alpha of sum |g| and sum |v| pay for that. All of this is taken off,
and ``frame.near`` too: a distance here, not a square.
"""

import torch
from torch import Tensor

from accelerated.certificate import (
    FEW,
    N_PIECES,
    SAMPLE,
    TOO_LONG,
    UNDERFLOW,
    Encoded,
    Frame,
    U,
    accumulation,
    ceiling,
    choose_frame,
    least_positive,
    round_up,
    split,
)

N_CELLS = 6


class ManhattanBound:
    """Bounds on sum |q - x|, for ``cuts`` between the cells, (n_features, N_CELLS - 1), ascending."""

    def __init__(self, frame: Frame, points: Tensor, cuts: Tensor, dtype: torch.dtype):
        self.frame, self.points, self.cuts, self.dtype = frame, points, cuts, dtype
        self.n_features = len(cuts)
        self.n_columns = 2 * N_CELLS * self.n_features + N_PIECES[dtype] + 1
        self.alpha = accumulation(self.n_columns, dtype)

    def finer(self) -> list["ManhattanBound"]:
        """None: what is lost is lost to the cells, not to the type."""
        return []

    def encode_rows(self, rows: Tensor) -> Tensor:
        """The rows' side of the product, (n, n_columns). Of too long ones the bound is 2^38, and they are farther."""
        rows = self.frame.apply(rows)
        is_in = self._cell(rows)[:, :, None] == torch.arange(N_CELLS, device=rows.device)
        value = torch.where(is_in, rows[:, :, None] - self.points, 0.0)
        rounded = value.to(self.dtype)
        lost = (value - rounded).abs().sum((1, 2)) + 2 * self.alpha * value.abs().sum((1, 2))
        ones = torch.ones((len(rows), N_PIECES[self.dtype]), dtype=self.dtype, device=rows.device)
        parts = [is_in.to(self.dtype).flatten(1), rounded.flatten(1), ones, -round_up([lost], self.dtype)]
        encoded = torch.cat(parts, 1)
        too_long = ~(rows.abs().sum(1) <= TOO_LONG)
        encoded[too_long] = 0
        encoded[too_long, -1] = TOO_LONG / 4
        return encoded

    def encode_queries(self, queries: Tensor) -> Encoded:
        """The queries' side of the product; longer ones than 2^39 prove nothing."""
        queries = self.frame.apply(queries)
        factor = queries[:, :, None] - self.points
        sign = torch.where(factor < 0, -1.0, 1.0)
        factor = factor.abs()
        rounded = factor.to(self.dtype)
        size = queries.abs().sum(1)
        lost = (factor - rounded).abs().amax(2).sum(1) + 2 * self.alpha * factor.abs().amax(2).sum(1)
        taken_off = (lost + self.frame.near) * (1 + 3 * self.alpha) + UNDERFLOW
        ones = torch.ones((len(queries), 1), dtype=self.dtype, device=queries.device)
        parts = [rounded.flatten(1), -sign.to(self.dtype).flatten(1), -split(taken_off, self.dtype), ones]
        columns = torch.cat(parts, 1)
        provable = size <= TOO_LONG / 2
        columns[~provable] = 0
        return Encoded(columns, size, provable)

    def threshold(self, reduced: Tensor, queries: Tensor, encoded: Encoded) -> Tensor:
        """Numbers of T, (n,): a row with a bound above is farther than ``reduced``, (n,), even as measured.

        As for squares, with sums of magnitudes in place of lengths.
        """
        measured = (reduced * (1 + (2 * self.n_features + 32) * U) + 1e-300) * self.frame.scale
        shifted = (measured + 4 * U * encoded.size) * (1 + 8 * U)
        return ceiling((shifted - self.frame.near).clamp_(min=0), self.dtype)

    def _cell(self, rows: Tensor) -> Tensor:
        """The number of each entry's cell, 0 to N_CELLS - 1, (n, n_features)."""
        return (rows[:, :, None] > self.cuts).sum(2)


def choose_cells(rows: Tensor, dtype: torch.dtype) -> ManhattanBound:
    """Cells of equally many rows, by some of them."""
    frame = choose_frame(rows)
    sample = frame.apply(rows[:: max(1, len(rows) // SAMPLE)])
    shares = torch.arange(1, 2 * N_CELLS, dtype=torch.float64, device=rows.device) / (2 * N_CELLS)
    quantiles = torch.quantile(sample, shares, dim=0).T.contiguous()
    points, cuts = quantiles[:, ::2], quantiles[:, 1::2]
    between = torch.cdist(sample[:FEW], sample, p=1)
    between.diagonal().fill_(float("inf"))
    return ManhattanBound(frame._replace(near=least_positive(between)), points, cuts, dtype)
