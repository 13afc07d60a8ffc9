"""A target: the implementation on trial, with a class for each task that it can do."""

import zlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conformance.cases import Case, SimilarityCase
from conformance.oracle.bounds import ROUNDOFF
from conformance.oracle.similarity import DIFFERENCES, EXPANDED, PRODUCTS
from conformance.targets.adapters import WITHIN, Adapter
from conformance.targets.errors import Avoided, Missing, NotOffered
from conformance.targets.fitted import FINGERPRINTS, Call, Fitted, fingerprints
from conformance.targets.triggers import triggers_of

TASKS = ("classifier", "regressor", "search", *WITHIN.values(), "similarity")
WIDE = 100.0  # a radius that is larger than every distance between numbers of a few units
TRANSLATED = ("manhattan", "chebyshev")  # metrics with which every claim about euclidean distances makes sense


@dataclass
class Target:
    """The implementation on trial: a class for each of its tasks, behind an adapter. Methods fit it to a case."""

    name: str
    adapters: dict[str, Adapter]
    promises_bits: bool = False  # those of ``reference``; other targets are held to the rounding of differences
    avoids: frozenset[str] = frozenset()  # triggers that it is not to be asked about

    def __post_init__(self) -> None:
        self.asked: list[Case] = []  # the questions since ``begin``

    def prepared(self, case: Any) -> Any:
        """The case as the target can be asked about it: in its only metric, and in numbers that its type holds."""
        adapter = self._first
        if not isinstance(case, Case) or adapter is None:
            return case
        if adapter.own_metric in TRANSLATED and case.metric == "euclidean":
            case = replace(case, metric=adapter.own_metric)
        if adapter.roundoff > ROUNDOFF:
            case = replace(case, X=_in_float32(case.X), Q=_in_float32(case.Q))
        return case

    @property
    def _first(self) -> Adapter | None:
        """The first of its classes that finds k neighbours, or predicts from them."""
        others = ("similarity", *WITHIN.values())
        return next((adapter for task, adapter in self.adapters.items() if task not in others), None)

    @property
    def shows_neighbors(self) -> bool:
        """Whether one of its classes has a method that finds neighbours, and not predictions alone."""
        return any(adapter.form is not None for adapter in self.adapters.values())

    @property
    def far(self) -> float:
        """A power of two so far from 0 that squares of it lose small whole numbers, which themselves stay exact."""
        return 2.0**27 if self._first is None or self._first.roundoff <= ROUNDOFF else 2.0**18

    def _searcher(self) -> Adapter:
        adapter = self.adapters.get("search") or self._first
        if adapter is None:
            raise NotOffered(f"{self.name} has no k neighbours")
        return adapter

    def search(self, case: Case) -> Fitted:
        """A model whose neighbours can be seen: directly, by a label of its own for each row, or by their average.

        Labels and targets are in a random order, so that nothing that is learnt from them follows the index.
        """
        adapter = self._searcher()
        self._check(adapter, case)
        weights = {} if adapter.own_weights else {"weights": "uniform"}
        fitted = adapter.build(k=case.k, metric=case.metric, p=case.p, **weights)
        if adapter.form and not adapter.form.by_label:
            return fitted.fit(case.X)
        hidden = shuffled(case)
        if adapter.form:
            fitted.hidden = hidden
            return fitted.fit(case.X, hidden)
        if adapter.task == "classifier" and case.k == 1:
            fitted.gives_away, fitted.hidden = "vote", hidden
            return fitted.fit(case.X, hidden)
        if adapter.task == "regressor" and len(case.X) <= FINGERPRINTS and not adapter.own_weights:
            fitted.gives_away, fitted.hidden = "average", hidden
            return fitted.fit(case.X, fingerprints(hidden))
        return fitted  # its neighbours cannot be seen

    def classifier(self, case: Case) -> Fitted:
        return self.predictor("classifier", case)

    def regressor(self, case: Case) -> Fitted:
        return self.predictor("regressor", case)

    def predictor(self, task: str, case: Case, weights: Any = None, **options: Any) -> Fitted:
        adapter = self._get(task)
        self._check(adapter, case)
        if task.endswith("classifier") and case.y is not None:
            _check_labels(adapter, case.y)
        if case.y is not None and case.y.ndim > 1 and (reason := adapter.lacks.get("outputs")):
            raise Missing(reason)
        weights = weights or case.weights
        fitted = adapter.build(k=case.k, metric=case.metric, p=case.p, weights=weights, **options)
        return fitted.fit(case.X, case.y, case.sample_weight)

    def similarity(self, case: SimilarityCase) -> Fitted:
        return self._get("similarity").build(**case.params).fit(case.X, case.y, case.sample_weight)

    @property
    def rbf_formula(self) -> str:
        """How the squared distances in an rbf may be made, see ``oracle.similarity``."""
        if not self.promises_bits:
            return EXPANDED
        model = self._get("similarity").model
        bases = model.__mro__ if isinstance(model, type) else ()
        is_accelerated = any(base.__module__.partition(".")[0] == "accelerated" for base in bases)
        return PRODUCTS if is_accelerated else DIFFERENCES

    def parts(self) -> list["Target"]:
        """A target for each class that has neighbours, so that a claim can be tried on each."""
        tasks = [task for task in self.adapters if task != "similarity"]
        if not tasks:
            raise NotOffered(f"{self.name} has no neighbours")
        parts = [replace(self, adapters={task: self.adapters[task]}) for task in tasks]
        for part in parts:
            part.asked = self.asked
        return parts

    def any(self, case: Case) -> Fitted:
        """A model for the first of the target's tasks, by the only metric and weights of a class that has no others."""
        task, adapter = next(iter(self.adapters.items()))
        if adapter.own_metric and case.metric == "euclidean":
            if adapter.own_metric == "cosine" and not (
                np.all(np.any(case.X, axis=-1)) and np.all(np.any(case.Q, axis=-1))
            ):
                raise Missing(f"{adapter.name} measures angles, and a vector of zeros has none")
            case = replace(case, metric=adapter.own_metric)
        if adapter.own_weights:
            case = replace(case, weights=adapter.own_weights)
        if task == "search":
            return self.search(case)
        return self.predictor(task, case, **({"radius": WIDE} if adapter.is_within else {}))

    def need(self, task: str, method: str) -> None:
        """Raises NotOffered where the target has no class for the task, or the class no such method."""
        self._get(task).need(method)

    def _get(self, task: str) -> Adapter:
        if task not in self.adapters:
            others = " or ".join(self.adapters)
            raise NotOffered(f"{self.name} is not a {task}{f', but a {others}' if 'radius' in others else ''}")
        return self.adapters[task]

    def _check(self, adapter: Adapter, case: Case) -> None:
        """Notes a question; raises Missing for a trigger to be avoided, and for numbers of another type."""
        self.asked.append(case)
        if self.avoids and (avoided := triggers_of(case) & self.avoids):
            raise Avoided(f"not asked about {', '.join(sorted(avoided))}")
        if adapter.roundoff > ROUNDOFF and not all(map(_fits_float32, (case.X, case.Q, case.y))):
            raise Missing(f"{adapter.name} computes in float32, which does not hold these numbers")

    def begin(self) -> None:
        """Forgets the calls that were made so far."""
        self.calls.clear()
        self.asked.clear()

    def met(self) -> set[str]:
        """The triggers in the questions since ``begin``."""
        return set().union(*map(triggers_of, self.asked))

    def last_method(self) -> str:
        """The method that was called last, with its file and line, such as "my_knn.py:12 in predict"."""
        call = self.calls[-1] if self.calls else None
        return call.place() if call else ""

    @property
    def calls(self) -> list[Call]:
        """The calls since ``begin``."""
        return next(iter(self.adapters.values())).calls


