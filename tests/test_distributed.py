"""Rows in shards have the bits of one machine: for every scheduler, cut, kind of input and order of completion."""

import json
import os
import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
import torch
from dask.delayed import delayed
from sklearn.exceptions import NotFittedError

import accelerated
from accelerated.distributed import KNNClassifier, KNNRegressor, NearestNeighbors
from accelerated.distributed.memory import Shares, bytes_of_row
from accelerated.distributed.schedulers import find_scheduler
from accelerated.distributed.shards import Shard
from accelerated.distributed.sources import cut_evenly
from accelerated.metrics import METRICS
from benchmarks.distributed import RESULTS, table
from conformance.meters.memory import peak_of

SMALL = 2**20  # bytes, with which the rows of ``lattice`` do not stay in memory
NAMES = ["a", "b", "c", "d"]


@pytest.fixture(autouse=True)
def synchronous():
    """The scheduler where a test names no other one."""
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.fixture
def lattice(rng):
    """Rows and queries of small whole numbers, many of which tie, and labels."""
    X, Q = (rng.integers(0, 4, (n, 4)).astype(np.float32) for n in (6000, 40))
    return X, Q, rng.choice(["x", "y", "z"], len(X))


def assert_same(found, expected):
    """Both parts of two answers have the same bits."""
    for part, other in zip(found, expected, strict=True):
        assert part.dtype == other.dtype
        np.testing.assert_array_equal(part, other)


@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
@pytest.mark.parametrize("shard_rows", [None, 1, 7, 999, 6000])
def test_shards_have_the_bits_of_one_machine(lattice, scheduler, shard_rows):
    X, Q, _ = lattice
    X = X[:60] if shard_rows == 1 else X[:600] if shard_rows == 7 else X
    one = accelerated.NearestNeighbors(7).fit(X)

    model = NearestNeighbors(7, shard_rows=shard_rows, scheduler=scheduler).fit(X)

    assert_same(model.kneighbors(Q), one.kneighbors(Q))
    assert_same(model.kneighbors(), one.kneighbors())
    assert_same(model.kneighbors(Q, len(X)), one.kneighbors(Q, len(X)))
    assert model.get_neighbors(Q[0]) == one.get_neighbors(Q[0])


def test_two_thousand_draws_have_the_bits_of_one_machine(rng):
    for _ in range(2000):
        n = int(rng.integers(1, 40))
        k = int(rng.integers(1, n + 1))
        X, Q = (rng.integers(0, 3, (m, 2)) * 1.0 for m in (n, 3))
        cut = np.sort(rng.integers(0, n + 1, rng.integers(0, 4)))
        chunks = np.diff([0, *cut, n]).tolist()
        model = NearestNeighbors(k).fit(da.from_array(X, chunks=(chunks, 2)))

        assert_same(model.kneighbors(Q), accelerated.NearestNeighbors(k).fit(X).kneighbors(Q))


def in_memory(X, folder):
    return X


def memmap(X, folder):
    np.save(folder / "rows.npy", X)
    return np.load(folder / "rows.npy", mmap_mode="r")


def a_path(X, folder):
    np.save(folder / "rows.npy", X)
    return folder / "rows.npy"


def several_paths(X, folder):
    for i, some in enumerate(np.split(X, [11, 4000])):
        np.save(folder / f"{i}.npy", some)
    return [str(folder / f"{i}.npy") for i in range(3)]


def chunks(X, folder):
    return da.from_array(X, chunks=((1000, 0, 4000, 1000), 3))


def chunks_of_unknown_length(X, folder):
    kept = da.from_array(X, chunks=(1500, -1))
    return kept[kept[:, 0] >= 0]


def frame(X, folder):
    return dd.from_pandas(pd.DataFrame(X, columns=NAMES, index=np.arange(len(X)) / 2), npartitions=3)


SOURCES = [in_memory, memmap, a_path, several_paths, chunks, chunks_of_unknown_length, frame]


