"""Regression by similarity whose products are made in tasks of Dask: the bits and the certificate of one machine."""

import pickle

import dask.array as da
import numpy as np
import pytest
from sklearn.datasets import make_friedman1

import accelerated
from accelerated.distributed import SimilarityRegressor
from accelerated.distributed.similarity_regressor import Elsewhere

SETTINGS = {"gamma": "scale", "jitter": 0.1, "fit_intercept": True, "solver": "cg"}


@pytest.fixture(scope="module")
def data():
    return make_friedman1(1200, n_features=6, noise=1.0, random_state=0)


@pytest.fixture(params=["synchronous", "threads", "client"])
def scheduler(request):
    if request.param != "client":
        yield request.param
        return
    from dask.distributed import Client

    with Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=None) as client:
        yield client


def same(ours, theirs):
    return np.array_equal(ours.dual_coef_, theirs.dual_coef_) and ours.certificate_ == theirs.certificate_


@pytest.mark.parametrize("similarity", ["rbf", "laplacian", "polynomial"])
def test_weights_and_certificate_have_the_bits_of_one_machine(data, scheduler, similarity):
    X, y = data
    here = accelerated.SimilarityRegressor(similarity, **SETTINGS).fit(X, y)
    there = SimilarityRegressor(similarity, **SETTINGS, scheduler=scheduler).fit(X, y)
    assert same(there, here) and there.n_iter_ == here.n_iter_ > 0
    assert np.array_equal(there.predict(X[:9]), here.predict(X[:9]))


def test_every_product_is_made_in_tasks(data, monkeypatch):
    X, y = data
    made, make = [], Elsewhere.__call__
    monkeypatch.setattr(Elsewhere, "__call__", lambda *of: made.append(1) or make(*of))
    model = SimilarityRegressor(**SETTINGS, scheduler="synchronous").fit(X, y)
    assert len(made) >= model.n_iter_ + 1  # and one or more for the residual


def test_rows_may_be_files_or_computed_by_dask(data, tmp_path):
    X, y = data
    here = accelerated.SimilarityRegressor(**SETTINGS).fit(X, y)
    paths = [str(tmp_path / "first.npy"), str(tmp_path / "second.npy")]
    for path, rows in zip(paths, (X[:500], X[500:]), strict=True):
        np.save(path, rows)
    of_files = SimilarityRegressor(**SETTINGS, scheduler="synchronous").fit(paths, y)
    of_dask = SimilarityRegressor(**SETTINGS, scheduler="synchronous").fit(
        da.from_array(X, chunks=(700, 4)), da.array(y)
    )
    assert same(of_files, here) and same(of_dask, here)
    assert np.array_equal(of_files.predict(paths[0]), here.predict(X[:500]))
    assert of_dask.score(da.array(X), da.array(y)) == here.score(X, y)


def test_strings_are_examples_where_the_similarity_is_a_function(data):
    def shared(a, b):
        return len(set(a) & set(b)) / len(set(a) | set(b))

    words, y = ["apple", "pear", "plum"], [1.0, 2.0, 3.0]
    here = accelerated.SimilarityRegressor(shared).fit(words, y)
    there = SimilarityRegressor(shared, scheduler="synchronous").fit(words, y)

    assert np.array_equal(there.predict(["grape"]), here.predict(["grape"]))


def test_a_fitted_model_needs_no_scheduler(data):
    X, y = data
    model = SimilarityRegressor(**SETTINGS, scheduler="synchronous").fit(X, y)
    model.scheduler = None
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict(X[:5]), model.predict(X[:5]))


def test_bad_rows_and_schedulers_are_refused(data, tmp_path):
    X, y = data
    with pytest.raises(ValueError, match=r"scheduler='processes' starts its processes anew for each product: pass"):
        SimilarityRegressor(scheduler="processes").fit(X, y)
    bad = X.copy()
    bad[700, 2] = np.nan
    np.save(tmp_path / "bad.npy", bad)
    with pytest.raises(ValueError, match=r"NaN.*row 700, column 2"):
        SimilarityRegressor(**SETTINGS).fit(str(tmp_path / "bad.npy"), y)


def test_a_file_that_changes_while_it_is_fitted_is_refused(data, tmp_path, monkeypatch):
    """The rows of this process and those of the tasks would be others."""
    X, y = data
    path = tmp_path / "rows.npy"
    np.save(path, X)
    read = SimilarityRegressor._read

    def read_and_replace(self, *given):
        rows = read(self, *given)
        np.save(path, X[:, ::-1].astype(np.float32))
        return rows

    monkeypatch.setattr(SimilarityRegressor, "_read", read_and_replace)
    with pytest.raises(OSError, match=r"rows.npy' was changed since it was opened"):
        SimilarityRegressor(**SETTINGS, scheduler="synchronous").fit(path, y)
