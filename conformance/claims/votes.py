"""Level "votes": what a classifier makes of the neighbours, judged where they are determined."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from conformance.cases import Case, closeness
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
from conformance.targets.adapters import Fitted
from conformance.targets.answers import to_array


def the_majority_wins(target: Target, case: Case) -> None:
    """A prediction is a class that no other has more votes than.

    Which of several with as many votes is another claim's.
    """
    _assert_votes(target.classifier(case), case)


def votes_weigh_by_inverse_distance(target: Target, case: Case) -> None:
    """With weights 1 / distance the class with the largest sum of weights wins.

    A much-read library never updates the best score so far, so that the last class wins.
    """
    _assert_votes(target.classifier(case), case)


def an_exact_match_votes_alone(target: Target, case: Case) -> None:
    """With weights 1 / distance, neighbours at distance 0 vote alone, one vote each.

    The nearest neighbour's infinite weight makes every share NaN, and the argmax of NaN is the first class.
    """
    _assert_votes(target.classifier(case), case)


def votes_weigh_as_given(target: Target, case: Case) -> None:
    """A function for weights is given the distances, and the votes weigh what it returns.

    Weights that are computed and then counted as one.
    """
    weights = [[float(closeness(d)) for d in row] for row in nearest_distances(case)]
    _assert_votes(target.predictor("classifier", case, closeness), case, weights)


def labels_come_back_as_they_were(target: Target, case: Case) -> None:
    """Labels of any kind come back as they were: words, truth values, numbers that do not count from 0.

    ``bincount`` knows no negative numbers and no words, and a table of a million rows for a label of a million.
    """
    predicted = target.classifier(case).predict(case.Q)
    known = [(type(label), label) for label in set(targets_of(case).tolist())]  # 1.0 is not True
    for i, label in enumerate(predicted.tolist()):
        if (type(label), label) not in known:
            raise AssertionError(f"prediction[{i}]={label!r}, but should be one of {[label for _, label in known]}")
    _assert_elected(predicted, case)


def one_class_is_predicted_always(target: Target, case: Case) -> None:
    """Where there is one class, it is predicted, with a share of 1.

    Formulas for two classes and one-hot codes without a column left.
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


def each_output_has_votes_of_its_own(target: Target, case: Case) -> None:
    """Each of several outputs is voted on by itself.

    Votes on rows of labels, or one table of classes for all outputs.
    """
    predicted = target.classifier(case).predict(case.Q)
    y = targets_of(case)
    if predicted.shape != (len(case.Q), y.shape[1]):
        raise AssertionError(f"prediction has shape {predicted.shape}, but should have {(len(case.Q), y.shape[1])}")
    for j, column in enumerate(y.T):
        _assert_elected(predicted[:, j], Case(case.X, case.Q, case.k, column))


def votes_without_the_row_itself(target: Target, case: Case) -> None:
    """``predict(None)`` predicts each training row's class from the others.

    With k = 1 and the row itself among its neighbours every model is right about everything.
    """
    k = min(case.k, len(case.X) - 1)
    predicted = target.classifier(Case(case.X, case.Q, k, case.y)).predict(None)
    for i in range(len(case.X)):
        alone = Case(np.delete(case.X, i, 0), case.X[i : i + 1], k, np.delete(targets_of(case), i, 0))
        _assert_elected(predicted[i : i + 1], alone, name=f"prediction without row {i}")


def shares_are_the_part_of_the_votes(target: Target, case: Case) -> None:
    """``predict_proba`` has for each class the part of the k votes that it got.

    Shares that add up to k, or to nothing in particular.
    """
    target.need("classifier", "predict_proba")
    fitted = target.classifier(case)
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


def shares_are_in_the_order_of_classes(target: Target, case: Case) -> None:
    """The columns of ``predict_proba`` are in the order of ``classes_``, which is sorted; who got no vote has 0.

    The order in which classes were met in the data depends on the data.
    """
    shares_are_the_part_of_the_votes(target, case)
    fitted = target.classifier(case)
    if hasattr(fitted.model, "classes_"):
        classes, expected = to_array(fitted.model.classes_).tolist(), sorted(set(targets_of(case).tolist()))
        if classes != expected:
            raise AssertionError(f"classes_={classes}, but should be {expected}")


def the_largest_share_is_predicted(target: Target, case: Case) -> None:
    """``predict`` names a class with the largest share in ``predict_proba``.

    Two answers to one question by two pieces of code.
    """
    target.need("classifier", "predict_proba")
    fitted = target.classifier(case)
    shares, predicted = fitted.shares(case.Q), fitted.predict(case.Q).tolist()
    classes = sorted(set(targets_of(case).tolist()))
    for i, (share, label) in enumerate(zip(shares.tolist(), predicted, strict=True)):
        best = [name for name, part in zip(classes, share, strict=True) if part == max(share)]
        if label not in best:
            raise AssertionError(f"prediction[{i}]={label!r}, but should be {best[0]!r}, with a share of {max(share)}")


def the_score_is_accuracy(target: Target, case: Case) -> None:
    """``score`` is the share of queries whose class is predicted.

    Of those that were given, and not of the training data.
    """
    target.need("classifier", "score")
    fitted = target.classifier(case)
    y = targets_of(case)[::-1].copy()
    expected = float(np.mean(fitted.predict(case.X) == y))
    assert_score(fitted.call("score", case.X, y), expected, len(y))  # as the mean of n times 0 or 1


def _assert_votes(fitted: Fitted, case: Case, weights: Sequence[Sequence[float]] | None = None) -> None:
    _assert_elected(fitted.predict(case.Q), case, weights)


def _assert_elected(
    predicted: np.ndarray, case: Case, weights: Sequence[Sequence[float]] | None = None, name: str = "prediction"
) -> None:
    """Raises AssertionError unless each query whose neighbours are determined gets a class with the most votes.

    A weight that the target computes in float64 is relatively wrong by WEIGHT_ROUNDINGS u, and so is one of ours; its
    sums, by k - 1 more, while ours are exact. Where two sums are nearer to one another than that, rounding decides, and
    either class is right.
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
            nearly = 1 - 2 * (2 * WEIGHT_ROUNDINGS + case.k) * ROUNDOFF
            elected = [label for label, count in votes.items() if count >= max(votes.values()) * nearly]
            if predicted[i] not in elected:
                counts = {label: float(count) for label, count in votes.items()}
                raise AssertionError(f"{name}[{i}]={predicted[i]!s}, but should be {elected[0]!s}; votes are {counts}")
