"""Right models around a learner's part, on which the claims of the suite can be tried.

Each function makes the classes in which the part takes its place; all other parts are those of the solutions.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import numpy as np

from conformance.course.parts import Part
from conformance.course.solutions.step_03_nearest import get_nearest
from conformance.course.solutions.step_05_average import get_average
from conformance.course.solutions.step_06_vote import get_vote
from conformance.course.solutions.step_12_numerics import get_distances
from conformance.course.solutions.step_13_metrics import get_distance
from conformance.targets.adapters import Adapter
from conformance.targets.answers import Form

KNEIGHBORS = Form("kneighbors", batch=True, layout="parts", index_at=1, distance_at=0, by_label=False)
NO_LEAVE_ONE_OUT = {"left out": "this step asks about queries", "predict left out": "this step asks about queries"}


class Search:
    """Finds neighbours in the rows as they were given."""

    measure: ClassVar[Callable[..., Any]] = staticmethod(get_distances)
    choose: ClassVar[Callable[..., Any]] = staticmethod(get_nearest)

    def __init__(self, n_neighbors: int = 5) -> None:
        self.n_neighbors = n_neighbors

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> "Search":
        self.X: np.ndarray = X
        self.y: Any = y
        return self

    def kneighbors(self, X: Any = None, n_neighbors: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        return self.search(X, self.n_neighbors if n_neighbors is None else n_neighbors)

    def search(self, Q: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The distances and the indices of the k nearest rows of each query."""
        distances = self.distances_to(Q)
        indices = np.array([self.choose(row, k) for row in distances])
        return np.take_along_axis(distances, indices, axis=1), indices

    def distances_to(self, Q: np.ndarray) -> np.ndarray:
        """The distances of the queries to all rows."""
        return self.measure(Q, self.X)


class Regressor(Search):
    average: ClassVar[Callable[..., Any]] = staticmethod(get_average)

    def predict(self, X: np.ndarray) -> np.ndarray:
        return np.array([self.average(self.y[rows]) for rows in self.kneighbors(X)[1]])


class Classifier(Search):
    vote: ClassVar[Callable[..., Any]] = staticmethod(get_vote)

    def predict(self, X: np.ndarray) -> np.ndarray:
        return np.array([self.vote(self.y[rows]) for rows in self.kneighbors(X)[1]])


class Metrics(Search):
    """Measures by a metric, one pair at a time."""

    get: ClassVar[Callable[..., Any]] = staticmethod(get_distance)

    def __init__(self, n_neighbors: int = 5, metric: str = "euclidean", p: float = 2) -> None:
        super().__init__(n_neighbors)
        self.metric, self.p = metric, p

    def get_distance(self, a: np.ndarray, b: np.ndarray) -> float:
        return self.get(a, b, self.metric, self.p)

    def distances_to(self, Q: np.ndarray) -> np.ndarray:
        return np.array([[self.get_distance(q, x) for x in self.X] for q in Q])


class Weighed(Metrics):
    """Predicts with the weights of the neighbours."""

    weigh: ClassVar[Callable[..., Any]]

    def __init__(
        self, n_neighbors: int = 5, weights: Any = "distance", metric: str = "euclidean", p: float = 2
    ) -> None:
        super().__init__(n_neighbors, metric, p)
        self.weights = weights

    def predict(self, X: np.ndarray) -> np.ndarray:
        distances, indices = self.kneighbors(X)
        return np.array([self.combine(self.y[i], self._weights(d)) for d, i in zip(distances, indices, strict=True)])

    def _weights(self, distances: np.ndarray) -> np.ndarray:
        if callable(self.weights):
            return self.weights(distances)
        return self.weigh(distances) if self.weights == "distance" else np.ones(len(distances))

    def combine(self, targets: np.ndarray, weights: np.ndarray) -> Any:
        raise NotImplementedError


class WeighedRegressor(Weighed):
    def combine(self, targets: np.ndarray, weights: np.ndarray) -> Any:
        return weights @ targets / np.sum(weights)


class WeighedClassifier(Weighed):
    def combine(self, targets: np.ndarray, weights: np.ndarray) -> Any:
        labels, codes = np.unique(targets, return_inverse=True)
        return labels[np.argmax(np.bincount(codes, weights))]