@pytest.mark.parametrize("memory_limit", [SMALL, 2**30], ids=["read at each query", "in memory"])
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)
def test_every_source_has_the_bits_of_one_machine(lattice, tmp_path, source, memory_limit):
    X, Q, _ = lattice
    one = accelerated.NearestNeighbors(3).fit(X)

    model = NearestNeighbors(3, memory_limit=memory_limit).fit(source(X, tmp_path))
    Q = pd.DataFrame(Q, columns=NAMES) if source is frame else Q

    assert isinstance(model._index.opened[0], Shard) == (memory_limit == SMALL)
    assert_same(model.kneighbors(Q), one.kneighbors(np.asarray(Q)))
    assert_same(model.kneighbors(), one.kneighbors())


@pytest.mark.parametrize("metric", ["manhattan", "chebyshev", "cosine", "hamming", "jaccard", "canberra"])
def test_every_metric_has_the_bits_of_one_machine(lattice, metric):
    X, Q, _ = lattice
    one = accelerated.NearestNeighbors(3, metric=metric).fit(X)

    assert_same(NearestNeighbors(3, metric=metric, shard_rows=1100).fit(X).kneighbors(Q), one.kneighbors(Q))


def test_a_function_is_a_metric_of_shards_too(rng):
    X, Q = rng.random((40, 2)), rng.random((3, 2))

    def furthest(a, b):
        return float(np.max(np.abs(a - b)))

    one = accelerated.NearestNeighbors(3, metric=furthest).fit(X)
    assert_same(NearestNeighbors(3, metric=furthest, shard_rows=9).fit(X).kneighbors(Q), one.kneighbors(Q))


def test_predictions_have_the_bits_of_one_machine(lattice, rng):
    X, Q, y = lattice
    both = np.column_stack([y, rng.choice(["p", "q"], len(y))])
    for targets in (y, both):
        one = accelerated.KNNClassifier(5, weights="distance").fit(X, targets)
        model = KNNClassifier(5, weights="distance", shard_rows=1700).fit(X, targets)
        for method in ("predict", "tied_votes"):
            np.testing.assert_array_equal(getattr(model, method)(Q), getattr(one, method)(Q))
        for shares, expected in zip(model.predict_proba(Q), one.predict_proba(Q), strict=True):
            np.testing.assert_array_equal(shares, expected)
        np.testing.assert_array_equal(model.predict(None), one.predict(None))
        assert model.score(Q, targets[: len(Q)]) == one.score(Q, targets[: len(Q)])
    numbers = rng.random((len(X), 2))
    one = accelerated.KNNRegressor(5, weights="distance").fit(X, numbers)
    model = KNNRegressor(5, weights="distance", shard_rows=1700).fit(X, numbers)
    assert_same(model.predict(Q, return_std=True), one.predict(Q, return_std=True))
    np.testing.assert_array_equal(model.explain(Q).indices, one.explain(Q).indices)


@pytest.mark.parametrize("weights", [(1, 3), (0, 3)], ids=["all above 0", "some 0"])
def test_sample_weights_have_the_bits_of_one_machine(lattice, rng, weights):
    X, Q, y = lattice
    repeats = rng.integers(*weights, len(X))
    one = accelerated.KNNClassifier(5).fit(X, y, sample_weight=repeats)
    model = KNNClassifier(5, shard_rows=1700).fit(da.from_array(X, chunks=(900, 4)), y, sample_weight=repeats)

    assert_same(model.kneighbors(Q), one.kneighbors(Q))
    np.testing.assert_array_equal(model.predict(None), one.predict(None))
    allowed = rng.random(len(X)) < 0.1
    assert_same(model.kneighbors(Q, among=allowed), one.kneighbors(Q, among=allowed))
    queries = da.from_array(Q, chunks=(11, 4))
    np.testing.assert_array_equal(model.predict(queries).compute(), one.predict(Q))


