"""Torch's settings belong to the process: another thread may change them during a search, and no answer changes."""

import itertools
import os
import sys
import threading
import time
import warnings

import numpy as np
import pytest
import torch

from accelerated import SimilarityRegressor
from accelerated.search.bounds.accumulation import _try_products
from accelerated.search.bounds.multiply import product_dtype
from tests.helpers import HOSTILE, by

CPU = torch.device("cpu")
REAL = torch.mm
FILTERS = ["prefix", "cells", "uint8", "int8", "bfloat16", "float32", "float64", "tree", "boxes", "exhaustive", None]
MKLDNN = torch.backends.mkldnn


def one_large_feature(rng, n_rows=4000, n_queries=100):
    """Rows that products with factors of 8 bits put in a wrong order."""
    X = rng.standard_normal((n_rows, 256))
    X[:, 0] *= 1e4
    return X, X[:n_queries] + 0.01 * rng.standard_normal((n_queries, 256))


def with_bits_of_8(a, b, *, out):
    """A product as a CPU with units for bfloat16 makes it where float32 may be less precise."""
    return (
        REAL(a.bfloat16().float(), b.bfloat16().float(), out=out) if a.dtype == torch.float32 else REAL(a, b, out=out)
    )


def with_bits_of_16(a, b, *, out):
    """A product as a device makes it that takes a float32 for the sum of two bfloat16."""
    pieces = [x.bfloat16().float() + (x - x.bfloat16().float()).bfloat16().float() for x in (a, b)]
    return REAL(*pieces, out=out) if a.dtype == torch.float32 else REAL(a, b, out=out)


def as_set_now(a, b, *, out):
    """The product as such a CPU makes it by what torch is told at the time of the product."""
    is_precise = product_dtype(torch.float32, CPU) is not None
    return REAL(a, b, out=out) if is_precise else with_bits_of_8(a, b, out=out)


def assert_same(actual, expected):
    np.testing.assert_array_equal(actual[1], expected[1])
    np.testing.assert_array_equal(actual[0].view(np.int64), expected[0].view(np.int64))


def settings():
    """Each setting as a function that changes it, and its values, the last of which is torch's own."""
    yield torch.set_float32_matmul_precision, ["medium", "highest"]
    yield lambda value: setattr(MKLDNN, "enabled", value), [False, True]
    yield torch.set_default_dtype, [torch.float64, torch.bfloat16, torch.float32]
    yield torch.use_deterministic_algorithms, [True, False]
    yield lambda value: os.environ.update(CUBLAS_WORKSPACE_CONFIG=value), [":4096:8", ":16:8"]
    if hasattr(MKLDNN, "matmul"):  # new in torch 2.9
        yield lambda value: setattr(torch.backends, "fp32_precision", value), ["ieee", "none"]
        yield lambda value: setattr(MKLDNN.matmul, "fp32_precision", value), ["bf16", "ieee", "none"]


@pytest.fixture
def changing(monkeypatch):
    """Changes one setting after another in another thread, all the time; products are those of a CPU that obeys."""
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    monkeypatch.setattr(torch, "mm", as_set_now)
    done, errors, interval = threading.Event(), [], sys.getswitchinterval()

    def change_all():
        try:
            while not done.is_set():
                for change, values in settings():
                    for value in values * 50:
                        change(value)
                        time.sleep(1e-5)
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=change_all)
    _try_products.cache_clear()
    sys.setswitchinterval(1e-5)
    thread.start()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a try that coincides with a change may find the products not precise
        yield
    done.set()
    thread.join()
    sys.setswitchinterval(interval)
    _try_products.cache_clear()
    assert errors == []


