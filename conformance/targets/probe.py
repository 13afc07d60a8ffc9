"""Finds out in which form a class takes examples and returns answers, by trying it on seven examples.

Their features, distances and labels cannot be taken for indices, and no two axes of an answer are equally long.
"""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from itertools import product
from textwrap import shorten
from typing import Any

import numpy as np

from conformance.cases.data import BIT_METRICS, OTHER_METRICS
from conformance.cases.similarity import SIMILARITIES, SOLVERS
from conformance.targets.adapters import WITHIN, Adapter, option
from conformance.targets.answers import Form, Unreadable, read_batch, read_one, to_array
from conformance.targets.errors import Missing, TargetError
from conformance.targets.fitted import Fitted, as_arrays, as_lists, as_tensors
from conformance.targets.places import in_one_line, place_of

X = np.array([[0.3, 0.8], [10.1, 0.1], [4.2, 0.9], [7.7, 0.2], [5.9, 0.7], [-3.4, 0.3], [-8.6, 0.6]])
LABELS = np.array([50, 51, 52, 53, 54, 55, 56])
FROM_ZERO = np.array([3, 5, 0, 6, 1, 4, 2])  # for a class that takes no others
Q = np.array([[4.45, 0.5], [8.95, 0.25], [-1.75, 0.5], [0.15, 0.25], [6.05, 0.5]])
K, WIDE = 4, 100.0  # neighbours, and a radius within which all examples are
ALIASES = ("l1", "cityblock", "l2", "infinity")
ASKED = {"left out": "asked without queries", "predict left out": "asked by predict(None)"}  # keys of ``lacks``


def open_adapter(
    model: Callable[..., Any], device: str | None = None, task: str = "", n_neighbors: str = "", method: str = ""
) -> Adapter:
    """An adapter that knows the class's form of answers. Raises TargetError for a class that cannot be tried."""
    adapter = Adapter(model, device, task, n_neighbors, method)
    adapter.hand_over = _find_container(adapter)
    if adapter.task == "similarity":
        _try_values(adapter, "similarity", SIMILARITIES, Fitted.predict)
        _try_values(adapter, "solver", SOLVERS, Fitted.predict)
        return adapter
    _try(adapter, option("metric", "euclidean"), lambda: _fitted(adapter))
    adapter.form = next(forms(adapter, *adapter.finders), None)
    if adapter.method and adapter.form is None:
        adapter.predictor = adapter.method
    if adapter.form is None and not adapter.has("predict"):
        raise TargetError(_not_understood(adapter))
    adapter.one_by_one = _takes_one(adapter)
    adapter.task = adapter.task or _find_task(adapter)
    if adapter.is_within:
        adapter.task = WITHIN.get(adapter.task, adapter.task)
    ask = Fitted.neighbors if adapter.form else Fitted.predict
    _try_values(adapter, "metric", (*BIT_METRICS, "minkowski", *OTHER_METRICS, *ALIASES), ask)
    _try_values(adapter, "weights", ("uniform", "distance", _alike), _ask_weighted)
    _try(adapter, "get_distance", lambda: float(to_array(_fitted(adapter).call("get_distance", X[0], X[1]))))
    _try_left_out(adapter)
    _try_outputs(adapter)
    adapter.calls.clear()
    return adapter


def _not_understood(adapter: Adapter) -> str:
    """What the search answers, which is read neither as neighbours nor as predictions."""
    method = next(filter(adapter.has, adapter.finders))
    fitted = _fitted(adapter)
    answers = []
    for queries in (Q, Q[0]):
        with contextlib.suppress(Exception):
            answers.append(fitted.call(method, queries, **fitted.k_option(method, None)))
    shown = shorten(repr(answers[0]), 120, placeholder=" ...") if answers else "nothing"
    return (
        f"{adapter.name}.{method}, asked for {K} neighbours among {len(X)} rows, returned {shown}, which is not "
        "understood: return (distances, indices), pairs of (index, distance), or indices, and number the rows from 0; "
        "or write conformance.adapt (docs/adapters.md)"
    )


def _fitted(adapter: Adapter, y: np.ndarray | None = None, **wanted: Any) -> Fitted:
    y = _labels(adapter) if y is None else y
    return adapter.build(**{"k": K, "radius": WIDE, "metric": "euclidean", **wanted}).fit(
        _suited(X, wanted.get("metric")), y
    )


