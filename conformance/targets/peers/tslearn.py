"""tslearn: its classes as they are; a claim about euclidean distances asks for that metric, not for the default."""

from collections.abc import Callable
from typing import Any

from conformance.targets.peers.peer import Peer


def _classes() -> list[Callable[..., Any]]:
    from tslearn.neighbors import KNeighborsTimeSeries, KNeighborsTimeSeriesClassifier, KNeighborsTimeSeriesRegressor

    return [KNeighborsTimeSeries, KNeighborsTimeSeriesClassifier, KNeighborsTimeSeriesRegressor]


PEER = Peer("tslearn", "tslearn", "tslearn", _classes, {})
