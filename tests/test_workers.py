"""Workers: threads of Python, each with one thread of torch, take pieces of the work and change nothing else."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

import accelerated.arrays
import accelerated.base
from accelerated import NearestNeighbors
from accelerated.base import prepare_rows
from accelerated.metrics import METRICS
from accelerated.workers import count_workers, in_order, share, with_own_thread
from tests.helpers import HOSTILE, by

CPU = torch.device("cpu")
HAS_LIST_OF_THREADS = Path("/proc/self/task").exists()


def test_a_worker_has_one_thread_and_the_caller_keeps_its_own(two_threads):
    assert share(lambda piece: torch.get_num_threads(), range(6), 2) == [1] * 6
    assert torch.get_num_threads() == 2
    assert share(lambda piece: torch.get_num_threads(), [0], 1) == [2]  # the caller itself


@pytest.mark.parametrize(("given", "n_workers"), [(None, 2), (1, 1), (5, 2)])
def test_a_thread_with_its_own_has_as_many_workers_as_it_is_given_but_no_more_than_cores(two_threads, given, n_workers):
    with with_own_thread(given):
        assert (count_workers(CPU), torch.get_num_threads()) == (n_workers, 1)
        with with_own_thread(2):  # the first one counts
            assert count_workers(CPU) == n_workers
    assert (count_workers(CPU), torch.get_num_threads()) == (2, 2)


@pytest.mark.parametrize("n_workers", [1, 2, 5])
def test_the_results_of_pieces_keep_their_order(n_workers):
    done = []

    assert share(lambda piece: piece**2, range(20), n_workers, done.append) == [i**2 for i in range(20)]
    assert done == list(range(20))
    assert share(lambda piece: piece, [], n_workers) == []


@pytest.mark.parametrize("n_workers", [1, 2])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_in_a_piece_is_raised_and_stops_the_rest(n_workers, error):
    begun = []

    def work(piece):
        begun.append(piece)
        if piece == 0:
            raise error("here")
        time.sleep(0.01)

    with pytest.raises(error, match="here"):
        share(work, range(1000), n_workers)
    assert 0 < len(begun) < 1000


def cpu_times():
    """The time that each thread of this process has worked, in hundredths of a second."""
    times = {}
    for path in Path("/proc/self/task").iterdir():
        fields = (path / "stat").read_text().rpartition(")")[2].split()
        times[path.name] = int(fields[11]) + int(fields[12])
    return times


@pytest.mark.skipif(not HAS_LIST_OF_THREADS, reason="no list of threads")
def test_a_worker_multiplies_with_one_thread_even_after_torch_was_told_another_number(two_threads):
    A = torch.rand(2500, 2500, dtype=torch.float64)

    def count_busy(piece):
        before = cpu_times()
        A @ A
        return sum(spent > before.get(name, 0) + 20 for name, spent in cpu_times().items())

    assert share(count_busy, [0], 2) == [1]


def test_a_thread_on_its_own_leaves_the_settings_of_the_process_and_gets_its_threads_back(two_threads):
    before = threadpool_info()

    with pytest.raises(KeyError), with_own_thread(), with_own_thread():
        assert (torch.get_num_threads(), count_workers(CPU)) == (1, 2)
        raise KeyError

    assert threadpool_info() == before
    assert (torch.get_num_threads(), count_workers(CPU)) == (2, 2)


def test_pieces_are_taken_when_their_turn_is_near():
    taken = []

    def pieces():
        for piece in range(100):
            taken.append(piece)
            yield piece

    for piece, result in in_order(lambda piece: -piece, pieces(), n_workers=2):
        assert (result, len(taken)) == (-piece, min(100, piece + 4))


def test_a_worker_has_the_modes_of_its_caller():
    def modes(piece):
        return torch.is_inference_mode_enabled(), torch.is_grad_enabled(), np.geterr()["over"]

    with torch.inference_mode(), np.errstate(over="raise"):
        assert set(share(modes, range(4), 2)) == {(True, False, "raise")}
    with torch.no_grad(), np.errstate(over="warn"):
        assert set(share(modes, range(4), 2)) == {(False, False, "warn")}
    assert set(share(modes, range(4), 2)) == {modes(0)}


@pytest.mark.parametrize(
    "filter_name", ["prefix", "cells", "uint8", "int8", "bfloat16", "float32", "float64", "tree", "boxes", "exhaustive"]
)
@pytest.mark.parametrize("n_queries", [3, 70, 1100])
def test_two_workers_find_the_bits_of_one(filter_name, n_queries, two_threads):
    for name in ("pixels", "half of them twins", "one large feature"):
        X = np.tile(HOSTILE[name][:, :3], (30, 1))
        Q = np.resize(X + 0.25, (n_queries, 3))
        with torch.inference_mode():
            two = by(filter_name, 5).fit(X).kneighbors(Q)
        torch.set_num_threads(1)
        one = by(filter_name, 5).fit(X).kneighbors(Q)
        torch.set_num_threads(2)

        for a, b in zip(one, two, strict=True):
            assert a.tobytes() == b.tobytes(), name


def test_a_search_that_is_interrupted_leaves_the_model_as_it_was(monkeypatch, two_threads, rng):
    X = rng.normal(size=(3000, 20))
    model = NearestNeighbors(3).fit(X)
    expected = model.kneighbors(X[:500])
    real, n_calls = model._index.filters[0].bound.__class__.encode_queries, []

    def interrupts(bound, queries):
        n_calls.append(len(queries))
        if len(n_calls) == 2:
            raise KeyboardInterrupt
        return real(bound, queries)

    monkeypatch.setattr(model._index.filters[0].bound.__class__, "encode_queries", interrupts)
    with pytest.raises(KeyboardInterrupt):
        model.kneighbors(X[:500])
    for a, b in zip(expected, model.kneighbors(X[:500]), strict=True):
        assert a.tobytes() == b.tobytes()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer of signals")
def test_an_interrupt_at_any_moment_leaves_torch_its_threads(two_threads, rng):
    def interrupt(*args):
        raise KeyboardInterrupt

    model = NearestNeighbors(1).fit([[0.0], [1.0]])
    before = signal.signal(signal.SIGALRM, interrupt)
    n_interrupts = 0
    try:
        for delay in rng.uniform(1e-5, 2e-3, 300):
            try:
                signal.setitimer(signal.ITIMER_REAL, delay)
                while True:
                    model.kneighbors([[0.2]])
            except KeyboardInterrupt:
                n_interrupts += 1
            assert (torch.get_num_threads(), count_workers(CPU)) == (2, 2)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert n_interrupts == 300


LATE = """
import atexit
import threading
import numpy as np
import torch
from accelerated import NearestNeighbors

