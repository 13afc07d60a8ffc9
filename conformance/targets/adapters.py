"""Talks to a class that knows nothing of this suite, in the class's own words.

A method or argument that the class lacks raises ``Missing``, and a claim that needs it is skipped with that reason.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from conformance.oracle.bounds import ROUNDOFF
from conformance.targets.answers import Form
from conformance.targets.errors import Missing, NotOffered, TargetError
from conformance.targets.fitted import Call, Fitted, as_arrays
from conformance.targets.names import FINDERS, FITTERS, NAMES, arguments_of
from conformance.targets.refusals import needs, without_k, without_method, without_question

NO_USUAL_VALUE = (  # a claim asks for them, or leaves them
    *("fit_intercept", "solver", "tol", "max_iter", "warm_start"),
    *("class_weight", "aggregate", "outlier_label"),
)
USUAL = {
    **{"k": 1, "radius": 1.0, "metric": "euclidean", "p": 2, "weights": "uniform"},
    **{"similarity": "rbf", "gamma": 1.0, "jitter": 1e-6},
}
WITHIN = {"classifier": "radius-classifier", "regressor": "radius-regressor"}  # predict from all rows within a radius


@dataclass
class Adapter:
    """One class of a target: the names of its arguments, and how its methods take examples and give answers.

    Raises TargetError for a class without ``fit``, without an argument for k, or with an unknown argument that has no
    default.
    """

    model: Callable[..., Any]  # the class, or a ``Maker`` of its models
    device: str | None = None
    task: str = ""  # see ``target.TASKS``
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
    fit_takes: int | None = None  # arguments of ``fit``, once a model was asked: 1 for the examples, 2 with targets

    def __post_init__(self) -> None:
        self.name = getattr(self.model, "__name__", type(self.model).__name__)
        self.written = getattr(self.model, "written", self.name)
        self.kind = getattr(self.model, "kind", self.model)  # that has the methods: the class, or a model
        self.lacks.update(getattr(self.kind, "lacks", {}))
        self.finders: tuple[str, ...] = (self.method,) if self.method else FINDERS
        self.predictor = "predict"
        self.fitter = next((name for name in FITTERS if callable(getattr(self.kind, name, None))), "fit")
        known = NAMES | ({"k": (self.n_neighbors,)} if self.n_neighbors else {})
        self.k_names = known["k"]
        if reason := without_method(self.name, self.kind, self.method):
            raise TargetError(reason)
        arguments = arguments_of(self.model)
        self.names = {what: name for what, names in known.items() for name in names[::-1] if name in arguments}
        takes_k = "k" in self.names or any(map(self.k_name, (*self.finders, "predict")))
        self.is_within = self._predicts_within(takes_k)
        if self.is_within:
            self.finders, self.predictor = (), self.method or "predict"
        self.names.pop("k" if self.is_within else "radius", None)  # an option there
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
        if self.task != "similarity" and not takes_k and not self.is_within:
            raise TargetError(without_k(self.name, list(arguments), self.n_neighbors))
        if not self.method and (reason := without_question(self.name, self.kind)):
            raise TargetError(reason)

    def _predicts_within(self, takes_k: bool) -> bool:
        """Whether it predicts from all rows within a radius: it takes no k, or the user says so."""
        is_likely = not takes_k and "similarity" not in self.names
        return (
            (self.task in WITHIN.values() or is_likely)
            and "radius" in self.names
            and self.has(self.method or "predict")
        )

    def own_name(self, method: str) -> str:
        """The name that the method has in the class: ``fit`` and ``predict`` may have another there."""
        return {"predict": self.predictor, "fit": self.fitter}.get(method, method)

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
        arguments = arguments_of(getattr(self.kind, self.own_name(method), None))
        return next((name for name in self.k_names if name in arguments), None)

    def has(self, method: str) -> bool:
        return callable(getattr(self.kind, self.own_name(method), None))

    def need(self, method: str, argument: str | None = None) -> None:
        """Raises NotOffered where the class has no such method, or the method no such argument."""
        if not self.has(method):
            raise NotOffered(f"{self.name} has no {method}")
        if argument and not self.takes(method, argument):
            raise NotOffered(f"{method} takes no {argument}")

    def takes(self, method: str, argument: str) -> bool:
        """Whether the method has this argument."""
        return argument in arguments_of(getattr(self.kind, self.own_name(method), None))

    def need_own(self, what: str) -> None:
        """Raises Missing for a habit, such as "own fit", that belongs to this suite where the target is no class."""
        if reason := self.lacks.get(what):
            raise Missing(reason)

    def build(self, **wanted: Any) -> Fitted:
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
            if "p" in self.names and "metric" not in self.names:  # which may have another default
                wanted["p"] = 2
        elif "p" not in self.names:
            raise Missing(f"{self.name} takes no p")
        if self.device:
            wanted["device"] = self.device
        wanted = {**self.needed, **wanted}
        arguments = {self.names[what]: value for what, value in wanted.items() if what in self.names}
        number = 1 + max((call.model for call in self.calls), default=0)
        self.calls.append(Call(f"model = {self.written}", (), arguments, self.model, number))
        return Fitted(self, self.model(**arguments), wanted.pop("k", 0), wanted, self.hand_over, number=number)


def option(what: str, value: Any) -> str:
    """The key of ``lacks`` for an argument's value.

    >>> option("weights", "distance"), option("weights", max)
    ('weights=distance', 'weights=callable')
    """
    return f"{what}={value if isinstance(value, str) else 'callable'}"


def _is_needed(argument: inspect.Parameter) -> bool:
    return argument.default is argument.empty and argument.kind not in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD)
