"""The search within a radius: the rows of the readable loop, by every filter, within the memory allowed."""

import functools
import re

import numpy as np
import pytest
import torch
from sklearn.cluster import DBSCAN
from sklearn.neighbors import LocalOutlierFactor

import accelerated
import accelerated.search.within.tree
import reference
from accelerated.metrics import _minkowski_metric
from accelerated.search.bounds.squared import SquaredBound
from accelerated.search.within.exhaustive import ExhaustiveFinder
from accelerated.search.within.products import ProductFinder
from accelerated.search.within.tree import TreeFinder
from tests.helpers import HOSTILE, by

both = pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
METRICS = ("euclidean", "sqeuclidean", "manhattan", "chebyshev", "cosine", "hamming", "jaccard", "minkowski")
FILTERS = [  # with the metrics that each is for
    ("tree", "euclidean", 3),
    ("tree", "manhattan", 2),
    ("tree", "minkowski", 3),
    ("bitmaps", "chebyshev", 12),
    ("bfloat16", "euclidean", 12),
    ("float32", "sqeuclidean", 12),
    ("float32", "minkowski", 5),
    ("float64", "cosine", 12),
    ("uint8", "euclidean", 12),
    ("uint8", "minkowski", 5),
    ("int8", "euclidean", 12),
    ("int8", "manhattan", 12),
    ("float32", "manhattan", 12),
    ("int8", "hamming", 12),
    ("float32", "jaccard", 12),
    ("prefix", "euclidean", 12),
    ("cells", "euclidean", 12),
    ("raw", "euclidean", 12),
    ("groups", "euclidean", 12),
]


def assert_same(actual, expected):
    for found, wanted in zip(actual, expected, strict=True):
        assert len(found) == len(wanted)
        for some, others in zip(found, wanted, strict=True):
            assert some.dtype == others.dtype
            np.testing.assert_array_equal(some, others)


@both
@pytest.mark.parametrize("metric", METRICS[:-1])  # Minkowski with p = 3 sorts by the sum under the root
def test_neighbors_are_those_of_an_oracle_of_three_lines(package, metric, rng):
    for _ in range(20):
        n, d = rng.integers(2, 25), rng.integers(1, 10)
        X, Q = (rng.integers(0, 3, (m, d)) + rng.choice([0, 0.1]) for m in (n, 5))
        model = package.NearestNeighbors(metric=metric).fit(X)
        measured = [[model.get_distance(q, x) for x in X] for q in Q]
        radii = [sorted(row)[rng.integers(n)] for row in measured]
        expected = [sorted((d, i) for i, d in enumerate(row) if d <= r) for row, r in zip(measured, radii, strict=True)]

        found = model.radius_neighbors(Q, radii)
        assert [list(zip(d.tolist(), i.tolist(), strict=True)) for d, i in zip(*found, strict=True)] == expected


@pytest.mark.parametrize("metric", METRICS)
def test_both_packages_have_the_same_bits_without_queries_and_for_other_answers(metric, rng):
    X = rng.integers(0, 3, (40, 4)) + rng.choice([0, 0.1], (40, 1))
    ours, loop = (m.NearestNeighbors(3, radius=0.9, metric=metric).fit(X) for m in (accelerated, reference))

    assert_same(ours.radius_neighbors(), loop.radius_neighbors())
    assert_same(ours.radius_neighbors(X[:7], np.arange(7) / 4), loop.radius_neighbors(X[:7], np.arange(7) / 4))
    for method, arguments in [
        ("count_within", ()),
        ("count_within", (X[:9], 0.5)),
        ("near_duplicates", (0.7,)),
        ("mutual_neighbors", ()),
        ("mutual_neighbors", (7,)),
    ]:
        actual, expected = (getattr(model, method)(*arguments) for model in (ours, loop))
        assert actual.dtype == expected.dtype == np.int64
        np.testing.assert_array_equal(actual, expected)
        assert len(actual)


