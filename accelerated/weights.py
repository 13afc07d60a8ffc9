"""The part that both predictors share: rows that count several times, and neighbours weighed batch by batch."""

from collections.abc import Iterator
from math import inf
from typing import Any, Self

import numpy as np
import torch
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from accelerated.calling_thread import in_calling_thread
from accelerated.explanation import Explanation
from accelerated.metrics import precomputed_columns
from accelerated.neighbors import KNeighbors
from accelerated.one_fit import of_one_fit
from accelerated.sample_weight import Copies, fill_places, make_copies
from accelerated.search import Clock, Index, Neighbors, Parts, Queries, add_up, prediction_batch, resolve_memory_limit
from accelerated.sparse_rows import to_dense
from accelerated.voting import Weights, neighbor_weights
from knn_inputs.among import Allowed
from knn_inputs.parameters import check_weights
from knn_inputs.sample_weight import check_n_places


class WeightedNeighbors(KNeighbors):
    """The part that both predictors share. Each has a constructor of its own, for Python names it in its messages."""

    weights: Weights
    _copies: Copies | None  # None: each row counts once
    _next_id: int

    def _read(self, X: Any) -> dict[str, Any]:
        check_weights(self.weights)
        return super()._read(X)

    def _keep_copies(self, X: Any, read: dict[str, Any], repeats: np.ndarray | None, **learned: Any) -> None:
        """Keeps all that was read and learned; a row counts as often as ``repeats``, int64 (n,), says."""
        rows = read["_rows"]
        copies = None if repeats is None else make_copies(rows, repeats)
        if copies is not None and len(copies.searched) < len(rows):
            read = {**read, "_rows": rows[copies.searched]}
            if self.metric == "precomputed":
                read["_metric"] = precomputed_columns(copies.searched)
        self._keep(X, read, _copies=copies, n_samples_fit_=len(rows), _next_id=len(rows), **learned)

    def _make_again(self) -> None:
        super()._make_again()
        self._next_id = max(self._next_id, self.n_samples_fit_)  # files of version 1 counted no row of weight 0
        if self._copies is not None and self._chosen.name == "precomputed":
            self._metric = precomputed_columns(self._copies.searched)
            self._index = self._make_index(self._metric, self._rows)

    def _open_queries(self, X: Any) -> tuple[Index | Parts, Queries]:
        if X is None and self._copies is not None:
            return self._index, Queries.of_rows(self._copies.rows)
        return super()._open_queries(X)

    def _all_rows(self) -> Tensor:
        if self._copies is None:
            return super()._all_rows()
        rows = self._copies.rows
        return to_dense(rows.join() if isinstance(rows, Parts) else rows)

    def _whole(self) -> Self:
        whole, copies = super()._whole(), getattr(self, "_copies", None)
        if copies is None or not isinstance(copies.rows, Parts):
            return whole
        joined = object.__new__(type(self))
        rows = whole._rows if copies.rows is self._rows else copies.rows.join()
        joined.__dict__ = {**vars(whole), "_copies": copies._replace(rows=rows)}
        return joined

    def _check_k(self, k: Any, leave_one_out: bool, pad: bool = False) -> int:
        if self._copies is None:
            return super()._check_k(k, leave_one_out, pad)
        return check_n_places(k, inf if pad else self._n_places(), leave_one_out)

    def _n_places(self) -> int:
        return super()._n_places() if self._copies is None else self._copies.n_copies

    def _repeats(self) -> np.ndarray | None:
        return None if self._copies is None else self._copies.of_all()

    def _search(
        self,
        index: Index | Parts,
        queries: Queries,
        query_range: range,
        k: int,
        clock: Clock | None = None,
        allowed: Allowed | None = None,
    ) -> Neighbors:
        """Returns the neighbours of a range of the queries, a row of sample weight w up to w times."""
        if self._copies is None:
            return super()._search(index, queries, query_range, k, clock, allowed)
        if allowed is not None:
            allowed = allowed.some(self._copies.searched.cpu().numpy())
        clock, device = clock or Clock(), self._rows.device
        reduced = torch.empty((len(query_range), k), dtype=torch.float64, device=device)
        indices = torch.empty((len(query_range), k), dtype=torch.int64, device=device)
        n_at_once = prediction_batch(k + 1, 0, resolve_memory_limit(self.memory_limit, device))
        reports = []
        for start in range(0, len(query_range), n_at_once):
            some = query_range[start : start + n_at_once]
            found = self._search_copies(self._copies, index, queries, some, k, clock, allowed)
            reduced[start : start + n_at_once], indices[start : start + n_at_once], report = found
            reports.append(report)
        return Neighbors(reduced, indices, add_up(reports))

    def _search_copies(
        self,
        copies: Copies,
        index: Index | Parts,
        queries: Queries,
        some: range,
        k: int,
        clock: Clock,
        allowed: Allowed | None,
    ) -> Neighbors:
        """Searches without leaving a row out, as it may have more copies; ``fill_places`` leaves out one of them."""
        n_rows = min(k + queries.n_self, len(copies.searched))
        found = super()._search(index, queries._replace(n_self=0), some, n_rows, clock, allowed)
        numbers = torch.arange(some.start, some.stop, device=self._rows.device)
        self_index = numbers if queries.n_self else torch.full_like(numbers, -1)
        return Neighbors(*fill_places(copies, found.reduced, found.indices, self_index, k), found.report)

    @in_calling_thread()
    def add(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Adds examples X, (n, n_features), with their targets y and weights as for ``fit``, and returns self.

        Without weights each of them counts once, also if the model has weights. For all else see
        ``NearestNeighbors.add``.

        >>> from accelerated import KNNClassifier
        >>> model = KNNClassifier(n_neighbors=3).fit([[0], [5]], ["a", "b"]).add([[9]], ["c"], sample_weight=[2])
        >>> model.predict([[6]]).tolist(), model.ids_.tolist()
        (['c'], [0, 1, 2])
        """
        return self._add(X, y, sample_weight)

    @of_one_fit
    @in_calling_thread()
    def explain(self, X: Any = None) -> Explanation:
        """Returns the ``Explanation`` of each prediction: its neighbours, with their targets or labels and weights.

        Its ``to_frame()`` is a DataFrame. Tensors in, tensors out, except for labels that are not numbers. Raises as
        ``predict`` does for the search and the weights.
        """
        check_is_fitted(self, "n_samples_fit_")
        n_queries, found = self._find(X)
        shape, device = (n_queries, self.n_neighbors), self._rows.device
        distances, weights = (torch.empty(shape, dtype=torch.float64, device=device) for _ in range(2))
        indices = torch.empty(shape, dtype=torch.int64, device=device)
        for some, of_some, their_indices in found:
            distances[some], indices[some] = of_some, their_indices
            weights[some] = neighbor_weights(of_some, self.weights)
        parts = (self._name_rows(indices), distances, *self._explained(indices, weights))
        return Explanation(*(self._output(part, X) for part in parts))

    def _explained(self, indices: Tensor, weights: Tensor) -> tuple[Tensor | np.ndarray, Tensor]:
        """Returns the targets of the neighbours, and how much each counts."""
        raise NotImplementedError

    def _n_columns(self) -> int:
        """Returns the number of outputs."""
        raise NotImplementedError

    def _find(self, X: Any) -> tuple[int, Iterator[tuple[slice, Tensor, Tensor]]]:
        """Returns the number of queries, and an iterator over as many of them at once as memory has room for.

        It yields which queries these are, and the distances and indices of their neighbours, both (n, k). A callable
        for weights may compare queries, so it gets all of them at once.
        """
        check_weights(self.weights)  # they may have changed since fit
        index, queries, k = self._open(X, None)
        return len(queries.X), self._in_batches(index, queries, k)

    def _in_batches(self, index: Index | Parts, queries: Queries, k: int) -> Iterator[tuple[slice, Tensor, Tensor]]:
        n_queries, memory_limit = len(queries.X), resolve_memory_limit(self.memory_limit, self._rows.device)
        n_at_once = n_queries if callable(self.weights) else prediction_batch(k, self._n_columns(), memory_limit)
        for start in range(0, n_queries, n_at_once):
            stop = min(start + n_at_once, n_queries)
            found = self._search(index, queries, range(start, stop), k)
            yield slice(start, stop), self._metric.to_distance(found.reduced), found.indices

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
