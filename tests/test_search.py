"""The search in batches and blocks: the same bits for all sizes, within the memory allowed, showing its progress."""

import re

import numpy as np
import pytest
import torch

import accelerated.search.exhaustive
from accelerated import KNNClassifier, KNNRegressor, NearestNeighbors
from accelerated.search.memory import CPU_PAIRS, block_shape, exhaustive_bytes
from accelerated.search.smallest import smallest
from tests.memory import mebibytes_at_peak, on_linux

BLOCK = 32


@pytest.fixture
def tie_storm():
    """Queries and rows on a tiny lattice: nearly every distance is shared by many rows, in different blocks."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 3, (2 * BLOCK + 1, 3)), rng.integers(0, 3, (BLOCK + 1, 3))


@pytest.mark.parametrize("block_rows", [1, 2, 7, BLOCK - 1, BLOCK, BLOCK + 1])
@pytest.mark.parametrize("n_queries", [1, 2, 7, BLOCK - 1, BLOCK, BLOCK + 1])
@pytest.mark.parametrize("own", [False, True], ids=["queries", "leave one out"])
def test_blocks_of_any_size_give_the_same_bits(monkeypatch, tie_storm, n_queries, block_rows, own):
    X, Q = tie_storm
    assert_blocks_give_the_same_bits(monkeypatch, NearestNeighbors(10).fit(X), Q, n_queries, block_rows, own)


@pytest.mark.parametrize(
    "metric",
    [
        {"metric": "cosine"},
        {"metric": "jaccard"},
        {"metric": "minkowski", "p": 3},
        {"metric": "minkowski", "p": 2.5},
        {"metric": lambda a, b: abs(a - b).max()},
    ],
    ids=["cosine", "jaccard", "cubes", "powers", "callable"],
)
@pytest.mark.parametrize("own", [False, True], ids=["queries", "leave one out"])
def test_every_metric_may_be_measured_in_blocks(monkeypatch, tie_storm, metric, own):
    X, Q = tie_storm
    assert_blocks_give_the_same_bits(monkeypatch, NearestNeighbors(10, **metric).fit(X), Q, 7, 13, own)


@pytest.mark.parametrize("own", [False, True], ids=["queries", "leave one out"])
def test_given_distances_may_be_read_in_blocks(monkeypatch, own):
    D = np.random.default_rng(0).integers(0, 3, (40, 40))
    model = NearestNeighbors(10, metric="precomputed").fit(D)
    assert_blocks_give_the_same_bits(monkeypatch, model, D[:9], 7, 13, own)


def assert_blocks_give_the_same_bits(monkeypatch, model, Q, n_queries, block_rows, own):
    distances, indices = model.kneighbors(None if own else Q)

    monkeypatch.setattr(accelerated.search.exhaustive, "block_shape", lambda *_: (n_queries, block_rows))
    of_blocks_distances, of_blocks_indices = model.kneighbors(None if own else Q)

    np.testing.assert_array_equal(of_blocks_indices, indices)
    np.testing.assert_array_equal(of_blocks_distances.view(np.int64), distances.view(np.int64))


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "chebyshev"])
def test_one_thread_and_two_give_the_same_bits(metric):
    rng = np.random.default_rng(0)
    model = KNNRegressor(7, metric=metric, weights="distance").fit(rng.normal(size=(3000, 40)), rng.normal(size=3000))
    Q = rng.normal(size=(100, 40))
    before = torch.get_num_threads()
    answers = []
    try:
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            answers.append([*model.kneighbors(Q), model.predict(Q)])
    finally:
        torch.set_num_threads(before)

    for one, two in zip(*answers, strict=True):
        assert one.tobytes() == two.tobytes()


def test_neighbors_for_k_are_the_first_of_those_for_one_more(tie_storm):
    X, Q = tie_storm
    model = NearestNeighbors().fit(X)
    everything = model.kneighbors(Q, len(X), return_distance=False)

    for k in (1, 2, 9, 50, len(X) - 1):
        np.testing.assert_array_equal(model.kneighbors(Q, k, return_distance=False), everything[:, :k])


@pytest.mark.parametrize("p", [0.3, 1.5, 2.5, 17, 33])
def test_powers_tie_and_do_not_depend_on_the_batch(p):
    x, queries = [-0.7, -0.7, 0.7], np.random.default_rng(0).normal(size=(30, 3))
    model = NearestNeighbors(11, metric="minkowski", p=p).fit([x] * 11)

    distances, indices = model.kneighbors(queries)

    assert (indices == np.arange(11)).all()
    for query, row in zip(queries, distances, strict=True):
        np.testing.assert_array_equal(model.kneighbors([query])[0], [row])


def test_smallest_keeps_the_leftmost_of_equals():
    values = torch.ones((2, 50), dtype=torch.float64)

    assert smallest(values, 3).tolist() == [[0, 1, 2], [0, 1, 2]]


@pytest.mark.parametrize("device_type", ["cpu", "cuda"])
@pytest.mark.parametrize("k", [1, 5, 5000])
@pytest.mark.parametrize("memory_limit", [2**20, 2**26, 2**30])
@pytest.mark.parametrize("n_features", [1, 96])
def test_a_block_fits_the_memory_limit(device_type, k, memory_limit, n_features):
    a, b = block_shape(10_000, 1_000_000, n_features, k, memory_limit, device_type)

    assert a >= 1 and b >= 1
    assert exhaustive_bytes(a, b, n_features, k) <= memory_limit


def test_a_memory_limit_too_small_for_one_row_names_both_numbers():
    with pytest.raises(ValueError, match=r"memory_limit=100 is less than the \d+ bytes"):
        NearestNeighbors(1, memory_limit=100).fit([[0.0], [1.0]]).kneighbors([[0.5]])


def test_a_small_memory_limit_gives_the_same_answer(tie_storm):
    X, Q = tie_storm
    expected = NearestNeighbors(10).fit(X).kneighbors(Q)

    actual = NearestNeighbors(10, memory_limit=20_000).fit(X).kneighbors(Q)

    np.testing.assert_array_equal(actual, expected)


PREPARE = """
import numpy as np
import torch
import accelerated.search.memory
from accelerated import NearestNeighbors

