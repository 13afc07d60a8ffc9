"""tslearn: its classes as they are; a claim about euclidean distances asks for that metric, not for the default."""

from collections.abc import Callable
from typing import Any

from conformance.targets.peers.peer import Peer
from conformance.targets.peers.reasons import ARRAYS_ONLY, KEEPS, NOT_CHECKED, UNORDERED


def _classes() -> list[Callable[..., Any]]:
    from tslearn.neighbors import KNeighborsTimeSeries, KNeighborsTimeSeriesClassifier, KNeighborsTimeSeriesRegressor

    return [KNeighborsTimeSeries, KNeighborsTimeSeriesClassifier, KNeighborsTimeSeriesRegressor]


DIFFERENCES: dict[str, tuple[str, ...]] = {
    NOT_CHECKED: (
        "missing_numbers_in_queries_are_refused",
        "more_neighbors_than_rows_are_refused",
    ),
    UNORDERED: (
        "equal_distances_go_to_the_lower_index",
        "ties_among_many_rows",
        "all_rows_alike",
        "ties_without_the_row_itself",
    ),
    KEEPS: ("training_data_is_copied",),
    ARRAYS_ONLY: ("lists_are_as_good_as_arrays",),
}
PEER = Peer("tslearn", "tslearn", "tslearn", _classes, DIFFERENCES)
