"""Classes that people wrote get the right verdict: a bug is an answer that is wrong, and a habit is not a bug."""

import numpy as np
import pytest

from conformance.cases import Case
from conformance.claims import BY_NAME, CLAIMS
from conformance.claims.claim import ANSWERS, CONVENTIONS
from conformance.runner import PROFILES, run_claim
from conformance.targets import make_target
from conformance.targets.triggers import TRIGGERS, triggers_of


class Base:
    """Euclidean distances to all rows; a class below decides what to do with them."""

    def __init__(self, k=3):
        self.k = k

    def fit(self, X, y=None):
        self.X, self.y = np.array(X, dtype=float), np.array(y)
        return self

    def distances(self, x):
        return np.sqrt(((self.X - np.asarray(x, dtype=float)) ** 2).sum(axis=1))

    def nearest(self, x):
        return np.argsort(self.distances(x), kind="stable")[: self.k]

    def predict(self, X):
        return np.array([self.answer(x) for x in X])


class SortsPairsRegressor(Base):
    def answer(self, x):
        return (
            sum(y for _, y in sorted(zip(self.distances(x).tolist(), self.y.tolist(), strict=True))[: self.k]) / self.k
        )


class SortsPairsClassifier(Base):
    def answer(self, x):
        votes = [y for _, y in sorted(zip(self.distances(x).tolist(), self.y.tolist(), strict=True))[: self.k]]
        return max(sorted(set(votes)), key=votes.count)


class AddsToDistancesClassifier(Base):
    def answer(self, x):
        nearest, distances = self.nearest(x), self.distances(x)
        weights = {
            label: sum(1 / (distances[i] + 1e-8) for i in nearest if self.y[i] == label) for label in set(self.y)
        }
        return max(sorted(weights), key=weights.get)

    def __init__(self, k=3, weights="distance"):
        super().__init__(k)
        if weights != "distance":
            raise ValueError("weights must be 'distance'")


def failures(model, *claims):
    target = make_target("mine", model)
    results = [run_claim(target, BY_NAME[claim], PROFILES["quick"]) for claim in claims]
    return {result.claim: result for result in results if result.verdict in ("FAILS", "raises")}


def test_ties_sorted_by_label_or_target_are_wrong_answers():
    row, y = np.array([[0.0], [2.0]]), np.array([1, 0])
    claims = ("targets_do_not_choose_the_neighbors", "names_do_not_choose_the_neighbor")

    assert SortsPairsClassifier(k=1).fit(row, y).predict([[1.0]]).tolist() == [0]  # and not 1, the class of row 0
    assert set(failures(SortsPairsRegressor, *claims)) == {claims[0]}
    assert set(failures(SortsPairsClassifier, *claims)) == {claims[1]}
    assert {BY_NAME[claim].kind for claim in claims} == {ANSWERS}


def test_a_number_added_to_distances_changes_a_vote():
    X, y = np.array([[0.0], [1e-9], [2e-9]]), np.array(["a", "b", "b"])
    claims = ("tiny_distances_vote_alike", "a_tiny_distance_is_no_exact_match")

    assert AddsToDistancesClassifier().fit(X, y).predict([[0.0]]).tolist() == ["b"]
    assert set(failures(AddsToDistancesClassifier, *claims)) == set(claims)


class NaNDistances(Base):
    def kneighbors(self, X):
        rows = [self.nearest(x) for x in X]
        return np.full((len(X), len(rows[0])), np.nan), np.array(rows)


class Squares(Base):
    def kneighbors(self, X):
        rows = [self.nearest(x)[::-1] for x in X]
        return np.array([self.distances(x)[r] for x, r in zip(X, rows, strict=True)]), np.array(rows)


def test_messages_show_distances_and_say_what_nan_should_be():
    symmetric = failures(NaNDistances, "distance_is_symmetric")["distance_is_symmetric"]
    reversed_rows = failures(Squares, "nearest_where_none_tie")["nearest_where_none_tie"]

    assert symmetric.message == "distance(a, b)=nan and distance(b, a)=nan, but should be finite numbers"
    assert reversed_rows.message == "neighbors[0]=[1, 0], but row 0 at 0 should come before row 1 at 1"


class ByLabel(Base):
    """Answers with labels, which tell the rows apart, and orders equal distances by label."""

    def get_neighbors(self, x):
        return sorted(zip(self.distances(x).tolist(), self.y.tolist(), strict=True))[: self.k]


def test_the_labels_that_tell_rows_apart_do_not_follow_their_index():
    claims = [claim.name for claim in CLAIMS if claim.level == "ties"]

    assert "equal_distances_go_to_the_lower_index" in failures(ByLabel, *claims)
    assert {BY_NAME[claim].kind for claim in claims} == {CONVENTIONS}


LINE, FAR = np.array([[0.0], [3.0], [9.0]]), np.array([[2.0**40], [2.0**40 + 1]])


@pytest.mark.parametrize(
    ("case", "met"),
    [
        (Case(LINE, LINE[:1] + 1, 2), {"one feature"}),
        (Case(LINE, LINE[:1] + 1, 3), {"one feature", "k = n"}),
        (Case(LINE[:1], LINE[:1] + 1, 1), {"one feature", "k = n", "n = 1"}),
        (Case(LINE, LINE[1:2], 1), {"one feature", "a query that is a row"}),
        (Case(LINE, np.array([[6.0]]), 1), {"one feature", "ties"}),
        (Case(FAR, FAR[:1] + 5, 1), {"one feature", "numbers far from 0"}),
        (Case(np.array([[1.0, np.nan]]), np.zeros((1, 2)), 1), set()),
    ],
)
def test_triggers_are_met_where_they_are(case, met):
    assert triggers_of(case) == met


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_target_is_not_asked_about_a_trigger_that_it_avoids(trigger):
    """``one_row_in_one_feature`` has three of them in every case, others in some."""
    target = make_target("mine", SortsPairsRegressor)
    everything = run_claim(target, BY_NAME["averages_of_whole_numbers"], PROFILES["quick"])
    target.avoids = frozenset([trigger])
    fewer = run_claim(target, BY_NAME["averages_of_whole_numbers"], PROFILES["quick"])
    nothing = run_claim(target, BY_NAME["one_row_in_one_feature"], PROFILES["quick"])

    assert everything.verdict == fewer.verdict == "holds"
    assert trigger == "numbers far from 0" or fewer.draws < everything.draws
    assert nothing.verdict == ("skipped" if trigger in ("n = 1", "k = n", "one feature") else "holds")