def test_the_rows_within_a_radius_have_the_bits_of_one_machine(lattice, rng):
    X, Q, _ = lattice
    X = X[:500]
    for metric, p in (("minkowski", 2), ("minkowski", 3), ("cosine", 2)):
        one = accelerated.NearestNeighbors(3, radius=1.0, metric=metric, p=p).fit(X)
        model = NearestNeighbors(3, radius=1.0, metric=metric, p=p, shard_rows=130).fit(X)
        for queries in (Q, None):
            for among in (None, rng.random(len(X)) < 0.3):
                for found, expected in zip(
                    model.radius_neighbors(queries, among=among),
                    one.radius_neighbors(queries, among=among),
                    strict=True,
                ):
                    assert_same(found, expected)
                counted = model.count_within(queries, among=among)
                np.testing.assert_array_equal(counted, one.count_within(queries, among=among))
        np.testing.assert_array_equal(model.near_duplicates(), one.near_duplicates())
        assert (model.radius_neighbors_graph(Q) != one.radius_neighbors_graph(Q)).nnz == 0


def test_tensors_in_tensors_out(lattice, device):
    X, Q, _ = lattice
    model = NearestNeighbors(2, shard_rows=2500).fit(torch.from_numpy(X).to(device))
    distances, indices = model.kneighbors(torch.from_numpy(Q).to(device))

    assert distances.device == indices.device == device
    assert_same(
        (distances.cpu().numpy(), indices.cpu().numpy()),
        accelerated.NearestNeighbors(2, device="cpu").fit(X).kneighbors(Q),
    )
    with pytest.raises(ValueError, match=r"requires a gradient.*pass X.detach\(\)"):
        model.kneighbors(torch.from_numpy(Q).to(device).requires_grad_())


def test_queries_of_dask_have_lazy_answers(lattice):
    X, Q, y = lattice
    one, model = (kind(3).fit(X, y) for kind in (accelerated.KNNClassifier, KNNClassifier))
    read = []

    def part(start):
        read.append(start)
        return Q[start : start + 10]

    lazy = [da.from_delayed(delayed(part)(start), (10, 4), np.float32) for start in (0, 10, 20, 30)]
    queries = da.concatenate([*lazy, da.zeros((0, 4), dtype=np.float32)])
    answers = [*model.kneighbors(queries), model.predict(queries), model.predict_proba(queries)]

    assert read == []
    assert [answer.shape for answer in answers] == [(40, 3), (40, 3), (40,), (40, 3)]
    expected = [*one.kneighbors(Q), one.predict(Q), one.predict_proba(Q)]
    assert_same(dask.compute(*answers), expected)
    assert [answer.dtype for answer in answers] == [part.dtype for part in expected]


def test_every_output_and_deviations_are_lazy_too(lattice, rng):
    X, Q, y = lattice
    both, numbers = np.column_stack([y, rng.choice(["p", "q"], len(y))]), rng.random((len(X), 2))
    queries = da.from_array(Q, chunks=(15, 2))
    one, model = (kind(3).fit(X, both) for kind in (accelerated.KNNClassifier, KNNClassifier))
    np.testing.assert_array_equal(model.predict(queries).compute(), one.predict(Q))
    assert_same(dask.compute(*model.predict_proba(queries)), one.predict_proba(Q))
    one, model = (kind(3).fit(X, numbers) for kind in (accelerated.KNNRegressor, KNNRegressor))
    assert_same(dask.compute(*model.predict(queries, return_std=True)), one.predict(Q, return_std=True))
    np.testing.assert_array_equal(model.predict(queries).compute(), one.predict(Q))


