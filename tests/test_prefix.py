"""Rows seen through a few directions: their distances are not greater, and the neighbours have the same bits."""

import numpy as np
import pytest
import torch

import accelerated.search.screen
from accelerated import KNNRegressor
from accelerated.metrics import METRICS
from accelerated.search.bounds.frame import choose_frame
from accelerated.search.bounds.prefix import Costs, Prefix, choose_prefix, principal_directions
from accelerated.search.bounds.sampled import compared, expected_candidates
from accelerated.search.bounds.squared import SquaredBound
from accelerated.search.rule import choose_filter
from tests.helpers import HOSTILE, by, made_by

DTYPES = [torch.bfloat16, torch.float32, torch.float64]


def flat_rows(rng, n_rows=2000, n_features=40, n_directions=5, noise=0.05):
    """Rows that differ mostly in a few directions, as images do."""
    basis = rng.normal(size=(n_directions, n_features))
    return rng.normal(size=(n_rows, n_directions)) @ basis + noise * rng.normal(size=(n_rows, n_features)) + 3


def skewed(rng, n_features=12, n_directions=4):
    """Directions that are far from orthonormal."""
    return torch.from_numpy(np.linalg.qr(rng.normal(size=(n_features, n_directions)))[0] + 0.01)


def assert_bits(X, Q, k, **params):
    model = by("prefix", k, **params).fit(X)
    for queries in (Q, None):
        expected = by("exhaustive", k, **params).fit(X).kneighbors(queries)
        actual = model.kneighbors(queries)
        np.testing.assert_array_equal(actual[1], expected[1])
        np.testing.assert_array_equal(actual[0].view(np.int64), expected[0].view(np.int64))
    return model.search_report(Q)


def excess(prefix, rows, frame, dtype):
    """How far bounds exceed the true squared distance, less what ``threshold`` pays for; negative if they are sound."""
    bound = SquaredBound.make(METRICS["euclidean"], frame, dtype, prefix)
    queries = rows[:60] + 0.01 * rows[60:120]
    encoded = bound.encode_queries(queries)
    bounds = made_by(bound, rows, encoded)
    q, x = (frame.apply(some).numpy().astype(np.longdouble) for some in (queries[encoded.certifiable], rows))
    true = ((q[:, None] - x) ** 2).sum(2)
    length = torch.from_numpy(np.linalg.norm(q, axis=1).astype(float)[:, None])
    allowed = prefix.widen(torch.from_numpy(true.astype(float)), length).numpy() - bound.frame.near
    coarse = torch.finfo(dtype).eps
    return bounds - allowed * (1 + np.sign(allowed) * coarse)  # rounded to T, like a threshold


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("data", HOSTILE)
def test_a_bound_by_a_prefix_is_below_the_squared_distance_whichever_directions_it_has(data, dtype, rng):
    rows = torch.from_numpy(HOSTILE[data])
    frame = choose_frame(rows)
    principal = principal_directions(frame.apply(rows), 4)
    others = [] if principal is None else [principal, principal.to(torch.float32).double()]
    for directions in (*others, skewed(rng), torch.zeros(12, 2, dtype=torch.float64)):
        assert (excess(Prefix.make(directions), rows, frame, dtype) <= 0).all()


def test_directions_that_are_not_orthonormal_would_give_wrong_bounds_if_their_error_were_not_measured(rng):
    """So the test above would notice."""
    rows = torch.from_numpy(HOSTILE["normal"])
    honest = Prefix.make(skewed(rng))
    assert (excess(honest._replace(blur=0.0), rows, choose_frame(rows), torch.float64) > 0).any()


def test_a_prefix_of_principal_directions_is_hardly_off_and_leaves_few_rows(rng):
    sample = torch.from_numpy(flat_rows(rng, 512)) - 3
    directions = principal_directions(sample, 8)
    few, enough, too_few = (Prefix.make(directions[:, :m]) for m in (5, 8, 2))

    assert few.blur < 1e-5
    bounds = [
        torch.cdist(short[compared(sample)], short) for short in (p.apply(sample) for p in (few, enough, too_few))
    ]
    left = expected_candidates(sample, bounds, 100_000)
    assert max(left[:2]) < 2
    assert left[2] > 100
    shortened = few.apply(sample)
    assert shortened.shape == (512, 6)
    torch.testing.assert_close(shortened.norm(dim=1), sample.norm(dim=1))


@pytest.mark.parametrize(
    "params", [{"metric": "cosine"}, {"metric": "minkowski", "p": 3}, {"metric": "sqeuclidean"}, {}]
)
def test_a_prefix_finds_the_same_bits_by_every_metric_that_has_a_radius(params, rng):
    X = flat_rows(rng)
    X[7] = X[20:23] = 0
    X[30:40] = X[50]
    Q = np.concatenate([flat_rows(rng, 30), X[:40] + 1e-9, X[:20]])
    for rows, queries in ((X, Q), (X.astype(np.float32), Q.astype(np.float32)), (np.round(X), np.round(Q))):
        for k in (1, 6, 60):
            report = assert_bits(rows, queries, k, **params)
            assert report.filter == "prefix"