def shuffled(case: Case) -> np.ndarray:
    """The numbers from 0 to n - 1, in an order that depends on the case."""
    seed = zlib.crc32(np.ascontiguousarray(case.X).tobytes())
    return np.random.default_rng(seed).permutation(len(case.X))


def kind_of_labels(y: np.ndarray) -> str:
    """The kind of labels, as a reason names it.

    >>> kind_of_labels(np.array(["a", "b"])), kind_of_labels(np.array([0, 2]))
    ('words as labels', 'whole numbers as labels')
    """
    if y.dtype.kind in "iu":
        return "negative or large labels" if y.min() < 0 or y.max() >= 1000 else "whole numbers as labels"
    return {"U": "words as labels", "b": "truth values as labels"}.get(y.dtype.kind, "floating-point numbers as labels")


def _check_labels(adapter: Adapter, y: np.ndarray) -> None:
    """Raises Missing for labels that the class does not take; having none is for the class to refuse."""
    if not y.size:
        return
    if reason := adapter.lacks.get(kind_of_labels(y)):
        raise Missing(reason)
    if adapter.counts_from_zero and set(y.ravel().tolist()) != set(range(len(np.unique(y)))):
        raise Missing(f"{adapter.name} takes labels 0, 1, 2, ... only")


def _in_float32(rows: np.ndarray) -> np.ndarray:
    """Rows of float64 rounded to float32; as they are where that would make infinities."""
    if rows.dtype != np.float64:
        return rows
    with np.errstate(over="ignore"):
        rounded = rows.astype(np.float32).astype(np.float64)
    return rounded if np.all(np.isfinite(rounded)) else rows


def _fits_float32(values: np.ndarray | None) -> bool:
    if values is None or values.dtype.kind not in "iuf":
        return True
    with np.errstate(over="ignore", under="ignore"):
        return np.array_equal(
            values.astype(np.float32).astype(values.dtype), values, equal_nan=values.dtype.kind == "f"
        )
