"""Queries in a dask collection: their answers are dask arrays, and nothing is computed before ``compute`` is called.

Each chunk of queries is a block of ``tasks``. The task after its last merge gives the neighbours that were found to a
model without rows, whose own method makes the answer of them. So an answer is made in one place only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from dask.delayed import delayed

from accelerated.distributed.blocks import Block
from accelerated.distributed.nearest import Nearest
from accelerated.distributed.opening import check
from accelerated.distributed.tasks import plan_search
from accelerated.search import Neighbors, Report
from accelerated.shards import Found
from knn_inputs.feature_names import check_features
from knn_inputs.matrices import check_shape
from knn_inputs.messages import a_kind_of

Part = tuple[tuple[int, ...], np.dtype]  # the shape of a query's part of an answer, and its dtype


@dataclass(frozen=True)
class Answered:
    """Neighbours that are found already, in place of an index."""

    found: Found

    def some(self, query_range: range) -> Neighbors:
        """Returns the neighbours of some queries."""
        reduced, indices = (torch.from_numpy(np.array(part[query_range])) for part in self.found)
        return Neighbors(reduced, indices, Report(n_queries=len(query_range)))


def lazy_answers(model: Any, X: Any, method: str, k: Any, parts: Sequence[Part], **options: Any) -> list[Any]:
    """Returns the parts of a method's answer to the queries X, a dask array for each part.

    A function for weights gets the distances of one chunk at a time. The model is fitted. Raises ValueError for other
    features than those of ``fit``, and for a bad k.
    """
    import dask.array as da

    index, (scheduler, shares) = model._index, model._scheduler_and_shares()
    n_found = model._n_to_search(k)
    chunks, lengths = _chunks_of(X, model, shares.block_rows(index.rows.n_features, n_found))
    firsts = np.cumsum([0, *lengths[:-1]])
    blocks = [
        Block(delayed(check, pure=False)(chunk, 0 if np.isnan(first) else int(first), index.recipe), range(1))
        for chunk, first in zip(chunks, firsts, strict=True)
    ]
    found = plan_search(index, blocks, Nearest(n_found, shares.scratch), None, scheduler, shown=False).tasks
    without_rows = delayed(_without_rows(model), traverse=False, pure=False)
    answer = delayed(_answer, pure=False, nout=len(parts))
    columns: list[list[Any]] = [[] for _ in parts]
    for block, of_block, length in zip(blocks, found, lengths, strict=True):
        answers = answer(without_rows, block.X, of_block, method, list(parts), options)
        for column, one, (shape, dtype) in zip(columns, answers, parts, strict=True):
            column.append(da.from_delayed(one, (length, *shape), dtype))
    return [da.concatenate(column, allow_unknown_chunksizes=True) for column in columns]


def lazy_kneighbors(model: Any, X: Any, n_neighbors: Any, return_distance: bool, among: Any, pad: bool) -> Any:
    """Returns the distances and the indices of the neighbours, dask arrays (n_queries, k)."""
    if among is not None or pad:
        raise ValueError(f"among and pad take no queries in {a_kind_of(X)} of dask: pass X.compute()")
    k = model._check_k(model.n_neighbors if n_neighbors is None else n_neighbors, leave_one_out=False)
    parts = [((k,), np.dtype(np.float64)), ((k,), np.dtype(np.int64))]
    distances, indices = lazy_answers(model, X, "kneighbors", k, parts, n_neighbors=k)
    return (distances, indices) if return_distance else indices


def _chunks_of(X: Any, model: Any, most: int) -> tuple[list[Any], list[float]]:
    """Returns the chunks of queries, of at most ``most`` rows where their lengths are known, and their lengths."""
    is_array = hasattr(type(X), "chunks")
    if is_array:
        check_shape(tuple(X.shape), X, model.n_features_in_)
        X = X.rechunk({1: -1}) if X.numblocks[1] > 1 else X
        X = X.rechunk({0: most}) if np.max(X.chunks[0]) > most else X  # the largest is NaN if a length is unknown
    check_features(X, X.shape[1] if is_array else len(X.columns), model)
    chunks = list(X.to_delayed().ravel()) if is_array else list(X.to_delayed())
    return chunks, list(X.chunks[0]) if is_array else [np.nan] * len(chunks)


def _without_rows(model: Any) -> Any:
    """Returns a copy of a model that knows targets and labels, but no rows."""
    rows = torch.empty((0, model.n_features_in_), dtype=torch.float64, device="cpu")
    copies = getattr(model, "_copies", None)
    light = object.__new__(type(model))
    names = {name for name in vars(model) if name != "feature_names_in_"}  # which were compared already
    light.__dict__ = {name: vars(model)[name] for name in names}
    light.__dict__.update(_rows=rows, _index=None, scheduler=None)
    if copies is not None:
        light._copies = copies._replace(rows=rows)
    return light


def _answer(
    light: Any, X: np.ndarray, found: Found, method: str, parts: Sequence[Part], options: dict[str, Any]
) -> tuple[Any, ...]:
    """Returns the parts of the answer to some queries by their neighbours."""
    if not len(X):
        return tuple(np.empty((0, *shape), dtype) for shape, dtype in parts)
    model = object.__new__(type(light))
    model.__dict__ = {**vars(light), "_index": Answered(found)}
    answer = getattr(model, method)(X, **options)
    return tuple(answer) if isinstance(answer, list | tuple) else (answer,)
