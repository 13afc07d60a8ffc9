"""Level "options": class weights, medians, standard deviations, and the neighbours behind a prediction."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from conformance.cases import Case
from conformance.cases.strategies import distinct_cases, labels, lattice_cases, numbers, weighted_cases
from conformance.claims.claim import BOUND, claim
from conformance.claims.sample_weight import repeated
from conformance.oracle.bounds import average_bound, coarseness
from conformance.oracle.exact import exact_distances, nearest
from conformance.oracle.expected import averages_of, targets_of
from conformance.oracle.relations import assert_averages
from conformance.targets import Target
from conformance.targets.answers import to_array

WEIGHTS = {0: 1.0, 1: 4.0, 2: 0.5}  # of classes: powers of two, so that votes are exact


@claim(distinct_cases(y=labels))
def votes_are_multiplied_by_the_weight_of_their_class(target: Target, case: Case) -> None:
    """With ``class_weight`` each vote is multiplied by the weight of its class.

    A division in its place favours the classes that should count less.
    """
    y = targets_of(case)
    given = {label: WEIGHTS[label] for label in sorted(set(y.tolist()))}
    predicted = target.predictor("classifier", case, class_weight=given).predict(case.Q).tolist()
    for i, places in enumerate(_places(case)):
        votes = {label: count * given[label] for label, count in Counter(y[places].tolist()).items()}
        elected = [label for label, count in votes.items() if count == max(votes.values())]
        if predicted[i] not in elected:
            raise AssertionError(f"prediction[{i}]={predicted[i]}, but should be {elected[0]}; votes are {votes}")


@claim(weighted_cases(labels, weights=(0, 1, 2, 9)), BOUND)
def balanced_classes_have_equal_shares_of_all_votes(target: Target, case: Case) -> None:
    """With ``class_weight="balanced"`` all classes have the same share where all rows vote, with their sample weights.

    The weight of a class is n / (n_classes n_c), where rows are counted by their sample weights.
    """
    target.need("classifier", "predict_proba")
    weights = case.sample_weight
    assert weights is not None
    full = replace(case, k=int(weights.sum()))
    shares = target.predictor("classifier", full, class_weight="balanced").shares(case.Q)
    n_classes = len(set(targets_of(repeated(case)).tolist()))
    bound = average_bound(full.k, 1.0, 2.0**-53 * coarseness(shares), 4)  # a class weight rounds twice
    if shares.shape != (len(case.Q), n_classes) or np.any(np.abs(shares - 1 / n_classes) > bound):
        raise AssertionError(f"shares={shares.tolist()}, but should be 1 / {n_classes} each")


@claim(distinct_cases(y=numbers))
def the_median_is_in_the_middle(target: Target, case: Case) -> None:
    """With ``aggregate="median"`` a prediction is the median of the targets: for an even k the mean of the middle two.

    The lower of the two, and the middle one in the order of the neighbours, are medians only for some k.
    """
    predicted = target.predictor("regressor", case, aggregate="median").predict(case.Q)
    expected = [np.median(targets_of(case)[places]) for places in _places(case)]
    assert_averages(predicted, expected, case, "prediction")


@claim(distinct_cases(y=numbers, weights="distance", nearest=(1,)))
def the_weighted_median_is_at_half_of_the_weight(target: Target, case: Case) -> None:
    """With weights, the median is the smallest target up to which the weights reach half of their sum.

    A median of the bare targets does not see the weights.
    """
    predicted = target.predictor("regressor", case, aggregate="median").predict(case.Q)
    y = targets_of(case)
    for i, places in enumerate(_places(case)):
        weights = {j: Fraction(1, rank) for rank, j in enumerate(places, start=1)}  # distances are 1, 2, 3, ...
        order, half = sorted(places, key=lambda j: y[j]), sum(weights.values(), Fraction(0)) / 2
        reached = [sum((weights[j] for j in order[: place + 1]), Fraction(0)) for place in range(len(order))]
        if any(abs(weight - half) < Fraction(1, 10**9) for weight in reached):
            continue  # rounding decides whether half is reached exactly
        middle = y[next(j for j, weight in zip(order, reached, strict=True) if weight > half)]
        if predicted[i] != middle:
            raise AssertionError(f"prediction[{i}]={predicted[i]!s}, but should be {middle!s}")


@claim(distinct_cases(y=numbers), BOUND)
def the_deviation_is_that_of_the_targets(target: Target, case: Case) -> None:
    """``predict(X, return_std=True)`` returns the averages and the standard deviations of the neighbours' targets.

    These are roots of the mean squared gap to the average: it is divided by k, and not by k - 1.
    """
    target.need("regressor", "predict")
    adapter = target.adapters["regressor"]
    adapter.need("predict", "return_std")
    averages, spread = target.regressor(case).call("predict", case.Q, return_std=True)
    assert_averages(to_array(averages), averages_of(case), case, "average")
    # Targets are whole, so that a deviation is 0 or at least 1 / k, and a mean is off by 2 u max|y| <= 16 u. Twice this
    # for the squares, of 1 / k and more, makes 32 k u; k + 8 roundings of sums, quotients and roots remain.
    roundoff = 2.0**-53 * coarseness(to_array(spread))
    for i, places in enumerate(_places(case)):
        y = [Fraction(value) for value in targets_of(case)[places].tolist()]
        variance = sum((value - sum(y) / case.k) ** 2 for value in y) / case.k
        expected, actual = float(variance) ** 0.5, float(to_array(spread)[i])
        if not abs(actual - expected) <= (40 * case.k + 8) * roundoff * expected:
            raise AssertionError(f"deviation[{i}]={actual!s}, but should be {expected!s}")


@claim(distinct_cases(y=labels))
def votes_tie_where_the_most_votes_are_shared(target: Target, case: Case) -> None:
    """``tied_votes`` tells whether several classes have the most votes, so that a rule decides.

    Two classes that tie behind a winner decide nothing.
    """
    target.need("classifier", "tied_votes")
    tied = to_array(target.classifier(case).call("tied_votes", case.Q)).tolist()
    for i, places in enumerate(_places(case)):
        votes = Counter(targets_of(case)[places].tolist())
        expected = list(votes.values()).count(max(votes.values())) > 1
        if tied[i] != expected:
            raise AssertionError(f"tied_votes[{i}]={tied[i]}, but should be {expected}; votes are {dict(votes)}")


@claim(lattice_cases(y=numbers, weights="distance"), BOUND)
def an_explanation_makes_the_prediction(target: Target, case: Case) -> None:
    """``explain`` returns indices, targets and weights of the neighbours, and the prediction is their average.

    An explanation that is made beside the prediction can be one of another prediction.
    """
    target.need("regressor", "explain")
    fitted = target.regressor(case)
    explained: Any = fitted.call("explain", case.Q)
    indices, targets, weights = map(to_array, (explained.indices, explained.targets, explained.weights))
    if not np.array_equal(targets, targets_of(case)[indices]):
        raise AssertionError(f"targets={targets.tolist()} are not those of the rows {indices.tolist()}")
    predicted = fitted.predict(case.Q)
    expected = [float(np.dot(w, y) / np.sum(w)) for w, y in zip(weights, targets, strict=True)]
    assert_averages(predicted, expected, case, "prediction", weight_roundings=case.k)  # ours are rounded, too


def _places(case: Case) -> list[list[int]]:
    """The k nearest rows of each query."""
    return [nearest(exact_distances(case.X, query, case.metric), case.k) for query in case.Q]
