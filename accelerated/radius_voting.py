"""From the neighbours within a radius to an answer, where queries have different numbers of neighbours; in NumPy.

The neighbours of some queries are one list: those of the first query, nearest first, then those of the second. A sum
over the neighbours of a query adds one number at a time in that order, as ``np.bincount`` does with its weights, and so
has the bits of a loop. A test tries it.
"""

from typing import NamedTuple

import numpy as np

from accelerated.search import Within
from accelerated.voting import Weights
from knn_inputs.callables import call_weights, refuse_sums, refuse_weightless


class Weighted(NamedTuple):
    """The neighbours of some queries, with their weights."""

    query: np.ndarray  # int64 (n_pairs,), the place of the query among these queries, ascending
    row: np.ndarray  # int64 (n_pairs,)
    weight: np.ndarray  # float64 (n_pairs,)
    n_queries: int

    @classmethod
    def make(cls, found: Within, weights: Weights) -> "Weighted":
        """Returns the rows found for a batch, with weights by distance."""
        n_rows = found.n_rows.cpu().numpy()
        query = np.arange(len(n_rows)).repeat(n_rows)
        weight = weigh(found.distance.cpu().numpy(), query, n_rows, weights)
        return cls(query, found.row.cpu().numpy(), weight, len(n_rows))


def weigh(distances: np.ndarray, query: np.ndarray, n_rows: np.ndarray, weights: Weights) -> np.ndarray:
    """Returns the weight of each neighbour, (n_pairs,), as ``voting.neighbor_weights`` does for k neighbours.

    A function is called once for each query that has neighbours, with their distances as an array (1, k). Raises
    ValueError if it returns weights that cannot be used, and for a query all of whose neighbours are infinitely far.

    >>> weigh(np.array([1.0, 4.0, 0.0, 4.0]), np.array([0, 0, 1, 1]), np.array([2, 2]), "distance").tolist()
    [1.0, 0.25, 1.0, 0.0]
    """
    if callable(weights):
        of_queries = [some for some in np.split(distances, n_rows.cumsum()[:-1]) if len(some)]
        return np.concatenate([np.empty(0), *(call_weights(weights, some[None])[0] for some in of_queries)])
    if weights == "uniform":
        return np.ones(len(distances))
    nearest = (n_rows.cumsum() - n_rows)[n_rows > 0]  # the place of the first neighbour of each query
    refuse_weightless(distances[nearest, None])
    with np.errstate(divide="ignore", over="ignore"):
        closeness = 1.0 / distances
    infinite = np.isinf(closeness)
    has_infinite = np.zeros(len(n_rows), dtype=bool)
    has_infinite[query[infinite]] = True
    return np.where(has_infinite[query], infinite, closeness)


def sum_in_order(places: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    """Returns the sum of the values that belong to each of n places, added one at a time in their order, (n,)."""
    return np.bincount(places, weights=values, minlength=n)


def averages(neighbors: Weighted, targets: np.ndarray) -> np.ndarray:
    """Returns sum w y / sum w for each query, (n_queries, n_outputs); NaN for one without neighbours.

    Raises ValueError if a sum overflows.
    """
    query, row, weight, n = neighbors
    with np.errstate(over="ignore", invalid="ignore"):
        total = sum_in_order(query, weight, n)
        summed = np.column_stack([sum_in_order(query, weight * column[row], n) for column in targets.T])
        _refuse(~(np.isfinite(total) & np.isfinite(summed).all(axis=1)), summed, total)
        return summed / total[:, None]


class Shares(NamedTuple):
    """Of the votes of each query the share of each class that has any."""

    query: np.ndarray  # int64 (n,), ascending
    code: np.ndarray  # int64 (n,), the number of the class, ascending for each query
    share: np.ndarray  # float64 (n,)

    def largest(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the queries that have votes, and for each the class with the largest share; of equals the smallest.

        >>> Shares(np.array([0, 0, 2]), np.array([3, 5, 1]), np.array([0.5, 0.5, 1.0])).largest()
        (array([0, 2]), array([3, 1]))
        """
        order = np.lexsort((self.code, -self.share, self.query))
        queries, first = np.unique(self.query[order], return_index=True)
        return queries, self.code[order[first]]


def vote_shares(neighbors: Weighted, codes: np.ndarray, n_classes: int) -> Shares:
    """Returns the shares of the votes for the classes ``codes`` of the rows; raises ValueError if a sum overflows."""
    query, row, weight, n = neighbors
    pairs, place = np.unique(query * n_classes + codes[row], return_inverse=True)
    of_query, code = np.divmod(pairs, n_classes)
    with np.errstate(over="ignore", invalid="ignore"):
        votes, total = sum_in_order(place, weight, len(pairs)), sum_in_order(query, weight, n)
    _refuse(~np.isfinite(total), total, total)  # no class has more votes than all
    return Shares(of_query, code, votes / total[of_query])


def _refuse(wrong: np.ndarray, summed: np.ndarray, total: np.ndarray) -> None:
    if wrong.any():
        refuse_sums(summed[wrong][0], float(total[wrong][0]))
