"""The nearest of the sparse rows that a query may choose: the bits of dense rows, in every metric and every way."""

import numpy as np
import pytest
import scipy.sparse

from accelerated import KNNRegressor, NearestNeighbors
from accelerated.search import among, rule
from accelerated.sparse_rows import SparseRows
from tests.helpers import by
from tests.memory import mebibytes_at_peak, on_linux

METRICS = [
    *({"metric": m} for m in ("euclidean", "sqeuclidean", "cosine", "manhattan", "chebyshev", "hamming", "jaccard")),
    *({"p": p} for p in (3, 2.5, 0.5)),
    {"metric": lambda a, b: float(np.abs(a - b).max())},
]
NEVER = 10**9
WAYS = {  # constants with which ``choose_way`` always chooses the way
    "index": {"FEWEST_FOR_AN_INDEX": 1},
    "dropping": {"FEWEST_FOR_AN_INDEX": NEVER, "PAIRS_PER_FOUND": 0, "EXCLUDED_PER_PAIR": NEVER},
    "pairs": {"FEWEST_FOR_AN_INDEX": NEVER, "PAIRS_PER_FOUND": NEVER},
}


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Each way in turn; small searches are made by filters, too."""
    for name, value in WAYS[request.param].items():
        monkeypatch.setattr(among, name, value)
    monkeypatch.setattr(among, "SMALL_SEARCH", 0)
    monkeypatch.setattr(rule, "SMALL_SEARCH", 0)
    return request.param


def table(rng, n, n_features, density=0.3):
    """Small whole numbers, which tie, most of them 0."""
    return rng.integers(1, 4, (n, n_features)) * (rng.random((n, n_features)) < density) * 1.0


def draw_sets(rng, n_queries, n_rows):
    """An argument ``among``: a mask, masks for each query, or a list of lists."""
    masks = rng.random((n_queries, n_rows)) < rng.choice([0.05, 0.5, 0.95])
    return [masks[0], masks, [np.flatnonzero(mask).tolist() for mask in masks]][rng.integers(3)]


def assert_same(actual, expected):
    for one, other in zip(actual, expected, strict=True):
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("params", METRICS, ids=lambda params: str(next(iter(params.values())))[:12])
def test_sparse_rows_have_the_allowed_neighbors_of_dense_ones(way, rng, params):
    for n_features in (1, 9, 40, 130):
        X, Q = table(rng, 60, n_features), table(rng, 7, n_features)
        sparse, queries = scipy.sparse.csr_array(X), scipy.sparse.csr_array(Q)
        model, dense = by("sparse", 5, **params).fit(sparse), NearestNeighbors(5, **params).fit(X)
        assert isinstance(model._rows, SparseRows)
        for _ in range(4):
            given = draw_sets(rng, 7, 60)
            expected = dense.kneighbors(Q, among=given, pad=True)
            assert_same(model.kneighbors(queries, among=given, pad=True), expected)
            assert_same(model.kneighbors(Q, among=given, pad=True), expected)
            given = draw_sets(rng, 60, 60)
            assert_same(model.kneighbors(among=given, pad=True), dense.kneighbors(among=given, pad=True))


def test_weighted_sparse_rows_fill_the_places_of_dense_ones(way, rng):
    X, weights = table(rng, 60, 20), rng.integers(0, 3, 60)
    sparse, dense = (KNNRegressor(4).fit(rows, X[:, 0], weights) for rows in (scipy.sparse.csr_array(X), X))

    for Q, n_queries in ((X[:9], 9), (None, 60)):
        given = draw_sets(rng, n_queries, 60)
        assert_same(*(model.kneighbors(Q, 6, among=given, pad=True) for model in (sparse, dense)))


def test_padding_needs_no_filter():
    model = NearestNeighbors(2).fit(scipy.sparse.csr_array([[0.0, 3.0], [4.0, 0.0]]))

    assert model.kneighbors([[0.0, 0.0]], 3, pad=True)[1].tolist() == [[0, 1, -1]]
    assert model.get_neighbors([0.0, 0.0], among=[0, 1]) == [(0, 3.0), (1, 4.0)]
    with pytest.raises(ValueError, match="query 0 may choose among 1 rows, fewer than n_neighbors=2"):
        model.kneighbors([[0.0, 0.0]], among=[1])


@pytest.mark.parametrize("metric", ["cosine", "jaccard", "manhattan", lambda a, b: float(np.abs(a - b).max())])
def test_a_small_memory_limit_gives_the_same_answer(way, rng, metric):
    X = table(rng, 300, 200, density=0.05)
    model = NearestNeighbors(3, metric=metric, memory_limit=100_000).fit(scipy.sparse.csr_array(X))
    dense, given = NearestNeighbors(3, metric=metric).fit(X), rng.random((20, 300)) < 0.3

    for some in (given, given[0]):
        assert_same(model.kneighbors(X[:20], among=some), dense.kneighbors(X[:20], among=some))


PREPARE = """
import numpy as np, scipy.sparse
from accelerated import NearestNeighbors

rng = np.random.default_rng(0)
X = scipy.sparse.random_array((20_000, 10_000), density=0.005, format="csr", rng=rng)
model = NearestNeighbors(5, metric="{metric}", memory_limit=128 * 2**20).fit(X)
mask = rng.random(({n_sets}, 20_000)) < {share}
model.kneighbors(X[:20], among=mask[:20] if {n_sets} > 1 else mask[0])
"""


@on_linux
@pytest.mark.parametrize(
    ("metric", "n_sets", "share"),
    [("cosine", 1, 0.5), ("cosine", 200, 0.9), ("cosine", 200, 0.005), ("jaccard", 1, 0.9), ("manhattan", 200, 0.001)],
)
def test_a_search_among_sparse_rows_stays_within_its_memory_limit(metric, n_sets, share):
    prepare = PREPARE.format(metric=metric, n_sets=n_sets, share=share)

    assert mebibytes_at_peak(prepare, f"model.kneighbors(X[:200], among=mask if {n_sets} > 1 else mask[0])") < 128 + 32
