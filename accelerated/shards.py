"""The search of rows that are in shards: each shard is searched alone, and the neighbours of all shards are merged.

The k nearest rows are the first k by (distance, index), and the distance of a query to a row has the same bits in
whatever shard the row is. So the k nearest of all rows are among the k nearest of each shard, and ``merge``, which
keeps the first k of two shards, may be asked in any order: it is associative and commutative, with ``nothing`` as its
neutral element. It makes no difference which process searches a shard, nor when.

Indices are those among all rows. Reduced distances travel (``accelerated.search``): for Minkowski the root is taken
once, of the distances that are left after all merges.
"""

from typing import NamedTuple

import numpy as np

from accelerated.search import Clock, Index, Neighbors, Queries, search

NO_ROW = -1  # in a missing place; as an unsigned number it is the largest, so a missing place comes after all rows


class Found(NamedTuple):
    """The k nearest rows of each query in some shards, by (reduced distance, index).

    Where the shards have fewer than k rows, infinity and -1 fill the places that are missing.
    """

    reduced: np.ndarray  # float64 (n_queries, k)
    indices: np.ndarray  # int64 (n_queries, k)


def nothing(n_queries: int, k: int) -> Found:
    """Returns what is found in a shard without rows.

    >>> nothing(1, 2)
    Found(reduced=array([[inf, inf]]), indices=array([[-1, -1]]))
    """
    return Found(np.full((n_queries, k), np.inf), np.full((n_queries, k), NO_ROW, dtype=np.int64))


def search_shard(
    shard: Index, queries: Queries, k: int, offset: int, *, own: np.ndarray | None = None, memory_limit: int = 2**30
) -> Found:
    """Returns the k nearest rows of a shard, whose first row has the index ``offset`` among all rows.

    If the queries are rows themselves, ``own`` has their indices, int64 (n_queries,), and each of them is left out of
    its own neighbours. Raises ValueError if ``memory_limit``, bytes of scratch, is too small for one query and one row.
    """
    n_queries, n_rows = len(queries.X), len(shard.rows)
    has_own = own is not None and bool(((own >= offset) & (own < offset + n_rows)).any())
    n_found = min(k + has_own, n_rows)
    if not n_found:
        return nothing(n_queries, k)
    others = queries._replace(n_self=0)
    clock = Clock()
    found = search(shard, others, range(n_queries), n_found, memory_limit=memory_limit, progress=False, clock=clock)
    return name_rows(found, k, offset, own)


def name_rows(found: Neighbors, k: int, offset: int, own: np.ndarray | None = None) -> Found:
    """Returns the neighbours that a shard's search found by their indices among all rows, without the ``own`` rows."""
    reduced, indices = found.reduced.cpu().numpy(), found.indices.cpu().numpy() + offset
    if own is not None:
        is_own = indices == own[:, None]
        reduced, indices = np.where(is_own, np.inf, reduced), np.where(is_own, NO_ROW, indices)
    missing = nothing(len(reduced), max(0, k - reduced.shape[1]))
    return _first(np.hstack([reduced, missing.reduced]), np.hstack([indices, missing.indices]), k)


def merge(a: Found, b: Found) -> Found:
    """Returns the k nearest of two that were found in different shards for the same queries and the same k.

    >>> a = Found(np.array([[0.5, 2.0]]), np.array([[7, 3]]))
    >>> b = Found(np.array([[0.5, np.inf]]), np.array([[4, -1]]))
    >>> merge(a, b)
    Found(reduced=array([[0.5, 0.5]]), indices=array([[4, 7]]))
    """
    return _first(np.hstack([a.reduced, b.reduced]), np.hstack([a.indices, b.indices]), a.indices.shape[1])


def _first(reduced: np.ndarray, indices: np.ndarray, k: int) -> Found:
    """Returns the first k by (reduced distance, index), the missing places last."""
    order = np.lexsort((indices.view(np.uint64), reduced))[:, :k]
    return Found(np.take_along_axis(reduced, order, 1), np.take_along_axis(indices, order, 1))
