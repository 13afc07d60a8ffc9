"""Talks to a class that knows nothing of this suite, in the class's own words.

A method or argument that the class lacks raises ``Missing``, and a claim that needs it is skipped with that reason.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from conformance.cases.case import as_code
from conformance.oracle.bounds import ROUNDOFF, coarseness
from conformance.targets.answers import Form, Found, Unreadable, listed, read_batch, read_one, stack, to_array
from conformance.targets.names import FINDERS, NAMES
from conformance.targets.places import place_of_function
from conformance.targets.refusals import needs, without_k, without_method, without_question

NO_USUAL_VALUE = ("fit_intercept", "solver", "tol", "max_iter", "warm_start")  # a claim asks for them, or leaves them
USUAL = {"k": 1, "metric": "euclidean", "p": 2, "weights": "uniform", "similarity": "rbf", "gamma": 1.0, "jitter": 1e-6}
FINGERPRINTS = 40  # rows with targets of their own; with more rows a rounded average may not show each target


class TargetError(Exception):
    """The target cannot be tried at all; the message is one line."""


class Missing(Exception):
    """The target lacks a method, an argument or a form of answer that a claim needs; the message names it."""


class NotOffered(Missing):
    """The target lacks a class or a method that a claim needs for every case: no other case need be drawn."""


def as_arrays(rows: np.ndarray) -> Any:
    """A copy, so that a target which writes to its input does not spoil the next call."""
    return rows.copy()


def as_lists(rows: np.ndarray) -> Any:
    return rows.tolist()


def as_tensors(rows: np.ndarray) -> Any:
    import torch

    return torch.from_numpy(rows.copy()) if rows.dtype.kind in "biuf" else rows.tolist()


class Call(NamedTuple):
    """A call of the class. ``str`` writes it as code, only for a failure: for all calls that would take long."""

    function: str  # "model = KNN" or "model.fit"
    examples: tuple[Any, ...]  # copies: a claim may change its arrays later
    options: dict[str, Any]
    called: Any  # the class or the method itself

    def __str__(self) -> str:
        options = (f"{name}={as_code(value)}" for name, value in self.options.items())
        return f"{self.function}({', '.join([*map(as_code, self.examples), *options])})"

    def place(self) -> str:
        """The file and the line where the method begins."""
        return place_of_function(self.called)


@dataclass
class Adapter:
    """One class of a target: the names of its arguments, and how its methods take examples and give answers.

    Raises TargetError for a class without ``fit``, without an argument for k, or with an unknown argument that has no
    default.
    """

    model: Callable[..., Any]  # the class, or a ``Maker`` of its models
    device: str | None = None
    task: str = ""  # classifier, regressor, search or similarity
    n_neighbors: str = ""  # the name of its argument for k, where the user says it
    method: str = ""  # the name of the method to ask, where the user says it
    hand_over: Callable[[np.ndarray], Any] = as_arrays
    form: Form | None = None  # of its answers about neighbours
    one_by_one: bool = False  # whether predict takes one example
    own_metric: str = ""  # the only metric of a class that is not euclidean
    own_weights: str = ""  # of a class that never averages uniformly: "distance", or "a formula of its own"
    counts_from_zero: bool = False  # whether labels must be 0, 1, 2, ...
    roundoff: Fraction = ROUNDOFF  # of the type in which distances or averages come back
    lacks: dict[str, str] = field(default_factory=dict)  # options that failed when they were tried, and the reasons
    calls: list[Call] = field(default_factory=list)  # every call of the class

    def __post_init__(self) -> None:
        self.name = getattr(self.model, "__name__", type(self.model).__name__)
        self.written = getattr(self.model, "written", self.name)
        self.kind = getattr(self.model, "kind", self.model)  # that has the methods: the class, or a model
        self.lacks.update(getattr(self.kind, "lacks", {}))
        self.finders = (self.method,) if self.method else FINDERS
        self.predictor = "predict"
        known = NAMES | ({"k": (self.n_neighbors,)} if self.n_neighbors else {})
        self.k_names = known["k"]
        if reason := without_method(self.name, self.kind, self.method):
            raise TargetError(reason)
        arguments = _arguments(self.model)
        self.names = {what: name for what, names in known.items() for name in names[::-1] if name in arguments}
        weights = arguments.get(self.names.get("weights", ""))
        if weights is not None and isinstance(weights.default, bool):  # a switch with another meaning
            del self.names["weights"]
        needed = [name for name, argument in arguments.items() if _is_needed(argument)]
        unknown = [name for name in needed if name not in self.names.values()]
        if unknown:
            raise TargetError(needs(self.name, unknown, self.n_neighbors))
        self.needed = {what: value for what, value in USUAL.items() if self.names.get(what) in needed}
        if self.device and "device" not in self.names:
            raise TargetError(f"the constructor of {self.name} takes no device, but --device is {self.device}")
        if not self.task and "similarity" in self.names and "k" not in self.names:
            self.task = "similarity"
        takes_k = "k" in self.names or any(map(self.k_name, (*self.finders, "predict")))
        if self.task != "similarity" and not takes_k:
            raise TargetError(without_k(self.name, list(arguments), self.n_neighbors))
        if not self.method and (reason := without_question(self.name, self.kind)):
            raise TargetError(reason)

    def own_name(self, method: str) -> str:
        """The name that the method has in the class: ``predict`` may have another there."""
        return self.predictor if method == "predict" else method

    def habits(self) -> list[str]:
        """How the class differs from one that can do everything, for the head of a report."""
        told = {
            f"always measures by {self.own_metric}": self.own_metric,
            f"always weighs by {self.own_weights}": self.own_weights,
            "takes labels 0, 1, 2, ... only": self.counts_from_zero,
            "computes in float32": self.roundoff > ROUNDOFF,
        }
        return [text for text, is_true in told.items() if is_true]

    def k_name(self, method: str) -> str | None:
        """The method's name for the number of neighbours."""
        arguments = _arguments(getattr(self.kind, self.own_name(method), None))
        return next((name for name in self.k_names if name in arguments), None)

    def has(self, method: str) -> bool:
        return callable(getattr(self.kind, self.own_name(method), None))

    def need(self, method: str, argument: str | None = None) -> None:
        """Raises NotOffered where the class has no such method, or the method no such argument."""
        if not self.has(method):
            raise NotOffered(f"{self.name} has no {method}")
        if argument and argument not in _arguments(getattr(self.kind, self.own_name(method))):
            raise NotOffered(f"{method} takes no {argument}")

    def need_own(self, what: str) -> None:
        """Raises Missing for a habit, such as "own fit", that belongs to this suite where the target is no class."""
        if reason := self.lacks.get(what):
            raise Missing(reason)

    def build(self, **wanted: Any) -> "Fitted":
        """A model with these k, metric, p and weights, or parameters of a similarity. Raises Missing without them."""
        for what, own in (("metric", self.own_metric), ("weights", self.own_weights)):
            if own and wanted.pop(what, own) != own:
                raise Missing(f"{self.name} has {own} as its only {what}")
        for what in ("metric", "weights", "similarity"):
            usual, value = USUAL[what], wanted.get(what, USUAL[what])
            reason = self.lacks.get(option(what, value))
            if value != usual and (reason or what not in self.names):
                raise Missing(reason or f"{self.name} takes no {what}")
            if reason:  # the usual value has another name here, and is hoped to be the default
                wanted.pop(what, None)
        for what in filter(wanted.__contains__, NO_USUAL_VALUE):
            if (reason := self.lacks.get(option(what, wanted[what]))) or what not in self.names:
                raise Missing(reason or f"{self.name} takes no {what}")
        if wanted.get("metric") != "minkowski":
            wanted.pop("p", None)
        elif "p" not in self.names:
            raise Missing(f"{self.name} takes no p")
        if self.device:
            wanted["device"] = self.device
        wanted = {**self.needed, **wanted}
        arguments = {self.names[what]: value for what, value in wanted.items() if what in self.names}
        self.calls.append(Call(f"model = {self.written}", (), arguments, self.model))
        return Fitted(self, self.model(**arguments), wanted.pop("k", 0), wanted, self.hand_over)