@pytest.mark.parametrize("less_precise", [with_bits_of_8, with_bits_of_16])
def test_a_product_of_float32_that_was_made_less_precise_certifies_nothing(monkeypatch, less_precise, rng):
    """Even if all that can be read about it, before and after, says that it is precise."""
    X, Q = one_large_feature(rng)
    model = by("float32", 5).fit(X)
    assert model.search_report(Q).certified == 100
    monkeypatch.setattr(torch, "mm", less_precise)

    assert model.search_report(Q).fallbacks == {"float64": 100}
    assert_same(model.kneighbors(Q), by("exhaustive", 5).fit(X).kneighbors(Q))


@pytest.mark.parametrize("n_queries", [1, 2, 30, 31, 32, 33, 63, 64, 65, 300])
def test_a_witness_leaves_room_for_any_number_of_queries(monkeypatch, n_queries, rng):
    X, Q = one_large_feature(rng, 1000, n_queries)
    model = by("float32", 5).fit(X)
    expected = by("exhaustive", 5).fit(X).kneighbors(Q)

    assert model.search_report(Q).certified == n_queries
    assert_same(model.kneighbors(Q), expected)
    monkeypatch.setattr(torch, "mm", with_bits_of_8)
    assert model.search_report(Q).certified == 0
    assert_same(model.kneighbors(Q), expected)


def test_a_setting_that_changes_between_two_readings_before_a_product_stops_no_search(monkeypatch, rng):
    X, Q = one_large_feature(rng, 1000, 50)
    model = by("float32", 5).fit(X)
    expected = by("exhaustive", 5).fit(X).kneighbors(Q)
    for n_precise in range(8):
        readings = itertools.chain(itertools.repeat("highest", n_precise), itertools.repeat("medium"))
        with monkeypatch.context() as patched:
            patched.setattr(torch, "get_float32_matmul_precision", lambda readings=readings: next(readings))
            assert_same(model.kneighbors(Q), expected)


@pytest.mark.parametrize("name", FILTERS)
def test_settings_that_change_during_a_search_change_no_neighbor(name, rng, request):
    searches = []
    for X in [*HOSTILE.values(), *[one_large_feature(rng)[0]] * 5]:
        Q = X[:40] + 0.01 * X[40:80]
        if name in ("tree", "boxes"):
            X, Q = X[:, :3], Q[:, :3]
        searches.append((by(name, 7).fit(X), Q, by("exhaustive", 7).fit(X).kneighbors(Q)))
    request.getfixturevalue("changing")

    for model, Q, expected in searches:
        assert_same(model.kneighbors(Q), expected)


@pytest.mark.parametrize("name", FILTERS)
def test_settings_that_change_during_a_fit_change_no_neighbor(name, rng, request):
    X = HOSTILE["one large feature"][:, : 3 if name in ("tree", "boxes") else 12]
    expected = by("exhaustive", 7).fit(X).kneighbors(X)
    request.getfixturevalue("changing")

    for _ in range(5):
        _try_products.cache_clear()
        assert_same(by(name, 7).fit(X).kneighbors(X), expected)


@pytest.mark.filterwarnings("ignore:solver='auto' takes the pseudo-inverse")  # sigmoid has negative eigenvalues
def test_settings_that_change_leave_a_regressor_of_similarities_its_bits(rng, request):
    X, y = rng.standard_normal((300, 20)), rng.standard_normal(300)
    models = [SimilarityRegressor(name, gamma=0.05) for name in ("rbf", "polynomial", "sigmoid")]
    models.append(SimilarityRegressor("linear"))
    expected = [model.fit(X, y).predict(X) for model in models]
    request.getfixturevalue("changing")

    for model, predicted in zip(models, expected, strict=True):
        for _ in range(5):
            np.testing.assert_array_equal(model.fit(X, y).predict(X), predicted)


@pytest.mark.parametrize("enabled", [False, True])
def test_both_kernels_of_a_cpu_are_as_precise_as_promised(enabled):
    MKLDNN.enabled = enabled
    try:
        for dtype in (torch.int8, torch.bfloat16, torch.float32, torch.float64):
            assert _try_products.__wrapped__(dtype, product_dtype(dtype, CPU), CPU)
    finally:
        MKLDNN.enabled = True
