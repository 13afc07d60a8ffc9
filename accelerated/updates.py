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
from accelerated.sample_weight import Copies, add_rows, read_more_repeats, remove_rows
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

        X may be sparse or dense; the rows are kept as those of ``fit`` are, and the model answers as one that was
        fitted with all of them. The ids of the rows follow the largest that a row ever had; the variances or the
        covariance that a metric has learned stay those of ``fit``. Raises as ``fit`` does, for features other than
        those of ``fit``, and ValueError for a model whose metric is precomputed, or a function of the objects in a
        list. Two updates must not run at the same time.

        >>> from accelerated import KNNClassifier
        >>> model = KNNClassifier(n_neighbors=1).fit([[0], [5]], ["a", "b"]).add([[9]], ["c"])
        >>> model.predict([[8]]).tolist(), model.classes_.tolist()
        (['c'], ['a', 'b', 'c'])
        """
        return self._add(X, y)

    def _add(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Adds rows as ``add`` does, with the weights that a predictor takes."""
        before = self._before_update("add")
        metric = before._metric
        checked = check_queries(X, metric, before.n_features_in_)
        check_metric_columns(before._chosen, checked, X)
        check_features(X, checked.shape[1], before)
        copies = before._copies_before()
        repeats = read_more_repeats(sample_weight, len(checked), before.n_samples_fit_, copies)
        learned = before._learn_more(y, len(checked), repeats)
        memory_limit = resolve_memory_limit(before.memory_limit, before._rows.device)
        if before._rows.is_sparse:
            rows: Rows = prepare_sparse_rows(checked, metric, memory_limit)
        else:
            rows = prepare_rows(checked, metric, before._rows.device, memory_limit)
        first = before._next_id
        ids = None
        if before._ids is not None:
            ids = torch.cat([before._ids, torch.arange(first, first + len(rows), device=rows.device)])
        parts, copies = add_rows(Parts.of_index(before._index), copies, rows, repeats, before._make_index)
        n_rows = before.n_samples_fit_ + len(rows)
        return self._update(before, parts, copies, n_rows, _ids=ids, _next_id=first + len(rows), **learned)

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
        numbers, n_rows, copies = find_ids(ids, before.ids_), before.n_samples_fit_, before._copies_before()
        if len(numbers) == n_rows:
            raise ValueError(f"ids has all {n_rows} rows, but a model needs at least 1: fit it again")
        if copies is not None and not np.delete(copies.of_all(), numbers).any():
            raise ValueError("ids leaves only rows of sample_weight 0, but a model needs another one: fit it again")
        left = torch.from_numpy(np.delete(np.arange(n_rows), numbers)).to(before._rows.device)
        kept = left if before._ids is None else before._ids[left]
        parts, copies = remove_rows(Parts.of_index(before._index), copies, numbers, before._make_index)
        forgotten = before._forget(left, None if copies is None else copies.of_all())
        return self._update(before, parts, copies, len(left), _ids=kept, **forgotten)

    def _before_update(self, update: str) -> Self:
        """Returns the model as it is now, whatever other threads do to it; raises ValueError if it has no updates."""
        check_is_fitted(self, "n_samples_fit_")
        before = as_it_is(self)
        if before._holds_objects():
            raise ValueError(f"{update} takes no examples of a list, which only a function compares: fit again")
        if before._chosen.name == "precomputed":
            raise ValueError(f"{update} would need new distances for metric='precomputed': fit again with all of them")
        return before

    def _copies_before(self) -> Copies | None:
        return getattr(self, "_copies", None)

    def _update(self, before: Self, parts: Parts, copies: Copies | None, n_rows: int, **changed: Any) -> Self:
        index = parts.as_index()
        rows = index if isinstance(index, Parts) else index.rows
        weighted = {"_copies": copies} if hasattr(before, "_copies") else {}
        updated = {"_index": index, "_rows": rows, "n_samples_fit_": n_rows, **weighted, **changed}
        self.__dict__ = {**before.__dict__, **updated}  # in one step
        return self

    def _learn_more(self, y: Any, n_added: int, repeats: np.ndarray | None) -> dict[str, Any]:
        """Returns the attributes that hold targets, with those of added rows; ``repeats`` weighs all rows, (n,)."""
        return {}

    def _forget(self, left: Tensor, repeats: np.ndarray | None) -> dict[str, Any]:
        """Returns the attributes that hold targets, with those of the rows ``left``, their numbers, and weights."""
        return {}
