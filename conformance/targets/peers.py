"""Targets that are known by name: the two packages, and their peers with their known differences.

A known difference has a reason. A claim that holds although a difference is listed fails the run, because the list is
out of date.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from conformance.targets.errors import TargetError


class TorchCdist:
    """The two lines that people write: ``torch.cdist`` and ``topk``."""

    def __init__(self, n_neighbors: int = 5, device: str | None = None) -> None:
        self.n_neighbors, self.device = n_neighbors, device

    def fit(self, X: np.ndarray) -> "TorchCdist":
        import torch

        self.rows = torch.tensor(X, device=self.device)
        return self

    def kneighbors(self, X: np.ndarray) -> tuple[Any, Any]:
        import torch

        distances = torch.cdist(torch.tensor(X, device=self.device), self.rows)
        nearest = distances.topk(self.n_neighbors, largest=False)
        return nearest.values, nearest.indices


class FaissFlat:
    """FAISS's exhaustive index, which computes in float32 and returns squares."""

    def __init__(self, n_neighbors: int = 5) -> None:
        self.n_neighbors = n_neighbors

    def fit(self, X: np.ndarray) -> "FaissFlat":
        import faiss

        rows = np.ascontiguousarray(X, dtype=np.float32)
        _, n_features = rows.shape
        self.index = faiss.IndexFlatL2(n_features)
        self.index.add(rows)
        return self

    def kneighbors(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        squares, indices = self.index.search(np.ascontiguousarray(X, dtype=np.float32), self.n_neighbors)
        return np.sqrt(squares), indices


def _package(name: str) -> list[type]:
    models = ("NearestNeighbors", "KNNClassifier", "KNNRegressor", "SimilarityRegressor")
    return [getattr(import_module(name), model) for model in models]


def _sklearn() -> list[type]:
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors

    from conformance.targets.kernel_ridge import SimilarityByKernelRidge

    return [NearestNeighbors, KNeighborsClassifier, KNeighborsRegressor, SimilarityByKernelRidge]


def _faiss() -> list[type]:
    try:
        import faiss  # noqa: F401
    except ImportError as error:
        raise TargetError("faiss is not installed: pip install faiss-cpu") from error
    return [FaissFlat]


READY: dict[str, Callable[[], list[type]]] = {  # imported when they are asked for
    "reference": lambda: _package("reference"),
    "accelerated": lambda: _package("accelerated"),
    "sklearn": _sklearn,
    "faiss": _faiss,
    "torch-cdist": lambda: [TorchCdist],
}
EXPANDS = "|x|^2 + |q|^2 - 2 x.q cancels where numbers are large beside their differences"
UNORDERED = "equal distances come in any order, and at the k-th place any of them is taken"
FLOAT32 = "everything is converted to float32"
NOT_CHECKED = "the input is not checked, or not with a ValueError or TypeError"

KNOWN: dict[str, dict[str, str]] = {
    "sklearn": {
        "distance_to_itself_is_zero": EXPANDS,
        "distance_is_symmetric": EXPANDS,
        "distance_of_any_numbers": EXPANDS,
        "distance_of_small_types": EXPANDS,
        "moving_changes_nothing": EXPANDS,
        "a_constant_feature_changes_nothing": EXPANDS,
        "nearest_of_any_numbers": EXPANDS,
        "nearest_far_from_the_origin": EXPANDS,
        "nearest_in_far_clusters": EXPANDS,
        "nearest_beside_a_huge_feature": EXPANDS,
        "nearest_of_near_ties": EXPANDS,
        "equal_distances_go_to_the_lower_index": UNORDERED,
        "ties_among_many_rows": UNORDERED,
        "all_rows_alike": UNORDERED,
        "k_neighbors_are_the_first_of_k_plus_one": UNORDERED,
        "ties_without_the_row_itself": UNORDERED,
        "training_data_is_copied": "a reference to the caller's array is kept",
    },
    "faiss": {
        "distance_of_any_numbers": FLOAT32,
        "moving_changes_nothing": FLOAT32,
        "nearest_of_any_numbers": FLOAT32,
        "nearest_far_from_the_origin": FLOAT32,
        "nearest_in_far_clusters": FLOAT32,
        "nearest_beside_a_huge_feature": FLOAT32,
        "nearest_of_near_ties": FLOAT32,
        "nearest_at_mixed_scales": FLOAT32,
        "nearest_of_huge_and_tiny_numbers": FLOAT32,
        "nearest_of_small_types": FLOAT32,
        "missing_numbers_are_refused": NOT_CHECKED,
        "missing_numbers_in_queries_are_refused": NOT_CHECKED,
        "more_neighbors_than_rows_are_refused": NOT_CHECKED,
        "k_below_one_is_refused": NOT_CHECKED,
        "other_widths_are_refused": NOT_CHECKED,
        "no_rows_are_refused": NOT_CHECKED,
        "complex_numbers_are_refused": NOT_CHECKED,
    },
    "torch-cdist": {
        "distance_of_small_types": "only floating-point numbers are taken",
        "nearest_of_small_types": "only floating-point numbers are taken",
        "nearest_of_any_numbers": EXPANDS,
        "nearest_far_from_the_origin": EXPANDS,
        "nearest_in_far_clusters": EXPANDS,
        "nearest_beside_a_huge_feature": EXPANDS,
        "nearest_of_near_ties": EXPANDS,
        "nearest_of_float32_rows": EXPANDS,
        "equal_rows_are_equally_far": "a matrix product rounds a column by its place",
        "equal_distances_go_to_the_lower_index": UNORDERED,
        "ties_among_many_rows": UNORDERED,
        "all_rows_alike": UNORDERED,
        "k_neighbors_are_the_first_of_k_plus_one": UNORDERED,
        "memory_layout_is_no_matter": "a tensor takes no negative strides",
        "lists_are_as_good_as_arrays": "a list of numbers becomes float32",
        "missing_numbers_are_refused": NOT_CHECKED,
        "missing_numbers_in_queries_are_refused": NOT_CHECKED,
        "more_neighbors_than_rows_are_refused": NOT_CHECKED,
        "k_below_one_is_refused": NOT_CHECKED,
        "other_widths_are_refused": NOT_CHECKED,
        "flat_training_data_is_refused": NOT_CHECKED,
        "no_rows_are_refused": NOT_CHECKED,
        "complex_numbers_are_refused": NOT_CHECKED,
    },
}
