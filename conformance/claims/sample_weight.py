"""Level "sample weight": a row of weight w counts as w equal rows among the neighbours that predict."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.cases import Case
from conformance.cases.strategies import labels, numbers, predicting_cases, weighted_cases
from conformance.claims.claim import BITS, claim
from conformance.oracle.exact import exact_distances, nearest
from conformance.oracle.expected import averages_of, targets_of
from conformance.oracle.relations import assert_averages, assert_same_bits
from conformance.targets import Target, other_package
from conformance.targets.errors import Missing


@claim(weighted_cases(numbers, weights=(1, 2, 3, 9)))
def a_row_takes_as_many_places_as_it_weighs(target: Target, case: Case) -> None:
    """With ``sample_weight`` in ``fit``, a row of weight w takes w of the k places, as w equal rows would.

    A weight that multiplies the vote of a row, which takes one place, lets in rows that are too far.
    """
    predicted = target.regressor(case).predict(case.Q)
    assert_averages(predicted, averages_of(repeated(case)), case, "prediction")


@claim(weighted_cases(numbers, weights=(0, 1)))
def a_row_of_weight_0_is_no_neighbor(target: Target, case: Case) -> None:
    """A row of weight 0 takes no place: its place goes to the next row.

    A weight of 0 that only multiplies the row's part leaves fewer than k neighbours.
    """
    predicted = target.regressor(case).predict(case.Q)
    assert_averages(predicted, averages_of(repeated(case)), case, "prediction")


@claim(weighted_cases(numbers))
def one_copy_is_left_out(target: Target, case: Case) -> None:
    """``predict(None)`` leaves out one copy of the query's row, so that a row of weight w is there w - 1 times.

    With its copies left out, too, a row of weight 2 would be predicted as if it were there once.
    """
    predicted = target.regressor(case).predict(None)
    expected: list[Any] = []
    for i, query in enumerate(case.X):
        others = weights_of_rows(case) - (np.arange(len(case.X)) == i)
        alone = replace(case, Q=query[None], sample_weight=np.maximum(others, 0))
        expected += averages_of(repeated(alone))
    assert_averages(predicted, expected, case, "prediction without one copy")


@claim(weighted_cases(labels))
def copies_vote(target: Target, case: Case) -> None:
    """In a vote a row of weight w has as many votes as it has places.

    A classifier may weigh the rows of an average, and count each row of a vote once.
    """
    predicted = target.classifier(case).predict(case.Q).tolist()
    copies = repeated(case)
    for i, query in enumerate(copies.Q):
        places = nearest(exact_distances(copies.X, query, "euclidean"), case.k)
        votes = Counter(targets_of(copies)[places].tolist())
        elected = [label for label, count in votes.items() if count == max(votes.values())]
        if predicted[i] not in elected:
            raise AssertionError(f"prediction[{i}]={predicted[i]}, but should be {elected[0]}; votes are {dict(votes)}")


@claim(st.tuples(predicting_cases("numbers"), st.integers(0, 2**32 - 1)).map(lambda drawn: _weighted(*drawn)), BITS)
def weights_give_the_bits_of_repeated_rows(target: Target, case: Case) -> None:
    """Averages of weighted rows have the bits of those of repeated rows, and of the readable loop.

    To add 3 times 0.1 is not to add 0.1 three times.
    """
    if not target.promises_bits:
        raise Missing("claimed only for reference and accelerated: others are held to what rounding allows")
    predicted = target.regressor(case).predict(case.Q)
    assert_same_bits(predicted, target.regressor(repeated(case)).predict(case.Q), "average")
    if case.metric != "minkowski":  # p-th roots, of which weights are made, differ in their last bits
        assert_same_bits(predicted, other_package(target).regressor(case).predict(case.Q), "average")


def _weighted(case: Case, seed: int) -> Case:
    """The first rows of the case with weights from 0 to 3, at least 1 for k of them."""
    n = min(len(case.X), 30)
    case = replace(case, X=case.X[:n], y=targets_of(case)[:n], k=min(case.k, n))
    repeats = np.random.default_rng(seed).integers(0, 4, len(case.X))
    repeats[: case.k] = np.maximum(repeats[: case.k], 1)
    return replace(case, sample_weight=repeats)


def weights_of_rows(case: Case) -> np.ndarray:
    """The sample weights of a case that has some."""
    assert case.sample_weight is not None
    return case.sample_weight


def repeated(case: Case) -> Case:
    """The case with each row as often as it weighs, and without weights."""
    rows = np.repeat(np.arange(len(case.X)), weights_of_rows(case))
    return replace(case, X=case.X[rows], y=targets_of(case)[rows], sample_weight=None)
