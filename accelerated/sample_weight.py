"""Sample weights: a row of weight w stands for w equal rows, and so takes w of the k places.

A row of weight 0 is not searched. No row is repeated in memory: the search finds the nearest rows once each, enough of
them to fill the k places, and these are spread over the places.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad


class Copies(NamedTuple):
    """The rows that are searched, and the number of equal rows that each stands for."""

    searched: Tensor  # int64 (n_searched,), their training indices, ascending: those of positive weight
    repeats: Tensor  # int64 (n_searched,), their weights
    rows: Tensor  # (n, n_features), all rows, prepared for the metric: the queries where no others are given
    n_copies: int  # the sum of the weights

    def of_all(self) -> np.ndarray:
        """Returns the weights of all rows, int64 (n,)."""
        weights = np.zeros(len(self.rows), dtype=np.int64)
        weights[self.searched.cpu().numpy()] = self.repeats.cpu().numpy()
        return weights


def make_copies(rows: Tensor, repeats: np.ndarray) -> Copies:
    """Returns the copies of the rows, (n, n_features), that the weights ``repeats`` stand for, int64 (n,)."""
    searched = np.flatnonzero(repeats)
    index, weights = (torch.from_numpy(values).to(rows.device) for values in (searched, repeats[searched]))
    return Copies(index, weights, rows, int(repeats.sum()))


def fill_places(copies: Copies, reduced: Tensor, found: Tensor, self_index: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Returns the reduced distance and the training index of the row in each of the k places, (n_queries, k).

    If there are too few copies, the last places hold infinity and -1.

    ``found`` has the numbers of the nearest searched rows, nearest first, at the distances ``reduced``, both of shape
    (n_queries, n_found); -1 stands for no row, at infinity. ``self_index``, (n_queries,), is the training index of the
    query, of which one copy does not count; -1 if the query is no row. All rows that may be found fill the places, or k
    of them, k + 1 if one may be the query, because every other row has a copy at least. Place p belongs to the first
    row with which there are more than p copies.

    >>> copies = make_copies(torch.zeros(3, 1), np.array([1, 5, 2]))
    >>> fill_places(copies, torch.tensor([[0.0, 3.0]]), torch.tensor([[2, 0]]), torch.tensor([2]), k=2)
    (tensor([[0., 3.]]), tensor([[2, 0]]))
    """
    index = copies.searched[found].masked_fill_(found < 0, -1)
    last = (copies.repeats[found] - (index == self_index[:, None]).to(torch.int64)).cumsum(1)
    places = torch.arange(k, device=found.device).repeat(len(found), 1)
    number = torch.searchsorted(last, places, right=True)
    reduced, index = pad(reduced, (0, 1), value=torch.inf), pad(index, (0, 1), value=-1)  # for places behind all copies
    return reduced.gather(1, number), index.gather(1, number)
