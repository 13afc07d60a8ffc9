"""river: its classifier and regressor with an exact search, which learn one example at a time."""

from typing import Any

from conformance.adapted import adapt
from conformance.targets.loading import load_class
from conformance.targets.peers.peer import Peer
from conformance.targets.peers.reasons import NO_QUERIES, NOT_CHECKED


def _classifier(X: Any, y: Any, k: int) -> Any:
    from river.neighbors import KNNClassifier, LazySearch

    return _learn(KNNClassifier(k, LazySearch(window_size=len(X))), X, y)


def _regressor(X: Any, y: Any, k: int) -> Any:
    from river.neighbors import KNNRegressor, LazySearch

    return _learn(KNNRegressor(k, LazySearch(window_size=len(X))), X, y)


def _learn(model: Any, X: Any, y: Any) -> Any:
    for x, target in zip(X, y, strict=True):
        model.learn_one(dict(enumerate(x)), target)
    return model


def _predict(model: Any, Q: Any) -> list[Any]:
    return [model.predict_one(dict(enumerate(q))) for q in Q]


Classifier = adapt(fit=_classifier, predict=_predict)
Regressor = adapt(fit=_regressor, predict=_predict)
DIFFERENCES: dict[str, tuple[str, ...]] = {
    "where a row is equal to the query, the first such row is the answer alone, also in an average without weights": (
        "averages_of_targets",
        "averages_of_whole_numbers",
        "averages_of_far_numbers",
        "averages_of_everything_when_k_is_n",
        "an_exact_match_votes_alone",
        "a_tiny_distance_is_no_exact_match",
    ),
    "an average of truth values, or of numbers of a small type, stays in that type": ("averages_of_small_types",),
    NOT_CHECKED: (
        "missing_numbers_are_refused",
        "missing_numbers_in_queries_are_refused",
        "missing_targets_are_refused",
        "more_neighbors_than_rows_are_refused",
        "k_below_one_is_refused",
        "other_widths_are_refused",
        "no_rows_are_refused",
        "complex_numbers_are_refused",
    ),
    "an average of the numbers in a list has their type": ("lists_are_as_good_as_arrays",),
    NO_QUERIES: ("no_queries_are_refused",),
}
PEER = Peer(
    "river",
    "river",
    "river",
    lambda: [load_class(f"{__name__}:{name}") for name in ("Classifier", "Regressor")],
    DIFFERENCES,
)
