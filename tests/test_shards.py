"""The laws of the search in shards: neighbours depend neither on how rows are cut nor on the order of the merges."""

from functools import reduce
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from accelerated import NearestNeighbors
from accelerated.base import prepare_rows
from accelerated.metrics import get_metric
from accelerated.search import Index, Queries, make_index
from accelerated.search.exhaustive import Exhaustive
from accelerated.shards import Found, merge, nothing, search_shard
from knn_inputs.metrics import choose_metric

METRICS = [("minkowski", 2), ("minkowski", 3), ("manhattan", 2), ("cosine", 2), ("hamming", 2), ("chebyshev", 2)]


def found_in(rows, k):
    """Returns ``Found`` of (reduced, index) pairs of a single query."""
    rows = sorted(rows)[:k] + [(np.inf, -1)] * (k - len(rows))
    return Found(np.array([[reduced for reduced, _ in rows]]), np.array([[index for _, index in rows]]))


@st.composite
def shards_of_pairs(draw):
    """Draws k and what three shards found: a few distances, so that many are equal, also infinity."""
    distances = draw(st.lists(st.sampled_from([0.0, 0.5, 1.0, np.inf]), max_size=12))
    of_shard = draw(st.lists(st.integers(0, 2), min_size=len(distances), max_size=len(distances)))
    pairs = list(zip(distances, range(len(distances)), strict=True))
    k = draw(st.integers(1, 6))
    return k, [[pair for pair, s in zip(pairs, of_shard, strict=True) if s == shard] for shard in range(3)]


def same(a, b):
    return np.array_equal(a.reduced, b.reduced) and np.array_equal(a.indices, b.indices)


@given(shards_of_pairs())
def test_merging_is_commutative_and_associative_and_keeps_the_first_k(drawn):
    k, shards = drawn
    a, b, c = (found_in(rows, k) for rows in shards)
    assert same(merge(a, b), merge(b, a))
    assert same(merge(merge(a, b), c), merge(a, merge(b, c)))
    assert same(merge(merge(a, b), c), found_in([pair for rows in shards for pair in rows], k))


@given(shards_of_pairs())
def test_a_shard_without_rows_changes_nothing(drawn):
    k, (rows, *_) = drawn
    a = found_in(rows, k)
    assert same(merge(a, nothing(1, k)), a)


def index_of(metric, rows, k):
    """Returns an index of these rows, of which there may be none."""
    if not len(rows):
        empty = torch.empty((0, rows.shape[1]), dtype=torch.float64)
        return Index(metric, empty, [Exhaustive(metric, empty)], 0)
    return make_index(metric, prepare_rows(rows, metric, torch.device("cpu"), 2**30), k)


@pytest.mark.parametrize("n_shards", [1, 2, 3, 7])
@pytest.mark.parametrize("name, p", METRICS)
def test_uneven_shards_have_the_bits_of_one_machine_in_any_order(name, p, n_shards, rng):
    metric = get_metric(*choose_metric(name, p, None))
    for _ in range(12):
        n, d = int(rng.integers(1, 60)), int(rng.integers(1, 6))
        X = rng.integers(-2, 3, (n, d)) * rng.choice([1.0, 0.37])  # few values, so that many rows are equally far
        Q = X[rng.integers(0, n, 5)] + rng.integers(0, 2, (5, d))
        k = int(rng.integers(1, n + 1))
        cuts = [0, *np.sort(rng.integers(0, n + 1, n_shards - 1)).tolist(), n]  # so some shards may be empty
        queries = Queries.given(Q, metric, torch.empty(0))
        found = [search_shard(index_of(metric, X[a:b], k), queries, k, a) for a, b in pairwise(cuts)]
        merged = reduce(merge, [found[i] for i in rng.permutation(n_shards)])
        distances, indices = NearestNeighbors(k, metric=name, p=p).fit(X).kneighbors(Q)
        assert np.array_equal(merged.indices, indices)
        assert np.array_equal(metric.to_distance(torch.from_numpy(merged.reduced)).numpy(), distances)


@pytest.mark.parametrize("n_shards", [1, 2, 3, 7])
def test_a_row_is_left_out_of_its_own_neighbours_by_its_index_among_all_rows(n_shards, rng):
    metric = get_metric(*choose_metric("minkowski", 2, None))
    for _ in range(20):
        n = int(rng.integers(2, 40))
        X = rng.integers(0, 2, (n, 2)).astype(float)  # nearly all rows have duplicates, with lower and higher indices
        k = int(rng.integers(1, n))
        cuts = [0, *np.sort(rng.integers(0, n + 1, n_shards - 1)).tolist(), n]
        queries, own = Queries.given(X, metric, torch.empty(0)), np.arange(n)
        found = [search_shard(index_of(metric, X[a:b], k), queries, k, a, own=own) for a, b in pairwise(cuts)]
        distances, indices = NearestNeighbors(k).fit(X).kneighbors()
        merged = reduce(merge, found)
        assert np.array_equal(merged.indices, indices) and np.array_equal(merged.reduced, distances)
