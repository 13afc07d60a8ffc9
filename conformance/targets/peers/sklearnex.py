"""scikit-learn-intelex: its classes as they are; by default a k-d tree for few features, brute force for many."""

from collections.abc import Callable
from typing import Any

from conformance.targets.peers.peer import Peer


def _classes() -> list[Callable[..., Any]]:
    from sklearnex.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors

    return [NearestNeighbors, KNeighborsClassifier, KNeighborsRegressor]


PEER = Peer("sklearnex", "sklearnex", "scikit-learn-intelex", _classes, {})
