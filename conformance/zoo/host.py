"""A class as a learner may write it, in which the bugs of the zoo are planted to test the diagnosis of a report.

It has the methods that mutants override, and nothing else of ``reference``: no checks, and other sums.
"""

from collections import Counter
from types import CellType, FunctionType
from typing import Any, ClassVar

import numpy as np

from conformance.zoo.base import Classifier, Mutant, Regressor, Search

FORMULAS: dict[str, Any] = {
    "euclidean": lambda X, q, p: np.sqrt(((X - q) ** 2).sum(axis=1)),
    "sqeuclidean": lambda X, q, p: ((X - q) ** 2).sum(axis=1),
    "manhattan": lambda X, q, p: abs(X - q).sum(axis=1),
    "chebyshev": lambda X, q, p: abs(X - q).max(axis=1),
    "minkowski": lambda X, q, p: (abs(X - q) ** p).sum(axis=1) ** (1 / p),
    "hamming": lambda X, q, p: (q != X).mean(axis=1),
}


class Host:
    """k-NN in 40 lines."""

    def __init__(self, n_neighbors=5, *, metric="euclidean", p=2, weights="uniform"):
        self.n_neighbors, self.metric, self.p, self.weights = n_neighbors, metric, p, weights

    def fit(self, X, y=None):
        self._examples = np.array(X, dtype=float)
        self.learn(np.zeros(len(self._examples)) if y is None else np.asarray(y))
        return self

    def learn(self, y):
        self._targets = y.astype(float)

    def get_distance(self, a, b):
        a, b = (np.asarray(x, dtype=float) for x in (a, b))
        return float(FORMULAS[self.metric](b[None], a, self.p)[0])

    def measure(self, query):
        return FORMULAS[self.metric](self._examples, query, self.p)

    def choose(self, distances, k, leave_out=-1):
        order = sorted(range(len(distances)), key=lambda i: distances[i])
        return np.array([i for i in order if i != leave_out][:k])

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        k = n_neighbors or self.n_neighbors
        queries = self._examples if X is None else np.asarray(X, dtype=float)
        rows = [self.measure(q) for q in queries]
        near = np.array([self.choose(d, k, i if X is None else -1) for i, d in enumerate(rows)])
        distances = np.array([d[i] for d, i in zip(rows, near, strict=True)])
        return (distances, near) if return_distance else near

    def weigh(self, distances):
        if callable(self.weights):
            return np.array([self.weights(row) for row in distances])
        if self.weights == "uniform":
            return np.ones(distances.shape)
        zero = distances == 0
        with np.errstate(divide="ignore", over="ignore"):
            weights = np.where(zero.any(axis=1, keepdims=True), zero, 1 / distances)
        infinite = np.isinf(weights)
        return np.where(infinite.any(axis=1, keepdims=True), infinite, weights).astype(float)


class HostRegressor(Host):
    def predict(self, X):
        distances, near = self.kneighbors(X)
        return np.array([self.combine(self._targets[i], w) for i, w in zip(near, self.weigh(distances), strict=True)])

    def combine(self, targets, weights):
        return np.dot(weights, targets) / weights.sum()

    def score(self, X, y):
        return 1 - np.sum((y - self.predict(X)) ** 2) / np.sum((y - np.mean(y)) ** 2)


class HostClassifier(Host):
    def learn(self, y):
        outputs = [np.unique(column, return_inverse=True) for column in (y[:, None] if y.ndim == 1 else y).T]
        self.classes_ = outputs[0][0] if y.ndim == 1 else [classes for classes, _ in outputs]
        self._codes = outputs[0][1] if y.ndim == 1 else [codes for _, codes in outputs]

    def has_one_output(self):
        return not isinstance(self.classes_, list)

    def shares_of(self, codes, classes, near, weights):
        return np.array([self.combine(codes[i], w, len(classes)) for i, w in zip(near, weights, strict=True)])

    def predict_proba(self, X):
        distances, near = self.kneighbors(X)
        weights = self.weigh(distances)
        if self.has_one_output():
            return self.shares_of(self._codes, self.classes_, near, weights)
        return [self.shares_of(c, k, near, weights) for c, k in zip(self._codes, self.classes_, strict=True)]

    def predict(self, X):
        shares = self.predict_proba(X)
        if self.has_one_output():
            return self.classes_[shares.argmax(axis=1)]
        return np.column_stack([c[s.argmax(axis=1)] for c, s in zip(self.classes_, shares, strict=True)])

    def combine(self, codes, weights, n_classes):
        votes: Counter[int] = Counter()
        for code, weight in zip(codes, weights, strict=True):
            votes[code] += weight
        return np.array([votes[c] for c in range(n_classes)]) / sum(votes.values())

    def score(self, X, y):
        return float(np.mean(self.predict(X) == y))


HOSTS: dict[type, type] = {Regressor: HostRegressor, Classifier: HostClassifier, Search: Host}
PREDICTING: dict[type, type] = {**HOSTS, Search: HostClassifier}


def planted(mutant: type[Mutant], hosts: dict[type, type] = HOSTS) -> type | None:
    """The host with the mutant's methods; None for a mutant of another kind of model."""
    base = next((base for base in hosts if issubclass(mutant, base)), None)
    if base is None:
        return None
    model = hosts[base]
    for own in reversed([one for one in mutant.__mro__ if issubclass(one, base) and one is not base]):
        model = _moved(own, model)
    return model


def predicting(mutant: type[Mutant]) -> type | None:
    """The host with the mutant's methods behind ``fit`` and ``predict``, the only methods that it shows."""
    model = planted(mutant, PREDICTING)
    return model and type(mutant.__name__, (Predicting,), {"hidden": model})


class Predicting:
    """Hands everything to a model of the class ``hidden``."""

    hidden: ClassVar[type]

    def __init__(self, n_neighbors=5, *, metric="euclidean", p=2, weights="uniform"):
        self.model = self.hidden(n_neighbors, metric=metric, p=p, weights=weights)

    def fit(self, X, y):
        self.model.fit(X, y)
        return self

    def predict(self, X):
        return self.model.predict(X)


def _moved(own: type, base: type) -> type:
    """A class with the attributes of ``own``, derived from another base, to which ``super()`` then leads."""
    cell = CellType()
    kept = {name: value for name, value in vars(own).items() if _is_of_the_bug(name, value)}
    methods = {
        name: _with_cell(value, cell) if isinstance(value, FunctionType) else value for name, value in kept.items()
    }
    cell.cell_contents = type(own.__name__, (base,), methods)
    return cell.cell_contents


def _is_of_the_bug(name: str, value: Any) -> bool:
    """Whether an attribute belongs to the bug: every class has some others, and methods of ``reference`` are right."""
    of_reference = str(getattr(value, "__module__", "")).startswith("reference")
    return name not in ("__dict__", "__weakref__", "claim", "seen") and not of_reference


def _with_cell(function: FunctionType, cell: CellType) -> FunctionType:
    """The function, with the cell in place of the one from which ``super()`` reads the class."""
    closure = function.__closure__ or ()
    cells = tuple(
        cell if name == "__class__" else old for name, old in zip(function.__code__.co_freevars, closure, strict=True)
    )
    moved = FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__, cells)
    moved.__kwdefaults__ = function.__kwdefaults__
    return moved
