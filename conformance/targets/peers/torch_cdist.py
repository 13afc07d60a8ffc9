"""torch: the two lines that people write, ``torch.cdist`` and ``topk``."""

from typing import Any

import numpy as np

from conformance.targets.peers.peer import Peer
from conformance.targets.peers.reasons import EXPANDS, NO_QUERIES, NOT_CHECKED, UNORDERED


class TorchCdist:
    """A search by ``torch.cdist`` and ``topk``, on any device."""

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


DIFFERENCES: dict[str, tuple[str, ...]] = {
    EXPANDS: (
        "nearest_of_any_numbers",
        "nearest_far_from_the_origin",
        "nearest_in_far_clusters",
        "nearest_beside_a_huge_feature",
        "nearest_of_near_ties",
        "nearest_of_float32_rows",
    ),
    "a matrix product rounds a column by its place": ("equal_rows_are_equally_far",),
    "only float32 and float64 are taken": (
        "nearest_of_small_types",
        "distance_of_small_types",
    ),
    "a tensor takes no negative strides": ("memory_layout_is_no_matter",),
    NOT_CHECKED: (
        "missing_numbers_are_refused",
        "missing_numbers_in_queries_are_refused",
        "k_below_one_is_refused",
    ),
    UNORDERED: (
        "equal_distances_go_to_the_lower_index",
        "ties_among_many_rows",
        "all_rows_alike",
        "k_neighbors_are_the_first_of_k_plus_one",
    ),
    "a list of numbers becomes float32": ("lists_are_as_good_as_arrays",),
    NO_QUERIES: ("no_queries_are_refused",),
}
PEER = Peer("torch-cdist", "torch", "torch", lambda: [TorchCdist], DIFFERENCES)
