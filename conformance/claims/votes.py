"""Level "votes": a classifier's predictions and shares, judged where the neighbours are determined."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.cases import Case, closeness, inverse
from conformance.cases.strategies import (
    any_labels,
    distinct_cases,
    labels,
    lattice_cases,
    one_label,
    ranked_cases,
    several_labels,
    word_labels,
)
from conformance.claims.averages import TINY
from conformance.claims.claim import BEHAVIOUR, BOUND, claim
from conformance.claims.questions import each_offered
from conformance.oracle.bounds import ROUNDOFF, average_bound, coarseness
from conformance.oracle.exact import Number, exact, is_determined, nearest
from conformance.oracle.expected import (
    WEIGHT_ROUNDINGS,
    assert_score,
    exact_of_all,
    nearest_distances,
    targets_of,
    weights_of,
)
from conformance.targets import Target
from conformance.targets.answers import to_array
from conformance.targets.fitted import Fitted


@claim(st.one_of(lattice_cases(y=labels), ranked_cases(labels)))
def the_majority_wins(target: Target, case: Case) -> None:
    """A prediction is a class that no other has more votes than.

    The largest label, or the mean of the labels, is a class too. Which class wins a tie is another claim's.
    """
    _assert_votes(target.classifier(case), case)


@claim(distinct_cases(y=labels, weights="distance", nearest=(2, 0, 1)), BOUND)
def votes_weigh_by_inverse_distance(target: Target, case: Case) -> None:
    """With weights 1 / distance the class with the largest sum of weights wins.

    A much-read library never updates the best score so far, so that the last class wins.
    """
    _assert_votes(target.classifier(case), case)


@claim(lattice_cases(y=labels, weights="distance"), effort=2)
def an_exact_match_votes_alone(target: Target, case: Case) -> None:
    """With weights 1 / distance, neighbours at distance 0 vote alone, one vote each.

    The nearest neighbour's infinite weight makes every share NaN, and the argmax of NaN is the first class.
    """
    _assert_votes(target.classifier(case), case)


@claim(distinct_cases(y=labels, weights="distance", nearest=(1,)), BOUND)
def tiny_distances_vote_alike(target: Target, case: Case) -> None:
    """With weights 1 / distance, the same class wins where all data are multiplied by a tiny power of two.

    1 / (distance + 1e-8) lets two rows at 2e-9 outvote one row at 0.
    """

    def assert_votes(small: float, weights: Any) -> None:
        tiny = replace(case, X=case.X * small, Q=case.Q * small)
        _assert_elected(target.predictor("classifier", tiny, weights).predict(tiny.Q), case)

    each_offered(partial(assert_votes, *tried) for tried in product(TINY, ("distance", inverse)))


@claim(lattice_cases(y=labels, weights="distance"), BOUND)
def a_tiny_distance_is_no_exact_match(target: Target, case: Case) -> None:
    """With weights 1 / distance, neighbours at distance 0 vote alone, however near the others are.

    A test for distances below 1e-8, or a number added to every distance, lets rows vote that are no exact match.
    """
    tiny = replace(case, X=case.X * TINY[0], Q=case.Q * TINY[0])
    _assert_elected(target.classifier(tiny).predict(tiny.Q), case)


@claim(distinct_cases(y=labels, weights="distance", nearest=(1,)), BOUND)
def a_tiny_distance_votes_as_an_exact_match(target: Target, case: Case) -> None:
    """A distance so small that 1 / distance overflows counts as 0 does in a vote.

    Infinity less infinity, and infinity divided by infinity, are NaN, and the argmax of NaN is the first class.
    """
    tiny = replace(case, X=case.X * 5e-324, Q=case.Q * 5e-324, metric="manhattan")
    weights = [[1.0] * case.k for _ in case.Q]
    _assert_elected(target.classifier(tiny).predict(tiny.Q), case, weights)


@claim(distinct_cases(y=labels), BOUND)
def votes_weigh_as_given(target: Target, case: Case) -> None:
    """A function for weights is given the distances, and each vote weighs as much as the function returns.

    A classifier may compute the weights and then count every vote as 1.
    """
    weights = [[float(closeness(d)) for d in row] for row in nearest_distances(case)]
    _assert_votes(target.predictor("classifier", case, closeness), case, weights)


@claim(lattice_cases(y=any_labels))
def labels_come_back_as_they_were(target: Target, case: Case) -> None:
    """Labels of any kind come back as they were: words, truth values, numbers that do not count from 0.

    ``bincount`` takes neither negative numbers nor words, and makes a table of a million counts for a label of a
    million.
    """
    predicted = target.classifier(case).predict(case.Q)
    known = set(targets_of(case).tolist())  # 1 and 1.0 are True, but "1" is not 1
    for i, label in enumerate(predicted.tolist()):
        if label not in known:
            raise AssertionError(f"prediction[{i}]={label!r}, but should be one of {sorted(known)}")
    _assert_elected(predicted, case)


@claim(lattice_cases(y=one_label), effort=0.3)
def one_class_is_predicted_always(target: Target, case: Case) -> None:
    """Where there is one class, it is predicted, with a share of 1.

    Formulas for two classes, and one-hot codes that drop a column, have nothing to count here.
    """
    fitted = target.classifier(case)
    predicted, only = fitted.predict(case.Q), targets_of(case)[0]
    if predicted.shape != (len(case.Q),) or not np.all(predicted == only):
        raise AssertionError(f"prediction={predicted.tolist()}, but should be {[only] * len(case.Q)}")
    if fitted.adapter.has("predict_proba"):
        shares = fitted.shares(case.Q)
        bound = average_bound(case.k, 1.0, 2.0**-53 * coarseness(shares))
        if shares.shape != (len(case.Q), 1) or not np.all(np.abs(shares - 1) <= bound):
            raise AssertionError(f"shares={shares.tolist()}, but should be {[[1.0]] * len(case.Q)}")


@claim(lattice_cases(y=several_labels))
def each_output_has_votes_of_its_own(target: Target, case: Case) -> None:
    """Each of several outputs is voted on by itself.

    A classifier may vote on whole rows of labels, or use a single table of classes for all outputs.
    """
    predicted = target.classifier(case).predict(case.Q)
    y = targets_of(case)
    if predicted.shape != (len(case.Q), y.shape[1]):
        raise AssertionError(f"prediction has shape {predicted.shape}, but should have {(len(case.Q), y.shape[1])}")
    for j, column in enumerate(y.T):
        _assert_elected(predicted[:, j], Case(case.X, case.Q, case.k, column))


@claim(lattice_cases(y=labels, min_rows=2))
def votes_without_the_row_itself(target: Target, case: Case) -> None:
    """``predict(None)`` predicts each training row's class from the others.

    With k = 1 and the row itself among its neighbours, every model is right about everything.
    """
    k = min(case.k, len(case.X) - 1)
    predicted = target.classifier(Case(case.X, case.Q, k, case.y)).predict(None)
    for i in range(len(case.X)):
        alone = Case(np.delete(case.X, i, 0), case.X[i : i + 1], k, np.delete(targets_of(case), i, 0))
        _assert_elected(predicted[i : i + 1], alone, name=f"prediction without row {i}")


@claim(lattice_cases(y=labels), BOUND)
def shares_are_the_part_of_the_votes(target: Target, case: Case) -> None:
    """``predict_proba`` has for each class the part of the k votes that it got.

    Shares that are not divided by k add up to k, or to any other number.
    """
    target.need("classifier", "predict_proba")
    _assert_shares(target.classifier(case), case)


@claim(lattice_cases(y=word_labels), BOUND)
def shares_are_in_the_order_of_classes(target: Target, case: Case) -> None:
    """The columns of ``predict_proba`` are in the order of ``classes_``, which is sorted; a class without votes has 0.

    The order in which classes are met in the data depends on the data.
    """
    target.need("classifier", "predict_proba")
    _assert_shares(target.classifier(case), case)
    fitted = target.classifier(case)
    if hasattr(fitted.model, "classes_"):
        classes, expected = to_array(fitted.model.classes_).tolist(), sorted(set(targets_of(case).tolist()))
        if classes != expected:
            raise AssertionError(f"classes_={classes}, but should be {expected}")


@claim(lattice_cases(y=labels), BEHAVIOUR)
def the_largest_share_is_predicted(target: Target, case: Case) -> None:
    """``predict`` names a class with the largest share in ``predict_proba``.

    Two pieces of code that answer one question can disagree.
    """
    target.need("classifier", "predict_proba")
    fitted = target.classifier(case)
    shares, predicted = fitted.shares(case.Q), fitted.predict(case.Q).tolist()
    classes = sorted(set(targets_of(case).tolist()))
    for i, (share, label) in enumerate(zip(shares.tolist(), predicted, strict=True)):
        best = [name for name, part in zip(classes, share, strict=True) if part == max(share)]
        if label not in best:
            raise AssertionError(f"prediction[{i}]={label!r}, but should be {best[0]!r}, with a share of {max(share)}")


@claim(lattice_cases(y=labels), BOUND)
def the_score_is_accuracy(target: Target, case: Case) -> None:
    """``score`` is the share of queries whose class is predicted.

    The share is that of the queries that were given, and not of the training data.
    """
    target.need("classifier", "score")
    fitted = target.classifier(case)
    y = targets_of(case)[::-1].copy()
    expected = float(np.mean(fitted.predict(case.X) == y))
    assert_score(fitted.call("score", case.X, y), expected, len(y))  # as the mean of n times 0 or 1


def _assert_shares(fitted: Fitted, case: Case) -> None:
    """Raises AssertionError unless each query whose neighbours are determined gets the shares of their votes."""
    shares, y = fitted.shares(case.Q), targets_of(case)
    classes = sorted(set(y.tolist()))
    if shares.shape != (len(case.Q), len(classes)):
        raise AssertionError(f"shares have shape {shares.shape}, but should have {(len(case.Q), len(classes))}")
    for i, distances in enumerate(exact_of_all(case)):
        if is_determined(distances, case.k):
            votes = [y[j] for j in nearest(distances, case.k)]
            expected = [votes.count(label) / case.k for label in classes]
            bound = average_bound(case.k, 1.0, 2.0**-53 * coarseness(shares))
            if not np.all(np.abs(shares[i] - expected) <= bound):
                raise AssertionError(f"shares[{i}]={shares[i].tolist()}, but should be {expected} for {classes}")


def _assert_votes(fitted: Fitted, case: Case, weights: Sequence[Sequence[float]] | None = None) -> None:
    _assert_elected(fitted.predict(case.Q), case, weights, roundoff=fitted.adapter.roundoff)


def _assert_elected(
    predicted: np.ndarray,
    case: Case,
    weights: Sequence[Sequence[float]] | None = None,
    name: str = "prediction",
    roundoff: Fraction = ROUNDOFF,
) -> None:
    """Raises AssertionError unless each query whose neighbours are determined gets a class with the most votes.

    A weight is relatively wrong by at most WEIGHT_ROUNDINGS u, the target's and ours alike; u is the target's roundoff.
    The target's sums round k - 1 times more; ours are exact. Where two sums are nearer to one another than these
    errors, rounding decides, and either class is right.
    """
    if predicted.shape != (len(case.Q),):
        raise AssertionError(f"{name} has shape {predicted.shape}, but should have {(len(case.Q),)}")
    weights = weights or weights_of(case)
    for i, distances in enumerate(exact_of_all(case)):
        if is_determined(distances, case.k):
            votes: dict[Any, Number] = {}
            for j, weight in zip(nearest(distances, case.k), weights[i], strict=True):
                label = targets_of(case)[j].item()
                votes[label] = votes.get(label, 0) + exact(weight)
            nearly = 1 - 2 * (2 * WEIGHT_ROUNDINGS + case.k) * roundoff
            elected = [label for label, count in votes.items() if count >= max(votes.values()) * nearly]
            if predicted[i] not in elected:
                counts = {label: float(count) for label, count in votes.items()}
                raise AssertionError(f"{name}[{i}]={predicted[i]!s}, but should be {elected[0]!s}; votes are {counts}")
