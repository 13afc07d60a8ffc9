"""The search of a model whose rows are in shards, in place of the search of one index."""

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import torch
from dask.base import is_dask_collection
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from accelerated.base import check_metric_columns
from accelerated.devices import resolve_device
from accelerated.distributed.blocks import Block, cut_queries
from accelerated.distributed.lazy import Answered, lazy_kneighbors
from accelerated.distributed.memory import Shares
from accelerated.distributed.nearest import Nearest
from accelerated.distributed.opening import Recipe
from accelerated.distributed.schedulers import Scheduler, find_scheduler
from accelerated.distributed.shards import Shards
from accelerated.distributed.sources import (
    cut_evenly,
    open_files,
    shards_of_array,
    shards_of_collection,
    shards_of_files,
)
from accelerated.distributed.tasks import ShardedIndex, Work, plan_search
from accelerated.distributed.within import WithinRadii
from accelerated.metrics import Metric
from accelerated.neighbors import KNeighbors
from accelerated.one_fit import as_it_is
from accelerated.search import Clock, Neighbors, Queries, Report, Within
from accelerated.validation import check_rows
from knn_inputs.among import Allowed
from knn_inputs.containers import is_matrix
from knn_inputs.feature_names import note_features
from knn_inputs.messages import a_kind_of, show
from knn_inputs.metrics import LEARNED, ChosenMetric, check_columns_of
from knn_inputs.parameters import check_flag, check_int, warn_of_idle_p


class OnOneMachine:
    """A method that needs all rows in one place: asking a model in shards for it raises AttributeError."""

    def __init__(self, why: str):
        self.why = why

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, model: Any, owner: type) -> NoReturn:
        raise AttributeError(f"{owner.__name__} of accelerated.distributed has no {self.name}: {self.why}")


class InShards:
    """Comes before a class of ``accelerated``, and takes away the methods that need all rows in one place."""

    add = OnOneMachine("fit again with all rows, or use the class of accelerated if they fit one machine")
    remove = OnOneMachine("fit again with the rows that are left, or use the class of accelerated")
    save = OnOneMachine("keep the files or the collection of its rows and fit again, or pickle it")
    load = OnOneMachine("fit it again, or load a model of the class of accelerated")
    search_report = OnOneMachine("each shard chooses filters of its own; Dask's dashboard shows the times")


