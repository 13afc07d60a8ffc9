"""Sparse matrices: rows that stay sparse have the answers of dense ones, bit for bit, in every format and metric."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch

import accelerated
import reference
from accelerated import (
    KNNClassifier,
    KNNRegressor,
    NearestNeighbors,
    RadiusNeighborsRegressor,
    SimilarityRegressor,
)
from accelerated.search.sparse_counts import SparseCountFilter
from accelerated.search.sparse_products import SparseProductFilter
from accelerated.search.within.exhaustive import ExhaustiveFinder
from accelerated.sparse_rows import SparseRows
from tests.helpers import by, table

EXACT = [{"metric": m} for m in ("euclidean", "sqeuclidean", "cosine", "manhattan", "chebyshev", "hamming", "jaccard")]
METRICS = [*EXACT, {"p": 3}, {"p": 2.5}, {"p": 0.5}]
FILTERED = ("euclidean", "sqeuclidean", "cosine", "jaccard")
FORMATS = ("csr", "csc", "coo", "lil", "dok", "bsr", "dia")


def assert_same(actual, expected):
    for one, other in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


@pytest.mark.parametrize("kind", ["normal", "whole", "0 and 1"])
@pytest.mark.parametrize("params", METRICS, ids=str)
def test_sparse_rows_have_the_bits_of_dense_ones(rng, params, kind):
    for n_features in (1, 7, 8, 20, 129, 300):
        X, Q = table(rng, 40, n_features, kind=kind), table(rng, 9, n_features, kind=kind)
        X[3] = Q[2] = 0
        Q[4] = X[7] = X[8]
        sparse, queries = scipy.sparse.csr_array(X), scipy.sparse.csr_array(Q)
        for k in (1, 5, 40):
            expected = NearestNeighbors(k, **params).fit(X).kneighbors(Q)
            for model in (NearestNeighbors(k, **params).fit(sparse), by("sparse", k, **params).fit(sparse)):
                assert isinstance(model._rows, SparseRows)
                assert_same(model.kneighbors(queries), expected)
                assert_same(model.kneighbors(Q), expected)
            assert_same(NearestNeighbors(k, **params).fit(X).kneighbors(queries), expected)
        others = NearestNeighbors(39, **params).fit(X).kneighbors()
        assert_same(by("sparse", 39, **params).fit(sparse).kneighbors(), others)


@pytest.mark.parametrize("params", EXACT, ids=str)
def test_both_packages_give_the_same_bits(rng, params):
    X, Q = (scipy.sparse.csr_array(table(rng, n, 30)) for n in (20, 5))

    answers = [package.NearestNeighbors(6, **params).fit(X).kneighbors(Q) for package in (reference, accelerated)]

    assert_same(*answers)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", ["matrix", "array"])
def test_every_format_is_taken(rng, name, kind):
    X = table(rng, 30, 12)
    sparse = getattr(scipy.sparse, f"{name}_{kind}")(X)
    expected = NearestNeighbors(4).fit(X).kneighbors(X[:5])

    for package in (accelerated, reference):
        model = package.NearestNeighbors(4).fit(sparse)
        assert_same(model.kneighbors(sparse.tocsr()[:5].asformat(name)), expected)
        assert model.n_features_in_ == 12


@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "u2", "i8", "f4", "f8", "g", ">f8"])
def test_every_type_of_numbers_is_taken(rng, dtype):
    X = (100 * np.abs(table(rng, 30, 12))).astype(dtype)
    sparse = scipy.sparse.csr_array(X.astype(X.dtype.newbyteorder("=")))

    assert_same(by("sparse", 4).fit(sparse).kneighbors(sparse), NearestNeighbors(4).fit(X).kneighbors(X))


def strange_parts():
    """A matrix with zeros that are stored, columns in descending order, an entry in two parts, and 64-bit indices."""
    data, columns = np.array([0.0, 3.0, 1.0, 2.0, 0.5, 0.0]), np.array([4, 2, 0, 1, 1, 3], dtype=np.int64)
    return scipy.sparse.csr_matrix((data, columns, np.array([0, 3, 3, 5, 6], dtype=np.int64)), shape=(4, 6))


@pytest.mark.parametrize("params", EXACT, ids=str)
@pytest.mark.parametrize("package", [reference, accelerated])
def test_strange_parts_are_read_as_toarray_reads_them_and_stay_as_they_are(params, package):
    X, before = strange_parts(), strange_parts()
    expected = package.NearestNeighbors(3, **params).fit(X.toarray()).kneighbors(X.toarray())

    assert_same(package.NearestNeighbors(3, **params).fit(X).kneighbors(X), expected)
    if package is accelerated:
        assert_same(by("sparse", 3, **params).fit(X).kneighbors(X), expected)
    for part in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(X, part), getattr(before, part))


def test_later_changes_to_the_matrix_do_nothing(rng):
    X = scipy.sparse.csr_array(table(rng, 30, 12))
    models = [by("sparse", 2, metric=metric).fit(X) for metric in FILTERED]
    expected = [model.kneighbors() for model in models]
    X.data[:], X.indices[:] = 7.0, 0

    for model, answers in zip(models, expected, strict=True):
        assert_same(model.kneighbors(), answers)


def test_predictions_are_those_of_dense_rows(rng):
    X, y = table(rng, 60, 25), rng.integers(0, 3, 60)
    sparse, Q = scipy.sparse.csr_matrix(X), scipy.sparse.csr_matrix(table(rng, 8, 25))
    for weights in ("uniform", "distance"):
        ours, dense = (KNNClassifier(5, weights=weights, metric="cosine").fit(rows, y) for rows in (sparse, X))
        for queries in (Q, None):
            np.testing.assert_array_equal(ours.predict_proba(queries), dense.predict_proba(queries))
            np.testing.assert_array_equal(ours.predict(queries), dense.predict(queries))
        ours, dense = (KNNRegressor(5, weights=weights).fit(rows, y) for rows in (sparse, X))
        np.testing.assert_array_equal(ours.predict(Q), dense.predict(Q))
        assert ours.score(sparse, y) == dense.score(X, y)


def test_a_function_gets_dense_rows_of_float64(rng):
    X, seen = scipy.sparse.csr_array(table(rng, 6, 4).astype(np.float32)), []

    def metric(a, b):
        seen.append((a, b))
        return abs(a - b).max()

    for package in (reference, accelerated):
        answers = package.NearestNeighbors(2, metric=metric).fit(X).kneighbors(X[:3])
        assert_same(answers, NearestNeighbors(2, metric="chebyshev").fit(X).kneighbors(X[:3]))
    assert {type(row) for pair in seen for row in pair} == {np.ndarray}
    assert {(row.dtype, row.shape) for pair in seen for row in pair} == {(np.dtype(float), (4,))}


def test_dummies_stay_sparse():
    frame = pd.DataFrame({"letter": list("abcabd"), "sign": list("+-+-++")})
    dummies = pd.get_dummies(frame, sparse=True)
    expected = NearestNeighbors(3, metric="jaccard").fit(dummies.to_numpy()).kneighbors()

    model = NearestNeighbors(3, metric="jaccard").fit(dummies)

    assert isinstance(model._rows, SparseRows)
    assert model.feature_names_in_.tolist() == dummies.columns.tolist()
    assert_same(
        model.kneighbors(dummies[:2]),
        reference.NearestNeighbors(3, metric="jaccard").fit(dummies).kneighbors(dummies[:2]),
    )
    assert_same(model.kneighbors(), expected)
    with pytest.raises(ValueError, match="in the same order as they were in fit"):
        model.kneighbors(dummies[dummies.columns[::-1]])


@pytest.mark.parametrize("metric", ["euclidean", "precomputed"])
def test_a_frame_that_holds_more_than_zeros_and_numbers_is_read_in_full(rng, metric):
    """Where the columns are not all sparse, or lack another number than 0, or hold distances."""
    X = np.abs(table(rng, 5, 5))
    sparse = pd.DataFrame(X).astype(pd.SparseDtype(float, 0))
    frames = (
        [sparse]
        if metric == "precomputed"
        else [sparse.assign(e=1.0).drop(columns=4), sparse.astype(pd.SparseDtype(float, 1.0))]
    )
    for frame in frames:
        frame.columns = list("abcde")
        expected = NearestNeighbors(2, metric=metric).fit(frame.to_numpy()).kneighbors(frame.to_numpy())
        for package in (reference, accelerated):
            assert_same(package.NearestNeighbors(2, metric=metric).fit(frame).kneighbors(frame), expected)


def test_a_tensor_asks_sparse_rows_and_gets_tensors(rng):
    X = table(rng, 30, 12)
    answers = by("sparse", 3).fit(scipy.sparse.csr_array(X)).kneighbors(torch.from_numpy(X[:4]))

    assert all(isinstance(answer, torch.Tensor) for answer in answers)
    assert_same(answers, NearestNeighbors(3).fit(X).kneighbors(X[:4]))


def test_sparse_queries_ask_dense_rows_on_any_device(rng, device):
    X, Q = table(rng, 300, 40), table(rng, 20, 40)

    answers = NearestNeighbors(3, device=device).fit(X).kneighbors(scipy.sparse.csr_array(Q))

    assert_same(answers, NearestNeighbors(3, device="cpu").fit(X).kneighbors(Q))


def test_a_gpu_takes_no_sparse_rows(rng, device):
    model = NearestNeighbors(3, device=device)
    if device.type == "cpu":
        model.fit(scipy.sparse.csr_array(table(rng, 9, 3)))
    else:
        with pytest.raises(ValueError, match=r"cannot hold sparse rows: pass device='cpu', or None, or X.toarray\(\)"):
            model.fit(scipy.sparse.csr_array(table(rng, 9, 3)))


@pytest.mark.parametrize("metric", FILTERED)
def test_a_filter_certifies_all_queries(rng, metric):
    X, Q = (scipy.sparse.csr_array(table(rng, n, 200, 0.05)) for n in (400, 60))
    report = NearestNeighbors(5, metric=metric).fit(X).search_report(Q)

    assert (report.filter, report.n_queries, report.certified) == ("sparse", 60, 60)
    assert "sparse rows" in report.why


def test_counts_certify_only_queries_of_0_and_1(rng):
    X, Q = table(rng, 40, 12, kind="0 and 1"), table(rng, 8, 12, kind="whole")
    Q[:3] = X[:3]
    model = by("sparse", 4, metric="hamming").fit(scipy.sparse.csr_array(X))

    assert model.search_report(scipy.sparse.csr_array(Q)).certified == np.count_nonzero((Q <= 1).all(1)) < 8
    assert_same(model.kneighbors(Q), NearestNeighbors(4, metric="hamming").fit(X).kneighbors(Q))


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_ties_that_no_bound_separates_are_measured(rng, metric):
    """All queries are as far from all rows, or all rows are equal: more remain than a filter may leave."""
    for X in (np.eye(300, 305), np.tile(table(rng, 1, 305), (300, 1))):
        Q = np.zeros((2, 305))
        Q[1, 300:] = 1
        model = by("sparse", 3, metric=metric).fit(scipy.sparse.csr_array(X))

        assert model.search_report(scipy.sparse.csr_array(Q)).certified == 0
        assert_same(model.kneighbors(Q), NearestNeighbors(3, metric=metric).fit(X).kneighbors(Q))


@pytest.mark.parametrize("scale", [1e-170, 1e-155, 1e140])
@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "cosine"])
def test_numbers_of_all_sizes(rng, metric, scale):
    X = table(rng, 60, 20) * scale * 10.0 ** rng.integers(-9, 9, (60, 1))

    assert_same(
        by("sparse", 5, metric=metric).fit(scipy.sparse.csr_array(X)).kneighbors(),
        NearestNeighbors(5, metric=metric).fit(X).kneighbors(),
    )


@pytest.mark.parametrize("metric", FILTERED)
@pytest.mark.parametrize("limit", ["32KiB", "128KiB", "1MiB"])
def test_a_low_memory_limit_changes_no_answer(rng, metric, limit):
    X, Q = (scipy.sparse.csr_array(table(rng, n, 50)) for n in (300, 40))
    expected = NearestNeighbors(5, metric=metric).fit(X).kneighbors(Q)

    assert_same(NearestNeighbors(5, metric=metric, memory_limit=limit).fit(X).kneighbors(Q), expected)


def test_a_search_makes_few_rows_dense_at_once():
    X, Q = (scipy.sparse.random_array((n, 50_000), density=0.001, format="csr", rng=n) for n in (4000, 100))
    model = NearestNeighbors(5, metric="cosine", memory_limit="64MiB").fit(X)
    tracemalloc.start()
    model.kneighbors(Q)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 2**26 < 8 * X.shape[0] * X.shape[1] / 20


@pytest.mark.parametrize("metric", [*FILTERED, "manhattan"])
def test_two_workers_and_a_pickled_model_give_the_same_bits(rng, two_threads, metric):
    X, Q = (scipy.sparse.csr_array(table(rng, n, 50)) for n in (400, 200))
    model = NearestNeighbors(5, metric=metric).fit(X)
    answers = model.kneighbors(Q)

    torch.set_num_threads(1)
    assert_same(model.kneighbors(Q), answers)
    assert_same(pickle.loads(pickle.dumps(model)).kneighbors(Q), answers)


def test_the_progress_bar_reaches_its_end(rng, capfd):
    X = scipy.sparse.csr_array(table(rng, 300, 50))
    NearestNeighbors(5, progress=True).fit(X).kneighbors()

    assert "100%" in capfd.readouterr().err


def test_a_fit_that_is_refused_leaves_the_model_as_it_was(rng):
    X = scipy.sparse.csr_array(table(rng, 30, 12))
    model = NearestNeighbors(3).fit(X)
    before = model.kneighbors()
    bad = X.copy()
    bad.data[5] = np.nan
    with pytest.raises(ValueError, match="X has NaN in row"):
        model.fit(bad)

    assert_same(model.kneighbors(), before)


def assert_same_lists(actual, expected):
    """Arrays of arrays, of which each has another length."""
    for found, wanted in zip(actual, expected, strict=True):
        assert [some.tolist() for some in found] == [some.tolist() for some in wanted]


@pytest.mark.parametrize("params", EXACT, ids=str)
@pytest.mark.parametrize("package", [reference, accelerated])
def test_rows_within_a_radius_are_those_of_an_oracle_of_three_lines(package, params, rng):
    for kind in ("normal", "whole", "0 and 1"):
        X, Q = table(rng, 25, 40, kind=kind), table(rng, 6, 40, kind=kind)
        model = package.NearestNeighbors(**params).fit(scipy.sparse.csr_array(X))
        measured = [[model.get_distance(q, x) for x in X] for q in Q]
        radii = [sorted(row)[rng.integers(25)] for row in measured]
        wanted = [sorted((d, i) for i, d in enumerate(row) if d <= r) for row, r in zip(measured, radii, strict=True)]

        found = model.radius_neighbors(scipy.sparse.csr_array(Q), radii)

        assert [list(zip(d.tolist(), i.tolist(), strict=True)) for d, i in zip(*found, strict=True)] == wanted


@pytest.mark.parametrize("kind", ["normal", "whole", "0 and 1"])
@pytest.mark.parametrize("params", METRICS, ids=str)
def test_rows_within_a_radius_have_the_bits_of_dense_ones(rng, params, kind):
    for n_features in (1, 7, 8, 20, 129, 300):
        X, Q = table(rng, 40, n_features, kind=kind), table(rng, 9, n_features, kind=kind)
        X[3] = Q[2] = 0
        Q[4] = X[7] = X[8]
        sparse, queries = scipy.sparse.csr_array(X), scipy.sparse.csr_array(Q)
        dense = NearestNeighbors(**params).fit(X)
        radii = dense.kneighbors(Q, 7)[0][:, -1]
        radii[5:7] = 0, np.inf
        for model in (NearestNeighbors(**params).fit(sparse), by("sparse", **params).fit(sparse)):
            assert_same_lists(model.radius_neighbors(queries, radii), dense.radius_neighbors(Q, radii))
            assert_same_lists(model.radius_neighbors(Q, radii), dense.radius_neighbors(Q, radii))
            assert_same_lists(model.radius_neighbors(None, radii[0]), dense.radius_neighbors(None, radii[0]))
            assert_same([model.count_within(queries, radii)], [dense.count_within(Q, radii)])
            assert_same([model.near_duplicates(radii[0])], [dense.near_duplicates(radii[0])])
            graphs = [m.radius_neighbors_graph(None, radii[1], "distance").toarray() for m in (model, dense)]
            assert_same(graphs[:1], graphs[1:])
        assert_same_lists(dense.radius_neighbors(queries, radii), dense.radius_neighbors(Q, radii))


@pytest.mark.parametrize("metric", [*FILTERED, "hamming"])
def test_bounds_and_counts_leave_no_query_to_the_exhaustive_search(rng, metric, monkeypatch):
    X, Q = (table(rng, n, 50, kind="0 and 1") for n in (300, 40))
    expected = by("exhaustive", metric=metric).fit(X).radius_neighbors(Q, np.linspace(0, 4, 40))
    monkeypatch.setattr(ExhaustiveFinder, "find", None)  # nobody calls it

    found = by("sparse", metric=metric).fit(scipy.sparse.csr_array(X)).radius_neighbors(Q, np.linspace(0, 4, 40))

    assert_same_lists(found, expected)


@pytest.mark.parametrize("spoilt", ["threshold", "counts"])
def test_a_spoilt_finder_loses_rows_within_the_radius(rng, spoilt, monkeypatch):
    """Or the tests above would hold for any bound, and for counts of any query."""
    metric = "euclidean" if spoilt == "threshold" else "hamming"
    X, Q = table(rng, 80, 12, kind="0 and 1"), table(rng, 20, 12, kind="whole")
    expected = by("exhaustive", metric=metric).fit(X).radius_neighbors(Q, 0.5)
    model = by("sparse", metric=metric).fit(scipy.sparse.csr_array(X))
    assert_same_lists(model.radius_neighbors(Q, 0.5), expected)
    threshold = SparseProductFilter.threshold
    if spoilt == "threshold":
        expected = by("exhaustive", metric=metric).fit(X).radius_neighbors(Q, 2)
        monkeypatch.setattr(SparseProductFilter, "threshold", lambda *args: 0.5 * threshold(*args))
    else:
        monkeypatch.setattr(
            SparseCountFilter, "is_counted", lambda self, queries: torch.ones(len(queries), dtype=torch.bool)
        )

    with pytest.raises(AssertionError):
        assert_same_lists(model.radius_neighbors(Q, 2 if spoilt == "threshold" else 0.5), expected)


@pytest.mark.parametrize("metric", [*FILTERED, "manhattan"])
@pytest.mark.parametrize("limit", ["128KiB", "1MiB", None])
def test_rows_within_a_radius_do_not_depend_on_memory_and_workers(rng, two_threads, metric, limit):
    X, Q = (scipy.sparse.csr_array(table(rng, n, 50)) for n in (300, 80))
    radius = float(NearestNeighbors(20, metric=metric).fit(X).kneighbors(Q)[0][:, -1].mean())
    expected = NearestNeighbors(metric=metric).fit(X.toarray()).radius_neighbors(Q, radius)

    assert_same_lists(NearestNeighbors(metric=metric, memory_limit=limit).fit(X).radius_neighbors(Q, radius), expected)


@pytest.mark.parametrize("radius", [0.8, 9.0])
def test_a_search_within_a_radius_keeps_to_its_memory_also_if_it_reaches_all_rows(radius):
    X, Q = (scipy.sparse.random_array((n, 20_000), density=0.001, format="csr", rng=n) for n in (2000, 60))
    model = NearestNeighbors(metric="cosine", memory_limit="32MiB").fit(X)
    tracemalloc.start()
    n_found = model.count_within(Q, radius)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (n_found == 2000).all() == (radius == 9)
    assert peak < 2**25 < 8 * X.shape[0] * X.shape[1] / 9


def test_predictions_within_a_radius_are_those_of_dense_rows(rng):
    X, y = table(rng, 60, 25), rng.integers(0, 3, 60)
    sparse, Q = scipy.sparse.csr_matrix(X), scipy.sparse.csr_matrix(table(rng, 8, 25))
    for weights in ("uniform", "distance"):
        for package in (accelerated, reference):
            models = [package.RadiusNeighborsClassifier(0.9, weights=weights, metric="cosine") for _ in range(3)]
            for model, rows in zip(models, (sparse, X, pd.DataFrame.sparse.from_spmatrix(sparse)), strict=True):
                model.set_params(outlier_label=1).fit(rows, y)
            ours, dense, framed = models
            for queries in (Q, None):
                assert_same([ours.predict_proba(queries)], [dense.predict_proba(queries)])
            assert_same([framed.predict(None)], [dense.predict(None)])
        ours, dense = (RadiusNeighborsRegressor(6.0, weights=weights).fit(rows, y) for rows in (sparse, X))
        assert_same([ours.predict(Q), ours.predict(None)], [dense.predict(Q), dense.predict(None)])
        assert ours.score(sparse, y) == dense.score(X, y)


@pytest.mark.parametrize("metric", [*FILTERED, "hamming"])
def test_settings_of_numpy_and_torch_change_no_answer(rng, metric):
    X = scipy.sparse.csr_array(table(rng, 90, 20) * 10.0 ** rng.integers(-200, 9, (90, 1)))

    def answers():
        model = by("sparse", 3, metric=metric).fit(X)
        return [*model.kneighbors(X[:9]), model.count_within(X[:9], 0.5), *model.radius_neighbors(X[:9], 0.5)[1]]

    expected = answers()
    with np.errstate(all="raise"), torch.device("meta"):
        assert_same(answers(), expected)


def test_the_progress_bar_of_a_search_within_a_radius_reaches_its_end(rng, capfd):
    NearestNeighbors(progress=True).fit(scipy.sparse.csr_array(table(rng, 300, 50))).radius_neighbors()

    assert "100%" in capfd.readouterr().err


@pytest.mark.parametrize("package", [reference, accelerated])
def test_the_hint_of_a_model_without_sparse_rows_works_when_obeyed(package, rng):
    X, y = scipy.sparse.csr_array(table(rng, 9, 3)), rng.normal(size=9)
    with pytest.raises(TypeError, match=r"pass X.toarray\(\); in a pipeline"):
        package.SimilarityRegressor().fit(X, y)
    with pytest.raises(TypeError, match=r"pass X.toarray\(\)"):
        package.NearestNeighbors(metric="precomputed").fit(X)

    assert SimilarityRegressor(gamma="scale", jitter=0.1, fit_intercept=True).fit(X.toarray(), y).n_features_in_ == 3
