"""Rows that are added to a fitted model and removed from it, at a cost in proportion to the rows added and removed.

Beside that, an update copies some numbers for each row of the model: its id, its target and its place.

``search.parts`` keeps the rows. An update makes all that it changes before it gives it to the model in one step, so a
query in another thread sees the rows before the update or after it, and an update that fails changes nothing.
"""

from typing import Any, Self

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from accelerated.base import NeighborsBase, check_metric_columns, check_queries, prepare_rows, prepare_sparse_rows
from accelerated.calling_thread import in_calling_thread
from accelerated.one_fit import as_it_is
from accelerated.search import Parts, resolve_memory_limit
from accelerated.sparse_rows import Rows
from knn_inputs.feature_names import check_features
from knn_inputs.ids import find_ids


class Updated(NeighborsBase):
    """Gives ``add`` and ``remove`` to a model; its subclasses say what becomes of targets."""

    @property
    def ids_(self) -> np.ndarray:
        """The ids of the rows, int64 (n_samples_fit_,), ascending, as ``kneighbors`` returns them."""
        check_is_fitted(self, "n_samples_fit_")
        return np.arange(self.n_samples_fit_) if self._ids is None else self._ids.cpu().numpy().copy()

    @in_calling_thread()
    def add(self, X: Any, y: Any = None) -> Self:
        """Adds examples X, (n, n_features), with their targets y as for ``fit``, and returns self.

        X may be sparse or dense; the rows are kept as those of ``fit`` are, and the model answers as one that was fitted
        with all of them. The ids of the rows follow the largest that a row ever had; the variances or the covariance
        that a metric has learned stay those of ``fit``. Raises as ``fit`` does, for features other than those of
        ``fit``, and ValueError for a model whose metric is precomputed, or a function of the objects in a list. Two
        updates must not run at the same time.

        >>> from accelerated import KNNClassifier
        >>> model = KNNClassifier(n_neighbors=1).fit([[0], [5]], ["a", "b"]).add([[9]], ["c"])
        >>> model.predict([[8]]).tolist(), model.classes_.tolist()
        (['c'], ['a', 'b', 'c'])
        """
        before = self._before_update("add")
        metric = before._metric
        checked = check_queries(X, metric, before.n_features_in_)
        check_metric_columns(before._chosen, checked, X)
        check_features(X, checked.shape[1], before)
        learned = before._learn_more(y, len(checked))
        memory_limit = resolve_memory_limit(before.memory_limit, before._rows.device)
        if before._rows.is_sparse:
            rows: Rows = prepare_sparse_rows(checked, metric, memory_limit)
        else:
            rows = prepare_rows(checked, metric, before._rows.device, memory_limit)
        first = before._next_id
        ids = None
        if before._ids is not None:
            ids = torch.cat([before._ids, torch.arange(first, first + len(rows), device=rows.device)])
        parts = Parts.of_index(before._index).add(rows, before._make_index)
        return self._update(before, parts, _ids=ids, _next_id=first + len(rows), **learned)

    @in_calling_thread()
    def remove(self, ids: Any) -> Self:
        """Removes the rows with these ids, ints (n,), and returns self; the other rows keep their ids.

        An id is the index of a row as ``kneighbors`` returns it. The model answers as one that was fitted with the rows
        that are left. Raises TypeError for ids that are not ints; ValueError for an id that no row has, for one that is
        repeated, if no row would be left, and as ``add`` does.

        >>> from accelerated import NearestNeighbors
        >>> model = NearestNeighbors(n_neighbors=1).fit([[0], [5], [9]]).remove([1])
        >>> model.get_neighbors([6]), model.ids_
        ([(2, 3.0)], array([0, 2]))
        """
        before = self._before_update("remove")
        numbers, n_rows = find_ids(ids, before.ids_), before.n_samples_fit_
        if len(numbers) == n_rows:
            raise ValueError(f"ids has all {n_rows} rows, but a model needs at least 1: fit it again")
        left = torch.from_numpy(np.delete(np.arange(n_rows), numbers)).to(before._rows.device)
        kept = left if before._ids is None else before._ids[left]
        parts = Parts.of_index(before._index).remove(numbers, before._make_index)
        return self._update(before, parts, _ids=kept, **before._forget(left))

    def _before_update(self, update: str) -> Self:
        """Returns the model as it is now, whatever other threads do to it; raises ValueError if it has no updates."""
        check_is_fitted(self, "n_samples_fit_")
        before = as_it_is(self)
        if before._holds_objects():
            raise ValueError(f"{update} takes no examples of a list, which only a function compares: fit again")
        if getattr(before, "_copies", None) is not None:
            raise ValueError(f"{update} does not go with sample_weight: fit again with all rows and their weights")
        if before._chosen.name == "precomputed":
            raise ValueError(f"{update} would need new distances for metric='precomputed': fit again with all of them")
        return before

    def _update(self, before: Self, parts: Parts, **changed: Any) -> Self:
        index = parts.as_index()
        rows = index if isinstance(index, Parts) else index.rows
        updated = {"_index": index, "_rows": rows, "n_samples_fit_": len(parts), **changed}
        self.__dict__ = {**before.__dict__, **updated}  # in one step
        return self

    def _learn_more(self, y: Any, n_added: int) -> dict[str, Any]:
        """Returns the attributes that hold targets, with those of added rows."""
        return {}

    def _forget(self, left: Tensor) -> dict[str, Any]:
        """Returns the attributes that hold targets, with those of the rows with the numbers ``left`` only."""
        return {}
