"""Level "within": averages and votes of all rows within a radius.

The rows lie on a line, at whole numbers: by every usual metric their distances are whole numbers, of which the radius
is one, so that rows at the radius itself are common.
"""

from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np

from conformance.cases import Case
from conformance.cases.strategies import labels, lattice_cases, numbers, predicting_cases
from conformance.claims.bad_input import REFUSALS
from conformance.claims.bits import is_rooted
from conformance.claims.claim import BITS, claim
from conformance.claims.questions import each_offered
from conformance.oracle.expected import average, inverse_weights, targets_of
from conformance.oracle.relations import assert_averages, assert_same_bits
from conformance.targets import Target, other_package
from conformance.targets.adapters import WITHIN
from conformance.targets.errors import Missing

CLASSIFIER, REGRESSOR = WITHIN["classifier"], WITHIN["regressor"]
FAR = 2.0**10  # from all rows of a lattice


@claim(lattice_cases(max_features=1, y=numbers))
def averages_within_a_radius(target: Target, case: Case) -> None:
    """A prediction is the average over all rows within the radius, those at exactly that distance too.

    Queries have different numbers of rows within the radius, so that one divisor for all is wrong for some.
    """
    radius = _radius(_distances(case), case.k)
    predicted = target.predictor(REGRESSOR, case, radius=radius).predict(case.Q)
    expected = [average(y, [1.0] * len(y)) for y in _targets_within(case, radius)]
    assert_averages(predicted, expected, replace(case, k=len(case.X)), f"average within {radius}")


@claim(lattice_cases(max_features=1, y=numbers))
def averages_within_weigh_by_inverse_distance(target: Target, case: Case) -> None:
    """Weighted by distance, a row within the radius counts by 1 / distance, and rows at distance 0 count alone.

    A small number that is added to every distance lets the other rows move the average of an exact match.
    """
    distances = _distances(case)
    radius = _radius(distances, case.k)
    predicted = target.predictor(REGRESSOR, case, "distance", radius=radius).predict(case.Q)
    weights = [inverse_weights(row[row <= radius]) for row in distances]
    expected = [average(y, w) for y, w in zip(_targets_within(case, radius), weights, strict=True)]
    assert_averages(predicted, expected, replace(case, k=len(case.X)), f"weighted average within {radius}", 4)


@claim(lattice_cases(max_features=1, y=labels))
def the_majority_within_wins(target: Target, case: Case) -> None:
    """The class that most rows within the radius have is predicted, however near the rows of other classes are.

    The class of the nearest row is an answer to another question.
    """
    radius = _radius(_distances(case), case.k)
    predicted = target.predictor(CLASSIFIER, case, radius=radius).predict(case.Q).tolist()
    for i, y in enumerate(_targets_within(case, radius)):
        votes = Counter(y.tolist())
        elected = [label for label, count in votes.items() if count == max(votes.values())]
        if predicted[i] not in elected:
            raise AssertionError(
                f"prediction[{i}]={predicted[i]!r}, but should be {elected[0]}; votes within {radius} are {dict(votes)}"
            )


@claim(lattice_cases(max_features=1, y=labels), effort=0.5)
def an_outlier_gets_its_label(target: Target, case: Case) -> None:
    """A query that has no row within the radius is predicted the ``outlier_label``, and the queries beside it are not.

    An argmax over no votes is the first class, which looks like any other prediction.
    """
    radius = _radius(_distances(case), case.k)
    label = int(np.max(targets_of(case)))
    fitted = target.predictor(CLASSIFIER, case, radius=radius, outlier_label=label)
    predicted = fitted.predict(np.concatenate([case.Q + FAR, case.Q])).tolist()
    alone = target.predictor(CLASSIFIER, case, radius=radius).predict(case.Q).tolist()
    expected = [label] * len(case.Q) + alone
    if predicted != expected:
        raise AssertionError(f"predictions={predicted}, but should be {expected}: the first {len(case.Q)} are outliers")


@claim(lattice_cases(max_features=1, y=labels), effort=0.5)
def without_rows_within_nothing_is_predicted(target: Target, case: Case) -> None:
    """A query that has no row within the radius has neither an average nor a vote: it is refused, or answered with NaN.

    A number such as 0 looks like any other prediction, and is used like one.
    """
    each_offered(partial(_assert_nothing_predicted, target, task, case) for task in (REGRESSOR, CLASSIFIER))


def _assert_nothing_predicted(target: Target, task: str, case: Case) -> None:
    known = targets_of(case).astype(np.float64 if task == REGRESSOR else np.int64)
    fitted = target.predictor(task, replace(case, y=known), radius=1.0)
    try:
        predicted = fitted.predict(case.Q + FAR)
    except REFUSALS:
        return
    for i, value in enumerate(predicted.tolist()):
        is_made_up = value in known if task == CLASSIFIER else value is not None and np.isfinite(value)
        if is_made_up:
            raise AssertionError(f"prediction[{i}]={value} without a row within the radius, but should be refused")


@claim(lattice_cases(max_features=1, min_rows=2, y=numbers))
def a_row_is_left_out_of_the_average_within(target: Target, case: Case) -> None:
    """``predict(None)`` predicts each row from all rows within its radius but itself, its twins included.

    A row that takes part in its own prediction makes a model look better than it is.
    """
    own = replace(case, Q=case.X)
    distances = _distances(own)
    np.fill_diagonal(distances, np.inf)
    radius = _radius(distances, 1)
    predicted = target.predictor(REGRESSOR, case, radius=radius).predict(None)
    others = [targets_of(case)[row <= radius] for row in distances]
    expected = [average(y, [1.0] * len(y)) for y in others]
    assert_averages(predicted, expected, replace(case, k=len(case.X)), f"average of the others within {radius}")


@claim(predicting_cases("numbers"), BITS)
def same_predictions_within(target: Target, case: Case) -> None:
    """Averages within a radius, and the shares of a vote, have the bits of the readable loop.

    Targets and votes are added nearest first: another order rounds otherwise.
    """
    if not target.promises_bits:
        raise Missing("claimed only for reference and accelerated: others are held to what rounding allows")
    target.need(REGRESSOR, "predict")  # before the other package is imported
    if is_rooted(case):
        return
    other = other_package(target)
    radius = float(np.max(np.asarray(other.search(case).neighbors(case.Q).distances)))
    each_offered(partial(_assert_same_within, (target, other), task, case, radius) for task in (REGRESSOR, CLASSIFIER))


def _assert_same_within(pair: tuple[Target, Target], task: str, case: Case, radius: float) -> None:
    if task == CLASSIFIER:
        case = replace(case, y=targets_of(case) > 0)
        found = [one.predictor(task, case, radius=radius).shares(case.Q) for one in pair]
        actual, expected = (np.hstack(shares) if isinstance(shares, list) else shares for shares in found)
    else:
        actual, expected = (one.predictor(task, case, radius=radius).predict(case.Q) for one in pair)
    assert_same_bits(actual, expected, "averages within the radius" if task == REGRESSOR else "shares of the votes")


def _distances(case: Case) -> np.ndarray:
    """The distance of each query to each row, (n_queries, n)."""
    return np.abs(case.Q - case.X[:, 0])


def _radius(distances: np.ndarray, k: int) -> float:
    """A distance at which there is a row, and within which each query has k rows; at least 1, as some refuse 0."""
    return max(1.0, float(np.max(np.sort(distances)[:, k - 1])))


def _targets_within(case: Case, radius: float) -> list[np.ndarray]:
    return [targets_of(case)[row <= radius] for row in _distances(case)]
