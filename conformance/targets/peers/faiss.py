"""FAISS: its exhaustive index, which computes in float32 and returns squares."""

from typing import Any

import numpy as np

from conformance.adapted import adapt
from conformance.targets.loading import load_class
from conformance.targets.peers.peer import Peer
from conformance.targets.peers.reasons import NO_QUERIES, NOT_CHECKED


def _fit(X: np.ndarray) -> Any:
    import faiss

    rows = np.ascontiguousarray(X, dtype=np.float32)
    _, n_features = rows.shape
    index = faiss.IndexFlatL2(n_features)
    index.add(rows)
    return index


def _kneighbors(index: Any, Q: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    squares, indices = index.search(np.ascontiguousarray(Q, dtype=np.float32), k)
    return np.sqrt(squares), indices


FlatIndex = adapt(fit=_fit, kneighbors=_kneighbors)
DIFFERENCES: dict[str, tuple[str, ...]] = {
    NOT_CHECKED: (
        "missing_numbers_are_refused",
        "missing_numbers_in_queries_are_refused",
        "more_neighbors_than_rows_are_refused",
        "no_rows_are_refused",
        "complex_numbers_are_refused",
    ),
    NO_QUERIES: ("no_queries_are_refused",),
}
PEER = Peer("faiss", "faiss", "faiss-cpu", lambda: [load_class(f"{__name__}:FlatIndex")], DIFFERENCES)
