"""USearch: its exact search, without an index."""

from typing import Any

from conformance.adapted import adapt
from conformance.targets.loading import load_class
from conformance.targets.peers.peer import Peer
from conformance.targets.peers.reasons import ARRAYS_ONLY, NOT_CHECKED, UNORDERED


def _kneighbors(X: Any, Q: Any, k: int) -> tuple[Any, Any]:
    from usearch.index import search

    found = search(X, Q, k, "l2sq", exact=True)
    return found.distances**0.5, found.keys


Exact = adapt(fit=lambda X: X.copy(), kneighbors=_kneighbors)
DIFFERENCES: dict[str, tuple[str, ...]] = {
    "distances of whole numbers are NaN, unless these are of type int8": (
        "nearest_of_small_types",
        "distance_of_small_types",
    ),
    "only rows that lie one after the other in memory are taken": ("memory_layout_is_no_matter",),
    NOT_CHECKED: (
        "missing_numbers_are_refused",
        "missing_numbers_in_queries_are_refused",
        "complex_numbers_are_refused",
    ),
    UNORDERED: (
        "equal_distances_go_to_the_lower_index",
        "ties_among_many_rows",
        "all_rows_alike",
        "k_neighbors_are_the_first_of_k_plus_one",
    ),
    ARRAYS_ONLY: ("lists_are_as_good_as_arrays",),
    "no queries raise MemoryError": ("no_queries_are_refused",),
}
PEER = Peer("usearch", "usearch", "usearch", lambda: [load_class(f"{__name__}:Exact")], DIFFERENCES)