accelerated.search.memory.CPU_PAIRS = {pairs}
rng = np.random.default_rng(0)
X, Q = rng.random(({n_train}, 32), dtype=np.float32), rng.random(({n_queries}, 32), dtype=np.float32)
X, Q = (torch.from_numpy(rows) if {tensors} else rows for rows in (X, Q))
NearestNeighbors._filter = {filter!r}
model = NearestNeighbors(10, metric={metric!r}, memory_limit=64 * 2**20).fit(X)
{fit}
model.kneighbors(Q[:1])
"""


def measured_mebibytes(fit="", call="model.kneighbors(Q)", filter=None, metric="euclidean", **sizes):
    return mebibytes_at_peak(PREPARE.format(fit=fit, filter=filter, metric=metric, **sizes), call)


@on_linux
@pytest.mark.parametrize(
    ("filter", "metric"),
    [
        ("bfloat16", "euclidean"),
        ("float64", "euclidean"),
        ("int8", "manhattan"),
        ("tree", "chebyshev"),
        ("bitmaps", "chebyshev"),
        ("cells", "euclidean"),
        ("raw", "euclidean"),
    ],
)
def test_a_large_search_stays_within_its_memory_limit(filter, metric):
    sizes = {
        "pairs": CPU_PAIRS,
        "n_train": 100_000,
        # So many queries that a search which kept the bounds of all batches would fail.
        "n_queries": {"tree": 100, "int8": 2000, "bitmaps": 2000}.get(filter, 700),
    }

    assert measured_mebibytes(filter=filter, metric=metric, tensors=False, **sizes) < 64 + 32


@on_linux
@pytest.mark.parametrize(
    ("filter", "metric", "radius"),
    [("bfloat16", "euclidean", 1.95), ("tree", "chebyshev", 0.85), ("exhaustive", "euclidean", 9.0)],
)
def test_counting_many_rows_within_a_radius_stays_within_the_memory_limit(filter, metric, radius):
    sizes = {"pairs": CPU_PAIRS, "n_train": 50_000, "n_queries": 100 if filter == "tree" else 300, "tensors": False}
    call = f"assert model.count_within(Q, {radius}).mean() > 1000"

    assert measured_mebibytes(filter=filter, metric=metric, call=call, **sizes) < 64 + 32


@on_linux
@pytest.mark.parametrize("tensors", [False, True], ids=["arrays", "tensors"])
def test_blocks_as_large_as_the_memory_limit_allows_stay_within_it(tensors):
    used = measured_mebibytes(pairs=2**40, n_train=10_000, n_queries=200, tensors=tensors, filter="exhaustive")

    assert 16 < used < 64 + 32  # the limit is what holds it


@on_linux
@pytest.mark.parametrize("model", ["KNNRegressor", "KNNClassifier"])
def test_predictions_from_many_neighbors_stay_within_the_memory_limit(model):
    fit = f"""
