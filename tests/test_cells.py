"""Rows by cells: what a centre and a radius prove, how centres are drawn, and when the rule chooses the filter."""

import math

import numpy as np
import pytest
import torch

import accelerated.search.cells
import accelerated.search.rule
import accelerated.search.sizes
from accelerated.metrics import METRICS
from accelerated.search.bounds.cells import (
    divide_rows,
    draw_centers,
    lowered_distances,
    lowest,
    predict_share,
    width_of_clusters,
)
from accelerated.search.bounds.frame import choose_frame
from accelerated.search.rule import choose_filter
from tests.helpers import HOSTILE, by

EUCLIDEAN = METRICS["euclidean"]


def clusters(rng, n, d, n_clusters=20, apart=8.0):
    """Rows in clusters of width 1."""
    centers = apart * np.random.default_rng(1).normal(size=(n_clusters, d))
    return centers[rng.integers(0, n_clusters, n)] + rng.normal(size=(n, d))


def assert_same(X, Q, k, **params):
    """Fails unless cells give the bits of the exhaustive search; returns the report of the search."""
    model, all_pairs = by("cells", k, **params).fit(X), by("exhaustive", k, **params).fit(X)
    for queries in (Q, None):
        for found, expected in zip(model.kneighbors(queries), all_pairs.kneighbors(queries), strict=True):
            np.testing.assert_array_equal(found, expected)
    return model.search_report(Q)


def cells_of(rows, n=20):
    frame = choose_frame(rows)
    sample = frame.apply(rows, torch.float32)
    return frame, divide_rows(EUCLIDEAN, rows, frame, draw_centers(sample, n))


@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "cosine", "minkowski", "seuclidean", "mahalanobis"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cells_find_the_same_bits_by_every_metric_that_has_a_radius(metric, dtype, rng):
    X, Q = (clusters(rng, n, 12).astype(dtype) for n in (3000, 200))
    params = {"p": 3} if metric == "minkowski" else {}

    report = assert_same(X, Q, 9, metric=metric, **params)

    assert report.filter == "cells" and report.certified == 200
    assert report.candidates < 200 * 400


@pytest.mark.parametrize("data", HOSTILE)
def test_cells_find_the_same_bits_among_hostile_rows(data):
    X = HOSTILE[data]
    assert_same(X, np.concatenate([X[:40], X[:40] + 0.1 * X[40:80], -X[:5], np.zeros((1, X.shape[1]))]), 7)


@pytest.mark.parametrize("k", [1, 2, 60, 299])
def test_cells_with_fewer_rows_than_neighbors_are_joined_by_the_next_nearest(k, rng):
    X, Q = (clusters(rng, n, 5, n_clusters=100) for n in (300, 50))
    assert len(by("cells", 5).fit(X)._index.filters[0].cells.size) > 1

    assert assert_same(X, Q, k).certified == 50


def test_equal_distances_from_rows_of_different_cells_are_in_the_order_of_the_rows(rng):
    """The query is in the middle of two clusters that mirror each other."""
    half = clusters(rng, 500, 6, n_clusters=1).round() + 40
    X = np.concatenate([half, -half])[rng.permutation(1000)]

    report = assert_same(X, np.zeros((3, 6)), 7)

    assert report.certified == 3


def test_a_row_of_a_cell_is_never_nearer_than_the_bound(rng):
    for X in (*HOSTILE.values(), clusters(rng, 2000, 12)):
        for rows in (torch.from_numpy(X), torch.from_numpy(X).to(torch.float32)):
            if not bool(rows.isfinite().all()):
                continue
            frame, cells = cells_of(rows)
            queries = frame.apply(rows[:60].to(torch.float64))
            bounds = lowest(lowered_distances(cells.centers, queries), cells.radius)
            exact = frame.apply(rows.to(torch.float64))[cells.order]
            for i, query in enumerate(queries):
                squared = (exact - query).square().sum(1)
                nearest = torch.stack([some.min() for some in squared.split(cells.size.tolist())])
                assert not bool((bounds[i] > nearest * (1 + 1e-12)).any()), (bounds[i], nearest)


def test_a_radius_that_is_too_small_gives_wrong_neighbors(monkeypatch, rng):
    """So these tests would notice."""
    right = accelerated.search.cells.lowest
    monkeypatch.setattr(accelerated.search.cells, "lowest", lambda distances, radius: right(distances, 0 * radius))
    X, Q = (clusters(rng, n, 5, apart=1.5) for n in (2000, 100))

    with pytest.raises(AssertionError):
        assert_same(X, Q, 9)


