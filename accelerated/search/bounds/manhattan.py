"""A lower bound on Manhattan distances from a product of matrices, which has no |q - x| in it.

Cut each feature into a few cells, at quantiles, and let a be the median of a cell. For any x

    |q - x| >= (q - a) - (x - a)      and      |q - x| >= (x - a) - (q - a).

The first is exact if x is below q, the second if it is above. Take the one that is exact for x = a: then only an x in
the same cell as q can lose something. Each bound is something of the query for a cell, times something of the row: a
row becomes, for each feature and cell, the numbers 1 and v = x - a if x is in that cell, 0 and 0 if not; a query the
factors of these, g = |q - a| and -1 or 1.

In steps of h, as integers of 8 bits, the product is exact (``int8``). g is rounded down and cut off at 127 h: the bound
gets lower. v is rounded to the nearest; the sum of what that changes, in steps and rounded up, is taken off as the
``base`` of the row. The few rows that lose much are never excluded.
"""

import torch
from torch import Tensor

from accelerated.search.bounds.multiply import NEVER_EXCLUDED, EncodedRows, U
from accelerated.search.bounds.squared import Encoded, Frame, choose_frame, take_sample

N_CELLS = 8
LARGEST = 127  # steps
TOO_WIDE = 2**21  # features: with fewer all sums stay below 2^30
ROOM = 1.25  # for rows outside of the sample


class CellBound:
    """Bounds on sum |q - x|, by ``cuts`` (n_features, N_CELLS - 1) and ``medians`` (n_features, N_CELLS)."""

    dtype = torch.int8

    def __init__(self, frame: Frame, cuts: Tensor, medians: Tensor, step: float):
        self.frame, self.cuts, self.medians, self.step = frame, cuts, medians, step
        self.most_lost = len(cuts) / 2 + LARGEST  # what rounding can lose, and as much as a gap that was cut off
        self.encoding_bytes = 8 * 6 * medians.numel()

    def finer(self) -> list["CellBound"]:
        """None: the rest is measured."""
        return []

    def encode_rows(self, rows: Tensor) -> EncodedRows:
        """The rows' side, int8 (n, 2 N_CELLS n_features), and what they lose, int32 (n,)."""
        rows = self.frame.apply(rows)
        cell = cell_of(rows, self.cuts)
        value = (rows - self.medians.T.gather(0, cell)) / self.step
        rounded = value.round().clamp(-LARGEST, LARGEST)
        lost = (value - rounded).abs().sum(1) * (1 + 2.0**-30)
        base = torch.where(lost <= self.most_lost, -lost.ceil(), NEVER_EXCLUDED).to(torch.int32)
        columns = torch.zeros((len(rows), 2, *self.medians.shape), dtype=torch.int8, device=rows.device)
        columns[:, 0].scatter_(2, cell[:, :, None], 1)
        columns[:, 1].scatter_(2, cell[:, :, None], rounded.to(torch.int8)[:, :, None])
        return EncodedRows(columns.flatten(1), base)

    def encode_queries(self, queries: Tensor) -> Encoded:
        """The queries' side, with the signs of what is taken from the base."""
        queries = self.frame.apply(queries)
        gap = queries[:, :, None] - self.medians
        factor = (gap.abs() / self.step * (1 - 2.0**-30)).floor().clamp(max=LARGEST)
        sign = torch.where(gap < 0, -1, 1)
        columns = torch.cat([-factor.flatten(1), sign.flatten(1)], 1).to(torch.int8)
        size = queries.abs().sum(1)
        return Encoded(columns, size, torch.zeros_like(size), size.isfinite())

    def threshold(self, reduced: Tensor, queries: Tensor, encoded: Encoded) -> Tensor:
        """Whole numbers, float64 (n,): a row with a bound above is farther than ``reduced``, (n,), even as measured.

        As in ``certificate.reach``, with sums of magnitudes in place of lengths.
        """
        measured = (reduced * (1 + (2 * queries.shape[1] + 32) * U) + 1e-300) * self.frame.scale
        shifted = (measured + 4 * U * encoded.size) * (1 + 2.0**-30)
        return (shifted / self.step).floor().clamp(max=2**30).nan_to_num(2**30)


def choose_cells(rows: Tensor) -> CellBound | None:
    """Cells of equally many rows, by some of them; None where these are all alike."""
    frame = choose_frame(rows)
    sample = frame.apply(take_sample(rows))
    places = torch.arange(1, 2 * N_CELLS, device=rows.device) * len(sample) // (2 * N_CELLS)
    quantiles = sample.sort(0).values[places].T.contiguous()
    cuts, medians = quantiles[:, 1::2].contiguous(), quantiles[:, ::2].contiguous()
    step = ROOM * float((sample - medians.T.gather(0, cell_of(sample, cuts))).abs().max()) / LARGEST
    if not 0 < step < float("inf") or rows.shape[1] > TOO_WIDE:
        return None
    return CellBound(frame, cuts, medians, step)


def cell_of(rows: Tensor, cuts: Tensor) -> Tensor:
    """The number of each entry's cell, 0 to N_CELLS - 1, (n, n_features)."""
    return torch.searchsorted(cuts, rows.T.contiguous()).T
