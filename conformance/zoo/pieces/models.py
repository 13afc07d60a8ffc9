"""Makes models of the pieces, so that the claims can be tried on them.

Each function takes the names that a piece defines, and returns a class with ``fit`` and ``kneighbors`` or ``predict``.
Every step that the piece does not do itself is right.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance import adapt
from reference.checks import Parameters

Names = dict[str, Any]


def exactly(x: Any) -> Any:
    """Examples in float64."""
    return np.asarray(x, dtype=np.float64)


def distances_to(X: Any, query: Any) -> np.ndarray:
    """The Euclidean distances of the query to all rows, (n,)."""
    gap = exactly(X) - exactly(query)
    return np.sqrt(np.sum(gap * gap, axis=1))


def nearest_to(X: Any, query: Any, k: int) -> np.ndarray:
    """The indices of the k nearest rows, (k,); equal distances in the order of the rows."""
    return np.argsort(distances_to(X, query), kind="stable")[:k]


def with_distances(X: Any, Q: Any, found: Any) -> tuple[np.ndarray, np.ndarray]:
    """The distances of the rows that were found for each query, and their indices, both (n_queries, k)."""
    rows = np.array([list(row) for row in found], dtype=np.int64)
    return np.array([distances_to(X, q)[row] for q, row in zip(Q, rows, strict=True)]), rows


def itself(names: Names) -> type:
    """The class KNN of the piece."""
    return names["KNN"]


def with_parameters(names: Names) -> type:
    """The class KNN of the piece, with ``get_params`` and ``set_params``."""
    return type("KNN", (names["KNN"], Parameters), {})


def by_neighbors(names: Names) -> type:
    """A search by ``get_neighbors(X, query, k)``."""
    find = names["get_neighbors"]
    return adapt(fit=exactly, kneighbors=lambda X, Q, k: with_distances(X, Q, [find(X, q, k) for q in exactly(Q)]))


def by_tree(names: Names) -> type:
    """A search by ``search(X, rows, query, k)``, which returns pairs of a squared distance and a row."""

    def find(X: Any, query: Any, k: int) -> list[int]:
        return [i for _, i in names["search"](X, list(range(len(X))), query, k)]

    return by_neighbors({"get_neighbors": find})


def by_rows_alone(names: Names) -> type:
    """A search by ``get_neighbors(X, query, k)``, without distances, because the piece has a metric of its own."""
    find = names["get_neighbors"]
    return adapt(fit=exactly, kneighbors=lambda X, Q, k: np.array([find(X, q, k) for q in exactly(Q)]))


def by_distance(names: Names) -> type:
    """A search by ``get_distance(a, b)`` of numbers in the type in which they came; truth values become integers."""
    return by_table(lambda Q, X: [[names["get_distance"](1 * q, 1 * x) for x in X] for q in Q])


def by_distances(names: Names) -> type:
    """A search by ``get_distances(Q, X)``."""
    return by_table(names["get_distances"])


def by_table(measure: Callable[[Any, Any], Any]) -> type:
    """A search by a function that returns the distances of all queries to all rows, (n_queries, n)."""

    def search(X: Any, Q: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
        table = np.array(measure(Q, X))
        rows = np.argsort(table, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(table, rows, axis=1), rows

    return adapt(fit=np.array, kneighbors=search)


def by_left_out(names: Names) -> type:
    """A search that asks ``leave_one_out(X, k)`` where there are no queries."""

    class LeavesOneOut:
        def __init__(self, k=1):
            self.k = k

        def fit(self, X):
            self.X = exactly(X)
            return self

        def kneighbors(self, X=None):
            if X is None:
                return with_distances(self.X, self.X, names["leave_one_out"](self.X, self.k))
            return with_distances(self.X, X, [nearest_to(self.X, query, self.k) for query in X])

    return LeavesOneOut


def predicting(predict: Callable[..., Any]) -> type:
    """A predictor by a function of X, y, one query and k."""

    def fit(X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        return exactly(X), np.array(y)

    return adapt(fit=fit, predict=lambda data, Q, k: np.array([predict(*data, q, k) for q in exactly(Q)]))


def by_prediction(names: Names) -> type:
    """A predictor by ``predict(X, y, query, k)``."""
    return predicting(names["predict"])


def by_prediction_from_a_column(names: Names) -> type:
    """A predictor by ``predict(X, y, query, k)`` for y of shape (n, 1)."""
    return predicting(lambda X, y, query, k: names["predict"](X, np.reshape(y, (-1, 1)), query, k))


def by_predictions(names: Names) -> type:
    """A predictor by ``predict(X, y, Q, k)``."""
    return adapt(
        fit=lambda X, y: (exactly(X), np.array(y)),
        predict=lambda data, Q, k: names["predict"](*data, exactly(Q), k),
    )


def by_vote(names: Names) -> type:
    """A classifier by ``get_vote(labels)`` of the labels of the nearest, a list."""
    return predicting(lambda X, y, query, k: names["get_vote"](y[nearest_to(X, query, k)].tolist()))


def by_weighted_vote(names: Names) -> type:
    """A classifier by ``get_vote(labels, distances)`` of the nearest, two arrays."""

    def predict(X: Any, y: Any, query: Any, k: int) -> Any:
        near = nearest_to(X, query, k)
        return names["get_vote"](y[near], distances_to(X, query)[near])

    return predicting(predict)


def by_weights(names: Names) -> type:
    """A regressor by ``get_weights(distances)`` of the nearest."""

    def predict(X: Any, y: Any, query: Any, k: int) -> Any:
        near = nearest_to(X, query, k)
        weights = names["get_weights"](distances_to(X, query)[near])
        return np.sum(weights * y[near]) / np.sum(weights)

    return predicting(predict)
