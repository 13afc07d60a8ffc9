"""How claims question a target: each of its classes, in every way in which the class answers."""

from collections.abc import Callable, Iterable
from functools import partial, wraps
from typing import Any

import numpy as np

from conformance.oracle.found import Found
from conformance.targets import Target
from conformance.targets.adapters import Adapter
from conformance.targets.errors import Missing, NotOffered
from conformance.targets.fitted import Fitted

Question = Callable[[Fitted, np.ndarray], list[np.ndarray]]


def each_model(trial: Callable[[Target, Any], None]) -> Callable[[Target, Any], None]:
    """Tries the claim on each of the target's classes; raises Missing only where none of them has the means."""

    @wraps(trial)
    def on_each(target: Target, case: Any) -> None:
        each_offered(partial(trial, part, case) for part in target.parts())

    return on_each


def each_offered(trials: Iterable[Callable[[], None]]) -> None:
    """Tries each of them; raises Missing only where the target has the means for none."""
    missing, n_tried = [], 0
    for n_tried, trial in enumerate(trials, start=1):  # noqa: B007
        try:
            trial()
        except Missing as lack:
            missing.append(lack)
    if len(missing) == n_tried:
        raise next((lack for lack in missing if not isinstance(lack, NotOffered)), missing[0])


def answers(fitted: Fitted, Q: np.ndarray) -> list[np.ndarray]:
    """Everything that the model says about the queries: neighbours, their distances, predictions."""
    return [part for question in questions(fitted.adapter) for part in question(fitted, Q)]


def questions(adapter: Adapter) -> list[Question]:
    """The ways to ask a model about queries; each of them must refuse bad input."""
    ways: list[Question] = [_neighbors] if adapter.form else []
    return [*ways, _predictions] if adapter.has("predict") else ways


def _neighbors(fitted: Fitted, Q: np.ndarray) -> list[np.ndarray]:
    found = fitted.neighbors(Q)
    indices = np.array(found.indices)
    return [indices] if found.distances is None else [indices, found.distances]


def _predictions(fitted: Fitted, Q: np.ndarray) -> list[np.ndarray]:
    return [fitted.predict(Q)]


def in_order(found: Found) -> Found:
    """The neighbours; raises Missing where they are known only as a set."""
    if not found.ordered:
        raise Missing("its neighbours come in no order")
    return found


def with_distances(found: Found) -> Found:
    """The neighbours; raises Missing where they come without distances."""
    if found.distances is None:
        raise Missing("its neighbours come without distances")
    return found
