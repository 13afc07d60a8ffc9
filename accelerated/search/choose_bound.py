"""The choice of a bound for a metric and rows; a sample of the rows predicts whether a coarse one pays.

A bound by shorter or by rounded rows takes a faster product, and leaves more pairs to be measured.
"""

import math

import torch
from torch import Tensor

from accelerated.metrics import Metric
from accelerated.search.bounds.frame import Frame, take_sample
from accelerated.search.bounds.hamming import choose_hamming
from accelerated.search.bounds.jaccard import choose_sets
from accelerated.search.bounds.lines import choose_lines
from accelerated.search.bounds.manhattan import choose_intervals
from accelerated.search.bounds.prefix import MOST_FEATURES, Costs, choose_prefix
from accelerated.search.bounds.protocol import LowerBound
from accelerated.search.bounds.rounded import RoundedBound, possible_bounds
from accelerated.search.bounds.sampled import OF_CANDIDATE, K, expected_candidates
from accelerated.search.bounds.squared import SquaredBound
from accelerated.search.bounds.whole_numbers import choose_whole_numbers
from accelerated.search.product_filter import ROWS_FOR_A_NEIGHBOR
from accelerated.search.screen import can_screen
from accelerated.search.sizes import CPU_SIZES
from accelerated.search.speeds import TIMED, fastest_first, fastest_float, seconds_of_bound, seconds_of_products

FEWEST_TO_SHORTEN = 2**22  # numbers of all rows: `python -m benchmarks.constants FEWEST_TO_SHORTEN`
SPREAD_OUT = 4  # rows that spread evenly in a quarter of their features, or more, are not shortened
LEAST_GAIN = 1.5  # times as fast a search by shorter rows must be expected: `python -m benchmarks.constants LEAST_GAIN`
SECONDS_OF_GAP = 1.7e-9  # to measure pairs, for each feature
SECONDS_OF_SCREENED = 1.2e-9  # to see that they are too far in float32


def choose_bound(
    metric: Metric, rows: Tensor, frame: Frame | None, dtype: torch.dtype, k: int | None = None
) -> LowerBound | None:
    """Returns the bound by products of ``dtype``; None if the metric has none, or if it does not suit these rows.

    With ``k`` it must pay for so many neighbours.
    """
    if metric.manhattan_radius is not None:
        chosen = {torch.int8: choose_intervals, torch.float32: choose_lines}.get(dtype)
        return None if chosen is None else chosen(metric, rows)
    if metric.counts is not None:
        return (choose_hamming if metric.counts == "differing" else choose_sets)(rows, dtype)
    if frame is None:
        return None
    if dtype == torch.int8:
        return choose_whole_numbers(metric, rows, frame)
    if dtype == torch.uint8:
        return choose_rounded_rows(metric, rows, frame, k)
    return SquaredBound.make(metric, frame, dtype)


def choose_short_rows(metric: Metric, rows: Tensor, frame: Frame, name: str | None, k: int) -> SquaredBound | None:
    """Returns the bound by shorter rows, in the fastest type of floating point; None if it does not pay.

    On a GPU it is used only if it is asked for: products are a small part of a search there.
    """
    device, n_columns = rows.device, len(frame.center)
    is_large = device.type == "cpu" and rows.numel() >= FEWEST_TO_SHORTEN
    if n_columns > MOST_FEATURES or (name is None and not (is_large and frame.n_spread * SPREAD_OUT < n_columns)):
        return None
    short = fastest_float(device)
    if short is None:
        return None
    suited = (dtype for dtype in fastest_first(device) if choose_bound(metric, rows, frame, dtype, k) is not None)
    whole, seconds = next(suited, None), seconds_of_products(device)
    if whole not in seconds or short not in seconds:  # another thread has changed torch's settings meanwhile
        return None
    of_short, of_whole = seconds[short], seconds[whole]
    costs = Costs(n_columns * of_whole / of_short, _seconds_of_candidate(metric, rows, n_columns) / (of_short / TIMED))
    sample = frame.apply(metric.embed(take_sample(rows))).cpu()
    prefix = choose_prefix(sample, len(rows), _n_near(k, len(rows)), costs, LEAST_GAIN if name is None else 0.0)
    return None if prefix is None else SquaredBound.make(metric, frame, short, prefix.to(device))


def _n_near(k: int, n_rows: int) -> int:
    """Returns how many rows are nearest so far when a search comes to them: block i adds 1 / i times k."""
    block_rows = max(CPU_SIZES.rows, k * ROWS_FOR_A_NEIGHBOR)
    return round(min(k, n_rows) * (1 + math.log(max(1, n_rows / block_rows))))


def choose_rounded_rows(metric: Metric, rows: Tensor, frame: Frame, k: int | None) -> RoundedBound | None:
    """Returns the bound by rows rounded to 7 bits; None if it does not pay for ``k`` neighbours.

    A finer bound, which takes the fastest product of floats, is expected to leave the nearest rows alone.
    """
    n_columns = len(frame.center)
    of_bytes, floats = seconds_of_bound(torch.uint8, n_columns), fastest_float(rows.device)
    gained = math.inf if floats is None else (seconds_of_bound(floats, n_columns) - of_bytes) * len(rows)
    if k is not None and (rows.numel() < FEWEST_TO_SHORTEN or gained <= 0):
        return None
    sample = metric.embed(take_sample(rows)).cpu()
    bounds = possible_bounds(metric, sample, frame)
    if not bounds:
        return None
    framed = frame._replace(center=frame.center.cpu()).apply(sample)
    lowest = [bound.lowest_distances(sample) for bound in bounds]
    expected = expected_candidates(framed, lowest, len(rows), k or K)
    left = min(expected)
    bound = bounds[expected.index(left)]
    of_candidate = _seconds_of_candidate(metric, rows, n_columns)
    lost = 0.0 if k is None else _n_near(k, len(rows)) * (left - 1) * of_candidate
    return bound if lost < gained or k is None else None


def _seconds_of_candidate(metric: Metric, rows: Tensor, n_columns: int) -> float:
    """Returns the time of a pair that coarse bounds leave: most of these are only screened, where that can be done."""
    of_gap = SECONDS_OF_SCREENED if can_screen(metric, rows) else SECONDS_OF_GAP
    return OF_CANDIDATE * SECONDS_OF_GAP + n_columns * of_gap
