"""Bitmaps leave out only rows that are too far, in whatever order the rows come and however many of them tie."""

import numpy as np
import pytest
import torch

from accelerated.metrics import METRICS
from accelerated.search import bitmaps
from accelerated.search.bitmaps import BitmapFilter, choose_cuts, make_bitmaps, near_interval, rows_of
from tests.helpers import HOSTILE, by

CHEBYSHEV = METRICS["chebyshev"]


def report_of(X, Q, k):
    """Returns the report of a search by bitmaps that gives the bits of the exhaustive search."""
    model = by("bitmaps", k, metric="chebyshev").fit(X)
    actual, expected = (searched.kneighbors(Q) for searched in (model, by("exhaustive", k, metric="chebyshev").fit(X)))
    np.testing.assert_array_equal(actual[1], expected[1])
    np.testing.assert_array_equal(actual[0].view(np.int64), expected[0].view(np.int64))
    return model.search_report(Q)


@pytest.mark.parametrize("data", HOSTILE)
def test_no_row_that_is_nearer_than_the_limit_is_left_out(data, device):
    rows = torch.tensor(HOSTILE[data], device=device)
    queries = rows[:60] + 0.01 * rows[60:120]
    distances = CHEBYSHEV.measure_block(queries, rows, 0, len(rows))
    made = BitmapFilter.make(CHEBYSHEV, rows)
    n_kept = 0
    for place in (0, 3, 400):
        limit = distances.sort(1).values[:, place]  # rows at the limit are not wanted
        pairs, is_complete = rows_of(made.combine(made.blocks[0], queries, limit), len(rows))
        is_kept = torch.zeros(distances.shape, dtype=torch.bool, device=device)
        is_kept[pairs.query, pairs.row] = True
        assert bool((is_kept | (distances >= limit[:, None])).all() and is_complete.all())
        n_kept += len(pairs.row) * (place == 3)
    assert n_kept < 60 * 500 / 2


@pytest.mark.parametrize("data", HOSTILE)
def test_an_interval_ends_at_the_first_numbers_that_are_too_far(data):
    queries = torch.from_numpy(HOSTILE[data])
    infinity = torch.full_like(queries, torch.inf)
    for limit in (0.1, 1.0, 1e-9, 5e-324, 3e150):
        least, beyond = near_interval(queries, torch.full((500,), limit, dtype=torch.float64))
        outside = torch.nextafter(least, -infinity)
        assert ((queries - outside >= limit) & (beyond - queries >= limit)).all()
        if limit == 1.0 and data in ("a lattice", "pixels"):  # whole numbers
            assert torch.equal(outside, queries - 1) and torch.equal(beyond, queries + 1)


@pytest.mark.parametrize("n_rows", [1, 63, 64, 65, 200])
def test_a_bitmap_has_the_rows_at_or_above_its_cut(n_rows, device, rng):
    rows = torch.tensor(rng.integers(0, 50, (n_rows, 18)) * 1.0, device=device)
    cuts = choose_cuts(rows)
    made = make_bitmaps(rows, cuts)

    assert made.shape == (18, bitmaps.N_CUTS + 2, -(-n_rows // 64))
    for feature in (0, 17):
        pairs, _ = rows_of(made[feature], n_rows)
        has = torch.zeros((bitmaps.N_CUTS + 2, n_rows), dtype=torch.bool, device=device)
        has[pairs.query, pairs.row] = True
        assert torch.equal(has[1:-1], rows[:, feature] >= cuts[feature][:, None])
        assert has[0].all() and not has[-1].any()


def test_a_query_with_too_many_rows_is_not_complete_and_gets_none(rng):
    bits = rng.random((5, 640)) < np.array([0, 0.01, 0.1, 0.5, 1])[:, None]
    words = torch.from_numpy(np.packbits(bits, axis=1, bitorder="little")).view(torch.int64)
    pairs, is_complete = rows_of(words, 100)

    assert is_complete.tolist() == [True, True, True, False, False]
    expected = [(query, row) for query in range(3) for row in np.flatnonzero(bits[query])]
    assert list(zip(pairs.query.tolist(), pairs.row.tolist(), strict=True)) == expected


@pytest.mark.parametrize("order", ["any", "sorted", "by clusters"])
def test_the_order_of_the_rows_costs_few_distances(order, rng):
    X = rng.normal(size=(20_000, 24))
    if order == "sorted":
        X = X[X[:, 0].argsort()]
    if order == "by clusters":
        X += 4 * rng.normal(size=(10, 24)).repeat(2000, axis=0)
    report = report_of(X, X[::200] + 0.1, 5)

    assert report.filter == "bitmaps" and report.certified == 100
    assert report.candidates < 100 * 300


@pytest.mark.parametrize("n_values", [1, 2, 5])
def test_a_tie_of_thousands_costs_the_rows_of_the_first_block(n_values, rng):
    X = rng.integers(0, n_values, (20_000, 24)) * 1.0
    report = report_of(X, X[-100:], 5)

    assert report.certified == 100
    assert report.candidates <= 100 * 2 * bitmaps.FIRST_ROWS


@pytest.mark.parametrize("k", [100, 141, 142, 300, 562])
def test_many_neighbors_are_found_although_a_part_of_the_rows_has_fewer(k, rng):
    X = rng.normal(size=(9000, 12))
    report = report_of(X, rng.normal(size=(6, 12)), k)

    assert report.certified == 6
    assert len(by("bitmaps", k, metric="chebyshev").fit(X)._index.filters[0].part.part.rows) == 141


def test_more_neighbors_than_bitmaps_are_good_for_are_found_otherwise(rng):
    assert report_of(rng.normal(size=(1000, 12)), rng.normal(size=(6, 12)), 63).fallbacks == {"exhaustive": 6}


def test_each_row_is_left_out_of_its_own_neighbors():
    X = np.arange(3000.0)[:, None] * np.ones(12)
    report_of(X, None, 3)
    model = by("bitmaps", 2, metric="chebyshev").fit(X)
    np.testing.assert_array_equal(model.kneighbors()[1][[0, 8, 2999]], [[1, 2], [7, 9], [2998, 2997]])


def test_few_queries_are_measured_against_all_rows_unless_there_are_very_many(rng):
    X = rng.normal(size=(20_000, 20))
    names = [
        type(by(None, 5, metric="chebyshev"))(5, metric="chebyshev").fit(X).search_report(X[:n]).filter
        for n in (1, 100)
    ]
    assert names == ["exhaustive", "bitmaps"]