from accelerated import {model}
model = {model}(3000, weights="distance", memory_limit=32 * 2**20).fit(X, np.arange(3000) % 1000)
model.predict(Q[:1])"""
    used = measured_mebibytes(
        pairs=2**15, n_train=3000, n_queries=1200, tensors=False, fit=fit, call="model.predict(Q)"
    )  # the distances and indices of all neighbours alone are 55 MiB

    assert used < 32 + 16


@on_linux
def test_vote_shares_are_written_to_their_answer_alone():
    fit = """
from accelerated import KNNClassifier
model = KNNClassifier(5, memory_limit=16 * 2**20).fit(X, np.arange(20_000))
model.predict_proba(Q[:1])"""
    used = measured_mebibytes(
        pairs=2**15, n_train=20_000, n_queries=1000, tensors=False, fit=fit, call="shares = model.predict_proba(Q)"
    )

    assert used < 8 * 1000 * 20_000 / 2**20 + 16 + 16


PREPARE_FIT = """
import numpy as np
from accelerated import NearestNeighbors

X = np.random.default_rng(0).random((600, 20_000), dtype=np.float32).round({digits})
model = NearestNeighbors(metric={metric!r}, memory_limit=64 * 2**20).fit(X[:300, :40])  # loads libraries
"""


@on_linux
@pytest.mark.parametrize(
    ("metric", "digits", "kept"),  # the rows, and their encoded numbers, for so many features in float64
    [
        ("euclidean", 6, 1 + 2),
        ("cosine", 6, 2 + 2),
        ("jaccard", 0, 2 + 1),
        ("euclidean", 0, 1 + 2),
        ("manhattan", 6, 1 + 5),
        ("chebyshev", 6, 1 + 2),
    ],
)
def test_a_fit_on_many_features_stays_within_its_memory_limit(metric, digits, kept):
    used = mebibytes_at_peak(PREPARE_FIT.format(metric=metric, digits=digits), "model.fit(X)")

    assert used < kept * 600 * 20_000 * 4 / 2**20 + 64


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("own", [False, True], ids=["queries", "leave one out"])
def test_predictions_do_not_depend_on_the_batch(tie_storm, weights, own):
    X, Q = (None, tie_storm[0]) if own else (tie_storm[1], tie_storm[0])
    y = np.stack([Q[:, 0], Q.sum(axis=1)], axis=1)
    few, many = ({"weights": weights, "memory_limit": limit} for limit in (4_000, 2**30))

    for model in (KNNRegressor, KNNClassifier):
        small, large = (model(5, **params).fit(Q, y) for params in (few, many))
        np.testing.assert_array_equal(small.predict(X), large.predict(X))
    for one, other in zip(small.predict_proba(X), large.predict_proba(X), strict=True):
        assert one.tobytes() == other.tobytes()


def test_progress_shows_when_asked_and_only_then(capfd):
    NearestNeighbors(1).fit([[0.0], [1.0]]).kneighbors([[0.5]])
    assert capfd.readouterr() == ("", "")

    NearestNeighbors(1, progress=True).fit([[0.0], [1.0]]).kneighbors([[0.5]])
    out, err = capfd.readouterr()
    assert out == ""
    assert re.search(r"100%.*2\.00/2\.00", err)


def test_a_report_says_why_its_filter_was_chosen(rng):
    few, many, flat = rng.random((20_000, 2)), rng.random((20_000, 30)), rng.random((20_000, 1)) * rng.random(300)
    reasons = {
        name: NearestNeighbors(metric=metric).fit(X).search_report(X[:n]).why
        for name, metric, X, n in (
            ("few features", "euclidean", few, 300),
            ("many", "euclidean", many, 300),
            ("in a line", "euclidean", flat, 300),
            ("equal", "euclidean", np.round(many[:, :7]), 300),
            ("a small search", "euclidean", many, 1),
            ("chebyshev", "chebyshev", many, 300),
            ("minkowski", "minkowski", many, 300),
        )
    }

    assert reasons["few features"] == "2 features are few for 20000 rows, so a tree finds them"
    assert reasons["many"].startswith("products in ")
    assert reasons["in a line"] == "4 directions are enough to exclude most rows"
    assert reasons["equal"] == (
        "128 distinct rows stand for 20000 rows; "
        "to multiply 128 rows of 7 features as they are takes less time than to encode them"
    )
    assert reasons["a small search"] == (
        "a search of 1 x 20000 x 30 queries, rows and features takes less time without a filter"
    )
    assert reasons["chebyshev"] == (
        "a Chebyshev distance is at least the gap in any one feature, so one feature can exclude a row"
    )
    assert reasons["minkowski"] == reasons["many"]
