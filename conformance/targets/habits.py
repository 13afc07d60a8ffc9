"""Finds out the habits of a class that claims must respect, so that no claim accuses it of what it does not offer.

A class may have a single metric, always weigh its neighbours, compute in float32, or need labels that count from 0.
"""

import contextlib
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from conformance.cases import Case
from conformance.cases.strategies import KINDS_OF_LABELS
from conformance.oracle.exact import exact_distances, nearest
from conformance.oracle.found import Found
from conformance.oracle.relations import POWERS, assert_nearest
from conformance.targets.adapters import Adapter, option
from conformance.targets.answers import to_array
from conformance.targets.errors import Missing
from conformance.targets.target import Target, kind_of_labels

RNG = np.random.default_rng(1)
ROWS, QUERIES = RNG.normal(size=(12, 4)), RNG.normal(size=(6, 4))  # no two metrics agree on the nearest
SETS, MORE_SETS = RNG.integers(0, 3, (12, 6)), RNG.integers(0, 3, (6, 6))  # numbers as names, for hamming and jaccard
K = 4
ONLY_METRICS = ("manhattan", "chebyshev", "cosine", "hamming", "jaccard")


def learn_habits(adapter: Adapter) -> None:
    """Notes in the adapter how its class differs from one that can do everything."""
    target = Target(adapter.name, {adapter.task: adapter})
    if not _takes(adapter, "metric", "euclidean"):
        metric = _only_metric(target)
        adapter.own_metric = "" if metric == "euclidean" else metric
    else:
        _note_unused_metrics(target)
    if adapter.has("predict") and not _takes(adapter, "weights", "uniform"):
        adapter.own_weights = _only_weights(target)
    adapter.roundoff = _roundoff(target)
    if adapter.task.endswith("classifier"):
        for names in KINDS_OF_LABELS:
            _try_labels(target, names)


def _takes(adapter: Adapter, what: str, value: str) -> bool:
    return what in adapter.names and option(what, value) not in adapter.lacks


def _only_metric(target: Target) -> str:
    """The metric by which the neighbours are the nearest; euclidean where none fits, or where none can be seen."""
    tables = [(ROWS, QUERIES), (SETS.astype(np.float64), MORE_SETS.astype(np.float64))]
    for k in (K, 1):  # where predictions show no neighbours, they may show the nearest
        with contextlib.suppress(Exception):
            cases = [Case(X, Q, k) for X, Q in tables]
            found = [target.search(case).neighbors(case.Q) for case in cases]
            return next((metric for metric in ("euclidean", *ONLY_METRICS) if _fits(metric, cases, found)), "euclidean")
    return "euclidean"


def _fits(metric: str, cases: list[Case], found: list[Found]) -> bool:
    """Whether the answers are the nearest by the metric, in a type that may be narrow."""
    try:
        for case, answer in zip(cases, found, strict=True):
            assert_nearest(replace(answer, roundoff=Fraction(1, 2**20)), replace(case, metric=metric))
    except AssertionError:
        return False
    return True


def _note_unused_metrics(target: Target) -> None:
    """Notes the metrics that the class answers as it does a name that means nothing; a claim asks it to refuse that."""
    (adapter,) = target.adapters.values()
    with contextlib.suppress(Exception):
        unknown = _answers_by(target, "no such metric")
        for metric in (*ONLY_METRICS, "sqeuclidean", "minkowski"):
            key = option("metric", metric)
            if key not in adapter.lacks and _answers_by(target, metric) == unknown:
                adapter.lacks[key] = (
                    f"{adapter.name} takes metric={metric!r} as it takes any name that it does not know"
                )


def _answers_by(target: Target, metric: str) -> tuple[list[list[int]], list[list[float]]]:
    found = target.search(Case(ROWS, QUERIES, K, metric=metric, p=3)).neighbors(QUERIES)
    return found.indices, [] if found.distances is None else found.distances.tolist()


def _only_weights(target: Target) -> str:
    """How a class weighs that has no uniform weights; empty where it counts its neighbours alike, or does not average.

    The weights of a regressor are its predictions from targets of 1 for one row and 0 for the others.
    """
    (adapter,) = target.adapters.values()
    with contextlib.suppress(Exception):
        if adapter.task.endswith("classifier"):
            return "distance" if _votes_by_distance(target) else ""
        k = len(ROWS) if adapter.is_within else K
        case = Case(ROWS, QUERIES[:1], k, metric=adapter.own_metric or "euclidean")
        exact = exact_distances(case.X, case.Q[0], case.metric)
        near = nearest(exact, k)
        distances = np.array([float(exact[i]) for i in near]) ** (1 / POWERS.get(case.metric, 1))
        unit_targets = np.eye(len(ROWS))[near]
        weights = np.array([target.any(replace(case, y=y)).predict(case.Q)[0] for y in unit_targets], dtype=np.float64)
        if not np.isclose(weights.sum(), 1, atol=1e-5) or np.any(np.diff(weights) > 1e-6) or np.ptp(weights) < 1e-5:
            return ""
        return "distance" if np.allclose(weights, (1 / distances) / sum(1 / distances), atol=1e-4) else OWN_FORMULA
    return ""


OWN_FORMULA = "a formula of its own"


def _votes_by_distance(target: Target) -> bool:
    """Whether one near row outvotes two far ones, and does not outvote two rows that are hardly farther."""
    for near, wins in ((1.0, True), (2.0, False)):
        for first in (0, 1):
            case = Case(np.array([[near], [3.0], [-3.0]]), np.zeros((1, 1)), 3, np.array([first, 1 - first, 1 - first]))
            if target.any(case).predict(case.Q)[0] != (first if wins else 1 - first):
                return False
    return True


def _roundoff(target: Target) -> Fraction:
    """The roundoff of the type in which distances come back, or predictions from targets in float64."""
    (adapter,) = target.adapters.values()
    answer: Any = np.zeros(1)
    with contextlib.suppress(Exception):
        case = Case(ROWS, QUERIES, K, np.linspace(0, 1, len(ROWS)), metric=adapter.own_metric or "euclidean")
        if adapter.form and adapter.form.distance_at is not None:
            answer = target.search(case).neighbors(case.Q).distances
        elif adapter.task.endswith("regressor"):
            answer = target.any(case).predict(case.Q)
    dtype = to_array(answer).dtype
    return Fraction(float(np.finfo(dtype).eps) / 2) if dtype.kind == "f" else Fraction(1, 2**53)


def _try_labels(target: Target, names: np.ndarray) -> None:
    """Notes the exception where the class takes no labels of this kind."""
    (adapter,) = target.adapters.values()
    labels = names[np.arange(len(ROWS)) % len(names)]
    case = Case(ROWS, QUERIES, K, labels, metric=adapter.own_metric or "euclidean")
    try:
        target.any(case).predict(case.Q)
    except Missing as missing:
        adapter.lacks[kind_of_labels(labels)] = str(missing)
    except Exception as error:
        kind = kind_of_labels(labels)
        adapter.lacks[kind] = f"{adapter.name} takes no {kind}: {type(error).__name__}"