def test_queries_in_a_frame_of_dask_have_lazy_answers(lattice):
    X, Q, _ = lattice
    queries = pd.DataFrame(Q, columns=NAMES)
    model = NearestNeighbors(3).fit(pd.DataFrame(X, columns=NAMES))

    distances, indices = model.kneighbors(dd.from_pandas(queries, npartitions=3))

    assert np.isnan(indices.shape[0])
    assert_same(dask.compute(distances, indices), model.kneighbors(queries))
    with pytest.raises(ValueError, match="feature names should match"):
        model.kneighbors(dd.from_pandas(queries.rename(columns={"a": "z"}), npartitions=1))


def test_a_model_that_is_not_fitted_has_no_lazy_answers(lattice):
    queries = da.from_array(lattice[1], chunks=20)

    for model, method in (
        (NearestNeighbors(), "kneighbors"),
        (KNNClassifier(), "predict"),
        (KNNClassifier(), "predict_proba"),
        (KNNRegressor(), "predict"),
    ):
        with pytest.raises(NotFittedError):
            getattr(model, method)(queries)


def test_queries_of_unknown_length_in_chunks_of_columns_have_lazy_answers(lattice):
    X, Q, _ = lattice
    queries, known = da.from_array(Q, chunks=(15, 2)), da.from_array(Q, chunks=(40, 2))
    model = NearestNeighbors(3, memory_limit=SMALL).fit(X)
    one = accelerated.NearestNeighbors(3).fit(X)

    for lazy, expected in (
        (queries[queries[:, 0] >= 2], Q[Q[:, 0] >= 2]),
        (da.concatenate([known, queries[queries[:, 0] >= 0]]), np.concatenate([Q, Q])),
    ):
        assert_same(dask.compute(*model.kneighbors(lazy)), one.kneighbors(expected))


def test_other_collections_and_flags_are_refused_for_queries_of_dask(lattice):
    X, Q, y = lattice
    model = KNNClassifier(3).fit(X, y)

    for method in (model.kneighbors, model.predict, model.predict_proba):
        with pytest.raises(TypeError, match=r"X is a Delayed.* but must be an array .* or rows: pass X.compute\(\)"):
            method(delayed(Q))
    with pytest.raises(TypeError, match="return_distance='no' is a str, but must be True or False"):
        model.kneighbors(da.from_array(Q), return_distance="no")


def test_targets_of_dask_are_computed(lattice):
    X, Q, y = lattice
    expected = accelerated.KNNClassifier(3).fit(X, y).predict(Q)

    for targets in (da.from_array(y, chunks=999), dd.from_pandas(pd.Series(y), npartitions=2)):
        np.testing.assert_array_equal(KNNClassifier(3).fit(da.from_array(X, chunks=999), targets).predict(Q), expected)


@pytest.mark.parametrize("memory_limit", [SMALL, 2**30], ids=["read at each query", "in memory"])
def test_a_missing_number_is_named_by_its_row_among_all(lattice, tmp_path, memory_limit):
    X, Q, _ = lattice
    X[5432, 3] = np.nan
    message = "X has NaN in row 5432, column 3"
    for source in (a_path, several_paths, chunks, frame):
        model = NearestNeighbors(3, memory_limit=memory_limit)
        with pytest.raises(ValueError, match=message):
            model.fit(source(X, tmp_path)).kneighbors(pd.DataFrame(Q, columns=NAMES) if source is frame else Q)
        assert memory_limit == SMALL or not hasattr(model, "n_samples_fit_")
    queries = da.from_array(X[5000:], chunks=100)
    with pytest.raises(ValueError, match="X has NaN in row 432, column 3"):
        NearestNeighbors(3).fit(Q).kneighbors(queries)[0].compute()


def test_an_angle_is_named_by_its_row_among_all(rng, tmp_path):
    X = rng.random((3000, 2))
    X[2222, 0] = 5.0

    with pytest.raises(ValueError, match=r"latitude 5.0 in row 2222, column 0"):
        NearestNeighbors(3, metric="haversine", shard_rows=500).fit(a_path(X, tmp_path))


