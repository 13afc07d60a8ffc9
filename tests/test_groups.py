"""Equal rows and queries are searched once: the bits are those of ``reference``, whichever of them are equal."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import accelerated.search.batches
import accelerated.search.groups
import accelerated.search.queries
import reference
from accelerated import KNNClassifier, KNNRegressor, NearestNeighbors
from accelerated.search.groups import find_groups, hash_rows
from tests.helpers import by

METRICS = ["euclidean", "sqeuclidean", "manhattan", "chebyshev", "cosine", "hamming", "jaccard", "minkowski"]
GROUPED = (
    "bfloat16 of distinct rows",
    "float32 of distinct rows",
    "int8 of distinct rows",
    "exhaustive of distinct rows",
)


@st.composite
def repeated_rows(draw, least=1):
    """Rows, each of which is one of a few that are drawn; some of them lie next to one another, and tie."""
    n_features = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    distinct = rng.integers(-1, 2, (draw(st.integers(1, 12)), n_features)) * draw(st.sampled_from([1.0, 0.1, 1e-170]))
    return distinct[rng.integers(0, len(distinct), draw(st.integers(least, 40)))]


def assert_same_bits(actual, expected):
    np.testing.assert_array_equal(actual[1], expected[1])
    np.testing.assert_array_equal(np.asarray(actual[0]).view(np.int64), np.asarray(expected[0]).view(np.int64))


def grouped(model, X, *y):
    """The class of the model, which groups equal rows however few there are."""
    return type("Grouped", (type(model),), {"_filter": "groups", "__init__": type(model).__init__})(
        **model.get_params()
    ).fit(X, *y)


@pytest.mark.parametrize("metric", METRICS)
@given(X=repeated_rows(least=2), data=st.data())
@settings(max_examples=60)
def test_equal_rows_have_the_neighbors_of_the_readable_loop(metric, X, data):
    k = data.draw(st.integers(1, len(X) - 1))
    Q = np.concatenate([X[:5], X[-3:] + 0.5, np.zeros_like(X[:1])])
    memory_limit = data.draw(st.sampled_from([None, 2**14, 2**17]))
    slow = reference.NearestNeighbors(k, metric=metric, p=2).fit(X)
    model = by("groups", k, metric=metric, memory_limit=memory_limit).fit(X)

    for queries in (Q, None):
        assert_same_bits(model.kneighbors(queries), slow.kneighbors(queries))
    assert_same_bits(model.kneighbors(Q, len(X)), slow.kneighbors(Q, len(X)))


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("name", ["KNNClassifier", "KNNRegressor"])
@given(X=repeated_rows(least=6), memory_limit=st.sampled_from([None, 2**13, 2**16]))
@settings(max_examples=40)
def test_predictions_from_equal_rows_are_those_of_the_readable_loop(name, weights, X, memory_limit):
    y = np.arange(len(X)) % 3
    slow = getattr(reference, name)(5, weights=weights).fit(X, y)
    model = {"KNNClassifier": KNNClassifier, "KNNRegressor": KNNRegressor}[name](
        5, weights=weights, memory_limit=memory_limit
    )
    model = grouped(model, X, y)

    for queries in (X + 0.25, None):
        np.testing.assert_array_equal(model.predict(queries), slow.predict(queries))


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan", "hamming"])
def test_products_that_search_distinct_rows_give_the_same_bits(metric, rng):
    distinct = rng.integers(0, 3, (400, 12)).astype(float)
    X = distinct[np.concatenate([np.arange(400), np.minimum(rng.geometric(0.02, 1600), 400) - 1])]
    Q = np.concatenate([X[:100], X[:100] + 0.1])
    model = by("groups", 7, metric=metric, memory_limit=2**24).fit(X)

    assert re.fullmatch("(int8|bfloat16|float32|raw) of distinct rows", model.search_report(Q).filter)
    for queries in (Q, None):
        assert "exhaustive" not in model.search_report(queries).fallbacks
        assert_same_bits(model.kneighbors(queries), by("exhaustive", 7, metric=metric).fit(X).kneighbors(queries))


def test_a_tie_of_all_rows_costs_as_many_as_are_asked_for(rng):
    report = NearestNeighbors(5).fit(np.ones((20_000, 64))).search_report(rng.normal(size=(500, 64)))

    assert (report.filter, report.certified, report.fallbacks) == ("exhaustive of distinct rows", 500, {})


@given(X=repeated_rows())
@settings(max_examples=60)
def test_a_group_is_all_rows_that_equal_its_first(X):
    groups = find_groups(torch.from_numpy(X))

    members = [group.tolist() for group in groups.members.split(groups.size.tolist())]
    firsts = [group[0] for group in members]
    assert firsts == sorted(firsts) == groups.first.tolist()
    assert sorted(groups.members.tolist()) == list(range(len(X)))
    assert all(group == np.flatnonzero((X[group[0]] == X).all(1)).tolist() for group in members)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rows_of_few_digits_have_different_hashes(dtype, rng):
    for values in ((0, 1), (0, 0.5), (-1, 2.0**100), (1.5, 1.25)):
        binary = torch.from_numpy((np.arange(2**14)[:, None] >> np.arange(14)) & 1)
        rows = torch.where(binary == 1, *values).to(dtype)
        assert len(hash_rows(rows).unique()) == 2**14


def test_zeros_of_both_signs_are_equal():
    assert len(find_groups(torch.tensor([[0.0, 1.0], [-0.0, 1.0], [0.0, -1.0]])).size) == 2


@pytest.mark.parametrize("n_hashes", [1, 3])
def test_different_rows_with_one_hash_are_told_apart(monkeypatch, n_hashes, rng):
    X = rng.integers(0, 3, (60, 2)).astype(float)
    monkeypatch.setattr(accelerated.search.groups, "hash_rows", lambda rows: torch.arange(len(rows)) % n_hashes)
    groups = find_groups(torch.from_numpy(X))

    assert (X[groups.members] == np.repeat(X[groups.first], groups.size, axis=0)).all()
    assert_same_bits(by("groups", 9).fit(X).kneighbors(), reference.NearestNeighbors(9).fit(X).kneighbors())


def reverse(groups):
    """Members in descending order."""
    return groups._replace(members=torch.cat([group.flip(0) for group in groups.members.split(groups.size.tolist())]))


def shorten(groups):
    """Groups without their last member, if they have two."""
    return groups._replace(size=(groups.size - 1).clamp(min=1))


@pytest.mark.parametrize(("spoil", "k"), [(reverse, 5), (shorten, 30)])
def test_members_that_are_missing_or_in_another_order_give_wrong_neighbors(spoil, k, rng):
    """So these tests would notice."""
    X = rng.integers(0, 2, (60, 2)).astype(float)
    model = by("groups", k).fit(X)
    expected = reference.NearestNeighbors(k).fit(X).kneighbors(X)
    assert_same_bits(model.kneighbors(X), expected)

    filters = [replace(some, groups=spoil(some.groups)) for some in model._index.filters[:-1]]
    model._index = model._index._replace(filters=[*filters, model._index.filters[-1]])
    with pytest.raises(AssertionError):
        assert_same_bits(model.kneighbors(X), expected)


def test_one_group_too_few_gives_wrong_neighbors(monkeypatch, rng):
    """So k + 1 groups are needed where the query is one of the rows."""
    X = rng.normal(size=(60, 2))
    expected = reference.NearestNeighbors(3).fit(X).kneighbors()
    assert_same_bits(by("groups", 3).fit(X).kneighbors(), expected)

    monkeypatch.setattr(accelerated.search.groups.GroupFilter, "_n_nearest", lambda self, k: k)
    with pytest.raises(AssertionError):
        assert_same_bits(by("groups", 3).fit(X).kneighbors(), expected)


def test_equal_rows_are_grouped_on_any_device(device, rng):
    X = rng.integers(0, 3, (300, 6)).astype(float)[rng.integers(0, 300, 1000)]
    model = by("groups", 7, device=device).fit(X)

    for queries in (X[:60] + 0.3, None):
        assert_same_bits(model.kneighbors(queries), by("exhaustive", 7).fit(X).kneighbors(queries))


def test_an_answer_that_does_not_fit_the_memory_limit_is_found_by_measuring_all_pairs(rng):
    X = np.tile(rng.integers(0, 2, (2000, 6)).astype(float), (5, 1))
    model = by("groups", 200, memory_limit=2**19).fit(X)

    Q = rng.normal(size=(20, 6))

    assert model.search_report(Q).fallbacks == {"exhaustive": 20}
    assert_same_bits(model.kneighbors(Q), by("exhaustive", 200).fit(X).kneighbors(Q))


def test_rows_are_grouped_only_where_a_sample_shows_equal_ones(rng):
    normal = rng.normal(size=(20_000, 20))
    half = np.where(np.arange(20_000)[:, None] % 2, normal, 1.0)
    for X, n_rows in ((normal, 20_000), (half, 10_001)):
        filters = NearestNeighbors().fit(X)._index.filters
        assert len(getattr(filters[0], "of_groups", filters[-1]).rows) == n_rows
    few = NearestNeighbors().fit(np.ones((500, 20)))
    function = NearestNeighbors(metric=lambda a, b: abs(a - b).max()).fit(np.ones((20_000, 20)))
    for model in (few, function):
        assert not any(hasattr(some, "groups") for some in model._index.filters)


def empty_among_words(rng):
    """Rows and queries of a sparse table; every tenth query is empty, and so ties with all rows."""
    X = (rng.random((3000, 60)) < 0.05) * rng.integers(1, 5, (3000, 60)).astype(float)
    X[:, 0] = 1
    return X, np.where(np.arange(200)[:, None] % 10, X[:200], 0)


@pytest.mark.parametrize("n_at_once", [1, 7, 200])
def test_equal_queries_that_no_filter_certifies_are_searched_once(monkeypatch, n_at_once, rng):
    X, Q = empty_among_words(rng)
    monkeypatch.setattr(accelerated.search.batches, "compared_at_once", lambda *sizes: n_at_once)
    model = by("float32", 5, metric="cosine").fit(X)

    assert n_at_once < 200 or model.search_report(Q).fallbacks["exhaustive"] == 1
    assert_same_bits(model.kneighbors(Q), by("exhaustive", 5, metric="cosine").fit(X).kneighbors(Q))


def test_queries_that_are_rows_are_not_taken_for_one_another():
    X = np.ones((600, 3))

    assert by("float32", 2).fit(X).search_report().fallbacks == {"exhaustive": 600}
    assert_same_bits(by("float32", 2).fit(X).kneighbors(), by("exhaustive", 2).fit(X).kneighbors())


def test_queries_that_are_taken_for_equal_ones_get_wrong_neighbors(monkeypatch, rng):
    """So these tests would notice."""
    X, Q = np.ones((600, 3)), rng.normal(size=(9, 3))
    expected = by("exhaustive", 2).fit(X).kneighbors(Q)
    model = by("float32", 2).fit(X)
    assert_same_bits(model.kneighbors(Q), expected)

    monkeypatch.setattr(accelerated.search.queries, "first_of_equals", lambda queries: torch.zeros(len(queries)).long())
    with pytest.raises(AssertionError):
        assert_same_bits(model.kneighbors(Q), expected)


def test_the_bar_of_a_search_with_equal_queries_ends_at_its_end(capfd):
    by("float32", 2, progress=True).fit(np.ones((600, 3))).kneighbors(np.ones((50, 3)))

    assert "100%" in capfd.readouterr().err
