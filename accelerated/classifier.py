"""The classifier: a vote of the k nearest examples."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from accelerated.arrays import output_device, to_numpy, to_output
from accelerated.calling_thread import in_calling_thread
from accelerated.labels import drop_unused, merge_labels
from accelerated.one_fit import of_one_fit
from accelerated.scoring import accuracy
from accelerated.validation import check_labels
from accelerated.voting import Weights, are_tied, largest_class, neighbor_weights, write_shares
from accelerated.weights import WeightedNeighbors
from knn_inputs.class_weight import read_class_weights
from knn_inputs.parameters import FROM_SCIKIT_LEARN, renamed
from knn_inputs.sample_weight import read_repeats
from knn_inputs.targets import check_n_outputs


class KNNClassifier(ClassifierMixin, WeightedNeighbors):
    """Predicts the class with the most votes of the k nearest examples; equal votes go to the smallest label.

    ``weights`` is uniform, distance (1 / distance) or a function that takes the float64 NumPy array of distances,
    shape (n_queries, k), and returns weights of that shape. ``class_weight`` multiplies the votes for each class: a
    dict from label to number, at least 0, where other labels count 1; or "balanced", which is n / (n_classes n_c) for a
    class that n_c of the n rows have; for several outputs a list of these. All other parameters are as for
    ``NearestNeighbors``.

    >>> model = KNNClassifier(n_neighbors=3).fit([[0], [1], [2], [9]], ["low", "low", "high", "high"])
    >>> model.predict([[0], [8]]).tolist()
    ['low', 'high']
    """

    @renamed(**FROM_SCIKIT_LEARN)
    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        metric: str | Callable[..., float] = "minkowski",
        p: float = 2,
        metric_params: dict[str, Any] | None = None,
        weights: Weights = "uniform",
        class_weight: dict[Any, float] | Sequence[Any] | str | None = None,
        device: str | torch.device | None = None,
        memory_limit: int | str | None = None,
        progress: bool = False,
    ):
        super().__init__(
            n_neighbors,
            metric=metric,
            p=p,
            metric_params=metric_params,
            device=device,
            memory_limit=memory_limit,
            progress=progress,
        )
        self.weights = weights
        self.class_weight = class_weight

    @in_calling_thread()
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Keeps copies of X, shape (n, n_features), and of labels y, shape (n,) or (n, n_outputs); returns self.

        ``sample_weight`` has whole numbers, (n,): a row of weight w is like w equal rows, which take w of the k places,
        and one of weight 0 is only a query of ``predict(None)``. Raises as ``NearestNeighbors.fit`` does, also for the
        weights, and ValueError for labels that are missing, fractions or unsortable.
        """
        read = self._read(X)
        rows = read["_rows"]
        repeats = read_repeats(sample_weight, len(rows))
        classes, codes, is_single = check_labels(y, len(rows), repeats)
        class_weights = read_class_weights(self.class_weight, classes, codes, repeats, is_single)
        self._keep_copies(
            X,
            read,
            repeats,
            classes_=classes[0] if is_single else classes,
            _is_single=is_single,
            _codes=[torch.from_numpy(column).to(rows.device) for column in codes],
            _given_class_weight=self.class_weight,
            _class_weights=[torch.from_numpy(of_output).to(rows.device) for of_output in class_weights],
        )
        return self

    @of_one_fit
    @in_calling_thread()
    def predict_proba(self, X: Any) -> Any:
        """Returns vote shares, float64 (n_queries, n_classes), columns as in ``classes_``; a list for many outputs.

        Tensors in, tensors out. Raises as ``kneighbors`` does, and ValueError for weights that cannot be votes.

        >>> KNNClassifier(2).fit([[0], [1], [9]], ["b", "a", "b"]).predict_proba([[0]])
        array([[0.5, 0.5]])
        """
        check_is_fitted(self, "classes_")
        n_queries, found = self._find(X)
        classes = [self.classes_] if self._is_single else self.classes_
        outputs = [torch.zeros((n_queries, len(c)), dtype=torch.float64, device=self._rows.device) for c in classes]
        for some, distances, indices in found:
            votes = self._votes(indices, neighbor_weights(distances, self.weights))
            for (codes, of_output), shares in zip(votes, outputs, strict=True):
                write_shares(shares[some], codes, of_output)
        outputs = [self._output(shares, X) for shares in outputs]
        return outputs[0] if self._is_single else outputs

    @of_one_fit
    @in_calling_thread()
    def predict(self, X: Any) -> Any:
        """Returns the class with the largest share, (n_queries,) or (n_queries, n_outputs); X=None: leave-one-out.

        Tensors in, tensors out, except for labels that are not numbers. Raises as ``predict_proba`` does.
        """
        check_is_fitted(self, "classes_")
        of_batches = [self._choose(distances, indices) for _, distances, indices in self._find(X)[1]]
        return self._as_labels(torch.cat(of_batches), self._output_device if X is None else output_device(X))

    def _answer(self, distances: Tensor, indices: Tensor) -> np.ndarray:
        """Returns the class with the largest share of the votes of these neighbours."""
        return self._labels(self._choose(distances, indices))

    def _answers(self, distances: Tensor, indices: Tensor, ks: Collection[int]) -> Iterator[np.ndarray]:
        """Yields the answer of the first k neighbours for each of the ascending ks: for ``select_n_neighbors``."""
        return map(self._labels, self._choose_each(distances, indices, ks))

    def _choose(self, distances: Tensor, indices: Tensor) -> Tensor:
        """Returns the number of the class with the largest share, (n_queries, n_outputs)."""
        (chosen,) = self._choose_each(distances, indices, [indices.shape[1]])
        return chosen

    def _choose_each(self, distances: Tensor, indices: Tensor, ks: Collection[int]) -> Iterator[Tensor]:
        votes = self._votes(indices, neighbor_weights(distances, self.weights))
        by_output = [list(largest_class(codes, of_output, ks)) for codes, of_output in votes]
        return (torch.stack(chosen, 1) for chosen in zip(*by_output, strict=True))

    def _as_labels(self, chosen: Tensor, device: torch.device | None) -> Any:
        """Returns the labels of the classes in the kind of the query; numbers for a tensor never leave its device."""
        if device is None:
            return self._labels(chosen)
        outputs = [self.classes_] if self._is_single else self.classes_
        dtype = np.result_type(*outputs)
        tables = [to_output(classes.astype(dtype), device) for classes in outputs]
        if not isinstance(tables[0], Tensor):
            return self._labels(chosen)
        labels = [table[column] for table, column in zip(tables, chosen.to(device).T, strict=True)]
        return labels[0] if self._is_single else torch.stack(labels, 1)

    def _labels(self, chosen: Tensor) -> np.ndarray:
        columns = to_numpy(chosen).T
        if self._is_single:
            return self.classes_[columns[0]]
        return np.column_stack([classes[i] for classes, i in zip(self.classes_, columns, strict=True)])

    @of_one_fit
    @in_calling_thread()
    def tied_votes(self, X: Any = None) -> Any:
        """Returns whether several classes share the largest share, so that the smallest label decides.

        It is bool, in the shape of ``predict``. Tensors in, tensors out. Raises as ``predict`` does.

        >>> KNNClassifier(2).fit([[0], [1], [9], [9]], ["b", "a", "b", "b"]).tied_votes([[0], [9]])
        array([ True, False])
        """
        check_is_fitted(self, "classes_")
        n_queries, found = self._find(X)
        tied = torch.empty((n_queries, self._n_columns()), dtype=torch.bool, device=self._rows.device)
        for some, distances, indices in found:
            votes = self._votes(indices, neighbor_weights(distances, self.weights))
            for output, (codes, of_output) in enumerate(votes):
                tied[some, output] = are_tied(codes, of_output)
        return self._output(tied[:, 0] if self._is_single else tied, X)

    def _learn_more(self, y: Any, n_added: int, repeats: np.ndarray | None) -> dict[str, Any]:
        classes, codes, _ = check_labels(y, n_added, None if repeats is None else repeats[-n_added:])
        check_n_outputs(len(codes), len(self._codes))
        known = [self.classes_] if self._is_single else self.classes_
        outputs = zip(known, self._codes, classes, codes, strict=True)
        return self._with_labels([merge_labels(*some) for some in outputs], repeats)

    def _forget(self, left: Tensor, repeats: np.ndarray | None) -> dict[str, Any]:
        known = [self.classes_] if self._is_single else self.classes_
        outputs = [drop_unused(c, codes[left], repeats) for c, codes in zip(known, self._codes, strict=True)]
        return self._with_labels(outputs, repeats)

    def _with_labels(self, outputs: list[tuple[np.ndarray, Tensor]], repeats: np.ndarray | None) -> dict[str, Any]:
        classes, codes = map(list, zip(*outputs, strict=True))
        as_numpy = [to_numpy(column) for column in codes]
        given, is_single = self._given_class_weight, self._is_single
        weights = read_class_weights(given, classes, as_numpy, repeats, is_single, may_be_gone=True)
        return {
            "classes_": classes[0] if self._is_single else classes,
            "_codes": codes,
            "_class_weights": [torch.from_numpy(some).to(codes[0].device) for some in weights],
        }

    def _votes(self, indices: Tensor, weights: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Returns for each output the class of each neighbour, and its vote: its weight times that of the class."""
        codes = [of_output[indices] for of_output in self._codes]  # (n_queries, k) each
        return [(c, weights * of_class[c]) for c, of_class in zip(codes, self._class_weights, strict=True)]

    def _explained(self, indices: Tensor, weights: Tensor) -> tuple[np.ndarray, Tensor]:
        classes = [self.classes_] if self._is_single else self.classes_
        votes = self._votes(indices, weights)
        labels = [names[to_numpy(codes)] for names, (codes, _) in zip(classes, votes, strict=True)]
        if self._is_single:
            return labels[0], votes[0][1]
        return np.stack(labels, axis=-1), torch.stack([of_output for _, of_output in votes], dim=-1)

    def _n_columns(self) -> int:
        return len(self._codes)

    @in_calling_thread()
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Returns the share of queries whose labels are all right. Raises ValueError for y of another shape."""
        return accuracy(y, to_numpy(self.predict(X)), sample_weight)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
