"""The rows within a radius that a query may choose: those of all rows within it that are allowed, bit for bit."""

import numpy as np
import pytest
import torch

import accelerated
import reference
from accelerated import NearestNeighbors
from accelerated.search.within import products
from accelerated.search.within.among import AllowedFinder
from accelerated.search.within.products import ProductFinder
from accelerated.search.within.tree import TreeFinder
from tests.helpers import HOSTILE, KINDS, by, draw_sets
from tests.memory import mebibytes_at_peak, on_linux

both = pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
METRICS = [
    *({"metric": name} for name in ("euclidean", "manhattan", "chebyshev", "cosine", "hamming", "jaccard")),
    {"metric": "precomputed"},
    {"metric": lambda a, b: float(np.abs(a - b).max())},
]


def allowed_within(model, Q, radius, masks):
    """The oracle: all rows within the radius, and of these the ones that are allowed."""
    distances, indices = model.radius_neighbors(Q, radius)
    keep = [mask[rows] for mask, rows in zip(masks, indices, strict=True)]
    return [[of_query[k] for of_query, k in zip(part, keep, strict=True)] for part in (distances, indices)]


def assert_same(found, expected):
    for part, other in zip(found, expected, strict=True):
        assert [some.tobytes() for some in part] == [some.tobytes() for some in other]


@both
@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: str(metric["metric"])[:12])
def test_rows_within_are_all_of_the_allowed_ones_and_no_others(package, metric, rng):
    n_found = 0
    for _ in range(100):
        n, m, d = rng.integers(1, 12), rng.integers(1, 4), rng.integers(1, 4)
        width = n if metric["metric"] == "precomputed" else d
        X = rng.integers(0, 3, (n, width)) + rng.integers(0, 2) * rng.random((n, width))
        Q = None if rng.random() < 0.4 else X[rng.integers(0, n, m)]
        radius = rng.choice([0, 0.5, 1, 2, np.inf])
        given, masks = draw_sets(rng, rng.choice(KINDS), n if Q is None else m, n, rng.choice([0, 0.1, 0.5, 0.9]))
        model = package.NearestNeighbors(**metric).fit(X)

        found = model.radius_neighbors(Q, radius, among=given)

        assert_same(found, allowed_within(reference.NearestNeighbors(**metric).fit(X), Q, radius, masks))
        assert model.count_within(Q, radius, among=given).tolist() == [len(rows) for rows in found[1]]
        n_found += sum(map(len, found[1]))
    assert n_found > 200


@pytest.mark.parametrize("share", [0.3, 0.005])
@pytest.mark.parametrize("rows", HOSTILE)
def test_hostile_rows_within_are_found_by_every_finder(device, rng, rows, share):
    X, Q = HOSTILE[rows], HOSTILE[rows][:20] * (1 + 1e-9)
    loop = by("exhaustive").fit(X)
    radii = loop.kneighbors(Q, 60)[0][:, -1]
    for name in (None, "float32", "groups"):
        model = by(name, device=device).fit(X)
        for kind in ("a mask", "lists"):
            given, masks = draw_sets(rng, kind, len(Q), len(X), share)
            assert_same(model.radius_neighbors(Q, radii, among=given), allowed_within(loop, Q, radii, masks))


@pytest.mark.parametrize("name", ["tree", "bitmaps", "float32", "exhaustive", "groups"])
def test_rows_themselves_are_left_out_of_those_that_are_allowed(name, rng):
    X = np.concatenate([rng.normal(size=(400, 3)), np.zeros((50, 3))]).round(1)
    metric = "chebyshev" if name == "bitmaps" else "euclidean"
    loop = by("exhaustive", metric=metric).fit(X)
    for share in (0.5, 0.001):
        given, masks = draw_sets(rng, "masks", len(X), len(X), share)
        found = by(name, metric=metric).fit(X).radius_neighbors(radius=0.5, among=given)
        assert_same(found, allowed_within(loop, None, 0.5, masks))


@pytest.mark.parametrize("name", ["tree", "float32"])
def test_many_allowed_rows_are_found_by_bounds_and_few_are_measured(name, rng, monkeypatch):
    X, asked = rng.normal(size=(2000, 3)), []
    for kind in (AllowedFinder, ProductFinder, TreeFinder):
        find = kind.find
        monkeypatch.setattr(kind, "find", lambda self, *rest, f=find: asked.append(type(self)) or f(self, *rest))
    model = by(name).fit(X)

    model.count_within(X[:40], 0.2, among=np.arange(1000))
    assert asked
    assert AllowedFinder not in asked
    asked.clear()
    model.count_within(X[:40], 0.2, among=np.arange(9))
    assert set(asked) == {AllowedFinder}


