"""Rows rounded to 7 bits: what their bounds prove, the products of bytes, and when the rule chooses them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import accelerated.search.choose_bound
import accelerated.search.sizes
import accelerated.search.speeds
from accelerated import NearestNeighbors
from accelerated.metrics import METRICS
from accelerated.search.bounds import byte_products
from accelerated.search.bounds import multiply as products
from accelerated.search.bounds.accumulation import _try_products, product_keeps_error_limit
from accelerated.search.bounds.frame import Frame, choose_frame, take_sample
from accelerated.search.bounds.multiply import ceiling, multiply, prepare_queries
from accelerated.search.bounds.protocol import MOST_NEVER_EXCLUDED, NEVER_EXCLUDED, EncodedRows
from accelerated.search.bounds.rounded import MOST_FEATURES, RoundedBound, possible_bounds
from accelerated.search.bounds.sampled import compared, expected_candidates
from accelerated.search.room import Room
from accelerated.search.rule import choose_filter
from tests.helpers import by, made_by

CPU = torch.device("cpu")
EUCLIDEAN = METRICS["euclidean"]

pytestmark = pytest.mark.skipif(not byte_products.can_multiply_bytes(CPU), reason="this torch multiplies no bytes")


@pytest.fixture
def tried_again():
    """Products are tried again in this test, and after it."""
    _try_products.cache_clear()
    yield
    _try_products.cache_clear()


@pytest.fixture
def seconds(monkeypatch):
    """The times of a bound that the rule believes in, by type; rows need not be many to be rounded."""
    times = {torch.float32: 4e-9, torch.uint8: 1e-9, torch.int8: 1.0, torch.bfloat16: 1.0}
    monkeypatch.setattr(accelerated.search.speeds, "seconds_of_product", lambda device, dtype, *others: times[dtype])
    monkeypatch.setattr(accelerated.search.choose_bound, "FEWEST_TO_SHORTEN", 1)
    return times


def bounds_for(rows):
    """The bounds that are possible for rows."""
    return possible_bounds(EUCLIDEAN, take_sample(rows), choose_frame(rows))


def slack(bound, rows, queries, promise=None):
    """How far thresholds for the measured distances, by ``promise``, are above the bounds of pairs."""
    encoded, promise = bound.encode_queries(queries), promise or bound
    distances = EUCLIDEAN.measure_block(queries, rows, 0, len(rows)).T.contiguous()
    thresholds = [ceiling(promise.threshold(to_row, queries, encoded), torch.float32) for to_row in distances]
    of_queries = torch.stack(thresholds, 1)[encoded.certifiable].double().numpy()
    return of_queries - made_by(bound, rows, encoded)


def with_the_worst_roundings(rng, n_features, scale, center, dtype):
    """A bound, and rows and queries that are rounded away from one another, in each feature as far as can be."""
    whole = rng.integers(-62, 0, (65, n_features))
    rows = (whole + 0.4999) / scale + center
    queries = (whole[:8] + rng.integers(1, 60, (8, 1)) + 0.2501) / scale + center
    rows = torch.from_numpy(rows.astype(dtype))
    frame = Frame(torch.full((n_features,), float(center), dtype=torch.float64), scale, 0.0)
    bound = RoundedBound(EUCLIDEAN, frame, 0.5004 * n_features**0.5, frame)
    return bound, rows, torch.from_numpy(queries)


@settings(max_examples=100)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["normal", "long tails", "whole", "wide feature", "equal"]),
    st.sampled_from([2, 3, 17, 64, 200]),
    st.sampled_from([0.0, 1.0, 1e6, -1e15, 1e30]),
    st.integers(-36, 30),
    st.sampled_from([np.float32, np.float64]),
)
def test_no_row_has_a_bound_above_the_threshold_for_its_distance(seed, kind, n_features, offset, exponent, dtype):
    rng = np.random.default_rng(seed)
    X = rng.standard_cauchy((80, n_features)) if kind == "long tails" else rng.normal(size=(80, n_features))
    X = X.round() if kind == "whole" else X
    X[:, 0] *= 1e5 if kind == "wide feature" else 1
    X[::2] = X[0] if kind == "equal" else X[::2]
    rows = torch.from_numpy((X * 10.0**exponent + offset).clip(-3e38, 3e38).astype(dtype))
    exact = rows.double()
    queries = torch.cat([exact[:9], exact[:9] + 0.1 * exact[9:18], -exact[:2], 1e6 * exact[:2], 0 * exact[:1]])

    for bound in bounds_for(rows):
        assert (slack(bound, rows, queries) >= 0).all()


@pytest.mark.parametrize("n_features", [2, 8, 64, MOST_FEATURES])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_bound_is_as_high_as_it_can_be_where_all_numbers_are_rounded_away_from_the_query(n_features, dtype, rng):
    for scale, center in ((1.0, 0.0), (0.3, 1000.0), (1e-20, 0.0), (3e25, 0.0)):
        scale = float(np.float32(scale))
        bound, rows, queries = with_the_worst_roundings(rng, n_features, scale, center, dtype)
        of_pairs = slack(bound, rows, queries)[np.arange(8), np.arange(8)]
        assert (of_pairs >= 0).all()
        assert (of_pairs < 0.2 * n_features).all()
        careless = replace(bound, farthest=0.99 * bound.farthest)
        assert (slack(bound, rows, queries, careless) < 0).any()  # so this test would notice


def test_a_bound_by_rounded_rows_that_promises_too_much_gives_wrong_neighbors(monkeypatch, rng):
    """So the tests of all filters would notice."""
    X, Q = rng.normal(size=(2000, 8)), rng.normal(size=(200, 8))
    expected = by("exhaustive", 10).fit(X).kneighbors(Q)[1]
    model = by("uint8", 10).fit(X)
    real = RoundedBound.threshold
    np.testing.assert_array_equal(model.kneighbors(Q)[1], expected)

    monkeypatch.setattr(RoundedBound, "threshold", lambda self, reduced, *others: real(self, 0.5 * reduced, *others))

    assert model.search_report(Q).filter == "uint8"
    assert (model.kneighbors(Q)[1] != expected).any()


def test_numbers_outside_of_the_frame_are_clamped_and_bring_no_rows_farther_apart(rng):
    X = rng.normal(size=(2000, 6))
    X[1::300] *= 1e6  # the sample is of every third row, from the first
    rows, far = torch.from_numpy(X), torch.from_numpy(1e3 * rng.normal(size=(20, 6)))
    bound = bounds_for(rows)[0]

    assert bound.encode_rows(rows).columns.amin() == 1 and bound.encode_rows(rows).columns.amax() == 127
    assert bound.encode_queries(far).columns.abs().amax() == 126
    assert (slack(bound, rows, torch.cat([far, rows[:30], rows[1::300]])) >= 0).all()


def beyond_the_sample(rng, n_beyond):
    """Rows on a lattice, which are rounded little, and some between, which the sample lacks."""
    X = rng.integers(-63, 64, (10_240, 12)).astype(float)
    X[0], X[0, 0] = 0, 63
    X[1 : 20 * n_beyond : 20] += rng.uniform(0.3, 0.49, (n_beyond, 12))
    return X


def test_rows_that_are_rounded_farther_than_the_sample_are_never_excluded(rng):
    X = beyond_the_sample(rng, MOST_NEVER_EXCLUDED)
    Q = np.concatenate([X[1:321:20], X[1:321:20] + 0.2, 1e3 * X[:4]])
    model = by("uint8", 3).fit(X)
    (first, *_) = model._index.filters
    is_beyond = (first.kept.base == NEVER_EXCLUDED).nonzero()[:, 0]

    assert is_beyond.tolist() == list(range(1, 321, 20))
    assert first.n_never_excluded == MOST_NEVER_EXCLUDED
    assert (made_by(first.bound, torch.from_numpy(X), first.bound.encode_queries(torch.from_numpy(Q)))[:, 1] < 0).all()
    for k in (3, 700):
        assert_same_as_exhaustive(X, Q, k)


def assert_same_as_exhaustive(X, Q, k):
    """The same bits."""
    expected, model = by("exhaustive", k).fit(X).kneighbors(Q), by("uint8", k).fit(X)
    for some, others in zip(model.kneighbors(Q), expected, strict=True):
        assert some.tobytes() == others.tobytes()


def test_where_too_many_rows_are_rounded_farther_than_the_sample_another_filter_is_used(seconds, rng):
    few, rows = (torch.from_numpy(beyond_the_sample(rng, MOST_NEVER_EXCLUDED + more)) for more in (0, 1))

    assert choose_filter(EUCLIDEAN, rows, "uint8") is None
    assert (choose_filter(EUCLIDEAN, few).name, choose_filter(EUCLIDEAN, rows).name) == ("uint8", "float32")


@pytest.mark.parametrize("n_columns", [2, 3, 33, 100, 1041])
@pytest.mark.parametrize(("n_rows", "n_queries"), [(1, 1), (1, 40), (2, 3), (7, 1), (70, 33)])
def test_products_of_the_largest_bytes_are_exact(n_rows, n_queries, n_columns):
    rows = torch.full((n_rows, n_columns), 127, dtype=torch.uint8)
    queries = torch.full((n_queries, n_columns), 126, dtype=torch.int8)
    queries[::2] = -126
    queries[-1, 0], rows[-1, -1] = 1, 0
    base, start = (torch.arange(n, dtype=torch.float32) * 7 for n in (n_rows, n_queries))
    out = torch.empty((n_rows, n_queries))

    multiply(EncodedRows(rows, base), prepare_queries(queries, n_queries, torch.uint8, start), out)

    assert torch.equal(out.long(), rows.long() @ queries.long().T + (start + base[:, None]).long())


REAL = byte_products.add_product_of_bytes


@pytest.mark.parametrize("wrong", ["cut off to 16 bits", "begun at 0", "begun at a number of 16 bits", "not added"])
def test_a_product_of_bytes_that_is_not_exact_is_noticed_and_not_used(monkeypatch, tried_again, wrong):
    def multiply_wrongly(rows, queries, out):
        if wrong == "not added":
            out.zero_()
        if wrong in ("begun at 0", "begun at a number of 16 bits"):
            queries = queries._replace(start=queries.start.bfloat16().float() * (wrong != "begun at 0"))
        REAL(rows, queries, out)
        if wrong == "cut off to 16 bits":
            out.clamp_(-(2**15), 2**15 - 1)

    monkeypatch.setattr(products, "add_product_of_bytes", multiply_wrongly)

    with pytest.warns(UserWarning, match="products in torch.uint8 on cpu are less precise than they can be"):
        assert not product_keeps_error_limit(torch.uint8, CPU)
    assert choose_filter(EUCLIDEAN, torch.rand(300, 20), "uint8") is None


def test_a_product_of_bytes_that_is_refused_without_a_word_is_noticed(monkeypatch, tried_again):
    monkeypatch.setattr(products, "add_product_of_bytes", lambda rows, queries, out: None)

    with pytest.warns(UserWarning, match="are less precise than they can be"):
        assert not product_keeps_error_limit(torch.uint8, CPU)


@pytest.fixture
def without_onednn():
    """A function that switches oneDNN off, until the test is over."""
    yield lambda: setattr(torch.backends.mkldnn, "enabled", False)
    torch.backends.mkldnn.enabled = True


def test_without_onednn_another_filter_finds_the_same_bits(without_onednn, seconds, rng):
    X, Q = rng.normal(size=(20_000, 32)), rng.normal(size=(100, 32))
    before = NearestNeighbors(5).fit(X)
    expected, report = before.kneighbors(Q), before.search_report(Q)
    without_onednn()
    after = NearestNeighbors(5).fit(X)

    assert (report.filter, report.certified) == ("uint8", 100)
    assert before.search_report(Q).fallbacks == {"float32": 100}
    assert after.search_report(Q).filter == "float32"
    assert choose_filter(EUCLIDEAN, torch.from_numpy(X), "uint8") is None
    for model in (before, after):
        for some, others in zip(model.kneighbors(Q), expected, strict=True):
            assert some.tobytes() == others.tobytes()


def test_a_product_during_which_onednn_is_switched_off_proves_nothing(monkeypatch, without_onednn, rng):
    X, Q = rng.normal(size=(2000, 12)), rng.normal(size=(40, 12))
    expected, model = by("exhaustive", 3).fit(X).kneighbors(Q), by("uint8", 3).fit(X)

    def last_one(rows, queries, out):
        without_onednn()
        REAL(rows, queries, out)
        out += 1e6

    monkeypatch.setattr(products, "add_product_of_bytes", last_one)

    for some, others in zip(model.kneighbors(Q), expected, strict=True):
        assert some.tobytes() == others.tobytes()


def test_for_more_neighbors_as_many_candidates_each_are_expected_as_among_fewer_rows(rng):
    sample = torch.from_numpy(rng.normal(size=(513, 12)))
    bounds = [0.8 * torch.cdist(sample[compared(sample)], sample)]

    few, many = (expected_candidates(sample, bounds, 100_000, k) for k in (5, 50))

    assert many == expected_candidates(sample, bounds, 10_000)
    assert many[0] < few[0]


def test_the_rule_takes_rounded_rows_where_their_products_are_fastest_and_they_pay(seconds, rng):
    rows, one_wide = rng.normal(size=(20_000, 32)), np.where(np.arange(32) == 3, 1e6, 1)
    rows, one_wide, long_tails = (torch.from_numpy(some) for some in (rows, rows * one_wide, rows / rows[::-1]))

    assert choose_filter(EUCLIDEAN, rows).name == "uint8"
    assert choose_filter(METRICS["cosine"], METRICS["cosine"].prepare(rows)).name == "uint8"
    assert choose_filter(EUCLIDEAN, long_tails).name == "float32"  # most numbers are rounded to a few
    assert choose_filter(EUCLIDEAN, one_wide, k=50).name == "float32"  # so are all features but one
    assert choose_filter(EUCLIDEAN, one_wide, "uint8", k=50).name == "uint8"
    assert choose_filter(EUCLIDEAN, rows, k=5000).name == "float32"
    seconds[torch.float32] = 1.001e-9  # of two that are about as fast, the one that measures fewer pairs
    assert choose_filter(EUCLIDEAN, rows).name == "float32"


def test_the_rule_may_take_rounded_rows_where_float32_may_be_less_precise(monkeypatch, seconds, rng):
    rows = torch.from_numpy(rng.normal(size=(20_000, 32)))
    monkeypatch.setattr(torch, "get_float32_matmul_precision", lambda: "medium")
    assert choose_filter(EUCLIDEAN, rows).name == "uint8"
    seconds[torch.uint8] = 2.0
    assert choose_filter(EUCLIDEAN, rows).name == "bfloat16"


@pytest.mark.parametrize("n_rows", [7, 8, 9, 63, 64, 65, 127, 129, 200])
@pytest.mark.parametrize("n_queries", [1, 2, 31, 33])
def test_blocks_in_the_same_memory_give_the_same_bits(monkeypatch, n_rows, n_queries, rng):
    sizes = accelerated.search.sizes
    X, Q = rng.integers(0, 3, (n_rows, 3)) + 0.1, rng.integers(0, 3, (n_queries, 3))
    for block_rows in (64, 128):
        monkeypatch.setattr(sizes, "CPU_SIZES", sizes.CPU_SIZES._replace(rows=block_rows, bounds=32 * 64))
        for k in {1, n_rows // 2, n_rows}:
            assert_same_as_exhaustive(X, Q, k)
        assert_same_as_exhaustive(X, None, n_rows - 1)


def test_a_room_keeps_memory_for_each_name_and_makes_more_if_that_is_too_little():
    room = Room(CPU)
    first, other = (room.take(name, (10, 4), torch.float32) for name in ("bounds", "lower"))
    smaller = room.take("bounds", (5, 8), torch.bfloat16)
    larger = room.take("bounds", (11, 4), torch.float32)
    for number, tensor in enumerate((first, other, larger), start=1):
        tensor.fill_(number)

    assert (smaller.data_ptr(), smaller.shape, smaller.dtype) == (first.data_ptr(), (5, 8), torch.bfloat16)
    assert larger.shape == (11, 4) and room.take("bounds", (11, 4), torch.float32).data_ptr() == larger.data_ptr()
    assert bool((first == 1).all() and (other == 2).all() and (larger == 3).all())
