"""The search of sparse rows rests on sums without zeros that have the dense bits, and on bounds that are right."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from accelerated import in_sparse
from accelerated.distances import unit_rows
from accelerated.metrics import get_metric
from accelerated.search.queries import prepare_sparse
from accelerated.search.sparse_products import SparseProductFilter
from accelerated.sparse_rows import SparseRows
from tests.helpers import HOSTILE, by

LENGTHS = [*range(1, 300), 512, 1000, 1023, 1024, 1025, 4096, 13_964, 50_000, 99_999]


@pytest.mark.parametrize("density", [0, 0.02, 0.4, 1])
def test_a_sum_without_zeros_has_the_bits_of_np_sum_at_every_length(rng, density):
    for n_features in LENGTHS:
        terms = rng.lognormal(sigma=8, size=(3, n_features)) * (rng.random((3, n_features)) < density)

        total = in_sparse.sum_of_features(csr_array(terms))

        assert total.dtype == np.float64
        assert total.tolist() == [np.sum(row) for row in terms], n_features


def test_another_order_has_other_bits(rng):
    """Or the test above would hold for any sum."""
    terms = rng.lognormal(sigma=8, size=(300, 1000)) * (rng.random((300, 1000)) < 0.4)
    total = in_sparse.sum_of_features(csr_array(terms))

    assert np.any(total != [np.sum(row[row != 0]) for row in terms])
    assert np.any(total != in_sparse.sum_of_features(csr_array(np.roll(terms, 1, axis=1))))


@pytest.mark.parametrize("scale", [1, 5e-324, 1e300])
def test_unit_rows_have_the_bits_of_dense_ones(rng, scale):
    X = rng.normal(size=(20, 130)) * (rng.random((20, 130)) < 0.2) * scale
    X[3] = 0
    sparse = csr_array(X)

    units = csr_array((in_sparse.unit_rows(sparse), sparse.indices, sparse.indptr), shape=X.shape)

    np.testing.assert_array_equal(units.toarray(), unit_rows(torch.from_numpy(X)).numpy())


def make(metric, X):
    metric = get_metric(metric)
    return SparseProductFilter.make(metric, prepare_sparse(SparseRows.of_csr(csr_array(X)), metric))


def bounds_and_exact(searched):
    """The bounds of the first rows on one another, and their exact squared distances, plus 1 or 2 for zero vectors."""
    some = searched.rows[:12]
    rows = [[Fraction(x) for x in row] for row in some.matrix.toarray()]
    if searched.metric.n_embedded:
        rows = [[*row, Fraction(not any(row))] for row in rows]
    exact = [[sum((a - b) ** 2 for a, b in zip(q, x, strict=True)) for x in rows] for q in rows]
    return searched.bounds(some)[:, :12].tolist(), exact


def lies_above(bounds, exact, slack):
    return [
        b - e
        for bs, es in zip(bounds, exact, strict=True)
        for b, e in zip(bs, es, strict=True)
        if Fraction(b) - slack > e
    ]


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_no_bound_is_above_the_exact_distance(metric, kind):
    slack = Fraction(2) ** -1010  # for numbers that vanish

    assert not lies_above(*bounds_and_exact(make(metric, HOSTILE[kind])), slack)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_a_spoilt_bound_is_above_some_exact_distance(monkeypatch, metric):
    """Without the error of the product: or the test above would hold for any bound."""
    monkeypatch.setattr(SparseProductFilter, "_error", lambda self, queries: 0.0)

    assert any(lies_above(*bounds_and_exact(make(metric, X)), 0) for X in HOSTILE.values())


def test_lengths_beyond_a_float_exclude_nothing(rng):
    X = rng.normal(size=(40, 6))
    searched = make("euclidean", X)
    infinite = np.where(np.arange(40) == 3, np.inf, searched.squared)

    bounds = replace(searched, squared=infinite).bounds(searched.rows)

    assert bounds[:, 3].eq(-np.inf).all()
    assert bounds[:, np.arange(40) != 3].isfinite().all()


def test_a_bound_that_excludes_too_much_loses_neighbours(monkeypatch, rng):
    """A threshold below the distances excludes rows that belong to the answer."""
    X = rng.integers(0, 3, (80, 6)) * 1.0
    expected = by("exhaustive", 5).fit(X).kneighbors()[1]
    np.testing.assert_array_equal(by("sparse", 5).fit(csr_array(X)).kneighbors()[1], expected)
    right = SparseProductFilter.threshold
    monkeypatch.setattr(SparseProductFilter, "threshold", lambda *args: right(*args) - 0.5)

    assert np.any(by("sparse", 5).fit(csr_array(X)).kneighbors()[1] != expected)
