"""pykdtree: its k-d tree."""

from typing import Any

from conformance.adapted import adapt
from conformance.targets.loading import load_class
from conformance.targets.peers.peer import Peer
from conformance.targets.peers.reasons import ARRAYS_ONLY, KEEPS, NO_PICKLE, NO_QUERIES, NOT_CHECKED, UNORDERED


def _fit(X: Any) -> Any:
    from pykdtree.kdtree import KDTree

    return KDTree(X)


Tree = adapt(fit=_fit, kneighbors=lambda tree, Q, k: tree.query(Q, k))
DIFFERENCES: dict[str, tuple[str, ...]] = {
    "more than 127 features are refused": (
        "nearest_among_many_features",
        "differences_are_never_all_in_memory",
        "time_of_fit_grows_with_the_number_of_rows",
    ),
    NO_PICKLE: ("a_pickled_model_answers_alike",),
    NOT_CHECKED: (
        "missing_numbers_are_refused",
        "missing_numbers_in_queries_are_refused",
        "more_neighbors_than_rows_are_refused",
        "complex_numbers_are_refused",
    ),
    UNORDERED: ("ties_among_many_rows",),
    KEEPS: ("training_data_is_copied",),
    ARRAYS_ONLY: ("lists_are_as_good_as_arrays",),
    NO_QUERIES: ("no_queries_are_refused",),
}
PEER = Peer("pykdtree", "pykdtree", "pykdtree", lambda: [load_class(f"{__name__}:Tree")], DIFFERENCES)
