"""Rows in shards on a cluster: worker processes on this machine, one of which is killed, and another joins late."""

import os
import signal
import threading

import dask.array as da
import numpy as np
import psutil
import pytest

import accelerated
from accelerated.distributed import KNNClassifier, NearestNeighbors
from accelerated.distributed.shards import Shard

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.xdist_group("cluster")


@pytest.fixture(scope="module")
def cluster():
    """A cluster of two worker processes of one thread each, whose processes are all gone afterwards."""
    before = set(psutil.Process().children(recursive=True))
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as cluster,
    ):
        yield cluster
    started = set(psutil.Process().children(recursive=True)) - before
    _, alive = psutil.wait_procs([one for one in started if "resource_tracker" not in " ".join(one.cmdline())], 10)
    assert alive == []


@pytest.fixture
def client(cluster):
    with distributed.Client(cluster) as client:
        client.wait_for_workers(2)
        yield client


@pytest.fixture
def rows(rng, tmp_path):
    """Rows of small whole numbers, many of which tie, their file, and queries."""
    X, Q = (rng.integers(0, 4, (n, 4)).astype(np.float32) for n in (3000, 40))
    np.save(tmp_path / "rows.npy", X)
    return X, tmp_path / "rows.npy", Q


def assert_same(found, expected):
    for part, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(part, other)


def test_a_cluster_has_the_bits_of_one_machine(client, rows):
    X, path, Q = rows
    one = accelerated.NearestNeighbors(5).fit(X)
    for source in (path, X, da.from_array(X, chunks=(1100, 2))):
        for memory_limit in (None, 2**18):  # the second is too little for shards to stay in memory
            model = NearestNeighbors(5, memory_limit=memory_limit).fit(source)

            assert isinstance(model._index.opened[0], Shard) == (memory_limit is not None)
            assert len(model._index.opened) >= 2
            assert_same(model.kneighbors(Q), one.kneighbors(Q))
        resident = NearestNeighbors(5).fit(source)
        assert_same(resident.kneighbors(), one.kneighbors())


def test_predictions_and_lazy_answers_on_a_cluster(client, rows):
    X, path, Q = rows
    y = np.where(X[:, 0] > 1, "high", "low")
    one, model = accelerated.KNNClassifier(5).fit(X, y), KNNClassifier(5, shard_rows=700).fit(path, y)
    queries = da.from_array(Q, chunks=(15, 4))

    np.testing.assert_array_equal(model.predict(queries).compute(), one.predict(Q))
    np.testing.assert_array_equal(model.predict_proba(Q), one.predict_proba(Q))
    assert_same((part.compute() for part in model.kneighbors(queries)), one.kneighbors(Q))


def test_a_bar_shows_the_progress_on_a_cluster(client, rows, capsys):
    _, path, Q = rows
    NearestNeighbors(5, shard_rows=700, progress=True).fit(path).kneighbors(Q)

    assert "/120k" in capsys.readouterr().err


def test_a_worker_that_is_killed_changes_no_bit(client, rows):
    X, path, Q = rows
    expected = accelerated.NearestNeighbors(5).fit(X).kneighbors(Q)
    resident = NearestNeighbors(5, shard_rows=100).fit(path)
    on_demand = NearestNeighbors(5, shard_rows=100, memory_limit=2**18).fit(path)
    for model in (resident, on_demand):
        client.wait_for_workers(2)
        victim, _ = client.run(os.getpid).values()
        killer = threading.Timer(0.05, os.kill, (victim, signal.SIGKILL))
        killer.start()

        while psutil.pid_exists(victim):
            assert_same(model.kneighbors(Q), expected)
        assert_same(model.kneighbors(Q), expected)


def test_a_worker_that_joins_late_takes_part(cluster, client, rows):
    X, path, Q = rows
    model = NearestNeighbors(5, shard_rows=100, memory_limit=2**18).fit(path)
    cluster.scale(3)
    expected = accelerated.NearestNeighbors(5).fit(X).kneighbors(Q)

    assert_same(model.kneighbors(Q), expected)
    client.wait_for_workers(3)
    assert_same(model.kneighbors(Q), expected)
    cluster.scale(2)


def test_a_missing_number_is_named_from_a_cluster(client, rows):
    X, path, Q = rows
    X[2345, 1] = np.nan
    np.save(path, X)

    with pytest.raises(ValueError, match="X has NaN in row 2345, column 1"):
        NearestNeighbors(5, shard_rows=400).fit(path)
    with pytest.raises(ValueError, match="X has NaN in row 2345, column 1"):
        NearestNeighbors(5, memory_limit=2**18).fit(path).kneighbors(Q)


def test_shards_in_the_memory_of_workers_are_read_again_on_another_scheduler(rows):
    X, path, Q = rows
    expected = accelerated.NearestNeighbors(3).fit(X).kneighbors(Q)
    queries = da.from_array(Q, chunks=(15, 4))
    local = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": ":0", "processes": False}
    with distributed.LocalCluster(**local) as cluster, distributed.Client(cluster) as client:
        models = [NearestNeighbors(3).fit(source) for source in (X, path, da.from_array(X, chunks=(1100, 2)))]
        of_client = NearestNeighbors(3, scheduler=client).fit(X)
        assert not isinstance(models[0]._index.opened[0], Shard)
        assert_same(models[0].set_params(scheduler="threads").kneighbors(Q), expected)
        assert_same(models[0].set_params(scheduler=None).kneighbors(Q), expected)
        client.cancel(list(models[0]._index.opened))
        assert_same(models[0].kneighbors(Q), expected)
    for model in models:
        assert_same(model.kneighbors(Q), expected)
        assert_same((part.compute() for part in model.kneighbors(queries)), expected)
    with pytest.raises(ValueError, match="is closed: pass a Client that is open"):
        of_client.kneighbors(Q)
    assert_same(of_client.set_params(scheduler=None).kneighbors(), models[0].kneighbors())


def test_a_cluster_without_workers_is_refused(rng):
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0", processes=False) as empty,
        distributed.Client(empty) as client,
        pytest.raises(ValueError, match="has 0 workers: start some"),
    ):
        NearestNeighbors(5, scheduler=client).fit(rng.random((20, 2)))