def test_each_row_is_in_one_cell_in_the_order_of_the_rows(rng):
    _, cells = cells_of(torch.from_numpy(clusters(rng, 5000, 6)))

    assert cells.order.sort().values.tolist() == list(range(5000))
    assert all(bool((some.diff() > 0).all()) for some in cells.order.split(cells.size.tolist()))
    assert int(cells.size.min()) > 0


def test_every_cluster_gets_a_centre_of_its_own(rng):
    sample = torch.from_numpy(clusters(rng, 2048, 64, n_clusters=100)).to(torch.float32)

    centers = draw_centers(sample, 128)

    assert 100 <= len(centers) <= 144
    assert 20 <= len(draw_centers(torch.from_numpy(clusters(rng, 2048, 64)).to(torch.float32), 256, 17.0)) < 60
    assert float(torch.cdist(sample, centers).amin(1).max()) < 2 * math.sqrt(64)


def test_centres_are_drawn_from_equal_rows_and_from_rows_too_long_to_compare():
    assert len(draw_centers(torch.ones((50, 3)), 16)) == 1
    huge = torch.full((50, 3), 1e30)
    huge[::2] *= -1
    assert 1 <= len(draw_centers(huge, 16)) <= 16


def test_clusters_so_small_that_powers_of_their_distances_vanish_get_centres():
    """Distances of 1e-14 have powers that float32 takes for 0, beside clusters without any."""
    near_0 = torch.tensor([[1e-14 * i] for i in range(20)])
    sample = torch.cat([torch.ones((20, 1)), -torch.ones((20, 1)), near_0])

    centers = draw_centers(sample, 16)

    assert len(centers) >= 8 and bool(centers.isfinite().all())
    assert len(draw_centers(sample * 2.0**40, 16)) >= 8


def test_a_query_that_keeps_too_many_pairs_is_searched_by_all_rows(monkeypatch, rng):
    monkeypatch.setattr(accelerated.search.cells, "KEPT_IN_CELLS", 8)
    X = clusters(rng, 3000, 8)
    X[:1500] = X[0] + 1e-9 * rng.integers(0, 2, (1500, 8))  # which bounds in float32 do not tell apart
    Q = np.concatenate([np.repeat(X[:1], 20, 0) + 1e-10 * rng.normal(size=(20, 8)), X[2000:2100]])

    report = assert_same(X, Q, 2)

    assert report.filter == "cells" and 100 <= report.certified < 120


def test_queries_that_are_too_long_for_the_bounds_are_searched_otherwise(rng):
    X, Q = (clusters(rng, n, 6) for n in (2000, 40))
    Q[::2] *= 1e100

    assert assert_same(X, Q, 4).certified == 20


def test_products_that_are_not_precise_certify_nothing(monkeypatch, rng):
    monkeypatch.setattr(accelerated.search.cells, "is_as_precise_as_asked", lambda *args: torch.tensor(False))
    X, Q = (clusters(rng, n, 6) for n in (2000, 40))

    assert assert_same(X, Q, 4).certified == 0


def test_a_large_cell_is_searched_for_some_queries_at_a_time(monkeypatch, rng):
    sizes = accelerated.search.sizes.CPU_SIZES._replace(product=2**10)
    monkeypatch.setattr(accelerated.search.sizes, "CPU_SIZES", sizes)
    X, Q = (clusters(rng, n, 6, n_clusters=2) for n in (2000, 100))

    assert assert_same(X, Q, 4).certified == 100


def test_limits_leave_out_farther_rows_alone(rng):
    X, Q = (torch.from_numpy(clusters(rng, n, 6)) for n in (2000, 60))
    frame = choose_frame(X)
    chosen = accelerated.search.cells.CellFilter.make(EUCLIDEAN, X, frame, 5, is_asked=True)
    queries = accelerated.search.Queries.given(Q.numpy(), EUCLIDEAN, X)
    index = accelerated.search.Index(EUCLIDEAN, X, [chosen, *by("exhaustive").fit(X)._index.filters], 0)

    def search(queries):
        clock = accelerated.search.Clock()
        return accelerated.search.search(index, queries, range(60), 5, memory_limit=2**28, progress=False, clock=clock)

    free = search(queries)
    limits = free.reduced[:, 2].numpy()
    limited = search(queries.up_to(limits))

    near = free.reduced <= torch.from_numpy(limits)[:, None]
    assert (limited.reduced[near] == free.reduced[near]).all() and (limited.indices[near] == free.indices[near]).all()