@dataclass
class Fitted:
    """A model of the target, which answers in NumPy arrays."""

    adapter: Adapter
    model: Any
    k: int
    wanted: dict[str, Any]  # the other parameters
    hand_over: Callable[[np.ndarray], Any]
    n: int = 0  # number of examples
    gives_away: str = ""  # "average": the targets are ``fingerprints``; "vote": each row has a label, and k is 1
    hidden: np.ndarray | None = None  # the label of each row, by which an answer names it: not its index

    def fit(self, X: np.ndarray, y: np.ndarray | None = None, sample_weight: np.ndarray | None = None) -> "Fitted":
        arguments = (X, np.zeros(len(X), dtype=np.int64) if y is None else y)
        if sample_weight is not None:
            self.adapter.need("fit", "sample_weight")
            self.call("fit", *arguments, sample_weight=sample_weight.copy())
        else:
            self.call("fit", *arguments[: self.fit_takes])
        self.n = len(X)
        return self

    @property
    def fit_takes(self) -> int:
        """The number of arguments of ``fit``: 1 for the examples alone, 2 with their targets."""
        return len(_arguments(self.model.fit))

    def call(self, method: str, *examples: Any, **options: Any) -> Any:
        """The result of the method, called with the examples in the container that the target takes."""
        copies = tuple(value.copy() if isinstance(value, np.ndarray) else value for value in examples)
        method = self.adapter.own_name(method)
        self.adapter.calls.append(Call(f"model.{method}", copies, options, getattr(self.model, method)))
        handed = [self.hand_over(rows) if isinstance(rows, np.ndarray) else rows for rows in examples]
        return listed(getattr(self.model, method)(*handed, **options))

    def neighbors(self, Q: np.ndarray | None, k: int | None = None) -> Found:
        """The neighbours of each query, in any way that the class has; Q=None: of each row, without the row itself."""
        form = self.adapter.form
        found = self._read_fingerprints(Q, k) if form is None else self._ask(form, Q, k)
        found.roundoff = self.adapter.roundoff
        if self.hidden is not None:
            rows = {int(label): row for row, label in enumerate(self.hidden)}
            named = [[rows.get(label, -1) for label in answer] for answer in found.indices]
            found.indices = named if found.ordered else [sorted(answer) for answer in named]
        return found

    def _ask(self, form: Form, Q: np.ndarray | None, k: int | None) -> Found:
        if Q is None and (reason := self.adapter.lacks.get("left out")):
            raise Missing(reason)
        options = self.k_option(form.method, k)
        k = self.k if k is None else k
        if Q is None:
            return read_batch(self.call(form.method, **options), form, self.n, k)
        if form.batch:
            return read_batch(self.call(form.method, Q, **options), form, len(Q), k)
        return stack([read_one(self.call(form.method, q, **options), form, k) for q in Q])

    def k_option(self, method: str, k: int | None) -> dict[str, int]:
        """The number of neighbours, k or the model's, as an argument of the method where the method takes it."""
        name = self.adapter.k_name(method)
        if k is not None and name is None:
            raise Missing(f"{method} takes no number of neighbours")
        if name is None or (k is None and "k" in self.adapter.names):
            return {}
        return {name: self.k if k is None else k}

    def _read_fingerprints(self, Q: np.ndarray | None, k: int | None) -> Found:
        """The neighbours that an average shows, as a set without an order; see ``fingerprints``."""
        if Q is None or k is not None or not self.gives_away:
            raise Missing(f"{self.adapter.name} does not show its neighbours")
        predicted = self.predict(Q)
        if predicted.shape != (len(Q),) or predicted.dtype.kind not in "iuf" or not np.all(np.isfinite(predicted)):
            raise Missing(f"{self.adapter.name} does not predict numbers, which would show its neighbours")
        if self.gives_away == "vote":
            return Found([[int(label)] for label in predicted])
        if coarseness(predicted) * self.k * 2.0 ** (self.n + 2) > 2.0**49:  # three roundings are below 1/4
            raise Missing(f"{self.adapter.name} predicts too few digits to show its neighbours")
        sums = self.k * (predicted.astype(np.float64) - 2.0 ** (self.n + 1))
        masks = [round(total) for total in sums.tolist()]
        is_whole = np.allclose(sums, masks, rtol=0, atol=0.25)
        if not is_whole or any(not 0 <= mask < 2**self.n or mask.bit_count() != self.k for mask in masks):
            raise Missing(f"{self.adapter.name} does not average, which would show its neighbours")
        return Found([[i for i in range(self.n) if mask >> i & 1] for mask in masks], ordered=False)

    def learned(self, name: str) -> Any:
        """An attribute of the fitted model. Raises Missing where it has none of this name."""
        if not hasattr(self.model, name):
            raise Missing(f"{self.adapter.name} has no {name}")
        return getattr(self.model, name)

    def predict(self, Q: np.ndarray | None) -> np.ndarray:
        """Predictions, (n_queries,) or (n_queries, n_outputs); Q=None: leave-one-out."""
        self.adapter.need("predict")
        if Q is None and (reason := self.adapter.lacks.get("predict left out")):
            raise Missing(reason)
        options = self.k_option("predict", None)
        if Q is None or not self.adapter.one_by_one:
            return to_array(self.call("predict", Q, **options))
        return np.array([to_array(self.call("predict", q, **options)) for q in Q])

    def shares(self, Q: np.ndarray) -> Any:
        """Vote shares, (n_queries, n_classes), or a list of them for several outputs."""
        self.adapter.need("predict_proba")
        shares = self.call("predict_proba", Q)
        parts = [to_array(share) for share in (shares if isinstance(shares, list) else [shares])]
        if any(part.dtype.kind not in "iuf" for part in parts):
            raise Unreadable("predict_proba returned something other than numbers, but should return shares")
        return parts if isinstance(shares, list) else parts[0]

    def distance(self, a: np.ndarray, b: np.ndarray) -> Any:
        """The distance between two examples, a NumPy number: by ``get_distance``, or by a search in b alone."""
        if self.adapter.has("get_distance") and "get_distance" not in self.adapter.lacks:
            return to_array(self.call("get_distance", a, b)).reshape(())[()]
        if self.adapter.form is None or self.adapter.form.distance_at is None:
            raise Missing(f"{self.adapter.name} gives no distances")
        one = self.adapter.build(k=1, **self.wanted)
        rows = np.stack([b, b])  # not one row alone: k = n is where searches fail that have right distances
        distances = one.fit(rows).neighbors(a[None]).distances
        assert distances is not None
        return distances[0, 0]


def fingerprints(places: np.ndarray) -> np.ndarray:
    """Targets whose average shows which rows were averaged: 2^(n + 1) + 2^place, for n rows.

    A sum of k powers of two is a mask of k bits. A sum that was divided by another number than k shows no mask, because
    its part k 2^(n + 1) is off by more than all powers together.

    >>> fingerprints(np.array([1, 0]))
    array([10.,  9.])
    """
    return 2.0 ** (len(places) + 1) + 2.0**places


def option(what: str, value: Any) -> str:
    """The key of ``lacks`` for an argument's value.

    >>> option("weights", "distance"), option("weights", max)
    ('weights=distance', 'weights=callable')
    """
    return f"{what}={value if isinstance(value, str) else 'callable'}"


def _arguments(function: Any) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # nothing to call, or compiled
        return {}


def _is_needed(argument: inspect.Parameter) -> bool:
    return argument.default is argument.empty and argument.kind not in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD)
