"""One shard, inside a task: its rows are read, checked and indexed as ``accelerated`` indexes all rows of a model."""

from typing import Any, NamedTuple

import numpy as np
import torch

from accelerated.base import prepare_rows
from accelerated.distributed.shards import Shard
from accelerated.files import RowsFile
from accelerated.metrics import Metric
from accelerated.search import Index, make_index
from accelerated.validation import FLOATS
from knn_inputs.containers import to_array
from knn_inputs.entries import read_numbers
from knn_inputs.metrics import ChosenMetric, check_columns_of


class Recipe(NamedTuple):
    """What a task needs to know of its model."""

    metric: Metric
    chosen: ChosenMetric
    n_features: int
    n_neighbors: int  # for which filters are chosen
    filter_name: str | None


def open_shard(shard: Shard, recipe: Recipe) -> Index | None:
    """Returns the index of the rows that are searched; None if there are none."""
    if not len(shard):
        return None
    rows = read_rows(shard, recipe)
    if shard.places is not None:
        rows = rows[shard.places]
    is_own = isinstance(shard.source, RowsFile) and rows.dtype in FLOATS and recipe.metric.keeps_rows
    prepared = torch.from_numpy(rows) if is_own else prepare_rows(rows, recipe.metric, torch.device("cpu"), 2**30)
    return make_index(recipe.metric, prepared, recipe.n_neighbors, recipe.filter_name)


def read_rows(shard: Shard, recipe: Recipe) -> np.ndarray:
    """Returns the rows of a shard, checked. Raises as ``check`` does, and ValueError if the source has fewer rows."""
    rows = check(shard.read(), shard.first, recipe)
    if len(rows) != (expected := shard.stop - shard.start):
        raise ValueError(
            f"X has {len(rows)} rows from row {shard.first} on, but must have {expected}: pass a collection whose "
            "chunks are as long as it says, for example after X.compute_chunk_sizes()"
        )
    return rows


def check(rows: Any, first: int, recipe: Recipe) -> np.ndarray:
    """Returns rows as a matrix of numbers that the metric can use; a message counts the rows from ``first``.

    Raises ValueError and TypeError as ``fit`` of ``accelerated`` does.
    """
    metric = recipe.metric
    array = to_array(rows, "X")
    if array.ndim != 2 or array.shape[1] != recipe.n_features:
        raise ValueError(
            f"X has rows of shape {array.shape[1:]} from row {first} on, but must have {(recipe.n_features,)}: pass a "
            "collection whose chunks are as wide as it says"
        )
    if not array.size:
        return np.empty(array.shape)

    def among_all(place: tuple[int, ...]) -> tuple[int, ...]:
        return (first + place[0], *place[1:])

    checked = read_numbers(array, "X", None, metric.largest, metric.least, metric.allow_nan, among_all)
    check_columns_of(recipe.chosen, checked, None, first)
    return checked
