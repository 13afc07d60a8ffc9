"""How many pairs a bound leaves to be measured, as a sample of the rows predicts."""

import math

import torch
from torch import Tensor

from accelerated.search.bounds.frame import N_COMPARED

# It takes as long to keep, look up and sort a pair as to measure it in so many features.
OF_CANDIDATE = 256
K = 5  # neighbours in the sample
QUARTER = 4
SAME = 2.0**-20  # a distance of rows that are as good as equal, beside lengths near 1


def compared(sample: Tensor) -> slice:
    """Returns the slice of a sample whose rows serve as queries."""
    return slice(None, None, max(1, len(sample) // N_COMPARED))


def expected_candidates(sample: Tensor, bounds: list[Tensor], n_rows: int, k: int = K) -> list[float]:
    """Returns how many of ``n_rows`` rows bounds may leave to be measured for each of ``k`` neighbours of a query.

    That is how many of the sample they leave to queries that are rows of the sample, times a power of the number of
    rows. A quarter of the sample shows which: about 0 for images, 1 for bounds that exclude nothing. More than ``K``
    neighbours are as far away as ``K`` of so many fewer rows. The ``bounds`` are those of the distances of ``compared``
    rows to all of the sample, in the frame.
    """
    distance = torch.cdist(sample[compared(sample)], sample)
    distance.masked_fill_(distance < SAME, torch.inf)
    left, times = [], max(1.0, n_rows / len(sample) * K / max(K, k))
    for bound in bounds:
        few, many = (_count_candidates(bound[:, ::every], distance[:, ::every]) for every in (QUARTER, 1))
        power = min(1.0, max(0.0, math.log(many / few, QUARTER)))
        left.append(many / K * times**power)
    return left


def _count_candidates(bound: Tensor, distance: Tensor) -> float:
    """Returns how many rows a query has to measure, in the mean: those with bounds up to the K-th distance."""
    kth = distance.topk(min(K, distance.shape[1]), largest=False).values.amax(1, keepdim=True)
    return max(float(K), float(((bound <= kth) & distance.isfinite()).sum(1).double().mean()))