class ShardedNeighbors(KNeighbors):
    """The search that all classes of ``estimators`` share: ``fit`` cuts rows into shards, and Dask searches them."""

    shard_rows: int | None
    scheduler: Any

    def _read_rows(self, X: Any, chosen: ChosenMetric) -> dict[str, Any]:
        """Returns what ``fit`` keeps of the examples; raises ValueError for what rows in shards cannot have."""
        scheduler, shares = self._scheduler_and_shares()
        if self.device is not None and resolve_device(self.device, None).type != "cpu":
            raise ValueError(f"device={show(self.device)} cannot search shards: pass device='cpu', or None")
        warn_of_idle_p(self.metric, self.p)
        _refuse_metric(chosen)
        metric = self._get_metric(chosen)

        def cut(n_rows: int, n_features: int, itemsize: int) -> list[int]:
            return self._cut(n_rows, shares.shard_rows(metric, n_features, itemsize), scheduler)

        if (files := open_files(X)) is not None:
            rows = shards_of_files(files, cut, chosen)
        elif is_dask_collection(X):
            rows = shards_of_collection(X, scheduler, cut, chosen)
        else:
            _refuse_objects(X, self.metric)
            checked = check_rows(X, metric.largest, least=metric.least, allow_nan=metric.allow_nan)
            check_metric_columns(chosen, checked, X)
            rows = shards_of_array(checked, cut, chosen)
        check_columns_of(chosen, np.zeros((1, rows.n_features)))
        noted = note_features(X, rows.n_features)
        return {"_metric": metric, "_chosen": chosen, "_rows": rows, "_objects": None, "_function": None, **noted}

    def _cut(self, n_rows: int, most: int, scheduler: Scheduler) -> list[int]:
        """Returns the numbers of rows of the shards of a source, at most ``most`` unless ``shard_rows`` is given."""
        if self.shard_rows is not None:
            return cut_evenly(n_rows, check_int(self.shard_rows, "shard_rows"))
        if scheduler.n_processes > 1:  # or some would have none to do
            most = min(most, max(1, -(-n_rows // (scheduler.n_processes * scheduler.n_threads))))
        return cut_evenly(n_rows, most)

    def _scheduler_and_shares(self) -> tuple[Scheduler, Shares]:
        scheduler = find_scheduler(self.scheduler)
        limit = scheduler.resolve_memory_limit(self.memory_limit)
        return scheduler, Shares(limit, scheduler.n_processes, scheduler.n_threads)

    def _make_index(self, metric: Metric, rows: Shards) -> ShardedIndex:
        scheduler, shares = self._scheduler_and_shares()
        recipe = Recipe(metric, rows.chosen, rows.n_features, self.n_neighbors, self._filter)
        is_resident = scheduler.name != "processes" and shares.holds_all(metric, rows)
        return ShardedIndex.make(rows, recipe, scheduler, is_resident)

    def _search(
        self,
        index: Any,
        queries: Queries,
        query_range: range,
        k: int,
        clock: Clock | None = None,
        allowed: Allowed | None = None,
    ) -> Neighbors:
        if isinstance(index, Answered):
            return index.some(query_range)
        scheduler, shares = self._scheduler_and_shares()
        blocks = cut_queries(queries, query_range, shares.block_rows(index.rows.n_features, k))
        found = self._run(scheduler, index, blocks, Nearest(k, shares.scratch), allowed)
        reduced, indices = map(np.concatenate, zip(*found, strict=True))
        return Neighbors(torch.from_numpy(reduced), torch.from_numpy(indices), Report(n_queries=len(query_range)))

    def _search_within(
        self,
        index: Any,
        queries: Queries,
        take: Callable[[np.ndarray, Within], None],
        counts_only: bool = False,
        share: int = 1,
    ) -> None:
        scheduler, shares = self._scheduler_and_shares()
        blocks = cut_queries(queries, range(len(queries.X)), shares.block_rows(index.rows.n_features, 1))
        work = WithinRadii(counts_only, queries.only_later, shares.scratch // share)
        found = self._run(scheduler, index, blocks, work, queries.allowed)
        for block, of_block in zip(blocks, found, strict=True):
            take(np.array(block.numbers), of_block)

    def _run(
        self, scheduler: Scheduler, index: ShardedIndex, blocks: list[Block], work: Work, allowed: Allowed | None
    ) -> list[Any]:
        shown = check_flag(self.progress, "progress")
        plan = plan_search(index, blocks, work, allowed, scheduler, shown)
        return scheduler.compute(plan.tasks, shown, plan.sizes, plan.topic)

    def kneighbors(
        self,
        X: Any = None,
        n_neighbors: int | None = None,
        return_distance: bool = True,
        *,
        among: Any = None,
        pad: bool = False,
    ) -> Any:
        """Returns distances and indices of the neighbours as ``accelerated`` does, both (n_queries, k), nearest first.

        A dask array or DataFrame in, two dask arrays out, of which nothing is computed yet; they take no ``among``.
        Raises as ``accelerated`` does, and ValueError for a tensor that requires a gradient.
        """
        if self._is_lazy(X):
            check_flag(return_distance, "return_distance")
            return lazy_kneighbors(as_it_is(self), X, n_neighbors, return_distance, among, pad)
        if isinstance(X, Tensor) and X.requires_grad and torch.is_grad_enabled():
            raise ValueError("X requires a gradient, which distances to rows in shards do not have: pass X.detach()")
        return super().kneighbors(X, n_neighbors, return_distance, among=among, pad=pad)

    def _is_lazy(self, X: Any) -> bool:
        """Tells whether queries are in a collection of Dask.

        Raises NotFittedError if they are and the model is not fitted, and TypeError for other collections than arrays
        and DataFrames.
        """
        if not is_dask_collection(X):
            return False
        check_is_fitted(self, "n_samples_fit_")
        if not hasattr(type(X), "chunks") and not hasattr(type(X), "columns"):
            raise TypeError(
                f"X is {a_kind_of(X)}, but must be an array or a DataFrame of dask, or rows: pass X.compute()"
            )
        return True

    def _n_to_search(self, k: int) -> int:
        """Returns how many rows to find for the k places, some of which a row of a larger weight may fill alone."""
        k = self._check_k(k, leave_one_out=False)
        copies = getattr(self, "_copies", None)
        return k if copies is None else min(k, len(copies.searched))

    def _gather(self, y: Any) -> Any:
        """Returns targets that Dask computes, and others as they are."""
        return find_scheduler(self.scheduler).compute([y])[0] if is_dask_collection(y) else y

    def _shape_of_query(self) -> tuple[int, ...]:
        """Returns the shape of the prediction for one query."""
        return () if self._is_single else (self._n_columns(),)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Returns the attributes without the shards that are in memory, which are read again when it is loaded."""
        return {name: value for name, value in super().__getstate__().items() if not isinstance(value, ShardedIndex)}


def _refuse_metric(chosen: ChosenMetric) -> None:
    """Raises ValueError for a metric that needs all rows at once."""
    if chosen.name == "precomputed":
        raise ValueError(
            "metric='precomputed' has the distances of all rows in one matrix: use the class of accelerated"
        )
    if not callable(chosen.name) and chosen.name in LEARNED and not chosen.params:
        name = LEARNED[chosen.name]
        raise ValueError(
            f"metric={chosen.name!r} learns {name} from all rows, which are in shards: "
            f"pass metric_params={{{name!r}: ...}}"
        )


def _refuse_objects(X: Any, metric: Any) -> None:
    """Raises TypeError for a list of examples that only a function compares."""
    if callable(metric) and not is_matrix(X):
        raise TypeError(
            f"X is {a_kind_of(X)}, of which a metric that is a function takes the entries, but shards hold numbers: "
            "pass np.array(X), or use the class of accelerated"
        )
