"""Classes of unusual habits are understood; a search that is not understood is refused, and its answer shown."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import conformance
from conformance.claims import BY_NAME
from conformance.runner import PROFILES, run_claim
from conformance.targets import make_target
from conformance.targets.errors import TargetError
from tests.claims import try_claim


class Search:
    """Right, and without checks of its input."""

    def __init__(self, k=3):
        self.k = k

    def fit(self, X):
        self.X = np.array(X, dtype=float)
        return self

    def kneighbors(self, X):
        distances = np.sqrt(((np.asarray(X, dtype=float)[:, None] - self.X) ** 2).sum(axis=2))
        indices = np.argsort(distances, axis=1, kind="stable")[:, : self.k]
        return np.take_along_axis(distances, indices, axis=1), indices


class TakesALeafSize(Search):
    def fit(self, X, leaf_size=30):
        assert leaf_size == 30
        return super().fit(X)


class TakesWeights(Search):
    def fit(self, X, sample_weight=None):
        assert sample_weight is None
        return super().fit(X)


class HidesItsArguments(Search):
    def fit(self, *args, **options):
        return super().fit(*args, **options)


class KWithTheQuery(Search):
    def __init__(self):
        super().__init__()

    def kneighbors(self, X, k=1, return_distance=True):
        self.k = k
        return super().kneighbors(X) if return_distance else super().kneighbors(X)[1]


class OrderOfPowers(Search):
    """Takes p alone, with a default that is not euclidean."""

    def __init__(self, k=3, p=3):
        super().__init__(k)
        self.p = p

    def kneighbors(self, X):
        gaps = np.abs(np.asarray(X, dtype=float)[:, None] - self.X)
        distances = np.sqrt((gaps**2).sum(axis=2)) if self.p == 2 else (gaps**self.p).sum(axis=2) ** (1 / self.p)
        indices = np.argsort(distances, axis=1, kind="stable")[:, : self.k]
        return np.take_along_axis(distances, indices, axis=1), indices


class InLongDouble(Search):
    def kneighbors(self, X):
        distances, indices = super().kneighbors(X)
        return distances.astype(np.longdouble), indices


class TakesNoIntegers(Search):
    """Refuses whole numbers on purpose; half floats are small too."""

    def fit(self, X):
        if np.asarray(X).dtype.kind != "f":
            raise TypeError("floats only")
        return super().fit(X)


class Averages(Search):
    number = float

    def fit(self, X, y):
        self.y = [self.number(float(value)) for value in y]
        return super().fit(X)

    def predict(self, X):
        return [sum(self.y[i] for i in row) / len(row) for row in self.kneighbors(X)[1]]


class InFractions(Averages):
    number = Fraction


class InDecimals(Averages):
    number = Decimal


def verdict(model, claim):
    return try_claim(make_target("mine", model), BY_NAME[claim], PROFILES["quick"]).verdict


@pytest.mark.parametrize(
    "model",
    [TakesALeafSize, TakesWeights, HidesItsArguments, KWithTheQuery, OrderOfPowers, InLongDouble, TakesNoIntegers],
)
@pytest.mark.parametrize("claim", ["nearest_on_a_lattice", "memory_layout_is_no_matter", "nearest_of_small_types"])
def test_a_search_of_unusual_habits_is_tried(model, claim):
    assert verdict(model, claim) == "holds"


def test_indices_alone_are_asked_for_with_the_same_k():
    assert verdict(KWithTheQuery, "indices_alone_are_the_same") == "holds"


@pytest.mark.parametrize("model", [InFractions, InDecimals])
def test_exact_averages_are_numbers(model):
    assert verdict(model, "averages_of_whole_numbers") == "holds"


class CountsFromOne(Search):
    def kneighbors(self, X):
        distances, indices = super().kneighbors(X)
        return distances, indices + 1


class NamesItsAnswers(Search):
    def kneighbors(self, X):
        return dict(zip(("distances", "indices"), super().kneighbors(X), strict=True))


@pytest.mark.parametrize("model", [CountsFromOne, NamesItsAnswers])
def test_a_search_whose_answers_cannot_be_read_is_refused(model):
    """Its manners could not be judged either: nothing that it answers is a neighbour."""
    with pytest.raises(TargetError, match=r"asked for 4 neighbours among 7 rows, returned .+, which is not understood"):
        make_target("mine", model)


class WrongAfter64(Search):
    def kneighbors(self, X):
        distances, indices = super().kneighbors(X)
        indices[64:] = indices[64:, ::-1]
        return distances, indices


class First1024(Search):
    def fit(self, X):
        return super().fit(X[:1024])


@pytest.mark.parametrize("model", [WrongAfter64, First1024])
def test_a_block_that_is_lost_is_noticed(model):
    result = run_claim(make_target("mine", model), BY_NAME["nearest_among_many_rows"], PROFILES["default"])

    assert result.verdict in ("FAILS", "raises")


class Votes:
    """Right: shows nothing but the class that most neighbours have."""

    def __init__(self, k=3):
        self.k = k

    def fit(self, X, y):
        self.X, self.y = np.array(X, dtype=float), np.array(y)
        return self

    def nearest(self, x):
        return np.argsort(((self.X - np.asarray(x, dtype=float)) ** 2).sum(axis=1), kind="stable")[: self.k]

    def vote(self, x):
        labels, counts = np.unique(self.y[self.nearest(x)], return_counts=True)
        return labels[counts.argmax()]

    def predict(self, X):
        return np.array([self.vote(x) for x in X])


class ForgetsWhereAChunkStarts(Votes):
    def nearest(self, x):
        distances = ((self.X - np.asarray(x, dtype=float)) ** 2).sum(axis=1)
        return np.argsort(distances, kind="stable")[: self.k] % 32


class RemembersAnswers(Votes):
    def __init__(self, k=3):
        super().__init__(k)
        self.answers = {}

    def vote(self, x):
        return self.answers.setdefault(tuple(map(float, x)), super().vote(x))


class ClipsItsK(Votes):
    def fit(self, X, y):
        self.k = min(self.k, len(X))
        return super().fit(X, y)


class AsksOneMore(Votes):
    def nearest(self, x):
        return np.argsort(((self.X - np.asarray(x, dtype=float)) ** 2).sum(axis=1), kind="stable")[: self.k + 1]


@pytest.mark.parametrize(
    ("model", "claim"),
    [
        (ForgetsWhereAChunkStarts, "the_majority_wins"),
        (RemembersAnswers, "fitting_again_forgets"),
        (ClipsItsK, "fitting_again_forgets"),
    ],
)
def test_a_bug_is_noticed_in_a_class_that_only_predicts(model, claim):
    assert verdict(Votes, claim) == "holds"
    assert verdict(model, claim) == "FAILS"


def test_a_bug_is_named_in_a_class_that_only_predicts():
    with pytest.raises(AssertionError, match="Answers with k \\+ 1 neighbours, where there are as many") as failed:
        conformance.check(AsksOneMore)

    assert "OneNeighborTooMany breaks" in str(failed.value)