def test_a_file_that_is_cut_after_fit_is_one_clear_error(lattice, tmp_path):
    X, Q, _ = lattice
    path = a_path(X, tmp_path)
    model = NearestNeighbors(3, memory_limit=SMALL, scheduler="threads").fit(path)
    expected = model.kneighbors(Q)
    whole, times = path.read_bytes(), path.stat()
    path.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(
        OSError, match=rf"rows.npy' was changed .*: it had {len(whole)} bytes, .* has {len(whole) // 2}"
    ):
        model.kneighbors(Q)
    path.write_bytes(whole)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert_same(model.kneighbors(Q), expected)


@pytest.mark.parametrize("source", [a_path, memmap], ids=lambda source: source.__name__)
def test_rows_in_memory_are_never_mixed_with_those_of_a_file_that_was_replaced(lattice, tmp_path, source):
    X, Q, _ = lattice
    model = NearestNeighbors(3).fit(source(X, tmp_path))
    expected, stored = model.kneighbors(Q), pickle.dumps(model)
    np.save(tmp_path / "new.npy", X[::-1])
    os.replace(tmp_path / "new.npy", tmp_path / "rows.npy")

    assert_same(model.kneighbors(Q), expected)
    for ask in (model.kneighbors, model.radius_neighbors, lambda: pickle.loads(stored)):
        with pytest.raises(OSError, match=r"rows.npy' was changed since it was opened"):
            ask()


def test_a_chunk_that_is_shorter_than_it_says_is_refused(lattice):
    X, _, _ = lattice
    wrong = da.from_delayed(delayed(X[:10]), (11, 4), np.float32)

    with pytest.raises(ValueError, match="X has 10 rows from row 6000 on, but must have 11"):
        NearestNeighbors(3).fit(da.concatenate([da.from_array(X, chunks=2000), wrong]))


def test_a_failed_fit_leaves_the_model_as_it_was(lattice, tmp_path):
    X, Q, _ = lattice
    model = NearestNeighbors(3).fit(X)
    expected = model.kneighbors(Q)

    with pytest.raises(ValueError, match="NaN in row 1"):
        model.fit(a_path(np.where(np.arange(9)[:, None] == 1, np.nan, 0.0), tmp_path))
    assert_same(model.kneighbors(Q), expected)


def test_later_changes_of_an_array_do_nothing(lattice):
    X, Q, _ = lattice
    expected = accelerated.NearestNeighbors(3).fit(X).kneighbors(Q)
    models = [NearestNeighbors(3, memory_limit=limit).fit(X) for limit in (SMALL, 2**30)]
    models.append(NearestNeighbors(3).fit(da.from_array(X, chunks=2000)))
    X[:] = 0

    for model in models:
        assert_same(model.kneighbors(Q), expected)


def test_a_pickled_model_reads_its_shards_again(lattice, tmp_path):
    X, Q, _ = lattice
    model = NearestNeighbors(3).fit(a_path(np.repeat(X, 9, axis=0), tmp_path))
    stored = pickle.dumps(model)

    assert len(stored) < 10_000
    assert_same(pickle.loads(stored).kneighbors(Q), model.kneighbors(Q))


def test_rows_that_do_not_fit_are_read_at_each_query(lattice, tmp_path):
    X, _, _ = lattice
    model = NearestNeighbors(3, memory_limit=SMALL).fit(a_path(X, tmp_path))
    of_shard = bytes_of_row(METRICS["euclidean"], 4, 4) * max(map(len, model._rows.shards))

    assert len(model._rows.shards) > 1
    assert of_shard <= SMALL // 4


def test_rows_of_a_large_file_are_never_all_in_memory(rng, tmp_path):
    X = rng.random((800_000, 32), dtype=np.float32)
    path, Q, size = a_path(X, tmp_path), X[:20].copy(), X.nbytes
    del X
    model = NearestNeighbors(1, memory_limit="16MiB", scheduler="threads").fit(path)
    model.kneighbors(Q[:1])

    assert peak_of(lambda: model.kneighbors(Q)) < size // 3