def test_one_query_that_keeps_many_pairs_takes_no_memory_for_the_others(monkeypatch, rng):
    """The matrix of the pairs of all queries would have a place for each query and row, most of them empty."""
    X, Q = (clusters(rng, n, 6) for n in (3000, 500))
    Q[0] *= 1e8  # so far away that no bound excludes any row
    shapes, full = [], torch.full
    monkeypatch.setattr(torch, "full", lambda shape, *args, **kw: shapes.append(shape) or full(shape, *args, **kw))

    report = assert_same(X, Q, 4)

    assert report.certified == 500 and 3000 < report.candidates < 100 * 500
    assert max(math.prod(shape) for shape in shapes if isinstance(shape, tuple)) < 500 * 300


def test_the_rule_chooses_cells_for_clusters_far_apart_alone(monkeypatch, rng):
    monkeypatch.setattr(accelerated.search.rule, "FEWEST_TO_SHORTEN", 2**16)
    n, d = 40_000, 32
    rows = {
        "far apart": clusters(rng, n, d),
        "close": clusters(rng, n, d, apart=0.5),
        "one": rng.normal(size=(n, d)),
        "few": clusters(rng, 1000, d),
    }

    chosen = {name: choose_filter(EUCLIDEAN, torch.from_numpy(X)).name for name, X in rows.items()}

    assert chosen["far apart"] == "cells"
    assert "cells" not in (chosen["close"], chosen["one"], chosen["few"])
    assert choose_filter(METRICS["manhattan"], torch.from_numpy(rows["far apart"]), "cells") is None


def test_cells_must_pay_against_the_fastest_product(monkeypatch):
    seconds = {torch.float32: 3e-9, torch.uint8: 2e-9, torch.bfloat16: 1e-10}
    module, centers = accelerated.search.cells, torch.zeros((128, 128))
    monkeypatch.setattr(module, "seconds_of_bound", lambda dtype, n_columns: seconds[dtype])
    monkeypatch.setattr(module, "seconds_of_products", lambda device: seconds)

    assert not module._pays(0.01, centers)
    del seconds[torch.bfloat16]
    assert module._pays(0.01, centers) and not module._pays(0.5, centers)


def test_a_sample_predicts_the_share_of_rows_that_queries_need(rng):
    X = torch.from_numpy(clusters(rng, 40_000, 32)).to(torch.float32)
    sample = X[::20]

    assert width_of_clusters(torch.randn(sample.shape), 5, 40_000) is None
    assert 8 < width_of_clusters(sample, 5, 40_000) < 16  # rows of a cluster are sqrt(2 x 32) = 8 apart
    shares = [predict_share(sample, draw_centers(sample, n), 5, 40_000) for n in (2, 10, 60)]
    assert shares[0] > 0.5 > shares[1] > shares[2]
    assert 0.03 < shares[2] < 0.12  # each of 20 clusters has 1 / 20 of the rows


@pytest.mark.parametrize("filter_name", ["cells", None])
def test_a_regressor_predicts_the_same_bits_with_cells(filter_name, rng):
    from accelerated import KNNRegressor

    X, Q = (clusters(rng, n, 12) for n in (3000, 100))
    y = rng.normal(size=3000)
    models = [type("Model", (KNNRegressor,), {"_filter": name})(7).fit(X, y) for name in (filter_name, "exhaustive")]

    np.testing.assert_array_equal(*(model.predict(Q) for model in models))


def test_rows_within_a_radius_are_looked_for_in_near_cells_alone(monkeypatch, rng):
    X, Q = (clusters(rng, n, 8) for n in (3000, 100))
    model, all_pairs = (by(name, metric="euclidean").fit(X) for name in ("cells", "exhaustive"))
    products, n_bounds = accelerated.search.cells.CellFilter._products, []

    def counted(*args):
        for some, query, bounds in products(*args):
            n_bounds.append(len(query) * bounds.shape[1])
            yield some, query, bounds

    with monkeypatch.context() as context:
        context.setattr(accelerated.search.cells.CellFilter, "_products", counted)
        found = model.radius_neighbors(Q, radius=3.5)

    for some, others in zip(found, all_pairs.radius_neighbors(Q, radius=3.5), strict=True):
        for a, b in zip(some, others, strict=True):
            np.testing.assert_array_equal(a, b)
    assert 0 < sum(n_bounds) < 0.2 * len(X) * len(Q)