class LeavesOut(Search):
    """Asks the part for the neighbours of the rows themselves."""

    leave_out: ClassVar[Callable[..., Any]]

    def search(self, Q: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
        if Q is not None:
            return super().search(Q, k)
        indices = self.leave_out(self.X, k)
        return np.take_along_axis(self.distances_to(self.X), indices, axis=1), indices


class Whole(Search):
    """Asks the part for everything at once."""

    find: ClassVar[Callable[..., Any]]

    def search(self, Q: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
        return self.find(self.X, Q, k)


def measuring_pairs(part: Part) -> list[Adapter]:
    """Of a function of two examples."""

    def measure(Q: np.ndarray, X: np.ndarray) -> np.ndarray:
        return np.array([[part(q, x) for x in X] for q in Q])

    return [_search(Search, measure=measure, get_distance=part)]


def measuring_all(part: Part) -> list[Adapter]:
    """Of a function of all queries and all rows."""
    return [_search(Search, measure=part)]


def measuring_by_metrics(part: Part) -> list[Adapter]:
    """Of a function of two examples, a metric and p."""
    return [_search(Metrics, get=part)]


def choosing(part: Part) -> list[Adapter]:
    """Of a function of one query's distances, and k."""
    return [_search(Search, choose=part)]


def finding_labels(part: Part) -> list[Adapter]:
    """Of a function of rows, labels, a query and k. Labels are in no order, and each names its row."""

    def find(X: np.ndarray, Q: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.random.default_rng(len(X)).permutation(len(X))
        found = [part(X, labels, q, k) for q in Q]
        rows = {int(label): row for row, label in enumerate(labels)}
        indices = [[rows.get(label, -1) for _, label in one] for one in found]
        return np.array([[distance for distance, _ in one] for one in found]), np.array(indices)

    return [_search(Whole, find=find)]


def finding_in_blocks(part: Part) -> list[Adapter]:
    """Of a function of rows, queries, k and the size of a block."""

    def find(X: np.ndarray, Q: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        return part(X, Q, k, 3)

    return [_search(Whole, find=find)]


def finding_in_tensors(part: Part) -> list[Adapter]:
    """Of a function of tensors."""

    def find(X: np.ndarray, Q: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        import torch

        return part(torch.from_numpy(X), torch.from_numpy(Q), k)

    return [_search(Whole, find=find)]


def leaving_out(part: Part) -> list[Adapter]:
    """Of a function of rows and k, which leaves each row out of its own neighbours."""
    return [Adapter(_with(LeavesOut, {"leave_out": part}), task="search", form=KNEIGHBORS)]


def averaging(part: Part) -> list[Adapter]:
    """Of a function of the neighbours' targets."""
    return [_predictor(Regressor, "regressor", average=part)]


def voting(part: Part) -> list[Adapter]:
    """Of a function of the neighbours' labels."""
    return [_predictor(Classifier, "classifier", vote=part)]


def weighing(part: Part) -> list[Adapter]:
    """Of a function of the neighbours' distances."""
    return [
        _predictor(WeighedRegressor, "regressor", weigh=part),
        _predictor(WeighedClassifier, "classifier", weigh=part),
    ]


def of_class(task: str, model: type) -> list[Adapter]:
    """Of a class that a learner has written whole."""
    lacks = {} if task == "similarity" else dict(NO_LEAVE_ONE_OUT)
    return [Adapter(model, task=task, lacks=lacks)]


classifying, regressing = partial(of_class, "classifier"), partial(of_class, "similarity")


def nothing(part: Any) -> list[Adapter]:
    """Of a function that is asked without a model."""
    return [Adapter(Search, task="search", form=KNEIGHBORS)]


def _search(base: type, **parts: Callable[..., Any]) -> Adapter:
    return Adapter(_with(base, parts), task="search", form=KNEIGHBORS, lacks=dict(NO_LEAVE_ONE_OUT))


def _predictor(base: type, task: str, **parts: Callable[..., Any]) -> Adapter:
    return Adapter(_with(base, parts), task=task, lacks=dict(NO_LEAVE_ONE_OUT))


def _with(base: type, parts: dict[str, Callable[..., Any]]) -> type:
    return type(base.__name__, (base,), {name: staticmethod(part) for name, part in parts.items()})