@functools.cache
def hostile_searches(metric, n_features):
    """Rows, queries, radii, and the answers of a search that measures all pairs: about ten rows for each query."""
    searches = []
    for X in HOSTILE.values():
        X = np.clip(X[::3, :n_features], -1e18, 1e18)
        Q = np.concatenate([X[:10], X[:10] + 0.1 * X[40:50], -X[:3]])
        model = by("exhaustive", 10, metric=metric, p=3).fit(X)
        radii = model.kneighbors(Q)[0][:, -1]
        searches.append((X, Q, radii, model.radius_neighbors(Q, radii)))
        searches.append((X, None, np.resize(radii, len(X)), model.radius_neighbors(None, np.resize(radii, len(X)))))
    return searches


def assert_same_bits(name, metric, n_features):
    for X, Q, radii, expected in hostile_searches(metric, n_features):
        model = by(name, 10, metric=metric, p=3).fit(X)
        assert_same(model.radius_neighbors(Q, radii), expected)
        assert model.count_within(Q, radii).tolist() == list(map(len, expected[1]))


@pytest.mark.filterwarnings("ignore:p=3 has no effect")
@pytest.mark.parametrize(("name", "metric", "n_features"), FILTERS)
def test_every_filter_gives_the_rows_of_the_exhaustive_search(monkeypatch, name, metric, n_features):
    of_all = sum(
        2 * len(radii) for _, _, radii, _ in hostile_searches(metric, n_features)
    )  # made before any is counted
    measured, find = [], ExhaustiveFinder.find
    monkeypatch.setattr(
        ExhaustiveFinder,
        "find",
        lambda self, batch, *rest: measured.append(len(batch.queries)) or find(self, batch, *rest),
    )
    assert_same_bits(name, metric, n_features)

    # elsewhere many rows are equally far, or too few for a filter
    if metric not in ("hamming", "jaccard") and name not in ("groups", "prefix", "cells"):
        assert sum(measured) < of_all


def test_each_distinct_row_is_searched_once_and_stands_for_all_that_equal_it(monkeypatch, rng):
    X = rng.normal(size=(2500, 12)).repeat(3, axis=0)[rng.permutation(7500)]
    expected = by("exhaustive").fit(X).radius_neighbors(radius=2.0)
    monkeypatch.setattr(ExhaustiveFinder, "find", None)  # nobody calls it

    assert_same(by("groups").fit(X).radius_neighbors(radius=2.0), expected)


@pytest.mark.filterwarnings("ignore:p=3 has no effect")
def test_a_threshold_that_is_too_low_loses_rows(monkeypatch):
    threshold = SquaredBound.threshold
    monkeypatch.setattr(SquaredBound, "threshold", lambda *args: 0.5 * threshold(*args))
    with pytest.raises(AssertionError):
        assert_same_bits("float64", "euclidean", 12)


@pytest.mark.filterwarnings("ignore:p=3 has no effect")
def test_a_tree_whose_rounding_is_not_allowed_for_loses_rows(monkeypatch):
    monkeypatch.setattr(accelerated.search.within.tree, "tree_reach", lambda distance: distance * (1 - 2.0**-30))
    with pytest.raises(AssertionError):
        assert_same_bits("tree", "euclidean", 3)


@pytest.mark.parametrize("p", [3, 5, 16])
def test_the_sum_for_a_radius_is_not_below_that_of_any_row_within_it_and_not_far_above(p, rng):
    metric = _minkowski_metric(float(p))
    scales = 10.0 ** rng.uniform(-300 / p, 290 / p, 5000)
    sums = torch.from_numpy(np.concatenate([scales**p, 5e-324 * np.arange(1, 9)]))
    radii = metric.to_distance(sums)
    limit = metric.to_reduced(radii)

    assert bool((limit >= sums).all())
    assert bool((limit <= sums * (1 + 2.0**-36) + 2.0**-999).all())


