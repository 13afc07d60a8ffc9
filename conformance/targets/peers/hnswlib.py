"""hnswlib: its index of brute force, which computes in float32 and returns squares."""

from typing import Any

from conformance.adapted import adapt
from conformance.targets.loading import load_class
from conformance.targets.peers.peer import Peer
from conformance.targets.peers.reasons import ARRAYS_ONLY, CRASHES, NO_PICKLE, NO_QUERIES, NOT_CHECKED


def _fit(X: Any) -> Any:
    import hnswlib

    index = hnswlib.BFIndex("l2", X.shape[1])
    index.init_index(len(X))
    index.add_items(X)
    return index


def _kneighbors(index: Any, Q: Any, k: int) -> tuple[Any, Any]:
    labels, squares = index.knn_query(Q, k)
    return squares**0.5, labels


BruteForce = adapt(fit=_fit, kneighbors=_kneighbors)
DIFFERENCES: dict[str, tuple[str, ...]] = {
    f"{CRASHES}a search of an index without rows ends the process": ("no_rows_are_refused",),
    NO_PICKLE: ("a_pickled_model_answers_alike",),
    NOT_CHECKED: (
        "missing_numbers_are_refused",
        "missing_numbers_in_queries_are_refused",
        "more_neighbors_than_rows_are_refused",
        "k_below_one_is_refused",
        "other_widths_are_refused",
        "complex_numbers_are_refused",
    ),
    ARRAYS_ONLY: (
        "lists_are_as_good_as_arrays",
        "flat_training_data_is_refused",
    ),
    NO_QUERIES: ("no_queries_are_refused",),
}
PEER = Peer("hnswlib", "hnswlib", "hnswlib", lambda: [load_class(f"{__name__}:BruteForce")], DIFFERENCES)
