"""Costs are measured so that a busy machine accuses no class, and so that a failure is told in a few lines."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from benchmarks.busy import neighbors_that_never_rest
from conformance.cases import Table
from conformance.cases.case import from_json, to_json
from conformance.claims import BY_NAME
from conformance.meters import memory
from conformance.meters.growth import quadratic_growth
from conformance.meters.memory import peak_of
from conformance.runner import PROFILES, run_claim
from conformance.runner.causes import Group
from conformance.runner.fix_next import in_full
from conformance.runner.isolation import describe
from conformance.targets import load_target, make_target

MEMORY = BY_NAME["differences_are_never_all_in_memory"]
QUERIES = BY_NAME["time_grows_with_the_number_of_queries"]
FIT = BY_NAME["time_of_fit_grows_with_the_number_of_rows"]


@pytest.fixture(params=[0, 2], ids=["idle", "busy"])
def machine(request):
    """A machine with so many other processes that never rest."""
    with neighbors_that_never_rest(request.param):
        yield


class Base:
    """The base of the classes below, which answer for all queries at once."""

    def __init__(self, k=3):
        self.k = k

    def fit(self, X, y):
        self.X, self.y = np.array(X), y
        return self

    def nearest(self, distances):
        indices = np.argsort(distances, axis=1, kind="stable")[:, : self.k]
        return np.take_along_axis(distances, indices, axis=1), indices


class OneQueryAtATime(Base):
    def kneighbors(self, Q):
        return self.nearest(np.array([np.sqrt(((self.X - q) ** 2).sum(axis=1)) for q in Q]))


class AllDistances(Base):
    def kneighbors(self, Q):
        return self.nearest(cdist(Q, self.X))


class LargeTiles(Base):
    """Takes 128 queries at once, which are all of the smaller table."""

    def kneighbors(self, Q):
        tiles = [Q[start : start + 128] for start in range(0, len(Q), 128)]
        gaps = (np.abs(tile[:, None] - self.X).sum(axis=2) for tile in tiles)
        return self.nearest(np.concatenate(list(gaps)))


class RemembersAnswers(OneQueryAtATime):
    """Keeps the answers to the queries of the last call."""

    def fit(self, X, y):
        self.last = None
        return super().fit(X, y)

    def kneighbors(self, Q):
        if self.last is None or not np.array_equal(self.last[0], Q):
            self.last = Q.copy(), super().kneighbors(Q)
        return self.last[1]


class PurePython:
    def __init__(self, k=3):
        self.k = k

    def fit(self, X, y):
        self.data = [([float(a) for a in x], label) for x, label in zip(X, y, strict=True)]
        return self

    def predict(self, X):
        return [self.predict_one([float(a) for a in x]) for x in X]

    def predict_one(self, x):
        distances = [(sum((a - b) ** 2 for a, b in zip(x, row, strict=True)), label) for row, label in self.data]
        labels = [label for _, label in sorted(distances, key=lambda pair: pair[0])[: self.k]]
        return max(sorted(set(labels)), key=labels.count)


INNOCENT = {
    "reference": load_target("reference"),
    "accelerated": load_target("accelerated"),
    "sklearn": load_target("sklearn"),
    "faiss": load_target("faiss"),
    "torch-cdist": load_target("torch-cdist"),
    **{
        model.__name__: make_target("mine", model)
        for model in (OneQueryAtATime, AllDistances, LargeTiles, RemembersAnswers, PurePython)
    },
}


@pytest.mark.parametrize("name", INNOCENT)
def test_an_ordinary_class_is_not_accused_of_its_memory(name):
    result = run_claim(INNOCENT[name], MEMORY, PROFILES["quick"])

    assert (result.verdict, result.message, result.draws) == ("holds", "", 1)


@pytest.mark.parametrize("claim", [QUERIES, FIT], ids=lambda claim: claim.name)
@pytest.mark.parametrize("name", INNOCENT)
def test_an_ordinary_class_is_not_accused_of_its_time(name, claim, machine):
    result = run_claim(INNOCENT[name], claim, PROFILES["quick"])

    assert (result.verdict, result.message, result.draws) == ("holds", "", 1)


class Broadcasts(Base):
    def kneighbors(self, Q):
        return self.nearest(((Q[:, None] - self.X) ** 2).sum(axis=2))


class BroadcastsFloat32(Broadcasts):
    def fit(self, X, y):
        return super().fit(X.astype(np.float32), y)

    def kneighbors(self, Q):
        return super().kneighbors(Q.astype(np.float32))


class BroadcastsTensors(Base):
    def kneighbors(self, Q):
        rows, queries = torch.tensor(self.X), torch.tensor(Q)
        nearest = (rows[None] - queries[:, None]).norm(dim=2).topk(self.k, largest=False)
        return nearest.values, nearest.indices


class SearchesAListForEachQuery(AllDistances):
    """Compares each query with all queries before it, to answer equal queries once."""

    def kneighbors(self, Q):
        queries = Q.tolist()
        self.first = [queries.index(query) for query in queries]
        return super().kneighbors(Q)


class SearchesAListForEachRow(AllDistances):
    def fit(self, X, y):
        rows = []
        for row in X.tolist():
            if row not in rows:
                rows.append(row)
        self.n_different = len(rows)
        return super().fit(X, y)


@pytest.mark.parametrize("model", [Broadcasts, BroadcastsFloat32, BroadcastsTensors])
def test_an_array_of_all_differences_is_noticed(model):
    result = run_claim(make_target("mine", model), MEMORY, PROFILES["quick"], shrinking=0)

    assert result.verdict == "FAILS"
    assert "the array of all differences takes 384 MiB" in result.message


@pytest.mark.parametrize(
    ("model", "claim", "what"),
    [(SearchesAListForEachQuery, QUERIES, "queries"), (SearchesAListForEachRow, FIT, "rows")],
)
def test_a_list_that_is_searched_again_and_again_is_noticed(model, claim, what, machine):
    result = run_claim(make_target("mine", model), claim, PROFILES["quick"], shrinking=0)

    assert result.verdict == "FAILS"
    assert re.search(rf" of \d+ {what} took .+ but should take about 4 times as long$", result.message)


def test_a_failure_is_told_in_a_few_lines():
    target = make_target("mine", Broadcasts)
    result = run_claim(target, MEMORY, PROFILES["quick"])
    text = in_full(Group([result]), [result], {**describe(target), "options": {}, "target": "mine:Broadcasts"})

    assert len(text.splitlines()) <= 20
    assert max(map(len, text.splitlines())) <= 300
    assert "Table(n_rows=256, n_queries=128, n_features=256)" in text
    assert "model = " not in text  # the calls have large arrays, which are not shown
    assert "MiB, but should take less: loop over the queries" in text


def test_a_table_of_random_numbers_is_made_from_its_seed():
    table = Table(5, 2, 3, seed=7)
    copy = from_json(to_json(table))

    assert repr(copy) == "Table(n_rows=5, n_queries=2, n_features=3, seed=7)"
    assert (table.X.shape, table.Q.shape, table.y.shape) == ((5, 3), (2, 3), (5,))
    assert np.array_equal(copy.X, table.X)
    assert not np.array_equal(replace(table, seed=8).X, table.X)
    assert not np.isin(table.Q, table.X).any()


def test_the_peak_of_memory_is_measured_and_not_what_is_left():
    size = 100 * 2**20

    def make_two_arrays():
        for _ in range(2):
            np.ones(size, dtype=np.uint8)

    assert 0.99 * size <= peak_of(make_two_arrays) < 1.5 * size
    assert peak_of(lambda: None) < size / 10


def test_where_peaks_cannot_be_measured_the_claim_is_skipped(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "RESET", tmp_path / "missing" / "clear_refs")
    result = run_claim(make_target("mine", OneQueryAtATime), MEMORY, PROFILES["quick"])

    assert (result.verdict, result.message) == ("skipped", "peaks of memory can be measured under Linux alone")


class OnADevice(AllDistances):
    def __init__(self, k=3, device="cpu"):
        super().__init__(k)
        self.device = device


def test_memory_of_another_device_is_not_judged():
    on_cuda, on_cpu = (make_target("mine", OnADevice, device=device) for device in ("cuda", "cpu"))

    result = run_claim(on_cuda, MEMORY, PROFILES["quick"])

    assert (result.verdict, result.message) == ("skipped", "memory on cuda is not measured")
    assert run_claim(on_cpu, MEMORY, PROFILES["quick"]).verdict == "holds"


def steps(power):
    """A call that takes size^power steps."""
    return lambda size: lambda: sum(1 for _ in range(size**power))


def test_quadratic_growth_is_told_from_linear_growth(machine):
    assert quadratic_growth(steps(1), 2**10, 2**24) is None

    growth = quadratic_growth(steps(2), 48, 2**14)
    assert 10 < growth.ratio < 30
    assert growth.seconds > 0.01


def test_a_first_call_that_is_slow_does_not_hide_quadratic_growth():
    calls = []

    def prepare(size):
        def call():
            calls.append(size)
            return sum(1 for _ in range(2**21 if len(calls) == 1 else 50_000 + size**2))

        return call

    assert quadratic_growth(prepare, 48, 2**14).ratio > 10


def test_a_call_that_is_fast_at_every_size_is_not_accused():
    assert quadratic_growth(steps(2), 2, 16) is None