torch.set_num_threads(2)
X = np.random.default_rng(0).normal(size=(3000, 12))


def late():
    threading.main_thread().join()
    print(len(NearestNeighbors().fit(X).kneighbors(X[:100])[0]))


threading.Thread(target=late).start()
atexit.register(lambda: print(len(NearestNeighbors().fit(X).kneighbors(X[:200])[0])))
"""


def test_a_search_while_the_interpreter_ends_answers():
    run = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, check=True)

    assert (run.stdout.split(), run.stderr) == (["100", "200"], "")


COUNTS_THREADS = """
import os
import numpy as np
import torch
from accelerated import KNNClassifier, SimilarityRegressor
from accelerated.workers import share

torch.set_num_threads(2)
share(lambda piece: piece, range(100), 2)  # starts the workers
before = len(os.listdir("/proc/self/task"))
X = np.random.default_rng(0).normal(size=(5000, 40))
KNNClassifier().fit(X, X[:, 0] > 0).predict(X[:2000])
KNNClassifier(metric="manhattan").fit(X, X[:, 0] > 0).predict_proba(X[:300])
SimilarityRegressor("laplacian").fit(X[:600], X[:600, 0]).predict(X)
print(len(os.listdir("/proc/self/task")) - before)
torch.ones(2**20) * 2
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.skipif(not HAS_LIST_OF_THREADS, reason="no list of threads")
def test_no_thread_of_torch_is_started():
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, "-c", COUNTS_THREADS], capture_output=True, text=True, check=True, env=environment
    )

    assert run.stdout.split() == ["0", "1"]


@pytest.mark.parametrize("kind", ["float32", "float64", "int16", "uint8", "reversed", "tensor"])
def test_rows_that_workers_copy_or_prepare_have_the_bits_of_one_copy(rng, monkeypatch, kind):
    rows = (100 * rng.normal(size=(5001, 3))).astype("float64" if kind in ("reversed", "tensor") else kind)
    rows = rows[::-1] if kind == "reversed" else torch.from_numpy(rows) if kind == "tensor" else rows
    monkeypatch.setattr(accelerated.arrays, "COPIED_NUMBERS", 1)
    kept = {}
    for n_workers in (1, 3):
        for module in (accelerated.arrays, accelerated.base):
            monkeypatch.setattr(module, "count_workers", lambda device, n=n_workers: n)
        for name in ("euclidean", "cosine"):
            kept[n_workers, name] = prepare_rows(rows, METRICS[name], torch.device("cpu"), 2**20)
    for name in ("euclidean", "cosine"):
        assert kept[1, name].dtype == kept[3, name].dtype
        assert torch.equal(kept[1, name], kept[3, name])
