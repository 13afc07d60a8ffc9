"""The cases that claims are tried on: arrays and parameters, which can be printed as code and kept as JSON."""

import re
from dataclasses import dataclass, fields
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class _Printed:
    """An object whose ``repr`` is code, with every digit, and without the fields that have their defaults."""

    def __repr__(self) -> str:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        changed = [field.name for field in fields(self) if not _is_default(values[field.name], field.default)]
        return f"{type(self).__name__}({', '.join(f'{name}={as_code(values[name])}' for name in changed)})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Prints the object for Hypothesis."""
        printer.text(repr(self))


@dataclass(frozen=True, eq=False, repr=False)
class Case(_Printed):
    """A question: the k rows of X nearest to each query of Q, and the predictions from their targets y."""

    X: np.ndarray  # (n, n_features)
    Q: np.ndarray  # (n_queries, n_features)
    k: int
    y: np.ndarray | None = None  # (n,) or (n, n_outputs)
    metric: str = "euclidean"
    p: float = 2
    weights: str = "uniform"
    sample_weight: np.ndarray | None = None  # (n,), whole numbers: how many equal rows each stands for


@dataclass(frozen=True, eq=False, repr=False)
class SimilarityCase(_Printed):
    """A regression by similarity: targets y at the examples X, and predictions for the queries Q."""

    X: np.ndarray  # (n, n_features)
    Q: np.ndarray  # (n_queries, n_features)
    y: np.ndarray  # (n,)
    similarity: str = "rbf"
    gamma: float = 1.0
    degree: int = 3
    coef0: float = 1.0
    jitter: float = 1e-6
    sample_weight: np.ndarray | None = None  # (n,)
    fit_intercept: bool = False
    solver: str = ""  # that of the target
    tol: float = 1e-3
    max_iter: int | None = None
    warm_start: bool = False

    @property
    def params(self) -> dict[str, Any]:
        """The arguments of a ``SimilarityRegressor``; those that not every regressor has, only if they are changed."""
        given = {name: getattr(self, name) for name in ("similarity", "gamma", "degree", "coef0", "jitter")}
        others = {name: getattr(self, name) for name in ("fit_intercept", "solver", "tol", "max_iter", "warm_start")}
        defaults = {field.name: field.default for field in fields(self)}
        return given | {name: value for name, value in others.items() if value != defaults[name]}

    @property
    def weights(self) -> np.ndarray:
        """How much each example counts, (n,)."""
        return np.ones(len(self.X)) if self.sample_weight is None else self.sample_weight


@dataclass(frozen=True, eq=False, repr=False)
class Table(_Printed):
    """A question about costs: so many random numbers that only their seed is printed and kept."""

    n_rows: int
    n_queries: int
    n_features: int
    seed: int = 0

    @property
    def X(self) -> np.ndarray:
        """The examples, (n_rows, n_features)."""
        return np.random.default_rng([self.seed, 0]).normal(size=(self.n_rows, self.n_features))

    @property
    def Q(self) -> np.ndarray:
        """The queries, (n_queries, n_features)."""
        return np.random.default_rng([self.seed, 1]).normal(size=(self.n_queries, self.n_features))

    @property
    def y(self) -> np.ndarray:
        """The targets, (n_rows,), which are numbers and labels as well."""
        return np.arange(self.n_rows) % 3


def closeness(distances: Any) -> Any:
    """A function for ``weights`` that is finite at distance 0."""
    return 1.0 / (1.0 + distances)


def inverse(distances: Any) -> Any:
    """A function for ``weights`` that shows numbers added to small distances."""
    return 1.0 / np.asarray(distances)


def as_code(value: Any) -> str:
    """Python that makes the value, given ``import numpy as np``.

    >>> as_code(np.array([[0.5]])), as_code(np.array([[300]], dtype=np.int16)), as_code(np.inf)
    ('np.array([[0.5]])', "np.array([[300]], dtype='int16')", 'np.inf')
    """
    if isinstance(value, np.ndarray) and value.size == 0:
        return f"np.empty({value.shape}, dtype={_dtype(value)!r})"
    if isinstance(value, np.ndarray):
        usual = value.dtype in (np.dtype(float), np.dtype(int), np.dtype(bool)) or value.dtype.kind == "U"
        listed = re.sub(r"\b(nan|inf)\b", r"np.\1", str(value.tolist())) if value.dtype.kind == "f" else value.tolist()
        return f"np.array({listed}{'' if usual else f', dtype={_dtype(value)!r}'})"
    if hasattr(value, "detach"):
        if value.device.type == "meta":  # which has no numbers
            return f"torch.empty({tuple(value.shape)}, dtype={value.dtype}, device='meta')"
        gradient = ", requires_grad=True" if value.requires_grad else ""
        return f"torch.tensor({value.tolist()}, dtype={value.dtype}{gradient})"
    if isinstance(value, float) and not np.isfinite(value):
        return f"np.{value}"
    if callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)
    return repr(value)


def to_json(case: Case | SimilarityCase | Table) -> dict[str, Any]:
    """The case in types that JSON has; ``from_json`` restores the same bits."""
    kept = {field.name: getattr(case, field.name) for field in fields(case)}
    defaults = {field.name: field.default for field in fields(case)}
    changed = {name: value for name, value in kept.items() if not _is_default(value, defaults[name])}
    return {
        name: {"dtype": _dtype(value), "values": value.tolist()} if isinstance(value, np.ndarray) else value
        for name, value in changed.items()
    }


def from_json(kept: dict[str, Any]) -> Case | SimilarityCase | Table:
    """The case that ``to_json`` was given.

    >>> from_json(to_json(Case(np.array([[0.1]]), np.array([[0.2]]), k=1)))
    Case(X=np.array([[0.1]]), Q=np.array([[0.2]]), k=1)
    """
    values: dict[str, Any] = {
        name: np.array(value["values"], dtype=value["dtype"]) if isinstance(value, dict) else value
        for name, value in kept.items()
    }
    if "n_rows" in values:
        return Table(**values)
    return Case(**values) if "k" in values else SimilarityCase(**values)


def _is_default(value: Any, default: Any) -> bool:
    return not isinstance(value, np.ndarray) and value == default


def _dtype(array: np.ndarray) -> str:
    """``float64``, but ``>f8`` where the bytes are in the other order."""
    return array.dtype.name if array.dtype.isnative and array.dtype.kind != "U" else array.dtype.str
