"""A fitted model of the target: it is asked in its own words, its calls are kept, and its answers become arrays."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from conformance.cases.case import as_code
from conformance.oracle.bounds import coarseness
from conformance.oracle.found import Found
from conformance.targets.answers import Form, Unreadable, listed, read_batch, read_one, stack, to_array
from conformance.targets.errors import Missing
from conformance.targets.names import number_taken
from conformance.targets.places import place_of_function

if TYPE_CHECKING:
    from conformance.targets.adapters import Adapter

FINGERPRINTS = 40  # rows with targets of their own; with more rows a rounded average may not show each target


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
    model: int = 1  # the number of the model

    def __str__(self) -> str:
        options = (f"{name}={as_code(value)}" for name, value in self.options.items())
        return f"{self.function}({', '.join([*map(as_code, self.examples), *options])})"

    def place(self) -> str:
        """The file and the line where the method begins."""
        return place_of_function(self.called)


def as_lines(calls: list[Call]) -> list[str]:
    """The calls as code: ``model`` is the one that is asked last, and ``another`` is one that was made after it."""
    asked, latest = (calls[-1].model, max(call.model for call in calls)) if calls else (1, 1)
    others = "model" if asked == latest else "another"
    return [str(call) if call.model == asked else others + str(call).removeprefix("model") for call in calls]


@dataclass
class Fitted:
    """A model of the target, which answers in NumPy arrays."""

    adapter: "Adapter"
    model: Any
    k: int
    wanted: dict[str, Any]  # the other parameters
    hand_over: Callable[[np.ndarray], Any]
    n: int = 0  # number of examples
    gives_away: str = ""  # "average": the targets are ``fingerprints``; "vote": each row has a label, and k is 1
    hidden: np.ndarray | None = None  # the label of each row, by which an answer names it: not its index
    number: int = 1  # of the models that were made for a case

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
        if self.adapter.fit_takes is None:
            self.adapter.fit_takes = number_taken(getattr(self.model, self.adapter.own_name("fit")))
        return self.adapter.fit_takes

    def call(self, method: str, *examples: Any, **options: Any) -> Any:
        """The result of the method, called with the examples in the container that the target takes."""
        copies = tuple(value.copy() if isinstance(value, np.ndarray) else value for value in examples)
        method = self.adapter.own_name(method)
        self.adapter.calls.append(Call(f"model.{method}", copies, options, getattr(self.model, method), self.number))
        handed = [self.hand_over(rows) if isinstance(rows, np.ndarray) else rows for rows in examples]
        return listed(getattr(self.model, method)(*handed, **options))

    def neighbors(self, Q: np.ndarray | None, k: int | None = None) -> Found:
        """The neighbours of each query, in any way that the class has; Q=None: of each row, without the row itself."""
        form = self.adapter.form
        found = self._read_fingerprints(Q, k) if form is None else self._ask(form, Q, k)
        found.roundoff = self.adapter.roundoff
        if form is None:
            found.name = "rows behind prediction"
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
