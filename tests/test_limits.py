"""A search with limits: rows farther than a query's limit may be missing, and all others are found, in their order."""

import numpy as np
import pytest
import torch

import accelerated.search.short_blocks
from accelerated.base import prepare_rows
from accelerated.metrics import METRICS
from accelerated.search import Clock, Queries, make_index, search
from accelerated.search.short_blocks import in_short_blocks
from reference import NearestNeighbors


def search_with(limits, rows, queries, k, metric, filter_name, device, change=list):
    """The distances and rows that a search with limits finds, infinity and any row in the places that are missing.

    It takes the filters that ``change`` makes of those that the rule chooses.
    """
    found_by = METRICS[metric]
    index = make_index(found_by, prepare_rows(rows, found_by, device, 2**30), k, filter_name)
    index = index._replace(filters=change(index.filters))
    given = Queries.given(queries, found_by, index.rows).up_to(limits)
    found = search(index, given, range(len(queries)), k, memory_limit=2**28, progress=False, clock=Clock())
    return found.reduced.cpu().numpy(), found.indices.cpu().numpy(), found.report


def hold(reduced, indices, expected, limits):
    """Holds that each row up to the limit is in its place, and that all others are beyond it."""
    distances, rows = expected
    within = distances <= limits[:, None]
    assert np.array_equal(reduced[within], distances[within])
    assert np.array_equal(indices[within], rows[within])
    assert (reduced[~within] > np.broadcast_to(limits[:, None], within.shape)[~within]).all()
    return within


@pytest.mark.parametrize(
    "filter_name", ["float32", "bfloat16", "uint8", "int8", "float64", "prefix", "cells", "groups", None]
)
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_all_rows_up_to_the_limit_are_found(rng, device, filter_name, metric):
    rows, queries = rng.integers(0, 9, (900, 24)).astype(np.float64), rng.integers(0, 9, (70, 24)).astype(np.float64)
    expected = NearestNeighbors(12, metric=metric).fit(rows).kneighbors(queries)
    places = rng.integers(0, 12, 70)
    limits = expected[0][np.arange(70), places]  # so rows tie with the limit
    limits[:10] = [0, 1e9, *np.nextafter(limits[2:6], 0), *np.nextafter(limits[6:10], 99)]

    reduced, indices, _ = search_with(limits, rows, queries, 12, metric, filter_name, device)

    within = hold(reduced, indices, expected, limits)
    assert within.any() and not within.all()


def test_rows_beyond_a_limit_are_left_out_and_not_even_measured(rng):
    rows, queries = rng.random((5000, 20)), rng.random((64, 20))
    expected = NearestNeighbors(20).fit(rows).kneighbors(queries)

    *few, report = search_with(expected[0][:, 4], rows, queries, 20, "euclidean", "float32", torch.device("cpu"))
    *_, of_all = search_with(np.full(64, 1e9), rows, queries, 20, "euclidean", "float32", torch.device("cpu"))

    hold(*few, expected, expected[0][:, 4])
    assert np.isinf(few[0]).any()
    assert report.candidates < of_all.candidates / 2
    assert of_all.certified == 64  # a limit that excludes nothing is no worse than none


def test_the_comparison_of_limits_can_fail(rng):
    rows, queries = rng.random((50, 3)), rng.random((4, 3))
    distances, indices = NearestNeighbors(5).fit(rows).kneighbors(queries)
    missing = distances.copy()
    missing[2, 1] = np.inf

    with pytest.raises(AssertionError):
        hold(missing, indices, (distances, indices), distances[:, 3])


@pytest.fixture
def shorter(monkeypatch):
    """Blocks so short that few rows are many of them."""
    monkeypatch.setattr(accelerated.search.short_blocks, "SHORT_BLOCK", 128)


@pytest.mark.parametrize("filter_name", ["float32", "bfloat16", "uint8", "int8", "prefix", "groups"])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
@pytest.mark.parametrize("times", [1, 2])
def test_short_blocks_find_all_rows_up_to_the_limit(rng, shorter, filter_name, metric, times):
    """With limits that are twice as far, pairs are measured several times on the way."""
    rows, queries = rng.integers(0, 9, (900, 24)).astype(np.float64), rng.integers(0, 9, (70, 24)).astype(np.float64)
    expected = NearestNeighbors(12, metric=metric).fit(rows).kneighbors(queries)
    limits = times * expected[0][np.arange(70), rng.integers(0, 12, 70)]
    limits[0], limits[1] = 0, np.inf

    found = search_with(limits, rows, queries, 12, metric, filter_name, torch.device("cpu"), in_short_blocks)

    hold(*found[:2], expected, limits)


def test_queries_with_limits_are_certified_in_short_blocks_and_without_by_the_next_filter(rng, shorter):
    rows, queries = rng.random((5000, 20)), rng.random((64, 20))
    expected, cpu = NearestNeighbors(20).fit(rows).kneighbors(queries), torch.device("cpu")

    *near, report = search_with(expected[0][:, 4], rows, queries, 20, "euclidean", "float32", cpu, in_short_blocks)
    *far, of_all = search_with(np.full(64, np.inf), rows, queries, 20, "euclidean", "float32", cpu, in_short_blocks)

    hold(*near, expected, expected[0][:, 4])
    hold(*far, expected, np.full(64, np.inf))
    assert (report.filter, report.certified, report.fallbacks) == ("float32", 64, {})
    assert (of_all.certified, of_all.fallbacks) == (0, {"float32": 64})
    assert report.candidates < of_all.candidates / 2
