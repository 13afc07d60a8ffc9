"""scikit-learn: its classes as they are, with their default algorithm, and kernel ridge regression."""

from collections.abc import Callable
from typing import Any

from conformance.targets.peers.peer import Peer
from conformance.targets.peers.reasons import EXPANDS, KEEPS, NAN, UNORDERED


def _classes() -> list[Callable[..., Any]]:
    from sklearn.neighbors import (
        KNeighborsClassifier,
        KNeighborsRegressor,
        NearestNeighbors,
        RadiusNeighborsClassifier,
        RadiusNeighborsRegressor,
    )

    from conformance.targets.kernel_ridge import SimilarityByKernelRidge

    within = [RadiusNeighborsClassifier, RadiusNeighborsRegressor]
    return [NearestNeighbors, KNeighborsClassifier, KNeighborsRegressor, *within, SimilarityByKernelRidge]


CASTS_NAN = "the radius regressor casts NaN to the integers that the targets are"
DIFFERENCES: dict[str, tuple[str, ...]] = {
    EXPANDS: (
        "distance_to_itself_is_zero",
        "distance_is_symmetric",
        "distance_of_any_numbers",
        "distance_of_small_types",
        "moving_changes_nothing",
        "a_constant_feature_changes_nothing",
        "nearest_of_any_numbers",
        "nearest_far_from_the_origin",
        "nearest_in_far_clusters",
        "nearest_beside_a_huge_feature",
        "nearest_of_near_ties",
    ),
    UNORDERED: (
        "equal_distances_go_to_the_lower_index",
        "ties_among_many_rows",
        "all_rows_alike",
        "k_neighbors_are_the_first_of_k_plus_one",
        "ties_without_the_row_itself",
    ),
    KEEPS: ("training_data_is_copied",),
    CASTS_NAN: ("nothing_is_warned_of",),
    NAN: ("rows_that_share_nothing_come_last",),
}
PEER = Peer("sklearn", "sklearn", "scikit-learn", _classes, DIFFERENCES)
