"""Classes that know nothing of the suite are understood as they are written, or refused in one line."""

from pathlib import Path

import numpy as np
import pytest
import torch

from conformance.cases import Case
from conformance.claims import CLAIMS
from conformance.runner import PROFILES
from conformance.targets import TASKS, load_target, make_target
from conformance.targets.answers import Form, Unreadable, read_batch, read_one
from conformance.targets.errors import Missing, TargetError
from conformance.targets.names import FINDERS, NAMES
from tests.claims import try_claim

CASE = Case(np.array([[0.0], [5.0], [2.0], [9.0]]), np.array([[1.5], [8.0]]), k=2, y=np.array([1.0, 2.0, 4.0, 8.0]))


class Interview:
    """A list of tuples, a sort, an average."""

    def __init__(self, k=3):
        self.k = k

    def fit(self, X, y):
        self.data = list(zip(X, y, strict=False))

    def get_distance(self, a, b):
        return sum((p - q) ** 2 for p, q in zip(a, b, strict=False)) ** 0.5

    def get_neighbors(self, x):
        distances = [(self.get_distance(x, row), label) for row, label in self.data]
        distances.sort(key=lambda pair: pair[0])
        return distances[: self.k]

    def predict(self, x):
        nearest = self.get_neighbors(x)
        return sum(label for _, label in nearest) / len(nearest)


class Base:
    """The base of the classes below: a search by euclidean distance."""

    def __init__(self, num_neighbors=5):
        self.num_neighbors = num_neighbors

    def fit(self, X, y=None):
        self.X, self.y = np.array(X, dtype=float), y
        return self

    def distances(self, q):
        return np.sqrt(((self.X - np.asarray(q, dtype=float)) ** 2).sum(axis=1))

    def order(self, q):
        return np.argsort(self.distances(q), kind="stable")[: self.num_neighbors]

    def away(self, q):
        return self.distances(q)[self.order(q)]


class IndicesFirst(Base):
    def kneighbors(self, X):
        return [self.order(q) for q in X], [self.away(q) for q in X]


class Lists(Base):
    def kneighbors(self, X):
        return [self.away(q).tolist() for q in X], [self.order(q).tolist() for q in X]


class Tensors(Base):
    def kneighbors(self, X):
        parts = ([self.away(q) for q in X], [self.order(q) for q in X])
        return tuple(torch.tensor(np.array(part)) for part in parts)


class IndicesAlone(Base):
    def kneighbors(self, X):
        return np.array([self.order(q) for q in X])


class PairsOfOne(Base):
    def get_neighbors(self, x):
        return [(int(i), float(d)) for i, d in zip(self.order(x), self.away(x), strict=True)]


class PairsOfOneSwapped(Base):
    def get_neighbors(self, x):
        return [(float(d), int(i)) for i, d in zip(self.order(x), self.away(x), strict=True)]


class TuplesOfOne(Base):
    def get_neighbors(self, x):
        return self.order(x), self.away(x)


class PairsOfAll(Base):
    def find_neighbors(self, X):
        return [PairsOfOne.get_neighbors(self, x) for x in X]


class KWithTheQuery:
    def fit(self, X, y=None):
        self.X = np.array(X)
        return self

    def kneighbors(self, X, k):
        return [np.argsort(((self.X - q) ** 2).sum(axis=1), kind="stable")[:k] for q in X]


class OnlyLists(Base):
    def fit(self, X, y=None):
        if not isinstance(X, list):
            raise TypeError("lists please")
        return super().fit(X, y)

    def kneighbors(self, X):
        return [self.away(q).tolist() for q in X.copy()], [self.order(q).tolist() for q in X]


class OnlyTensors(Base):
    def fit(self, X, y=None):
        return super().fit(X.numpy(), y)

    def kneighbors(self, X):
        return [self.away(q) for q in X.numpy()], [self.order(q) for q in X.numpy()]


@pytest.mark.parametrize(
    "model",
    [
        IndicesFirst,
        Lists,
        Tensors,
        IndicesAlone,
        PairsOfOne,
        PairsOfOneSwapped,
        TuplesOfOne,
        PairsOfAll,
        KWithTheQuery,
        OnlyLists,
        OnlyTensors,
    ],
)
def test_neighbors_are_read_in_whatever_form_they_come(model):
    found = make_target("mine", model).search(CASE).neighbors(CASE.Q)

    assert found.indices == [[2, 0], [3, 1]]
    if found.distances is not None:
        assert found.distances.tolist() == [[0.5, 1.5], [1.0, 3.0]]


def test_labels_that_come_back_tell_examples_apart():
    found = make_target("mine", Interview).search(CASE).neighbors(CASE.Q)

    assert found.indices == [[2, 0], [3, 1]]
    assert found.distances.tolist() == [[0.5, 1.5], [1.0, 3.0]]


class OnlyPredictsAverages(Base):
    def predict(self, X):
        return [float(np.mean(np.asarray(self.y)[self.order(q)])) for q in X]