def test_rows_that_are_not_allowed_are_dropped_before_they_are_measured(rng, monkeypatch):
    X, measured = rng.normal(size=(600, 12)), []
    model = by("float32").fit(X)
    measure = products.measure
    monkeypatch.setattr(products, "measure", lambda *given: measured.append(given[3].row) or measure(*given))
    counts = model.count_within(X[:30], 2.5, among=np.arange(0, 600, 2))

    assert 0 < counts.sum() <= len(rows := torch.cat(measured))
    assert not (rows % 2).any()


@both
def test_no_row_may_be_allowed_and_the_radius_may_be_infinite(package):
    model = package.NearestNeighbors(radius=np.inf).fit([[0.0], [1.0], [5.0]])

    assert [rows.tolist() for rows in model.radius_neighbors(among=[0, 1])[1]] == [[1], [0], [1, 0]]
    assert [rows.tolist() for rows in model.radius_neighbors([[0.0]], among=[])[1]] == [[]]
    assert model.count_within([[0.0], [9.0]], [1.0, 4.0], among=[[0, 2], [1]]).tolist() == [1, 0]
    assert model.count_within(among=[False] * 3).tolist() == [0, 0, 0]


@both
def test_predictors_by_radius_have_the_filter_in_their_search_alone(package):
    model = package.RadiusNeighborsRegressor(2).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])

    assert model.radius_neighbors([[0.0]], among=[1, 2])[1][0].tolist() == [1, 2]
    with pytest.raises(TypeError, match="among"):
        model.predict([[0.0]], among=[1, 2])


@both
def test_a_bad_among_is_refused_within_a_radius_as_in_kneighbors(package):
    model = package.NearestNeighbors(1).fit(np.arange(5.0)[:, None])

    for given in ([0, 5], [0.0], [True] * 4, {0}, [[0], [1]], 3):
        for search in (model.kneighbors, model.radius_neighbors, model.count_within):
            with pytest.raises((TypeError, ValueError), match=r"^among") as refused:
                search([[0.0]], among=given)
            if search == model.kneighbors:
                expected = refused
            assert (refused.type, str(refused.value)) == (expected.type, str(expected.value))


def test_a_function_for_the_metric_is_called_for_allowed_rows_alone():
    called = []

    def gap(a, b):
        called.append(b[0])
        return abs(a[0] - b[0])

    NearestNeighbors(radius=9, metric=gap).fit(np.arange(9.0)[:, None]).radius_neighbors([[0.0]], among=[2, 7])

    assert called == [2, 7]


def test_ids_say_which_rows_are_allowed_after_a_removal(rng):
    X = rng.normal(size=(300, 3)).round(1)
    model, left = NearestNeighbors(radius=0.8).fit(X).remove(np.arange(0, 300, 3)), np.flatnonzero(np.arange(300) % 3)
    mask = rng.random(200) < 0.5

    found = model.radius_neighbors(X[:9], among=left[mask])

    distances, indices = allowed_within(NearestNeighbors(radius=0.8).fit(X[left]), X[:9], None, [mask] * 9)
    assert_same(found, (distances, [left[rows] for rows in indices]))
    with pytest.raises(ValueError, match="among has 3 at place 1, but no row has this id"):
        model.count_within(X[:9], among=[1, 3])


@pytest.mark.parametrize("memory_limit", [60_000, "4MB"])
def test_a_small_memory_limit_gives_the_same_rows(two_threads, memory_limit, rng):
    X = rng.normal(size=(150, 5)).round(1)
    for name in ("tree", "float32", "exhaustive", "groups"):
        given, masks = draw_sets(rng, "masks", 150, 150, 0.5)
        found = by(name, memory_limit=memory_limit).fit(X).radius_neighbors(radius=1.0, among=given)
        assert_same(found, allowed_within(NearestNeighbors().fit(X), None, 1.0, masks))


PREPARE = """
import numpy as np
from accelerated import NearestNeighbors

rng = np.random.default_rng(0)
X, Q = rng.random((60_000, 32), dtype=np.float32), rng.random((400, 32), dtype=np.float32)
model = NearestNeighbors(radius=9.0, memory_limit=64 * 2**20).fit(X)
mask = rng.random(({n_sets}, 60_000)) < {share}
model.count_within(Q[:40], among=mask[:40] if {n_sets} > 1 else mask[0])
"""


@on_linux
@pytest.mark.parametrize(("n_sets", "share"), [(1, 0.005), (1, 0.9), (400, 0.01), (400, 0.8)])
def test_counting_all_rows_that_are_allowed_stays_within_the_memory_limit(n_sets, share):
    call = f"model.count_within(Q, among=mask if {n_sets} > 1 else mask[0])"

    assert mebibytes_at_peak(PREPARE.format(n_sets=n_sets, share=share), call) < 64 + 32