@pytest.mark.parametrize(("n_rows", "fits"), [(1000, True), (1001, False)])
def test_rows_are_resident_if_they_fit_half_of_the_limit_of_all_processes(n_rows, fits):
    of_row = bytes_of_row(METRICS["euclidean"], 4, 4)
    shards = NearestNeighbors(3).fit(np.zeros((n_rows, 4), dtype=np.float32))._rows

    assert Shares(1000 * of_row, n_processes=2, n_threads=3).holds_all(METRICS["euclidean"], shards) == fits


def test_a_limit_that_is_too_low_is_refused_with_one_that_is_enough(lattice):
    X, Q, _ = lattice
    model = NearestNeighbors(3, memory_limit=1000).fit(X[:20])

    with pytest.raises(ValueError, match="memory_limit=1000 is less than the") as raised:
        model.kneighbors(Q)
    enough = int(str(raised.value).partition("pass memory_limit=")[2].split()[0])
    expected = accelerated.NearestNeighbors(3).fit(X[:20]).kneighbors(Q)
    assert_same(NearestNeighbors(3, memory_limit=enough).fit(X[:20]).kneighbors(Q), expected)
    with pytest.raises(ValueError, match="is less than the"):
        model.set_params(memory_limit=enough - 1).kneighbors(Q)


def test_rows_are_cut_evenly():
    assert cut_evenly(0, 5) == []
    assert cut_evenly(10, 10) == [10]
    assert cut_evenly(11, 10) == [6, 5]


@pytest.mark.parametrize(
    ("arguments", "X", "error", "message"),
    [
        ({"metric": "precomputed"}, np.zeros((3, 3)), ValueError, "use the class of accelerated"),
        ({"metric": "seuclidean"}, np.eye(3), ValueError, r"pass metric_params=\{'V': ...\}"),
        ({"metric": "mahalanobis"}, np.eye(3), ValueError, r"pass metric_params=\{'VI': ...\}"),
        ({"metric": lambda a, b: 0.0}, ["one", "two"], ValueError, "ends in"),
        ({"metric": lambda a, b: 0.0}, [{1}, {2}], TypeError, r"pass np.array\(X\)"),
        ({"shard_rows": 0}, np.eye(3), ValueError, "shard_rows=0 is less than 1"),
        ({"shard_rows": 1.5}, np.eye(3), TypeError, "shard_rows=1.5 is a float, but must be an int"),
        ({"scheduler": "thread"}, np.eye(3), ValueError, "did you mean 'threads'"),
        ({"scheduler": 5}, np.eye(3), TypeError, "scheduler=5 is an int, but must be a Client"),
        ({"device": "meta"}, np.eye(3), ValueError, "device='meta' cannot be used"),
        ({}, delayed(np.eye(3)), TypeError, "X is a DelayedLeaf"),
        ({}, da.zeros(3, chunks=2), ValueError, "must have 2 dimensions"),
        ({}, da.zeros((0, 3)), ValueError, r"X has 0 sample\(s\)"),
    ],
)
def test_bad_input_is_refused_early(arguments, X, error, message):
    with pytest.raises(error, match=message):
        NearestNeighbors(1, **arguments).fit(X)


def test_files_of_other_widths_are_refused(tmp_path):
    for n_features in (2, 3):
        np.save(tmp_path / f"{n_features}.npy", np.zeros((4, n_features)))

    with pytest.raises(
        ValueError, match=r"2 features in .* but 3 features in .*: pass files whose rows are equally long"
    ):
        NearestNeighbors().fit([tmp_path / "2.npy", tmp_path / "3.npy"])


def test_methods_that_need_all_rows_are_not_there(lattice):
    model = KNNClassifier(3).fit(lattice[0], lattice[2])

    for name in ("add", "remove", "save", "load", "search_report"):
        assert not hasattr(model, name)
    with pytest.raises(AttributeError, match=r"KNNClassifier of accelerated.distributed has no add: fit again"):
        model.add([[0.0] * 4], ["x"])


