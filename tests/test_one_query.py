"""One query, or a few, measured in NumPy: the bits of a block of queries, the same ties, within the memory allowed."""

import tracemalloc

import numpy as np
import pytest
import torch

import accelerated.search.exhaustive
import accelerated.search.smallest
from accelerated import NearestNeighbors
from accelerated.metrics import METRICS
from accelerated.search.batches import Clock
from accelerated.search.exhaustive import GAPS_IN_CACHE, Exhaustive
from accelerated.search.filter import Batch
from accelerated.search.memory import one_query_bytes
from accelerated.search.smallest import smallest, smallest_of_line

MEASURED_IN_NUMPY = [name for name, metric in METRICS.items() if metric.measure_in_numpy is not None]
NONE = torch.tensor([-1])


def data(rng, kind, n, n_features):
    """Rows of which many are equally far from a query, or none; the first is 0."""
    rows = rng.integers(0, 2, (n, n_features)) if kind == "lattice" else rng.lognormal(0, 5, (n, n_features))
    rows = rows.astype(np.float32 if kind == "float32" else np.float64)
    rows[0] = 0
    return rows


@pytest.mark.parametrize("n_features", [1, 2, 7, 8, 9, 15, 16, 17, 130, 300])
@pytest.mark.parametrize("kind", ["float64", "float32", "lattice"])
@pytest.mark.parametrize("metric", MEASURED_IN_NUMPY)
def test_a_query_alone_has_the_bits_of_a_block_of_queries(monkeypatch, rng, metric, kind, n_features):
    model = NearestNeighbors(9, metric=metric).fit(data(rng, kind, 40, n_features))
    Q = data(rng, kind, 5, n_features)

    monkeypatch.setattr(accelerated.search.exhaustive, "MOST_ONE_BY_ONE", 0)
    of_block = [model.kneighbors(queries) for queries in (Q, None)]
    monkeypatch.setattr(accelerated.search.exhaustive, "MOST_ONE_BY_ONE", 40)
    for n_gaps in (1, 5 * n_features, GAPS_IN_CACHE):  # rows are measured one by one, five by five, all at once
        monkeypatch.setattr(accelerated.search.exhaustive, "GAPS_IN_CACHE", n_gaps)
        alone = [model.kneighbors(queries) for queries in (Q, None)]

        for (distances, indices), (expected, nearest) in zip(alone, of_block, strict=True):
            np.testing.assert_array_equal(indices, nearest)
            np.testing.assert_array_equal(distances.view(np.int64), expected.view(np.int64))


def test_settings_of_numpy_do_not_stop_a_search_for_one_query():
    model = NearestNeighbors(1, metric="sqeuclidean").fit([[0.0], [1e-200]])

    with np.errstate(all="raise"):
        assert model.kneighbors([[2e-200]])[0] == 0


@pytest.mark.parametrize(("n_rows", "n_features"), [(20_000, 2), (20_000, 20), (50, 3000), (3, 100_000)])
@pytest.mark.parametrize("metric", MEASURED_IN_NUMPY)
@pytest.mark.parametrize("k", [1, 3])
def test_a_query_takes_no_more_memory_than_is_reckoned_with(rng, metric, n_rows, n_features, k):
    rows = torch.from_numpy(np.ones((n_rows, n_features), dtype=np.float32))  # all of them tie
    search = Exhaustive(METRICS[metric], rows)
    batch = Batch(rows[:1].to(torch.float64), NONE, n_self=0, numbers=np.zeros(1, dtype=np.int64))

    tracemalloc.start()
    try:
        search.search(batch, k, 2**30, Clock())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak <= one_query_bytes(n_rows, n_features, GAPS_IN_CACHE) + 20_000  # of Python's own objects


def test_a_query_that_would_take_too_much_memory_is_measured_in_blocks(rng):
    X, q = rng.random((3000, 4)), rng.random((1, 4))
    too_little = 100_000
    assert too_little < one_query_bytes(3000, 4, GAPS_IN_CACHE)

    expected = NearestNeighbors(3).fit(X).kneighbors(q)
    actual = NearestNeighbors(3, memory_limit=too_little).fit(X).kneighbors(q)

    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("most_passes", [0, 100], ids=["by partition", "pass by pass"])
def test_the_smallest_of_a_line_come_in_the_order_of_value_and_position(monkeypatch, rng, most_passes):
    monkeypatch.setattr(accelerated.search.smallest, "MOST_PASSES", most_passes)
    for width in (1, 2, 3, 8, 33):
        values = rng.integers(0, 4, (50, width)).astype(float)
        values[::2, rng.integers(width)] = np.inf  # a query that is a row itself
        in_order = np.argsort(values, axis=1, kind="stable")
        for k in range(1, width + 1):
            np.testing.assert_array_equal(smallest(torch.from_numpy(values), k), in_order[:, :k])
            np.testing.assert_array_equal([smallest_of_line(line, k) for line in values], in_order[:, :k])