@both
def test_a_row_at_the_radius_is_within_and_twins_stay(package):
    model = package.NearestNeighbors(radius=5).fit([[0, 0], [3, 4], [0, 0], [3, 4.000001]])

    assert [some.tolist() for some in model.radius_neighbors([[0, 0]])[1]] == [[0, 2, 1]]
    assert [some.tolist() for some in model.radius_neighbors(radius=0)[1]] == [[2], [], [0], []]
    assert model.near_duplicates(0).tolist() == [[0, 2]]
    assert model.near_duplicates(1e-9).tolist() == [[0, 2]]


@both
def test_an_infinite_radius_reaches_all_rows_but_the_row_itself(package):
    found = package.NearestNeighbors(radius=np.inf).fit([[0], [2], [1]]).radius_neighbors(return_distance=False)

    assert [some.tolist() for some in found] == [[2, 1], [2, 0], [0, 1]]


@both
def test_the_distance_decides_where_its_square_would_not(package):
    """sqrt(2) squared is above 2, and sqrt(3) squared below 3: a search that compares squares would lose a row."""
    X = [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]
    model = package.NearestNeighbors().fit(X)

    for i, radius in enumerate(np.sqrt([2.0, 3.0])):
        below = np.nextafter(radius, 0)
        assert i in model.radius_neighbors([[0, 0, 0]], radius)[1][0]
        assert i not in model.radius_neighbors([[0, 0, 0]], below)[1][0]


@both
def test_distances_that_are_given_and_functions_have_radii_too(package):
    D = np.array([[0.0, 1.0, 3.0], [1.0, 0.0, 2.0], [3.0, 2.0, 0.0]])
    given = package.NearestNeighbors(radius=2, metric="precomputed").fit(D)
    words = package.NearestNeighbors(radius=1, metric=lambda a, b: abs(len(a) - len(b))).fit(["a", "abc", "ab"])

    assert [some.tolist() for some in given.radius_neighbors()[1]] == [[1], [0, 2], [1]]
    assert [some.tolist() for some in words.radius_neighbors(["xy", "wxyz"])[1]] == [[2, 0, 1], [1]]


@both
def test_a_graph_holds_the_neighbors_of_each_query_and_their_distances(package, rng):
    X = np.concatenate([rng.normal(size=(30, 3)), np.zeros((2, 3))])
    model = package.NearestNeighbors(4, radius=1.5).fit(X)

    for graph, (distances, indices) in [
        (model.kneighbors_graph(mode="distance"), model.kneighbors()),
        (model.kneighbors_graph(X[:5], 2, "distance"), model.kneighbors(X[:5], 2)),
        (model.radius_neighbors_graph(mode="distance"), model.radius_neighbors()),
        (model.radius_neighbors_graph(X[:5], [0, 1, 2, 3, 4], "distance"), model.radius_neighbors(X[:5], range(5))),
    ]:
        assert graph.shape == (len(indices), 32)
        for i, (some, columns) in enumerate(zip(distances, indices, strict=True)):
            of_row = slice(graph.indptr[i], graph.indptr[i + 1])
            np.testing.assert_array_equal(graph.indices[of_row], columns)
            np.testing.assert_array_equal(graph.data[of_row], some)
    assert set(model.kneighbors_graph().data) == set(model.radius_neighbors_graph().data) == {1.0}


def test_the_graph_of_reference_makes_the_matrix_of_accelerated(rng):
    from scipy.sparse import csr_matrix

    X = rng.normal(size=(20, 3))
    loop, ours = (p.NearestNeighbors(radius=1).fit(X).radius_neighbors_graph() for p in (reference, accelerated))

    assert (csr_matrix(loop[:3], loop.shape) != ours).nnz == 0


