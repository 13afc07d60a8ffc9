"""Few queries find by a product the neighbours that measuring all rows finds, and bounds are bounds."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch

from accelerated import NearestNeighbors
from accelerated.metrics import METRICS
from accelerated.search.filter import Batch
from accelerated.search.near_rows import NearRows
from tests.helpers import by

N_DRAWS = 150


def draw_rows(rng: np.random.Generator) -> np.ndarray:
    """Returns 2^14 numbers or more: normal, offset, on a lattice, in clusters, of all sizes, tiny or sparse."""
    n_features = int(rng.choice([1, 3, 16, 40, 300]))
    X = rng.normal(size=(2**14 // n_features + 1, n_features))
    kind = rng.integers(7)
    if kind == 1:
        X += 10.0 ** rng.integers(1, 12)
    elif kind == 2:
        X = np.round(2 * X)
    elif kind == 3:
        X += np.where(rng.random((len(X), 1)) < 0.5, 1e6, -1e6)
    elif kind == 4:
        X *= 2.0 ** rng.integers(-60, 60, size=(len(X), 1))
    elif kind == 5:
        X *= 1e-30
    elif kind == 6:
        X[rng.random(X.shape) < 0.97] = 0
    return X.astype(rng.choice([np.float32, np.float64]))


def assert_same(found: tuple, expected: tuple) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def measuring_all(model: NearestNeighbors) -> NearestNeighbors:
    """Returns the model without the product."""
    copy = NearestNeighbors.__new__(NearestNeighbors)
    copy.__dict__ = dict(vars(model))
    *others, last = model._index.filters
    copy._index = model._index._replace(filters=[*others, replace(last, near=None)])
    return copy


def excludes(near: NearRows, Q: np.ndarray, k: int) -> bool:
    """Tells whether it certifies the queries."""
    queries = near.metric.prepare(torch.tensor(Q, dtype=torch.float64))
    batch = Batch(queries, torch.full((len(Q),), -1), 0, np.arange(len(Q)))
    return bool(near.search(batch, k, scratch=2**28).certified.all())


def test_few_queries_have_the_neighbours_that_measuring_all_rows_finds(rng):
    n_excluding = 0
    for _ in range(N_DRAWS):
        X, metric = draw_rows(rng), str(rng.choice(["euclidean", "sqeuclidean", "cosine"]))
        model = NearestNeighbors(int(rng.integers(1, 12)), metric=metric).fit(X)
        model._index = model._index._replace(smallest_search=2**62)
        Q = X[rng.integers(0, len(X), rng.integers(1, 30))] + rng.choice([0, 1e-3, 1.0])
        assert_same(model.kneighbors(Q), measuring_all(model).kneighbors(Q))
        near = model._index.filters[-1].near
        n_excluding += near is not None and excludes(near, Q, 1)
    assert n_excluding > N_DRAWS / 3


def test_a_row_is_not_its_own_neighbour(rng):
    X = rng.normal(size=(4, 5000))
    model = NearestNeighbors(3).fit(X)
    assert model._index.filters[-1].near is not None
    assert_same(model.kneighbors(), measuring_all(model).kneighbors())
    assert (model.kneighbors(return_distance=False) != np.arange(4)[:, None]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_a_bound_is_at_most_the_exact_distance(dtype, offset, rng):
    X = (rng.normal(size=(2**10, 16)) * 2.0 ** rng.integers(-70, 30, (2**10, 1)) + offset).astype(dtype)
    near = NearRows.make(METRICS["euclidean"], torch.from_numpy(X))
    error = Fraction((4 * 16 + 16) * (2.0**-24 if dtype == np.float32 else 2.0**-53))
    for q in X[:3].astype(float) * 1.01:
        bounds = torch.addmv(near.squared, near.rows, torch.from_numpy(q).to(near.rows.dtype), alpha=-2).tolist()
        length = sum(Fraction(a) ** 2 for a in q)
        for x, bound in zip(X[::16], bounds[::16], strict=True):
            exact = sum((Fraction(a) - Fraction(float(b))) ** 2 for a, b in zip(q, x, strict=True))
            assert Fraction(bound) <= exact - (1 - error) * length + 16 * Fraction(2.0**-120)


def test_a_spoilt_length_loses_a_neighbour(rng):
    X = rng.normal(size=(2000, 20))
    model = NearestNeighbors(1).fit(X)
    model._index.filters[-1].near.squared[7] += 1e6
    before = measuring_all(model).kneighbors(X[7:8] + 0.001)
    assert before[1].item() == 7 != model.kneighbors(X[7:8] + 0.001)[1].item()


def test_rows_far_from_the_origin_are_all_measured(rng):
    X = rng.normal(size=(2000, 20)) + 1e9
    assert not excludes(NearRows.make(METRICS["euclidean"], torch.from_numpy(X)), X[:1], 5)
    model = NearestNeighbors().fit(X)
    assert model._index.filters[-1].near is None
    assert_same(model.kneighbors(X[:2]), measuring_all(model).kneighbors(X[:2]))


def test_a_query_that_excludes_few_rows_leaves_the_others_of_its_batch_certified(rng):
    X = rng.normal(size=(2000, 20))
    near = NearRows.make(METRICS["euclidean"], torch.from_numpy(X))
    Q = torch.from_numpy(np.stack([X[0], X[1] + 1e15, X[2]]))
    found = near.search(Batch(Q, torch.full((3,), -1), 0, np.arange(3)), 5, scratch=2**28)

    assert found.certified.tolist() == [True, False, True]
    expected = NearestNeighbors(5).fit(X).kneighbors(Q[::2])
    assert_same((found.reduced[::2], found.indices[::2]), expected)


def test_few_queries_that_the_product_does_not_certify_are_measured_and_the_others_are_not(rng):
    X = rng.normal(size=(20_000, 12))
    Q = np.stack([X[0], X[1] + 1e15, X[2]])
    model = NearestNeighbors(5).fit(X)
    assert model._index.filters[-1].near is not None
    assert_same(model.kneighbors(Q), measuring_all(model).kneighbors(Q))
    assert 10 <= model.search_report(Q).candidates < 100


@pytest.mark.parametrize("n_rows", [60, 500, 60_000])
def test_rows_that_vanish_when_they_are_squared_raise_nothing(n_rows, rng):
    X = rng.normal(size=(10, 20))[rng.integers(0, 10, n_rows)] + 1e-3 * rng.normal(size=(n_rows, 20))
    for rows in (X * 1e-160, np.where(rng.random((n_rows, 1)) < 0.05, 1e-160, 1) * X):
        with np.errstate(all="raise"):
            found = NearestNeighbors(3).fit(rows).kneighbors(rows[:2])
        assert_same(found, by("exhaustive", 3).fit(rows).kneighbors(rows[:2]))


def test_numbers_whose_squares_may_overflow_are_all_measured():
    X = np.full((2000, 20), 1e20, dtype=np.float32)
    assert not excludes(NearRows.make(METRICS["euclidean"], torch.from_numpy(X)), X[:1] * 1e-20, 5)
    near = NearRows.make(METRICS["euclidean"], torch.from_numpy(X * np.float32(1e-20)))
    assert not excludes(near, np.full((1, 20), 1e20), 5)


def test_products_that_torch_is_told_to_make_less_precisely_are_not_used(rng):
    X = rng.normal(size=(2000, 20)).astype(np.float32)
    near = NearRows.make(METRICS["euclidean"], torch.from_numpy(X))
    assert excludes(near, X[:2], 5)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        assert not excludes(near, X[:2], 5)
    finally:
        torch.set_float32_matmul_precision(before)


def test_only_rows_of_some_thousand_numbers_that_fit_a_cache_are_looked_at_so(rng):
    def near(n: int, d: int, metric: str = "euclidean", **how: object) -> NearRows | None:
        return NearestNeighbors(metric=metric, **how).fit(rng.normal(size=(n, d)))._index.filters[-1].near

    assert near(2000, 20) is not None and near(2000, 20, "cosine") is not None
    assert near(100, 20) is None and near(140_000, 64) is None
    assert near(20_000, 3) is None  # a tree is faster
    assert near(2000, 20, "manhattan") is None
    assert near(2000, 20, "seuclidean") is None