def _suited(rows: np.ndarray, metric: Any) -> np.ndarray:
    """The rows, or angles that are as small as those of a globe."""
    return rows / 8 if metric == "haversine" else rows


def _labels(adapter: Adapter) -> np.ndarray:
    return FROM_ZERO if adapter.counts_from_zero else LABELS


def _find_container(adapter: Adapter) -> Callable[[np.ndarray], Any]:
    """The container that the class takes: arrays, else lists, else tensors. Raises TargetError if it takes none.

    Notes whether its labels must count from 0, and whether a ``fit`` of unknown arguments takes no labels.
    """
    methods = list(filter(adapter.has, dict.fromkeys((*adapter.finders, "predict"))))
    containers = (as_arrays, as_lists, as_tensors)
    raised: list[str] = []
    ways = product((None, 1), (False, True), methods, containers)
    for adapter.fit_takes, adapter.counts_from_zero, method, adapter.hand_over in ways:
        for queries in (Q, Q[0]):
            try:
                with warnings.catch_warnings(action="ignore"):  # a claim of its own is about them
                    fitted = adapter.build(k=K, radius=WIDE).fit(X, _labels(adapter))  # with its default metric
                    fitted.call(method, queries, **fitted.k_option(method, None))
                return adapter.hand_over
            except Exception as error:
                raised.append(f"{in_one_line(error)}{f' ({place})' if (place := place_of(error)) else ''}")
    raise TargetError(f"{adapter.name} cannot be fitted to seven examples and asked: {raised[0]}")


def forms(adapter: Adapter, *methods: str) -> Iterator[Form]:
    """The forms in which the methods' answers can be read as neighbours, the likeliest first."""
    for method in filter(adapter.has, methods):
        for batch in (True, False) if method in ("kneighbors", "query", "search") else (False, True):
            with contextlib.suppress(Exception):
                fitted = _fitted(adapter)
                result = fitted.call(method, Q if batch else Q[0], **fitted.k_option(method, None))
                for layout, parts in _layouts(result, batch):
                    for form in _read(Form(method, batch, layout, 0, None, False), parts):
                        yield form._replace(by_label=form.by_label or _follows_labels(adapter, form))


def _follows_labels(adapter: Adapter, form: Form) -> bool:
    """Whether the answer has labels from 0 to n - 1, which look like indices: it changes with them."""
    if not adapter.counts_from_zero:
        return False
    answers = []
    for labels in (FROM_ZERO, FROM_ZERO[::-1].copy()):
        fitted = _fitted(adapter, labels)
        queries = Q if form.batch else Q[0]
        result = fitted.call(form.method, queries, **fitted.k_option(form.method, None))
        read = read_batch(result, form, len(Q), K) if form.batch else read_one(result, form, K)
        answers.append(read.indices)
    return answers[0] != answers[1]


def _layouts(result: Any, batch: bool) -> Iterator[tuple[str, list[np.ndarray]]]:
    """The ways to take an answer apart, each part to be of shape (n_queries, k)."""
    with contextlib.suppress(Exception):
        parts = [to_array(part) for part in result]
        yield "parts", parts if batch else [part.reshape(1, -1) for part in parts]
    with contextlib.suppress(Exception):
        table = [[tuple(map(to_array, pair)) for pair in row] for row in (result if batch else [result])]
        yield "pairs", [np.array([[pair[i] for pair in row] for row in table]) for i in range(len(table[0][0]))]
    with contextlib.suppress(Exception):
        yield "rows", [to_array(result) if batch else to_array(result).reshape(1, -1)]


def _read(form: Form, parts: list[np.ndarray]) -> Iterator[Form]:
    n_queries = len(Q) if form.batch else 1
    shapes = [(n_queries, k) for k in (K, K - 1, K + 1)]  # the claims report one neighbour too few or too many
    kinds = [_kind(part) if part.shape in shapes else "other" for part in parts]
    if kinds.count("index") == 2:  # whole distances look like indices
        kinds = ["distance" if k == "index" and _are_distances(p) else k for k, p in zip(kinds, parts, strict=True)]
    if "feature" in kinds:  # the answer has the rows themselves, perhaps with their labels
        return
    for by_label, wanted in ((False, "index"), (True, "label")):
        if kinds.count(wanted) == 1:  # two such parts would belong to two queries
            distance = kinds.index("distance") if "distance" in kinds else None
            yield form._replace(index_at=kinds.index(wanted), distance_at=distance, by_label=by_label)