class OnlyPredictsClasses(Base):
    def predict(self, X):
        votes = [np.unique(np.asarray(self.y)[self.order(q)], return_counts=True) for q in X]
        return [labels[np.argmax(counts)] for labels, counts in votes]


class RowsAndLabels(OnlyPredictsAverages):
    """Returns the training rows themselves, with their label last, as tutorials do."""

    def get_neighbors(self, x):
        return [[*self.X[i].tolist(), self.y[i]] for i in self.order(x)]


class RowsThemselves(OnlyPredictsAverages):
    def get_neighbors(self, x):
        return [self.X[i] for i in self.order(x)]


class ManyAtOnce(Base):
    def get_neighbors(self, X):
        return [list(map(int, self.order(q))) for q in np.asarray(X)]


def test_rows_that_come_back_are_not_taken_for_indices():
    for model in (RowsAndLabels, RowsThemselves):
        target = make_target("mine", model)

        assert target.adapters["regressor"].form is None
        assert target.search(CASE).neighbors(CASE.Q).indices == [[0, 2], [1, 3]]


def test_a_method_for_many_examples_is_not_taken_for_one_of_one():
    form = make_target("mine", ManyAtOnce).adapters["search"].form

    assert str(form) == "get_neighbors(X) -> [index, ...]"


class Switch(OnlyPredictsAverages):
    def __init__(self, num_neighbors=5, weights=True):
        super().__init__(num_neighbors)
        assert isinstance(weights, bool)


class OneOrTheOther(OnlyPredictsAverages):
    """Takes every value of weights but "uniform" for "distance"."""

    def __init__(self, num_neighbors=5, weights="uniform"):
        super().__init__(num_neighbors)


def test_what_is_taken_and_not_used_is_not_there():
    target = make_target("mine", Switch)
    with pytest.raises(Missing, match="takes no weights"):
        target.predictor("regressor", CASE, "distance")

    target = make_target("mine", OneOrTheOther)
    with pytest.raises(Missing, match="a function, which is not called"):
        target.predictor("regressor", CASE, np.ones_like)


class Column(OnlyPredictsAverages):
    def predict(self, X):
        return np.array(super().predict(X))[:, None]


class NotANumber(OnlyPredictsAverages):
    def predict(self, X):
        return [np.nan for _ in X]


class Medians(OnlyPredictsAverages):
    def predict(self, X):
        return [float(np.median(np.asarray(self.y)[self.order(q)])) + 1e-3 for q in X]


@pytest.mark.parametrize("model", [Column, NotANumber, Medians])
def test_neighbors_are_not_accused_of_what_predictions_do(model):
    with pytest.raises(Missing, match="which would show its neighbours"):
        make_target("mine", model, task="regressor").search(Case(CASE.X, CASE.Q, k=3)).neighbors(CASE.Q)


def test_float32_shows_fewer_neighbors():
    class Narrow(OnlyPredictsAverages):
        def predict(self, X):
            return np.array(super().predict(X), dtype=np.float32)

    target, rows = make_target("mine", Narrow), np.arange(26.0)[:, None]

    assert target.search(CASE).neighbors(CASE.Q).indices == [[0, 2], [1, 3]]
    with pytest.raises(Missing, match="too few digits"):
        target.search(Case(rows, CASE.Q, k=2)).neighbors(CASE.Q)


class Refuses(Base):
    def kneighbors(self, X):
        raise NotImplementedError("later\nperhaps")


def test_averages_give_the_neighbors_away():
    found = make_target("mine", OnlyPredictsAverages).search(CASE).neighbors(CASE.Q)

    assert (found.indices, found.ordered) == ([[0, 2], [1, 3]], False)


def test_votes_give_the_nearest_away():
    target = make_target("mine", OnlyPredictsClasses)
    nearest = target.search(Case(CASE.X, CASE.Q, k=1)).neighbors(CASE.Q)

    assert nearest.indices == [[2], [3]]
    with pytest.raises(Missing, match="does not show its neighbours"):
        target.search(CASE).neighbors(CASE.Q)


@pytest.mark.parametrize(
    ("model", "task"),
    [
        (OnlyPredictsAverages, "regressor"),
        (OnlyPredictsClasses, "classifier"),
        (Lists, "search"),
        (Interview, "regressor"),
    ],
)
def test_the_task_is_found_out(model, task):
    assert list(make_target("mine", model).adapters) == [task]


def test_the_task_can_be_said():
    assert list(make_target("mine", OnlyPredictsClasses, task="regressor").adapters) == ["regressor"]


@pytest.mark.parametrize("model", [Interview, OnlyPredictsAverages, OnlyPredictsClasses, Lists])
def test_what_is_right_is_not_accused(model):
    """Tries the levels that judge answers; these classes do not check their input."""
    target = make_target("mine", model)
    small = {"averages_of_small_types", "distance_of_small_types", "nearest_of_small_types"}
    wraps = small if model is Interview else set()  # it converts nothing, and NumPy's int16 wraps

    results = [
        try_claim(target, claim, PROFILES["quick"])
        for claim in CLAIMS
        if claim.level in ("distance", "neighbors", "averages", "votes", "symmetries", "numerics")
    ]

    assert {r.claim for r in results if r.verdict in ("FAILS", "raises")} == wraps
    assert sum(r.verdict == "holds" for r in results) > 20