def test_accelerated_alone_does_not_import_dask():
    code = "import accelerated, sys; print({'dask', 'distributed', 'accelerated.distributed'} & set(sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_the_package_without_dask_names_the_extra():
    code = "import sys; sys.modules['dask'] = None; import accelerated.distributed"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    message = "ImportError: accelerated.distributed needs dask: pip install 'verified-knn[distributed]'"
    assert run.stderr.splitlines()[-1] == message


@pytest.mark.parametrize("name", ["sync", "single-threaded", "threading", "multiprocessing"])
def test_other_names_that_dask_has_for_a_scheduler_are_understood(name):
    meant = {"threading": "threads", "multiprocessing": "processes"}.get(name, "synchronous")

    with dask.config.set(scheduler=name):
        assert find_scheduler(None) == find_scheduler(name) == find_scheduler(meant)
    assert find_scheduler(name).name == meant


def test_a_number_of_workers_that_is_not_an_int_is_refused(lattice):
    with (
        dask.config.set(num_workers="a"),
        pytest.raises(TypeError, match="num_workers of Dask's configuration='a' is a"),
    ):
        NearestNeighbors(3, scheduler="threads").fit(lattice[0])


@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
def test_a_bar_shows_the_progress(lattice, capsys, scheduler):
    X, Q, _ = lattice
    NearestNeighbors(3, shard_rows=1000, scheduler=scheduler, progress=True).fit(X).kneighbors(Q)

    assert f"{len(X) * len(Q) // 1000}k/{len(X) * len(Q) // 1000}k" in capsys.readouterr().err


def test_an_interrupt_ends_the_search_and_leaves_the_model_whole(lattice, monkeypatch):
    X, Q, _ = lattice
    model = NearestNeighbors(3, shard_rows=100, scheduler="threads").fit(X)
    expected, begun = model.kneighbors(Q), []

    def interrupt(*args, **kwargs):
        begun.append(args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("accelerated.distributed.nearest.search_shard", interrupt)
        model.kneighbors(Q)
    assert len(begun) < 60
    assert_same(model.kneighbors(Q), expected)


def test_tasks_share_the_cores_and_read_while_others_search(lattice, two_threads, monkeypatch, tmp_path):
    X, Q, _ = lattice
    model = NearestNeighbors(3, memory_limit=SMALL, scheduler="threads").fit(a_path(X, tmp_path))
    expected, at_once, most, lock = model.kneighbors(Q), 0, [0], threading.Lock()
    workers = set()
    from accelerated.distributed import tasks
    from accelerated.workers import count_workers

    opened = tasks.open_shard

    def watched(shard, recipe):
        nonlocal at_once
        with lock:
            at_once += 1
            most[0] = max(most[0], at_once)
        workers.add(count_workers(torch.device("cpu")))
        time.sleep(0.01)
        with lock:
            at_once -= 1
        return opened(shard, recipe)

    monkeypatch.setattr(tasks, "open_shard", watched)
    assert_same(model.kneighbors(Q), expected)
    assert (most, workers) == ([2], {1})


def test_processes_have_the_bits_of_one_machine(lattice, tmp_path):
    X, Q, _ = lattice
    with dask.config.set(num_workers=2):
        model = NearestNeighbors(3, shard_rows=3000, scheduler="processes").fit(a_path(X, tmp_path))

        assert isinstance(model._index.opened[0], Shard)
        assert_same(model.kneighbors(Q), accelerated.NearestNeighbors(3).fit(X).kneighbors(Q))


def test_the_page_shows_the_committed_results():
    results = json.loads(RESULTS.read_text())
    page = (Path(__file__).parent.parent / "docs" / "scale.md").read_text()

    assert table(results) in page
    assert results["jobs"]["from_file"]["growth_mib"] < results["sizes"]["memory_limit"] / 2**20
