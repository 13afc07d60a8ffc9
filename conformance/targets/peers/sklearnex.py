"""scikit-learn-intelex: its classes as they are; by default a k-d tree for few features, brute force for many."""

from collections.abc import Callable
from typing import Any

from conformance.targets.peers.peer import Peer
from conformance.targets.peers.reasons import EXPANDS, KEEPS, NOT_CHECKED, UNORDERED


def _classes() -> list[Callable[..., Any]]:
    from sklearnex.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors

    return [NearestNeighbors, KNeighborsClassifier, KNeighborsRegressor]


DIFFERENCES: dict[str, tuple[str, ...]] = {
    EXPANDS: (
        "distance_to_itself_is_zero",
        "distance_of_any_numbers",
        "distance_of_small_types",
        "moving_changes_nothing",
        "a_constant_feature_changes_nothing",
        "nearest_of_any_numbers",
        "nearest_far_from_the_origin",
        "nearest_in_far_clusters",
        "nearest_beside_a_huge_feature",
        "nearest_of_near_ties",
        "nearest_of_float32_rows",
    ),
    "among many rows the k-d tree misses nearer ones, and brute force names a row more than once": (
        "nearest_among_many_rows",
    ),
    "weights by distance are wrong where a query is equal to a row, or nearly so": (
        "an_exact_match_votes_alone",
        "tiny_distances_vote_alike",
        "a_tiny_distance_is_no_exact_match",
    ),
    "cosine distances may be below 0, and those of a vector of zeros are left to chance": (
        "cosine_distance",
        "zero_vectors_have_a_cosine_distance",
    ),
    "a k that is set counts from the next fit": ("parameters_can_be_read_and_changed",),
    NOT_CHECKED: ("more_neighbors_than_rows_are_refused",),
    UNORDERED: (
        "equal_distances_go_to_the_lower_index",
        "ties_among_many_rows",
        "all_rows_alike",
        "k_neighbors_are_the_first_of_k_plus_one",
        "ties_without_the_row_itself",
    ),
    KEEPS: ("training_data_is_copied",),
}
PEER = Peer("sklearnex", "sklearnex", "scikit-learn-intelex", _classes, DIFFERENCES)
