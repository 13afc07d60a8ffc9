"""Pairs that a distance in float32 shows to be too far: none of these is as near as the k-th distance."""

import numpy as np
import pytest
import torch

from accelerated.metrics import METRICS, get_metric
from accelerated.search.bounds.byte_products import can_multiply_bytes
from accelerated.search.filter import Pairs
from accelerated.search.screen import drop_far
from tests.helpers import by

LIMITED = {"euclidean": METRICS["euclidean"], "sqeuclidean": METRICS["sqeuclidean"], "p=3": get_metric("minkowski", 3)}


def measured_pairs(rng, metric, scale, n_features, shift, dtype):
    """Rows in float32, queries that float32 may not hold, all of their pairs, and the distances of these."""
    rows = (rng.normal(size=(60, n_features)) * scale + shift).astype(np.float32)
    queries = rng.normal(size=(20, n_features)) * scale + shift
    rows, queries = torch.from_numpy(rows), torch.from_numpy(queries.astype(dtype).astype(np.float64))
    queries[:5] = rows[:5].double()
    queries[5:10] = rows[5:10].double() + torch.from_numpy(rng.normal(size=(5, n_features))) * scale * 1e-7
    queries[10] = 0.0  # so that all rounding is that of the sum
    distances = metric.measure_block(queries, rows, 0, len(rows))
    return rows, queries, Pairs(*torch.ones(20, 60).nonzero(as_tuple=True)), distances.ravel()


def left(metric, rows, queries, pairs, kth):
    """The pairs that stay if each has a query, and so a k-th distance, of its own."""
    each = torch.arange(len(pairs.row))
    return drop_far(metric, rows, queries[pairs.query], Pairs(each, pairs.row), kth, most_gaps=1000).query


@pytest.mark.parametrize("metric", LIMITED.values(), ids=LIMITED)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shift", [0.0, 1.0, -3000.0, 1e37])
@pytest.mark.parametrize("scale", [1e-60, 1e-44, 1e-38, 1e-20, 1.0, 1e18, 1e19, 1e36])
@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
def test_a_pair_as_far_as_the_kth_stays(rng, metric, dtype, shift, scale):
    for n_features in (1, 2, 7, 300):
        rows, queries, pairs, distances = measured_pairs(rng, metric, scale, n_features, shift, dtype)
        assert len(left(metric, rows, queries, pairs, distances)) == len(distances)


def test_a_query_that_float32_cannot_hold_keeps_its_pairs(rng):
    metric = METRICS["euclidean"]
    rows, queries, pairs, _ = measured_pairs(rng, metric, 1.0, 8, 0.0, np.float64)
    queries *= 1e100
    distances = metric.measure_block(queries, rows, 0, len(rows)).ravel()
    assert len(left(metric, rows, queries, pairs, distances)) == len(distances)


@pytest.mark.parametrize("metric", [METRICS["euclidean"], METRICS["sqeuclidean"]])
def test_a_pair_a_little_beyond_the_kth_is_dropped(rng, metric):
    rows, queries, pairs, distances = measured_pairs(rng, metric, 1.0, 300, 0.0, np.float32)
    is_apart = distances > 1
    kept = left(metric, rows, queries, pairs, distances * (1 - 1e-4))
    assert not bool(is_apart[kept].any())
    assert len(kept) == int((~is_apart).sum())


@pytest.mark.parametrize("kth", [np.inf, np.nan])
def test_a_kth_that_is_not_known_keeps_all_pairs(rng, kth):
    metric = METRICS["euclidean"]
    rows, queries, pairs, distances = measured_pairs(rng, metric, 1.0, 8, 0.0, np.float64)
    assert len(left(metric, rows, queries, pairs, torch.full_like(distances, kth))) == len(distances)


@pytest.mark.skipif(not can_multiply_bytes(torch.device("cpu")), reason="this torch multiplies no bytes")
def test_few_of_the_pairs_that_bytes_leave_are_measured(rng):
    """All bounds of bytes are too low by the length of a rounding, so that they leave many rows of a query."""
    rows, queries = rng.normal(size=(4000, 64)).astype(np.float32), rng.normal(size=(200, 64))
    report = by("uint8", n_neighbors=5).fit(rows).search_report(queries)
    unscreened = by("uint8", n_neighbors=5).fit(rows.astype(np.float64)).search_report(queries)
    assert report.filter == unscreened.filter == "uint8"
    assert report.certified == unscreened.certified == 200
    assert report.candidates < unscreened.candidates / 2
