"""The k smallest of each line of numbers, equal ones in the order of their positions: that is the tie rule.

On a CPU this is NumPy's work. It uses the calling thread alone, which for the few numbers of a block is faster, and its
``argmin`` returns the first of equal numbers, which torch does not promise.
"""

import numpy as np
import torch
from torch import Tensor

MOST_PASSES = 16  # over a line, one for each of the k smallest: `python -m benchmarks.constants MOST_PASSES`


def smallest(values: Tensor, k: int) -> Tensor:
    """Returns the positions of the k smallest values of each line of (n, width), sorted by (value, position), (n, k).

    A line has no NaN, and infinity at most once: for the query itself, which is not its own neighbour.

    >>> smallest(torch.tensor([[2.0, 1.0, 2.0, 0.0], [7.0, 7.0, 7.0, 7.0]]), 3)
    tensor([[3, 1, 0],
            [0, 1, 2]])
    """
    if values.device.type != "cpu":
        kth = torch.topk(values, k, largest=False).values.amax(1, keepdim=True)
        return _up_to(values, kth, k)
    numbers = values.numpy()
    if k <= MOST_PASSES and k < numbers.shape[1]:
        return torch.from_numpy(_pass_by_pass(numbers, k))
    return _up_to(values, torch.from_numpy(np.partition(numbers, k - 1, axis=1)[:, k - 1 : k]), k)


def smallest_of_line(values: np.ndarray, k: int) -> np.ndarray:
    """Returns the same for a single line, (width,), in NumPy: positions (k,).

    >>> smallest_of_line(np.array([2.0, 1.0, 2.0, 0.0]), 3).tolist()
    [3, 1, 0]
    """
    kth = np.partition(values, k - 1)[k - 1]
    position = np.flatnonzero(values <= kth)  # all that tie with the k-th, too
    return position[values[position].argsort(kind="stable")[:k]]


def _pass_by_pass(values: np.ndarray, k: int) -> np.ndarray:
    """Returns the positions for a k below the width: each of k passes takes the first of the least.

    A value that is taken becomes infinite. Before each pass fewer than k values of at least k + 1 are taken, so besides
    the infinity that a line may have had from the start there is a smaller value left.
    """
    left = values.copy()
    flat, first = left.reshape(-1), np.arange(0, left.size, left.shape[1])  # where each line begins
    positions = np.empty((k, len(left)), dtype=np.int64)
    for least in positions:
        np.argmin(left, axis=1, out=least)
        flat[first + least] = np.inf
    return positions.T.copy()


def _up_to(values: Tensor, kth: Tensor, k: int) -> Tensor:
    """Returns the positions for the k-th smallest values, (n, 1).

    ``topk`` and ``partition`` return any of several equal entries, but the k-th value that they find is right. So all
    entries up to that value are taken, in order of position, and only these few are sorted, twice and stably: first by
    value, then by line. That leaves the entries of each line together, in the order (value, position).
    """
    line, position = (values <= kth).nonzero(as_tuple=True)  # at least k in each line, line after line
    order = values[line, position].argsort(stable=True)
    order = order[line[order].argsort(stable=True)]
    first = torch.searchsorted(line, torch.arange(len(values), device=line.device))  # where each line begins
    return position[order[first[:, None] + torch.arange(k, device=line.device)]]
