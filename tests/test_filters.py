"""The filters: what they prove is true, all of them give the same bits, and where they prove nothing others answer."""

import functools
import math
import re
import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

import accelerated.search.bounds.frame
import accelerated.search.few_features
import accelerated.search.product_filter
import accelerated.search.sizes
import accelerated.search.speeds
import accelerated.search.tree
from accelerated import NearestNeighbors
from accelerated.metrics import METRICS, get_metric
from accelerated.search import bitmaps
from accelerated.search.block_minima import take_minima
from accelerated.search.bounds import accumulation
from accelerated.search.bounds import multiply as products
from accelerated.search.bounds.accumulation import _try_products, product_keeps_error_limit
from accelerated.search.bounds.counts import COUNTING, _float32_counts, can_count
from accelerated.search.bounds.frame import choose_frame
from accelerated.search.bounds.hamming import choose_hamming
from accelerated.search.bounds.jaccard import JaccardBound, choose_sets, divide_by_sizes
from accelerated.search.bounds.lines import LinesBound, choose_lines
from accelerated.search.bounds.manhattan import choose_intervals
from accelerated.search.bounds.multiply import ceiling, multiply, product_dtype
from accelerated.search.bounds.protocol import EncodedRows
from accelerated.search.bounds.squared import SquaredBound
from accelerated.search.bounds.whole_numbers import choose_whole_numbers
from accelerated.search.few_features import halve
from accelerated.search.rule import PRODUCTS, choose_filter
from accelerated.search.speeds import fastest_first, fastest_float
from accelerated.search.tree import tree_reach
from tests.helpers import HOSTILE, by, made_by

CPU = torch.device("cpu")
DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


def assert_same_as_exhaustive(name, X, Q, k, **params):
    """The same bits; returns how many queries the filter certified."""
    model = assert_same(name, X, Q, k, by("exhaustive", k, **params).fit(X).kneighbors(Q), **params)
    report = model.search_report(Q)
    assert report.filter in (name, "exhaustive") or name is None
    return report.certified


def assert_same(name, X, Q, k, expected, **params):
    """The same bits; returns the model."""
    model = by(name, k, **params).fit(X)
    actual = model.kneighbors(Q)

    np.testing.assert_array_equal(actual[1], expected[1])
    np.testing.assert_array_equal(actual[0].view(np.int64), expected[0].view(np.int64))
    return model


NORMAL = HOSTILE["normal"]
APPLY = [
    *((name, metric) for name in PRODUCTS for metric in ("euclidean", "sqeuclidean")),
    *((name, "cosine") for name in PRODUCTS if name != "int8"),
    *((name, f"minkowski {p}") for name in ("uint8", "bfloat16", "float32") for p in (2.5, 3, 16, 30)),
    *((name, metric) for name in ("int8", "float32") for metric in ("hamming", "jaccard")),
    *(("tree", f"minkowski {p}") for p in (3, 16)),
    *((name, metric) for name in ("int8", "float32") for metric in ("manhattan", "minkowski 1.5", "minkowski 1.01")),
    *(
        (name, metric)
        for name in ("tree", "boxes")
        for metric in ("euclidean", "sqeuclidean", "manhattan", "chebyshev")
    ),
    ("bitmaps", "chebyshev"),
    *(("cells", metric) for metric in ("euclidean", "cosine", "minkowski 3")),
    *(("raw", metric) for metric in ("euclidean", "sqeuclidean", "cosine")),
]


def parameters_of(metric):
    name, p = f"{metric} 2".split()[:2]
    return {"metric": name, "p": float(p)}


@functools.cache
def hostile_searches(metric, n_features):
    """For each of the hostile rows: the rows, the queries or None, and their neighbours by the exhaustive search.

    Tests of one metric are a group, in one process, which makes them once.
    """
    searches = []
    params = parameters_of(metric)
    most = get_metric(*params.values()).largest / 2
    for X in HOSTILE.values():
        X = X[:, :n_features].clip(-most, most)
        Q = np.concatenate([X[:40], X[:40] + 0.1 * X[40:80], -X[:5], np.zeros((1, X.shape[1]))])
        model = by("exhaustive", 7, **params).fit(X)
        searches += [(X, queries, model.kneighbors(queries)) for queries in (Q, None)]
    return searches


@pytest.mark.parametrize(
    ("name", "metric"),
    [pytest.param(*pair, marks=pytest.mark.xdist_group(f"all pairs by {pair[1]}")) for pair in APPLY],
)
def test_every_filter_gives_the_bits_of_the_exhaustive_search(name, metric):
    certified = 0
    for X, Q, expected in hostile_searches(metric, 2 if name == "boxes" else 12):
        model = assert_same(name, X, Q, 7, expected, **parameters_of(metric))
        if Q is not None:
            report = model.search_report(Q)
            assert report.filter in (name, "exhaustive")
            certified += report.certified
    assert certified > 0
    assert model.search_report().n_queries == len(X)


