"""Sample weights: a row of weight w stands for w equal rows, and so takes w of the k places.

A row of weight 0 is not searched. No row is repeated in memory: the search finds the nearest rows once each, enough of
them to fill the k places, and these are spread over the places.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from accelerated.metrics import Metric
from accelerated.search.exhaustive import Exhaustive
from accelerated.search.filter import Index
from accelerated.search.parts import MakeIndex, Parts
from accelerated.sparse_rows import Rows
from knn_inputs.sample_weight import check_sum, read_repeats


class Copies(NamedTuple):
    """The rows that are searched, and the number of equal rows that each stands for."""

    searched: Tensor  # int64 (n_searched,), their training indices, ascending: those of positive weight
    repeats: Tensor  # int64 (n_searched,), their weights
    rows: Rows | Parts  # (n, n_features), all rows, prepared for the metric: the queries where no others are given
    n_copies: int  # the sum of the weights

    def of_all(self) -> np.ndarray:
        """Returns the weights of all rows, int64 (n,)."""
        repeats = np.zeros(len(self.rows), dtype=np.int64)
        repeats[self.searched.cpu().numpy()] = self.repeats.cpu().numpy()
        return repeats


def make_copies(rows: Rows | Parts, repeats: np.ndarray) -> Copies:
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


def read_more_repeats(sample_weight: Any, n_added: int, n_before: int, copies: Copies | None) -> np.ndarray | None:
    """Returns the weights of all rows, the added ones last, int64 (n,); None if each counts once.

    Raises as ``read_repeats`` does for those of the added rows, and for the sum of all.
    """
    if copies is None and sample_weight is None:
        return None
    before = np.ones(n_before, dtype=np.int64) if copies is None else copies.of_all()
    added = read_repeats(sample_weight, n_added, some_count=False)  # as some of the rows before do
    return check_sum(np.concatenate([before, np.ones(n_added, dtype=np.int64) if added is None else added]))


def add_rows(
    parts: Parts, copies: Copies | None, rows: Rows, repeats: np.ndarray | None, make_index: MakeIndex
) -> tuple[Parts, Copies | None]:
    """Returns the searched rows with the added ones, and the copies of all of them.

    ``repeats`` has the weights of all rows, the added ones last, int64 (n,); None: each row counts once.
    """
    if repeats is None:
        return parts.add(rows, make_index), None
    positive = np.flatnonzero(repeats[len(repeats) - len(rows) :])
    searched = parts
    if len(positive):
        searched = parts.add(rows[torch.from_numpy(positive).to(rows.device)], make_index)
    of_all = searched if repeats.all() else _all_rows(parts, copies).add(rows, _not_searched)
    return searched, make_copies(of_all, repeats)


def remove_rows(
    parts: Parts, copies: Copies | None, numbers: np.ndarray, make_index: MakeIndex
) -> tuple[Parts, Copies | None]:
    """Returns the searched rows without those with these numbers, which ascend, and the copies of those left."""
    if copies is None:
        return parts.remove(numbers, make_index), None
    repeats = np.delete(copies.of_all(), numbers)
    searched = parts.remove(np.flatnonzero(np.isin(copies.searched.cpu().numpy(), numbers)), make_index)
    of_all = searched if repeats.all() else _all_rows(parts, copies).remove(numbers, _not_searched)
    return searched, make_copies(of_all, repeats)


def _all_rows(parts: Parts, copies: Copies | None) -> Parts:
    """Returns all rows: those that are searched, unless some have the weight 0."""
    if copies is None or len(copies.searched) == len(copies.rows):
        return parts
    if isinstance(copies.rows, Parts):
        return copies.rows
    return Parts.of_index(_not_searched(parts.metric, copies.rows))


def _not_searched(metric: Metric, rows: Rows) -> Index:
    """Returns the index of rows that are only read, without a filter."""
    return Index(metric, rows, [Exhaustive(metric, rows)], 0)