def test_graphs_serve_as_distances_for_scikit_learn(rng):
    X = np.concatenate([rng.normal(size=(60, 4)), rng.normal(size=(40, 4)) + 5])
    model = accelerated.NearestNeighbors(10, radius=1.8).fit(X)

    clusters = DBSCAN(eps=1.8, metric="precomputed").fit(model.radius_neighbors_graph(mode="distance"))
    np.testing.assert_array_equal(clusters.labels_, DBSCAN(eps=1.8).fit(X).labels_)

    outliers = LocalOutlierFactor(9, metric="precomputed").fit(model.kneighbors_graph(X, 11, mode="distance"))
    scores = LocalOutlierFactor(9).fit(X).negative_outlier_factor_
    np.testing.assert_allclose(outliers.negative_outlier_factor_, scores, rtol=1e-9)


@functools.cache
def found_by_the_loop(metric):
    """Rows, the parameters of a search, a radius, the rows within it, and the pairs within its half: by ``reference``.

    Tests of one metric are a group, in one process, which asks once for all devices and filters.
    """
    X = np.concatenate([np.random.default_rng(0).normal(size=(80, 6)), np.zeros((30, 6))]).round(1)
    params = {"metric": metric, "p": 3 if metric == "minkowski" else 2}
    loop = reference.NearestNeighbors(**params).fit(X)
    radius = float(np.median(loop.kneighbors(X[:9], 20)[0][:, -1]))
    return X, params, radius, loop.radius_neighbors(X[:9], radius), loop.near_duplicates(radius / 2)


@pytest.mark.parametrize(
    "metric", [pytest.param(metric, marks=pytest.mark.xdist_group(f"the loop by {metric}")) for metric in METRICS]
)
def test_rows_on_any_device_are_those_of_the_loop(device, metric):
    X, params, radius, within, duplicates = found_by_the_loop(metric)
    for name in (None, "exhaustive", "groups", "float32"):
        ours = by(name, **params, device=device).fit(X)
        assert_same(ours.radius_neighbors(X[:9], radius), within)
        np.testing.assert_array_equal(ours.near_duplicates(radius / 2), duplicates)


def test_tensors_come_back_on_their_device(device):
    model = accelerated.NearestNeighbors(radius=1).fit(torch.tensor([[0.0], [1.0]], device=device))

    distances, indices = model.radius_neighbors(torch.tensor([[0.5], [9.0]], device=device))
    assert [part.device for part in (*distances, *indices)] == [device] * 4
    assert [part.tolist() for part in indices] == [[0, 1], []]
    assert model.count_within().device == model.near_duplicates(1).device == device


@pytest.mark.parametrize("memory_limit", [40_000, "4MB"])
def test_a_small_memory_limit_gives_the_same_rows(two_threads, memory_limit, rng):
    X = rng.normal(size=(150, 5)).round(1)
    expected = accelerated.NearestNeighbors().fit(X).radius_neighbors(radius=1.0)

    for name in ("tree", "float32", "exhaustive", "groups"):
        model = by(name, memory_limit=memory_limit).fit(X)
        assert_same(model.radius_neighbors(radius=1.0), expected)


def test_rows_of_one_query_that_memory_cannot_sort_are_an_error_that_names_enough(rng):
    X = rng.normal(size=(3000, 2))
    model = accelerated.NearestNeighbors(memory_limit=50_000).fit(X)

    with pytest.raises(ValueError, match="to sort the 3000 rows within the radius: pass memory_limit=") as error:
        model.radius_neighbors(X[:1], 100)
    enough = int(re.search(r"pass memory_limit=(\d+)", str(error.value))[1])
    assert len(model.set_params(memory_limit=enough).radius_neighbors(X[:1], 100)[1][0]) == 3000
    assert model.set_params(memory_limit=50_000).count_within(X[:1], 100).tolist() == [3000]