def test_a_filter_that_does_not_apply_leaves_all_pairs_to_be_measured():
    for name, metric in (
        ("tree", "cosine"),
        ("uint8", "manhattan"),
        ("uint8", "hamming"),
        ("bfloat16", "manhattan"),
        ("int8", "cosine"),
        ("float32", "chebyshev"),
        ("bitmaps", "manhattan"),
        ("raw", "manhattan"),
    ):
        assert choose_filter(METRICS[metric], torch.from_numpy(NORMAL), name) is None
    with pytest.raises(ValueError, match="filter='bfloat' is not one of uint8, int8, float16, bfloat16"):
        choose_filter(METRICS["euclidean"], torch.from_numpy(NORMAL), "bfloat")


@pytest.mark.parametrize("n_rows", [1, 2, 7, 63, 64, 65, 127, 128, 129])
@pytest.mark.parametrize("n_queries", [1, 2, 7, 31, 32, 33])
def test_the_edges_of_blocks_and_batches_do_not_matter(monkeypatch, n_rows, n_queries, rng):
    module, sizes = accelerated.search.product_filter, accelerated.search.sizes
    monkeypatch.setattr(module, "ENCODED_ROWS", 64)
    monkeypatch.setattr(sizes, "CPU_SIZES", sizes.CPU_SIZES._replace(bounds=32 * 64))
    X, Q = rng.integers(0, 3, (n_rows, 3)), rng.integers(0, 3, (n_queries, 3))
    for k in {1, 2, n_rows // 2 + 1, n_rows}:
        for queries in [Q] * (k <= n_rows) + [None] * (k < n_rows):
            expected = by("exhaustive", k).fit(X).kneighbors(queries)
            for block_rows in (64, 128):
                monkeypatch.setattr(sizes, "CPU_SIZES", sizes.CPU_SIZES._replace(rows=block_rows))
                assert_same("bfloat16", X, queries, k, expected)


@pytest.mark.parametrize("name", [*PRODUCTS, "cells", "raw", "tree", "boxes", "bitmaps"])
def test_a_small_memory_limit_gives_the_same_bits(name, rng):
    metric = "chebyshev" if name == "bitmaps" else "euclidean"
    X, Q = (rng.integers(0, 200, (n, 2 if name == "boxes" else 12)) for n in (4000, 40))
    answered = [
        assert_same_as_exhaustive(name, X, Q, 9, metric=metric, memory_limit=memory_limit)
        for memory_limit in (2**20, 2**21, 2**22, 3 * 2**21, 2**23, 2**24, 2**25, 2**27)
    ]

    assert answered[-1] >= 39
    assert answered == sorted(answered)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("data", HOSTILE)
def test_a_squared_bound_is_below_the_squared_distance_and_not_far_below(data, dtype):
    rows = torch.from_numpy(HOSTILE[data])
    frame = choose_frame(rows)
    bound = SquaredBound.make(METRICS["euclidean"], frame, dtype)
    queries = rows[:60] + 0.01 * rows[60:120]
    encoded = bound.encode_queries(queries)
    bounds = made_by(bound, rows, encoded)
    q, x = (frame.apply(some).numpy().astype(np.longdouble) for some in (queries[encoded.certifiable], rows))
    true = ((q[:, None] - x) ** 2).sum(2) - bound.frame.near
    reach = np.linalg.norm(x, axis=1) <= bound.too_long
    coarse = torch.finfo(dtype).eps

    assert (bounds <= true * (1 + np.sign(true) * coarse))[:, reach].all()  # rounded to T, like a threshold
    assert (bounds[:, ~reach] < true[:, ~reach]).all()
    size = (np.linalg.norm(q, axis=1)[:, None] + np.linalg.norm(x, axis=1)) ** 2 + bound.frame.near
    assert (true - bounds <= (8 * coarse + 8 * bound.alpha) * size + 2 * bound.lost)[:, reach].all()


def test_a_frame_is_nearly_the_same_whichever_features_are_read_at_a_time(monkeypatch, rng):
    rows = torch.from_numpy(rng.normal(size=(700, 50)) * rng.lognormal(size=50) + 7)
    whole, by_intervals = choose_frame(rows), choose_intervals(METRICS["manhattan"], rows)

    monkeypatch.setattr(accelerated.search.bounds.frame, "SAMPLED_NUMBERS", 700 * 3)
    assert torch.equal(choose_frame(rows).center, whole.center)
    assert choose_frame(rows).scale == whole.scale
    assert choose_frame(rows).near == pytest.approx(whole.near, rel=1e-12)
    again = choose_intervals(METRICS["manhattan"], rows)
    for name in ("cuts", "medians", "means"):
        assert torch.equal(getattr(again.intervals, name), getattr(by_intervals.intervals, name))
    assert again.step == by_intervals.step


@pytest.mark.parametrize("choose", [choose_intervals, choose_lines])
@pytest.mark.parametrize("data", HOSTILE)
def test_a_manhattan_bound_is_below_the_distance_and_mostly_near(data, choose):
    rows = torch.from_numpy(HOSTILE[data])
    bound = choose(METRICS["manhattan"], rows)
    if bound is None:
        assert data in ("all equal", "vanishing")
        return
    queries = rows[:60] + 0.01 * rows[60:120]
    encoded = bound.encode_queries(queries)
    step, frame = (bound.step, bound.intervals.frame) if choose is choose_intervals else (1, bound.frame)
    bounds = made_by(bound, rows, encoded) * step
    q, x = (frame.apply(some).numpy().astype(np.longdouble) for some in (queries[encoded.certifiable], rows))
    true = abs(q[:, None] - x).sum(2)

    assert (bounds <= true).all()
    if data == "normal":
        assert np.mean(true - bounds) < 0.1 * np.mean(true)


def test_a_bound_by_lines_is_the_distance_but_for_errors_where_rows_of_an_interval_are_equal():
    rows = torch.tensor([[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0]], dtype=torch.float64).repeat(200, 1)
    bound = choose_lines(METRICS["manhattan"], rows)
    queries = 1.25 * rows[:3]
    true = METRICS["manhattan"].measure_block(queries, rows, 0, 600).numpy() * bound.frame.scale
    lost = true - made_by(bound, rows, bound.encode_queries(queries))

    assert (lost > 0).all() and (lost < 50 * bound.alpha * bound.frame.scale).all()


def test_a_bound_by_lines_that_pays_for_no_errors_is_above_the_distance(rng):
    """So the test above would notice."""
    rows = torch.from_numpy(rng.normal(size=(500, 12)) * 10.0 ** rng.integers(0, 9, (500, 1)))
    bound = choose_lines(METRICS["manhattan"], rows)
    queries = rows + 0.01 * rows.flip(0)
    true = METRICS["manhattan"].measure_block(queries, rows, 0, 500).numpy() * bound.frame.scale
    careless = replace(bound, alpha=0.0)

    assert (made_by(bound, rows, bound.encode_queries(queries)) <= true).all()
    assert (made_by(careless, rows, careless.encode_queries(queries)) > true).any()


def test_rows_far_out_in_float32_have_bounds_by_lines(rng):
    X = rng.normal(size=(400, 5)).astype(np.float32)
    X[::7] *= np.float32(1e38)
    for rows in (X, X.astype(np.float64) * 1e250):
        bound = choose_lines(METRICS["manhattan"], torch.from_numpy(rows))
        assert bound.encode_rows(torch.from_numpy(rows)).columns.isfinite().all()
        assert_same_as_exhaustive("float32", rows, rows[:50], 5, metric="manhattan")


@pytest.mark.parametrize("dtype", COUNTING)
@pytest.mark.parametrize("n_values", [1, 2, 3, 8])
def test_a_hamming_bound_is_the_distance_or_below_it_if_a_row_has_a_value_that_the_sample_lacks(n_values, dtype, rng):
    rows = torch.from_numpy(rng.integers(0, n_values, (1500, 30)) * 1.5)
    queries = torch.from_numpy(rng.integers(-1, n_values + 1, (60, 30)) * 1.5)
    strange = rows.clone()
    strange[1, :5] = torch.tensor([-7.0, 0.7, 99.0, 1.5 * n_values, 1.5])  # rows of odd numbers are not in the sample
    for some in (rows, strange):
        bound = choose_hamming(some, dtype)
        encoded = bound.encode_queries(queries)
        true = (queries[:, None] != some).sum(2).numpy()
        bounds = (made_by(bound, some, encoded) + encoded.offset[:, None].numpy()) / (1 + (n_values <= 2))
        assert (bounds <= true).all()
        assert encoded.is_exact.all() == (some is rows)
        assert (bounds == true).all() or some is strange


@pytest.mark.parametrize("dtype", COUNTING)
def test_a_jaccard_bound_has_the_order_of_the_distances(dtype, rng):
    sets = rng.random((900, 70)) < rng.choice([0.0, 0.03, 0.5, 0.99], (900, 1))
    rows = torch.from_numpy(sets.astype(float))
    bound = choose_sets(rows, dtype)
    encoded = bound.encode_queries(rows[:90])
    encoded_rows = bound.encode_rows(rows)
    product = torch.empty((900, 90), dtype=product_dtype(dtype, CPU))
    multiply(encoded_rows, encoded.columns, product)
    divide_by_sizes(product, encoded_rows, encoded.size.to(torch.float32), 1000)
    distances = METRICS["jaccard"].measure_block(rows[:90], rows, 0, 900)

    assert encoded.is_exact.all()
    for bounds, measured in zip(product.T.double(), distances, strict=True):
        order = measured.argsort()
        steps, larger = bounds[order].diff(), measured[order].diff()
        assert (steps[larger == 0] == 0).all() and (steps[larger > 0] > 0).all()
        for kth in measured[:20]:
            threshold = bound.threshold(kth.expand(90), rows[:90], encoded)[0]
            assert torch.equal(bounds <= threshold, measured <= kth)


def test_different_fractions_of_large_sets_may_tie_only_where_the_bound_is_not_called_exact():
    """The nearest fractions there are: I / s and another with the denominators next to each other."""
    for both, is_exact in ((2**12, True), (2**20, False)):
        bound = JaccardBound(4, both // 2, torch.float32)
        rows = EncodedRows(torch.empty(2, 0), None, torch.tensor([both / 2, both / 2 - 1], dtype=torch.float32))
        common = torch.tensor([[both // 2 - 1.0], [both // 2 - 1.0]])  # I / s just below 1/2, and a little more
        product = common * -(2.0**25)
        divide_by_sizes(product, rows, torch.tensor([both / 2], dtype=torch.float32), 100)
        queries = torch.ones((1, 4), dtype=torch.float64)
        assert product[0] > product[1] or not is_exact
        assert bound.encode_queries(queries).is_exact.item() == (4 + both // 2 <= 2**12)


@pytest.mark.parametrize(("metric", "share"), [("hamming", 0.5), ("hamming", 0.0), ("jaccard", 0.01), ("jaccard", 1.0)])
@pytest.mark.parametrize("name", ["int8", "float32"])
def test_where_rows_are_counted_a_tie_of_thousands_costs_little(name, metric, share, rng):
    X = (rng.random((20_000, 12)) < share).astype(float)
    Q = (rng.random((40, 12)) < share).astype(float)
    for queries in (Q, None if share == 0.01 else X[5000:5040]):
        model = by(name, 5, metric=metric).fit(X)
        report = model.search_report(queries)
        assert report.certified == report.n_queries
        assert report.candidates <= 64 * report.n_queries
    assert_same_as_exhaustive(name, X, Q, 5, metric=metric)


def test_a_device_that_does_not_count_in_float32_is_noticed(monkeypatch):
    def rounded(a, b, out):
        return out.copy_((a.double() @ b.double()).bfloat16())

    _float32_counts.cache_clear()
    monkeypatch.setattr(torch, "mm", rounded)
    try:
        assert not can_count(torch.float32, CPU)
        assert choose_hamming(torch.ones((300, 20), dtype=torch.float64), torch.float32) is None
    finally:
        _float32_counts.cache_clear()


@pytest.mark.parametrize("p", [2.5, 3, 4, 16, 30])
def test_a_radius_is_no_less_than_the_length_of_any_gap(p, rng):
    metric = get_metric("minkowski", p)
    for n_features in (1, 2, 64):
        for size in (1e-200, 1e-25, 1e-18, 1.0, 1e17):
            gaps = rng.normal(size=(300, n_features)) * rng.lognormal(sigma=rng.choice([0, 3]), size=(300, n_features))
            gaps[0] = 1  # the worst: all gaps are equal
            gaps = torch.from_numpy((gaps * size).clip(-1e18, 1e18))
            zero = torch.zeros_like(gaps)
            radius = metric.radius(metric.measure_pairs(gaps, zero), zero).numpy()
            length = np.sqrt((gaps.numpy().astype(np.longdouble) ** 2).sum(1))
            assert (length <= radius).all()
            assert length[0] >= 0.999 * radius[0] or size < 1e-15


@pytest.mark.parametrize("shift", [0, 100, -128, 70_000])
def test_the_bound_of_whole_numbers_is_the_distance(shift, rng):
    rows = torch.from_numpy(rng.integers(0, 256, (400, 30)) + float(shift))
    bound = choose_whole_numbers(METRICS["euclidean"], rows, choose_frame(rows))
    encoded = bound.encode_queries(rows[:50])
    true = (rows[:50, None] - rows).square().sum(2).numpy()
    bounds = 2 * made_by(bound, rows, encoded) + encoded.offset[:, None].numpy()

    assert ((true - 1 <= bounds) & (bounds <= true)).all()
    between = bound.encode_queries(rows[:50] + 0.3)
    true = (rows[:50, None] + 0.3 - rows).square().sum(2).numpy()
    assert (2 * made_by(bound, rows, between) + between.offset[:, None].numpy() <= true).all()


def test_rows_that_are_not_whole_are_measured_for_every_query(rng):
    X = rng.integers(0, 256, (5000, 10)).astype(float)
    X[7] += 0.5
    few, many = X.copy(), X + (np.arange(5000) % 5 == 3)[:, None] * 0.5
    few[10] = 1e6
    chosen, other = (choose_filter(METRICS["euclidean"], torch.from_numpy(rows), "int8") for rows in (few, many))

    assert (chosen.name, chosen.n_never_excluded, other) == ("int8", 2, None)
    assert_same_as_exhaustive("int8", few, X[:100] + 0.5, 3)


def test_a_frame_of_outliers_does_not_overflow(rng):
    for size in (1e3, 1e30, 1e60):
        X = rng.normal(size=(1000, 12))
        X[:64] = (1 + np.arange(64))[:, None] * size
        for name in (*PRODUCTS, None):
            assert_same_as_exhaustive(name, X, rng.normal(size=(50, 12)), 3)
            assert_same_as_exhaustive(name, X, X[:70], 3, metric="manhattan")
    X = rng.normal(size=(1024, 12))
    X[:64], X[:64, 0] = 0, (1 + np.arange(64)) * 2.0**45
    for metric in ("euclidean", "manhattan"):
        for name in PRODUCTS:
            assert_same_as_exhaustive(name, X, rng.normal(size=(20, 12)), 961, metric=metric)


def test_neighbors_among_the_rows_that_are_never_excluded_are_found(rng):
    X = rng.integers(0, 256, (10_240, 64)).astype(float)
    outside = np.arange(10) * 1000 + 1
    X[outside] = rng.integers(200, 256, (10, 64))
    X[outside, 0] = 1e7
    Q = rng.integers(0, 60, (40, 64)).astype(float)
    Q[:, 0] = 1e7
    for k in (3, 10_235, 10_240):
        assert_same_as_exhaustive("int8", X, Q[:8], k)


@pytest.mark.parametrize("name", ["int8", "bfloat16"])
@pytest.mark.parametrize("k", [4096, 4200, 6000])
def test_many_neighbors_within_little_memory(name, k, rng):
    X = rng.integers(0, 9, (8000, 12)) * 1.0
    assert_same_as_exhaustive(name, X, X[:40], k, memory_limit=2**26)


@pytest.mark.parametrize("name", PRODUCTS)
def test_one_feature_is_enough(name, rng):
    X = rng.integers(0, 100, (300, 1))
    for metric in ("euclidean", "manhattan", "cosine"):
        answered = assert_same_as_exhaustive(name, X, X[:33] + 1, 4, metric=metric)
        assert answered == 0 or name not in ("int8", "uint8") or metric != "euclidean"  # products need two columns


def test_a_filter_that_proves_nothing_is_not_asked_again(rng):
    X = rng.random((20_000, 10))
    model = by("int8", 5, metric="manhattan").fit(X)
    first, *others = model._index.filters
    coarse = replace(first.bound, step=first.bound.step * 1e6)  # so coarse that no row can be excluded
    model._index = model._index._replace(filters=[replace(first, bound=coarse), others[-1]])
    report = model.search_report(X[:3000])

    assert report.certified == 0
    assert report.fallbacks == {"exhaustive": 3000}
    assert report.seconds["multiply"] < report.seconds["exhaustive"]


def test_precision_set_by_backend_is_no_matter():
    code = """
import torch
torch.backends.cuda.matmul.fp32_precision = "tf32"
from accelerated import NearestNeighbors
X = torch.rand(2000, 20)
assert NearestNeighbors(3).fit(X).search_report(X + 1e-3).certified == 2000
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_ceiling_is_the_least_number_at_or_above(dtype, rng):
    values = torch.from_numpy(rng.lognormal(sigma=5, size=1000))
    above = ceiling(values, dtype)

    assert (above.double() >= values).all()
    assert (torch.nextafter(above, torch.zeros_like(above)).double() < values).all()
    assert (ceiling(above.double(), dtype) == above).all()


@pytest.mark.parametrize("name", ["bfloat16", "float32", "tree", "boxes", "bitmaps"])
def test_a_bound_that_promises_too_much_gives_wrong_neighbors(monkeypatch, name, rng):
    """So these tests would notice."""
    X, Q = rng.normal(size=(2000, 4)), rng.normal(size=(200, 4))
    half = "threshold" if name in PRODUCTS else "tree_reach"
    metric = {"bitmaps": "chebyshev", "float32": "manhattan"}.get(name, "euclidean")
    if name in PRODUCTS:
        bound = {"bfloat16": SquaredBound, "float32": LinesBound}[name]
        real = bound.threshold
        monkeypatch.setattr(bound, half, lambda self, reduced, *args: real(self, 0.5 * reduced, *args))
    elif name == "bitmaps":
        real = bitmaps.near_interval
        monkeypatch.setattr(bitmaps, "near_interval", lambda queries, limit: real(queries, 0.5 * limit))
    else:
        module = accelerated.search.few_features if name == "boxes" else accelerated.search.tree
        monkeypatch.setattr(module, half, lambda distance: 0 * distance)
        X, Q = np.round(X), np.round(Q)  # of equals the tree finds any
    with pytest.raises(AssertionError):
        assert_same_as_exhaustive(name, X, Q, 10, metric=metric)


@pytest.mark.parametrize(("name", "product"), [("float32", "mm"), ("bfloat16", "mm"), ("int8", "_int_mm")])
def test_a_product_that_is_less_precise_than_promised_is_noticed_and_not_used(monkeypatch, name, product):
    def rounded(a, b, out):
        exact = a.double() @ b.double()
        return out.copy_(exact + exact.abs() / 64)

    _try_products.cache_clear()
    monkeypatch.setattr(torch, product, rounded)
    monkeypatch.setattr(products, "integers_are_faster", lambda: True)
    try:
        with pytest.warns(UserWarning, match=f"products in torch.{name} on cpu are less precise than they can be"):
            assert not product_keeps_error_limit(PRODUCTS[name], CPU)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert choose_filter(METRICS["euclidean"], torch.ones(300, 20), name) is None
    finally:
        _try_products.cache_clear()


@pytest.mark.parametrize("faster", [False, True])
@pytest.mark.parametrize("shape", [(1, 1, 2), (1, 33, 100), (70, 1, 1025), (48, 40, 3000)])
def test_products_of_integers_are_exact_in_either_way(monkeypatch, shape, faster):
    monkeypatch.setattr(products, "integers_are_faster", lambda: faster)
    n, m, n_columns = shape
    a, b = torch.full((n, n_columns), -128, dtype=torch.int8), torch.full((m, n_columns), 127, dtype=torch.int8)
    a[-1, 0], b[-1, -1] = 3, -128
    out = torch.full((n, m), 5, dtype=torch.int32)

    products.multiply_integers(a, b, out)

    assert torch.equal(out.to(torch.int64), a.to(torch.int64) @ b.T.to(torch.int64))


def test_a_product_of_integers_that_torch_refuses_without_a_word_is_made_in_float32(monkeypatch):
    monkeypatch.setattr(products, "integers_are_faster", lambda: True)
    monkeypatch.setattr(torch, "_int_mm", lambda a, b, out: out)
    a, out = torch.ones((3, 4), dtype=torch.int8), torch.zeros((3, 3), dtype=torch.int32)

    products.multiply_integers(a, a, out)

    assert out.tolist() == [[4] * 3] * 3


@pytest.mark.parametrize("dtype", PRODUCTS.values())
def test_a_product_of_few_lines_that_is_refused_without_a_word_is_noticed(monkeypatch, dtype):
    real = accumulation.multiply
    monkeypatch.setattr(accumulation, "multiply", lambda rows, *others: len(rows.columns) == 1 or real(rows, *others))
    _try_products.cache_clear()
    try:
        with pytest.warns(UserWarning, match="are less precise than they can be"):
            assert not product_keeps_error_limit(dtype, CPU)
    finally:
        _try_products.cache_clear()


@pytest.mark.parametrize("dtype", PRODUCTS.values())
def test_products_are_as_precise_as_promised_here(dtype):
    assert product_keeps_error_limit(dtype, CPU)


@pytest.mark.parametrize("name", ["bfloat16", "float16", "float32", "float64", "boxes"])
@pytest.mark.parametrize("n_features", [2, 12])
def test_rows_at_the_ends_of_float32_are_not_lost(name, n_features, rng):
    normal = rng.normal(size=(300, n_features))
    far = -2e38 + normal * 2e37
    far[[5, 6, 200]] = [[2e38], [2.1e38], [2.05e38]]
    sides = np.where(rng.random((300, 1)) < 0.1, 2e38, -2e38) + normal * 1e37
    for X in (normal * 1e-37, normal * 1e-40, normal * 1e-44, far, sides, normal * 5e37):
        X = X.astype(np.float32)
        assert_same_as_exhaustive(name, X, X, 3)


@pytest.mark.parametrize("name", ["bfloat16", "float32"])
@pytest.mark.parametrize("n_zero", [1, 300])
def test_zero_rows_cost_a_search_by_cosine_no_certificate(name, n_zero, rng):
    words = ((rng.random((3000, 200)) < 0.05) * rng.integers(1, 5, (3000, 200))).astype(np.float32)
    words[:: 3000 // n_zero] = 0
    queries = words[words.any(1)][:200]

    assert assert_same_as_exhaustive(name, words, queries, 5, metric="cosine") == len(queries)


def test_float32_is_not_used_where_it_was_asked_to_be_less_precise():
    model = by("float32", 5).fit(NORMAL)
    assert model.search_report(NORMAL).certified == 500
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        assert not product_keeps_error_limit(torch.float32, CPU)
        assert model.search_report(NORMAL).fallbacks == {"float64": 500}
        assert_same_as_exhaustive("float32", NORMAL, NORMAL[:50] + 0.1, 5)
    finally:
        torch.set_float32_matmul_precision(before)


def test_autocast_is_no_matter():
    with torch.autocast("cpu"):
        for name in PRODUCTS:
            assert assert_same_as_exhaustive(name, HOSTILE["pixels"], HOSTILE["pixels"][:50], 5) == 50


def test_the_default_device_is_no_matter():
    with torch.device("meta"):  # which holds no numbers
        for name in (*PRODUCTS, "tree", "boxes"):
            _try_products.cache_clear()
            data = HOSTILE["pixels"][:, : 1 if name == "boxes" else 2]
            assert assert_same_as_exhaustive(name, data, data[:50], 5, device="cpu") > 40


def test_points_are_put_in_blocks_that_lie_together(rng):
    for n, most in ((1, 1), (1, 4), (64, 64), (65, 64), (1000, 64), (1000, 1), (7, 2)):
        points = torch.from_numpy(rng.normal(size=(n, 3)))
        blocks = halve(points, most)
        numbers = blocks[blocks >= 0]
        assert sorted(numbers.tolist()) == list(range(n))
        assert blocks.shape[1] <= most and (blocks[:, 0] >= 0).all()
        assert (blocks < 0).any(1).sum() <= 1
    line = torch.arange(256, dtype=torch.float64)[torch.randperm(256)][:, None]
    assert (line[halve(line, 64)].amax(1) - line[halve(line, 64)].amin(1) == 63).all()


def test_a_type_is_tried_when_all_faster_ones_were(monkeypatch):
    module, tried = accelerated.search.speeds, []
    seconds = {torch.float32: 2, torch.uint8: 1, torch.int8: 4, torch.bfloat16: 3}
    monkeypatch.setattr(module, "seconds_of_products", lambda device: seconds)

    def keeps_limit(dtype, device):
        tried.append(dtype)
        return dtype != torch.uint8

    monkeypatch.setattr(module, "product_keeps_error_limit", keeps_limit)
    assert fastest_float(CPU) == torch.float32 and tried == [torch.uint8, torch.float32]
    assert list(fastest_first(CPU)) == [torch.float32, torch.bfloat16, torch.int8]


def test_a_type_whose_products_fail_takes_for_ever(monkeypatch):
    def fail(rows, queries, out):
        raise RuntimeError("no such instruction")

    accelerated.search.speeds.seconds_of_product.cache_clear()
    monkeypatch.setattr(accelerated.search.speeds, "multiply", fail)

    assert accelerated.search.speeds.seconds_of_bound(torch.float32, 100) == math.inf
    assert set(accelerated.search.speeds.seconds_of_products(CPU).values()) == {math.inf}


def test_the_rule_chooses_by_features_rows_and_metric():
    few, many = torch.rand(2**14, 2), torch.rand(2**14, 20)
    chosen = {
        (metric, rows.shape[1]): getattr(choose_filter(get_metric(metric, 3), rows), "name", None)
        for metric in ("euclidean", "cosine", "manhattan", "chebyshev", "hamming", "jaccard", "minkowski")
        for rows in (few, many)
    }
    fastest = [str(dtype).removeprefix("torch.") for dtype in fastest_first(CPU)]
    of_floats = next(name for name in fastest if name not in ("int8", "uint8"))

    assert {metric for (metric, d), name in chosen.items() if d == 2 and name == "tree"} == {
        *("euclidean", "manhattan", "chebyshev", "minkowski")
    }
    assert choose_filter(get_metric("minkowski", 3), few, "boxes") is None
    assert {metric for (metric, d), name in chosen.items() if d == 20 and name in (of_floats, "uint8")} >= {
        *("euclidean", "cosine", "minkowski")
    }
    assert chosen["manhattan", 20] in ("int8", "float32")
    sets = (many > 0.5).to(torch.float64)
    counting = next(name for name in fastest if name in ("int8", "float32"))
    assert {choose_filter(METRICS[metric], sets).name for metric in ("hamming", "jaccard")} == {counting}
    assert chosen["chebyshev", 20] == "bitmaps"
    assert {metric for (metric, d), name in chosen.items() if d == 20 and name is None} == {"hamming"}
    for metric, name in (("euclidean", "raw"), ("cosine", "raw"), ("manhattan", None)):
        assert getattr(choose_filter(METRICS[metric], many[:100]), "name", None) == name
    assert choose_filter(METRICS["euclidean"], many[:10]) is None


@pytest.mark.parametrize("data", ["normal", "clusters", "unit"])
def test_nearly_all_queries_are_answered_at_the_first_try(data):
    generator = np.random.default_rng(1)
    X = generator.normal(size=(20_000, 32)).astype(np.float32)
    if data == "clusters":
        X += 3 * generator.normal(size=(100, 32)).astype(np.float32)[generator.integers(0, 100, len(X))]
    if data == "unit":
        X /= np.linalg.norm(X, axis=1, keepdims=True)
    report = NearestNeighbors(10).fit(X[:-500]).search_report(X[-500:])

    assert report.n_queries == 500
    assert report.filter in PRODUCTS
    assert report.certified >= 0.99 * 500
    assert report.candidates >= 10 * 500
    assert {"encode", "multiply", "minima", "guess", "exclude", "refine"} <= set(report.seconds)


def test_where_features_are_so_many_that_float32_tells_no_rows_apart_float64_is_first(rng):
    names = {}
    for n_features, offset in ((1000, 1e7), (30_000, 0), (30_000, 1e7)):
        X, Q = rng.normal(size=(260, n_features)) + offset, rng.normal(size=(40, n_features)) + offset
        for scale in (1e-30, 1.0):
            assert assert_same_as_exhaustive(None, X * scale, Q * scale, 3) == 40
            report = NearestNeighbors(3).fit(X * scale).search_report(Q * scale)
            names.setdefault((n_features, offset), set()).add(report.filter)

    assert names[30_000, 0] == {"raw"}  # rows as they are
    assert names[30_000, 1e7] == {"float64"}  # which are shifted to their centre
    assert not names[1000, 1e7] & {"raw", "float64"}


def test_many_rows_in_tight_clusters_are_encoded_in_float64(rng):
    X = rng.normal(size=(10, 20))[rng.integers(0, 10, 5000)] + 1e-3 * rng.normal(size=(5000, 20))

    assert choose_filter(METRICS["euclidean"], torch.from_numpy(X)).name == "float64"


def test_a_report_predicts_the_time_of_kept_products_alone(rng):
    X = rng.normal(size=(3000, 64))
    model = by("float32", 5).fit(X)
    n_columns = model._index.filters[0].kept.columns.shape[1]
    of_bound = accelerated.search.speeds.seconds_of_bound(torch.float32, n_columns)

    assert model.search_report(X[:40]).predicted == {"multiply": 40 * 3000 * of_bound}
    for other in ("tree", "cells", "exhaustive"):
        assert by(other, 5).fit(X).search_report(X[:40]).predicted == {}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_a_small_block_is_excluded_only_if_all_of_its_bounds_are_above_the_threshold(dtype, rng):
    bounds = torch.from_numpy(rng.normal(size=(640, 33)) * rng.integers(0, 2, (640, 33))).to(dtype)
    bounds[-5:] = torch.inf
    integers = bounds.view(products.INTEGERS[dtype.itemsize])
    minima = integers.new_empty((80, 33))
    take_minima(integers, minima)

    for threshold in torch.tensor([0, 0.5, 1.5], dtype=dtype):
        is_open = minima <= threshold.view(integers.dtype)
        assert torch.equal(is_open, (bounds <= threshold).view(80, 8, 33).any(1))


def test_queries_may_be_encoded_one_at_a_time(monkeypatch, rng):
    sizes = accelerated.search.sizes
    X, Q = rng.normal(size=(500, 12)), rng.normal(size=(40, 12))
    whole = by("float32", 5).fit(X).search_report(Q)

    monkeypatch.setattr(sizes, "CPU_SIZES", sizes.CPU_SIZES._replace(encoding=1))
    model = assert_same("float32", X, Q, 5, by("exhaustive", 5).fit(X).kneighbors(Q))
    parts = model.search_report(Q)
    assert (parts.certified, parts.candidates) == (whole.certified, whole.candidates) == (40, whole.candidates)
    for metric in ("hamming", "jaccard"):
        assert_same_as_exhaustive("float32", HOSTILE["a lattice"], HOSTILE["a lattice"][:40], 5, metric=metric)


def test_what_a_filter_leaves_is_answered_by_the_next():
    outside = by("int8", 3).fit(HOSTILE["pixels"]).search_report(HOSTILE["pixels"] + 1000.4)
    narrow = by("bfloat16", 3).fit(HOSTILE["far tight clusters"][:, :1]).search_report(HOSTILE["normal"][:, :1] + 1e6)
    nothing = by("bfloat16", 3).fit(HOSTILE["all equal"]).search_report(NORMAL)
    ties = by("tree", 3).fit(HOSTILE["a lattice"]).search_report(HOSTILE["a lattice"])

    assert outside.certified < 500
    assert next(iter(outside.fallbacks)) == "bfloat16"
    assert narrow.certified < 500
    assert {"float32", "float64"} & set(narrow.fallbacks)
    assert nothing.certified == 0
    assert nothing.fallbacks == {"exhaustive": 500}
    assert any(re.fullmatch("tree, (8|64) times wider", name) for name in ties.fallbacks)


def test_a_report_of_a_small_search_names_no_filter():
    report = NearestNeighbors(1).fit([[0.0], [1.0]]).search_report([[0.2]])

    assert (report.filter, report.n_queries, report.certified, report.fallbacks) == ("exhaustive", 1, 0, {})
    assert set(report.seconds) == {"read", "exhaustive"}


def test_a_report_raises_as_a_search_does():
    with pytest.raises(ValueError, match="n_neighbors=3 is more than the 2 training examples"):
        NearestNeighbors(3).fit([[0.0], [1.0]]).search_report([[0.2]])


def test_a_tree_looks_a_little_farther_than_the_distance():
    distance = torch.tensor([0.0, 1e-200, 1.0, 1e150], dtype=torch.float64)

    assert (tree_reach(distance) > distance).all()
    assert (tree_reach(distance) <= distance * (1 + 1e-11) + 1e-149).all()


@pytest.mark.parametrize("n_rows", [4000, 40_000, 200_000])
def test_a_plan_for_a_batch_takes_all_of_its_queries(n_rows, rng):
    """So within no limit of memory, which workers share, does a filter answer none of the queries it asked for."""
    rows = torch.zeros((n_rows, 20), dtype=torch.float32)
    rows[:600] = torch.from_numpy(rng.normal(size=(600, 20)))
    chosen = choose_filter(METRICS["euclidean"], rows, "float32")
    assert chosen is not None
    for scratch in (2**20 * size for size in (4, 8, 16, 30, 48, 64, 100, 128, 200, 400, 1024)):
        for k in (1, 5, 100):
            for n_queries in {1, 7, 50, 100, chosen.batch_size(k, scratch)}:
                if n_queries <= chosen.batch_size(k, scratch):
                    planned = chosen.plan_for(n_queries, k, scratch).n_queries
                    assert planned >= n_queries


def test_rows_are_not_encoded_again_for_a_few_queries_at_a_time():
    first = choose_filter(METRICS["manhattan"], torch.rand(20_000, 32, dtype=torch.float64), "int8")
    assert first is not None
    (finer,) = first.finer()
    sizes = {finer.batch_size(10, 2**20 * size) for size in (1, 2, 4, 8, 16, 24, 32, 48, 64, 100, 128, 256)}

    assert 0 in sizes and max(sizes) > 100
    assert all(size == 0 or size >= 16 for size in sizes)
