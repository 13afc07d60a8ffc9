"""Intervals of each feature, for bounds on Manhattan distances: an interval holds about as many rows as another one."""

from typing import NamedTuple

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.frame import Frame, by_features, choose_frame, in_order, take_sample
from accelerated.search.bounds.multiply import U


class Intervals(NamedTuple):
    """The intervals between cuts that are quantiles of a sample of the rows, seen in a frame."""

    frame: Frame
    cuts: Tensor  # (n_features, n - 1), ascending
    medians: Tensor  # (n_features, n), of the sample in each interval
    means: Tensor  # (n_features, n), ascending
    farthest: float  # of the sample from their medians


def find_intervals(rows: Tensor, n: int) -> Intervals | None:
    """Returns n intervals of each feature; None if the sample has one value alone, or is not finite in its frame."""
    frame, sample = choose_frame(rows), take_sample(rows)
    places = torch.arange(1, 2 * n, device=rows.device) * len(sample) // (2 * n)
    quantiles = torch.empty((rows.shape[1], len(places)), dtype=torch.float64, device=rows.device)
    means = torch.empty((rows.shape[1], n), dtype=torch.float64, device=rows.device)
    farthest = torch.zeros((), dtype=torch.float64, device=rows.device)
    for some, columns in by_features(sample):
        columns = (columns - frame.center[some]) * frame.scale
        quantiles[some] = in_order(columns)[places].T
        cuts, medians = _cuts_and_medians(quantiles[some])
        interval = interval_of(columns, cuts)
        farthest = farthest.maximum((columns - medians.T.gather(0, interval)).abs().max())
        totals = torch.zeros_like(medians).scatter_add_(1, interval.T, columns.T)
        sizes = torch.zeros_like(medians).scatter_add_(1, interval.T, torch.ones_like(columns.T))
        rounded = torch.where(sizes > 0, totals / sizes, medians)
        means[some] = rounded.cummax(1).values  # ascending, even if those of equal numbers are rounded differently
    if not 0 < float(farthest) < float("inf"):  # NaN if any number is
        return None
    return Intervals(frame, *_cuts_and_medians(quantiles), means, float(farthest))


def _cuts_and_medians(quantiles: Tensor) -> tuple[Tensor, Tensor]:
    return quantiles[:, 1::2].contiguous(), quantiles[:, ::2].contiguous()


def interval_of(rows: Tensor, cuts: Tensor) -> Tensor:
    """Returns the number of each entry's interval, counted from 0, (n, n_features)."""
    return torch.searchsorted(cuts, rows.T.contiguous()).T


def farthest_sum(metric: Metric, reduced: Tensor, queries: Tensor, size: Tensor, frame: Frame) -> Tensor:
    """Returns sums of gaps in the frame, (n,); a row beyond has a measured distance above ``reduced``, (n,).

    The errors of measuring are those in ``frame.reach``, with sums of magnitudes in place of lengths.
    """
    assert metric.manhattan_radius is not None
    radius = metric.manhattan_radius(reduced, queries)
    measured = (radius * (1 + (2 * queries.shape[1] + 32) * U) + 1e-300) * frame.scale
    return (measured + 4 * U * size) * (1 + 2.0**-30)
