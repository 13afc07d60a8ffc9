"""scikit-learn: its classes as they are, with their default algorithm, and kernel ridge regression."""

from collections.abc import Callable
from typing import Any

from conformance.targets.peers.peer import Peer


def _classes() -> list[Callable[..., Any]]:
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors

    from conformance.targets.kernel_ridge import SimilarityByKernelRidge

    return [NearestNeighbors, KNeighborsClassifier, KNeighborsRegressor, SimilarityByKernelRidge]


PEER = Peer("sklearn", "sklearn", "scikit-learn", _classes, {})