PARTS = Form("kneighbors", batch=True, layout="parts", index_at=1, distance_at=0, by_label=False)
PAIRS = Form("get_neighbors", batch=False, layout="pairs", index_at=0, distance_at=1, by_label=False)


@pytest.mark.parametrize(
    "answer",
    [
        ([[0.5]], [[0]]),
        ([[0.5, 1.0]], [[0, 1], [1, 0]]),
        ([[0.5, 1.0]], [[0, 1.5]]),
        ([[0.5, 1.0]], [["a", "b"]]),
        ([[0.5, 1.0]],),
    ],
    ids=["too few", "another shape", "fractions", "words", "one part"],
)
def test_an_answer_of_another_form_cannot_be_read(answer):
    assert read_batch(([[0.5, 1.0]], [[0, 1]]), PARTS, 1, 2).indices == [[0, 1]]
    with pytest.raises(Unreadable, match="kneighbors returned"):
        read_batch(answer, PARTS, 1, 2)


@pytest.mark.parametrize("answer", [[], [(0, 0.5)], [(0.25, 0.5), (1, 1.0)]])
def test_pairs_of_another_form_cannot_be_read(answer):
    assert read_one([(0, 0.5), (1, 1.0)], PAIRS, 2).indices == [[0, 1]]
    with pytest.raises(Unreadable, match="get_neighbors returned"):
        read_one(answer, PAIRS, 2)


class WithoutFit:
    def __init__(self, k=1):
        pass


class NeedsMore(Base):
    def __init__(self, k, depth, width):
        pass


class WithoutK(Base):
    def __init__(self, size=3):
        pass

    def predict(self, X):
        return X


class SaysNothing(Base):
    pass


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (WithoutFit, "WithoutFit has no method fit"),
        (NeedsMore, "the constructor of NeedsMore needs depth, width"),
        (WithoutK, "WithoutK has no argument for the number of neighbours"),
        (SaysNothing, "SaysNothing has neither predict nor kneighbors"),
        (Refuses, "Refuses cannot be fitted to seven examples and asked: NotImplementedError: later perhaps"),
    ],
)
def test_what_cannot_be_tried_is_refused_in_one_line(model, message):
    with pytest.raises(TargetError, match=message) as refused:
        make_target("mine", model)
    assert "\n" not in str(refused.value)


def test_a_device_is_handed_to_the_constructor_or_refused():
    fitted = make_target("accelerated", load_target("accelerated").adapters["search"].model, device="cpu").search(CASE)

    assert fitted.model.device == "cpu"
    with pytest.raises(TargetError, match="takes no device, but --device is cuda"):
        make_target("mine", Lists, device="cuda")


class OtherNames:
    """Knows one metric by another name, and no weights."""

    def __init__(self, K=5, distance="l2", weighting=None):
        if distance != "l2" or weighting is not None:
            raise ValueError(f"what is {distance}, {weighting}?")
        self.K = K

    def fit(self, X, y):
        self.X, self.y = X, y

    def predict(self, X):
        order = [np.argsort(((self.X - q) ** 2).sum(axis=1), kind="stable")[: self.K] for q in X]
        return [float(np.mean(self.y[i])) for i in order]


def test_what_is_usual_may_have_another_name():
    target = make_target("mine", OtherNames)

    assert target.regressor(CASE).predict(CASE.Q).tolist() == [2.5, 5.0]
    with pytest.raises(Missing, match=r"metric=manhattan raises ValueError: what is manhattan"):
        target.search(Case(CASE.X, CASE.Q, 1, metric="manhattan"))


def test_a_call_is_noted_with_the_numbers_that_it_had():
    target = make_target("mine", Lists)
    X = CASE.X.copy()
    target.begin()
    target.search(CASE).fit(X)
    X[:] = 77

    assert str(target.calls[-1]) == "model.fit(np.array([[0.0], [5.0], [2.0], [9.0]]), np.array([0, 0, 0, 0]))"


def test_the_page_has_the_names_that_are_known():
    page = (Path(__file__).parent.parent / "docs" / "check.md").read_text()

    assert all(f"`{name}`" in page for name in (*NAMES["k"], *FINDERS, *TASKS))


def test_every_call_is_noted_as_code():
    target = make_target("mine", Lists)
    target.begin()
    target.search(CASE).neighbors(CASE.Q)

    assert [str(call) for call in target.calls] == [
        "model = Lists(num_neighbors=2)",
        "model.fit(np.array([[0.0], [5.0], [2.0], [9.0]]), np.array([0, 0, 0, 0]))",
        "model.kneighbors(np.array([[1.5], [8.0]]))",
    ]