def test_queries_with_many_rows_go_on_to_smaller_batches_of_the_same_filter(monkeypatch, rng):
    names, finds = [], {kind: kind.find for kind in (ProductFinder, TreeFinder)}
    for kind, find in finds.items():
        monkeypatch.setattr(kind, "find", lambda self, *rest, f=find: names.append(self.name) or f(self, *rest))
    X = rng.normal(size=(2000, 3))
    for name in ("tree", "float32"):
        model = by(name, memory_limit=4_000_000).fit(X)
        assert_same(model.radius_neighbors(X[:300], 1.0), by("exhaustive").fit(X).radius_neighbors(X[:300], 1.0))

    assert {"tree", "tree, many rows", "float32", "float32, many rows"} <= set(names)


def test_progress_shows_when_asked_and_ends_at_its_end(capfd, rng):
    X = rng.normal(size=(50, 3))
    accelerated.NearestNeighbors(progress=True).fit(X).radius_neighbors()

    assert re.search(r"100%.*2\.50k/2\.50k", capfd.readouterr().err)


def test_an_interrupted_search_leaves_the_model_as_it_was():
    def interrupted(a, b):
        raise KeyboardInterrupt

    model = accelerated.NearestNeighbors(metric=interrupted).fit([[0.0], [1.0]])
    before = dict(vars(model))
    with pytest.raises(KeyboardInterrupt):
        model.radius_neighbors([[0.5]])

    assert vars(model) == before


BAD = [
    ("a", TypeError, "radius='a' is a str, but must be a number"),
    (None, TypeError, "radius=None"),
    (True, TypeError, "radius=True is a bool"),
    ({"a": 1}, TypeError, "radius is a dict"),
    (["a", "b"], TypeError, "dtype <U1"),
    (-1, ValueError, "radius=-1 must be at least 0"),
    (float("nan"), ValueError, "radius=nan must be at least 0"),
    ([1.0, -2.0], ValueError, r"radius\[1\]=-2.0 must be at least 0"),
    ([1.0, np.nan], ValueError, r"radius\[1\]=nan must be at least 0"),
    ([1.0], ValueError, r"radius has shape \(1,\), but there are 2 queries"),
    ([[1.0, 1.0]], ValueError, r"radius has shape \(1, 2\), but there are 2 queries"),
]


@both
@pytest.mark.parametrize(("radius", "error", "message"), BAD, ids=[str(radius) for radius, _, _ in BAD])
def test_a_bad_radius_is_refused_with_the_value_and_what_to_do(package, radius, error, message):
    model = package.NearestNeighbors().fit([[0.0], [1.0]])

    if radius is not None:
        for ask in (lambda: model.radius_neighbors([[0], [1]], radius), lambda: model.near_duplicates(radius)):
            with pytest.raises(error, match=message):
                ask()
    if not isinstance(radius, list | dict):
        with pytest.raises(error, match=message):
            package.NearestNeighbors(radius=radius).fit([[0.0]])
        with pytest.raises(error, match=message):
            model.set_params(radius=radius).radius_neighbors([[0.0]])


@both
def test_a_mode_that_no_graph_has_is_refused_before_the_search(package):
    model = package.NearestNeighbors(1).fit([[0.0], [1.0]])

    for graph in (model.kneighbors_graph, model.radius_neighbors_graph):
        with pytest.raises(ValueError, match="mode='distances' is not one of connectivity, distance; did you mean"):
            graph(mode="distances")
    with pytest.raises(reference.NotFittedError if package is reference else ValueError, match="not fitted"):
        package.NearestNeighbors().radius_neighbors([[0.0]])


@both
@pytest.mark.parametrize("large", [np.inf, 1e20])
def test_whole_radii_may_stand_beside_a_large_one(package, large):
    """NumPy would make floats of all, so that such a list is read entry by entry."""
    model = package.NearestNeighbors().fit([[0], [3], [4]])

    assert model.count_within([[0], [0], [0]], [1, large, 3]).tolist() == [1, 3, 2]
    weighted = package.NearestNeighbors(1, metric_params={"w": [4, 1e20]}).fit([[0, 0]])
    assert weighted.kneighbors([[3, 0]])[0].tolist() == [[6]]