def _are_distances(part: np.ndarray) -> bool:
    """Whether numbers that could be indices are distances: floating-point numbers, or the same ones in a row."""
    return part.dtype.kind == "f" or any(len(set(row)) < len(row) for row in part.tolist())


def _kind(part: np.ndarray) -> str:
    if part.dtype.kind not in "iuf":
        return "other"
    if np.all(np.isin(part, X)):
        return "feature"
    if np.all(np.isin(part, np.arange(len(X)))):
        return "index"
    return "label" if np.all(np.isin(part, LABELS)) else "distance"


def _takes_one(adapter: Adapter) -> bool:
    """Whether ``predict`` takes one example: given several, it does not return one prediction for each."""
    for adapter.one_by_one in (False, True):
        with contextlib.suppress(Exception):
            if _fitted(adapter).predict(Q).shape[:1] == (len(Q),):
                return adapter.one_by_one
    return False


def _find_task(adapter: Adapter) -> str:
    """The task by the class's name, or else by its predictions from targets 0 and 12: an average is another number.

    A classifier may predict 0 and 1, the places of the labels, by mistake.
    """
    if not adapter.has("predict"):
        return "search"
    for task in ("classifier", "regressor"):
        if task[:7] in adapter.name.lower():
            return task
    if not adapter.has("predict_proba"):
        with contextlib.suppress(Exception):
            predicted = _fitted(adapter, y=np.array([0, 12, 0, 12, 0, 12, 0])).predict(Q)
            are_labels = any(np.all(np.isin(predicted, labels)) for labels in ([0, 12], [0, 1]))
            return "classifier" if are_labels else "regressor"
    return "classifier"


def _try_values(adapter: Adapter, what: str, values: tuple[Any, ...], ask: Callable[[Fitted, np.ndarray], Any]) -> None:
    for value in values if what in adapter.names else ():
        _try(adapter, option(what, value), lambda: ask(_fitted(adapter, **{what: value, "p": 3}), _suited(Q, value)))  # noqa: B023


def _alike(distances: Any) -> Any:
    """A function for ``weights`` that notes when it is called."""
    CALLED.append(len(distances))
    return np.full(np.shape(distances), 1 / 3)


CALLED: list[int] = []


def _ask_weighted(fitted: Fitted, queries: np.ndarray) -> None:
    CALLED.clear()
    fitted.predict(queries)
    if fitted.wanted.get("weights") is _alike and not CALLED:
        raise ValueError("a function, which is not called")


def _try_left_out(adapter: Adapter) -> None:
    form = adapter.form
    if form and form.batch:
        _try(adapter, "left out", lambda: _check_length(_fitted(adapter).neighbors(None).indices))
    else:
        adapter.lacks["left out"] = f"{adapter.name} has no way to leave each example out of its own neighbours"
    _try(adapter, "predict left out", lambda: _check_length(_fitted(adapter).predict(None)))


def _check_length(answers: Any) -> None:
    if np.shape(answers)[:1] != (len(X),):
        raise ValueError(f"answers of shape {np.shape(answers)} for {len(X)} examples")


def _try_outputs(adapter: Adapter) -> None:
    with contextlib.suppress(Exception):
        if _fitted(adapter, y=np.column_stack([LABELS, LABELS])).predict(Q).shape == (len(Q), 2):
            return
    adapter.lacks["outputs"] = f"{adapter.name} has one output"


def _try(adapter: Adapter, key: str, ask: Callable[[], Any]) -> None:
    """Notes the exception, if there is one, so that claims which need this option can be skipped with a reason."""
    try:
        ask()
    except Unreadable:  # it answered, and the claims will judge the answer
        pass
    except Missing as missing:
        adapter.lacks[key] = str(missing)
    except Exception as error:
        adapter.lacks[key] = f"{adapter.name} {ASKED.get(key, f'with {key}')} raises {in_one_line(error, 80)}"