@pytest.mark.parametrize("data", HOSTILE)
def test_a_prefix_finds_the_same_bits_among_hostile_rows(data):
    X = HOSTILE[data]
    assert_bits(X, X[:60] + 0.01 * X[60:120], 4)


def test_queries_that_a_prefix_does_not_certify_go_to_whole_rows(rng):
    X = flat_rows(rng, 5000)
    far = 1e7 * rng.normal(size=(400, 40))  # from there all rows are about equally far
    model = by("prefix", 5).fit(X)
    report = model.search_report(np.concatenate([X[:100] + 0.01, far]))
    _, second, *_ = model._index.filters

    assert 100 <= report.certified < 500
    assert second.bound.prefix is None
    assert second.bound.dtype == model._index.filters[0].bound.dtype
    assert_bits(X, far, 5)


def test_a_few_queries_with_many_pairs_are_certified_and_many_such_queries_are_not(rng):
    X = flat_rows(rng, 5000)
    near, far = X[:400] + 0.01, 1e7 * rng.normal(size=(400, 40))
    model = by("prefix", 5).fit(X)

    few, many = (model.search_report(np.concatenate([near, far[:n]])) for n in (8, 400))
    assert few.certified == 408 and not few.fallbacks
    assert many.certified < 800 and many.fallbacks
    assert_bits(X, np.concatenate([near, far[:8]]), 5)


def test_pairs_that_a_prefix_leaves_are_screened_on_a_cpu(rng, monkeypatch):
    X = flat_rows(rng, 5000).astype(np.float32)
    model = by("prefix", 5).fit(X)
    screened = model.search_report(X[:100]).candidates
    monkeypatch.setattr(accelerated.search.screen, "can_screen", lambda metric, rows: False)

    assert screened < model.search_report(X[:100]).candidates


def test_a_prefix_that_promises_too_much_gives_wrong_neighbors(monkeypatch, rng):
    """So these tests would notice."""
    monkeypatch.setattr(Prefix, "widen", lambda self, squared, length: 0.8 * squared)
    with pytest.raises(AssertionError):
        assert_bits(flat_rows(rng), flat_rows(rng, 200), 10)


def test_the_rule_shortens_rows_that_are_many_and_long_and_differ_in_few_directions(rng):
    flat = torch.from_numpy(flat_rows(rng, 2**15, 128))
    round_ = torch.from_numpy(rng.normal(size=(2**15, 128)))
    chosen = {
        "flat": choose_filter(METRICS["euclidean"], flat).name,
        "round": choose_filter(METRICS["euclidean"], round_).name,
        "few": choose_filter(METRICS["euclidean"], flat[:2000]).name,
    }
    assert chosen["flat"] == "prefix"
    assert "prefix" not in (chosen["round"], chosen["few"])
    assert choose_filter(METRICS["manhattan"], flat[:300], "prefix") is None


def test_the_more_neighbors_are_wanted_the_more_directions_a_prefix_has(rng):
    sample = torch.from_numpy(flat_rows(rng, 512, 128, 60) * 0.9 ** np.arange(128))
    few, many = (choose_prefix(sample, 2**15, k, Costs(128, 60 * 384), least_gain=1.0) for k in (1, 200))
    assert few.n_numbers < many.n_numbers


def test_a_prefix_must_pay_against_the_fastest_product_of_whole_rows(rng):
    sample = torch.from_numpy(flat_rows(rng, 512, 128))
    by_floats, by_bytes = (choose_prefix(sample, 2**15, 5, Costs(row, 60 * 384), 1.5) for row in (128, 16))
    assert by_floats is not None
    assert by_bytes is None


def test_rows_that_overflow_have_no_directions():
    rows = torch.full((300, 20), 1e200, dtype=torch.float64) * torch.arange(1, 21)
    assert principal_directions(rows, 4) is None
    assert choose_prefix(rows, 300, 5, Costs(20, 60 * 276), 0.0) is None


def test_a_regressor_predicts_the_same_bits_with_a_prefix(rng):
    X, y = flat_rows(rng, 2**15, 128).astype(np.float32), rng.normal(size=2**15)
    model = KNNRegressor(7, weights="distance").fit(X, y)
    whole = type("Whole", (KNNRegressor,), {"_filter": "exhaustive"})(7, weights="distance").fit(X, y)

    assert model._index.filters[0].name == "prefix"
    np.testing.assert_array_equal(model.predict(X[:50] + 0.01), whole.predict(X[:50] + 0.01))
