"""Numbers below 2.2e-308 are kept in a thread that flushes them to 0, and beside threads of torch that do.

Each test has a process of its own, in which torch's worker threads are started under the mode of the test.
"""

import os
import subprocess
import sys

import pytest

SEARCHES = """
import sys
import numpy as np
import torch
from accelerated import KNNClassifier, KNNRegressor, SimilarityRegressor
from tests.helpers import by

torch.set_num_threads(int(sys.argv[1]))
rng = np.random.default_rng(0)
normal = rng.standard_normal((1200, 3)) * (rng.random((1200, 3)) < 0.8)
data = [normal * 1e-160, normal * 1e-310, normal * 10.0 ** rng.integers(-320, 0, (1200, 1))]
filters = {
    "uint8": ["euclidean", "cosine"],
    "int8": ["manhattan"],
    "bfloat16": ["euclidean", "cosine", "jaccard"],
    "float32": ["euclidean", "cosine", "manhattan"],
    "float64": ["euclidean", "cosine"],
    "tree": ["euclidean", "manhattan", "chebyshev"],
    "boxes": ["euclidean", "manhattan", "chebyshev"],
    "bitmaps": ["chebyshev"],
    "exhaustive": ["euclidean", "cosine", "minkowski"],
}
data.append((normal * 1e-41).astype(np.float32))
cases = [(X, name, metric) for X in data for name, metrics in filters.items() for metric in metrics]


def fit(X, name, metric):
    return by(name, 5, metric=metric, p=3 if metric == "minkowski" else 2).fit(X)


tiny = normal * 1e-308
near, squares, targets, labels = tiny[:50] * 1.1, tiny * 1e154, tiny[:, 0] * 1e300, tiny[:, 0] > 0


def predict():
    models = [
        KNNRegressor(3, metric="manhattan", weights="distance").fit(tiny, tiny[:, 0]),
        KNNClassifier(3, metric="manhattan", weights="distance").fit(tiny, labels),
        SimilarityRegressor("linear", jitter=1).fit(squares, targets),
    ]
    scores = [models[0].score(tiny[:50], tiny[:50, 0]), models[0].get_distance(tiny[0], tiny[1])]
    return [*(model.predict(near).tobytes() for model in models), scores]


fitted = [fit(*case) for case in cases]
expected = [model.kneighbors(X[:40]) for model, (X, _, _) in zip(fitted, cases)]
predicted = predict()


def check(models):
    for model, (distances, indices), (X, name, metric) in zip(models, expected, cases):
        found = model.kneighbors(X[:40])
        same = (found[0].view(np.int64) == distances.view(np.int64)).all() and (found[1] == indices).all()
        assert same, (name, metric, X[0, 0])


torch.set_flush_denormal(True)
check(fitted)
check([fit(*case) for case in cases])
assert predict() == predicted
assert np.array([5e-324]) * 1.0 == 0, "the thread has its mode back"
"""
WORKERS = """
import threading
import numpy as np
import torch
from accelerated import KNNRegressor, NearestNeighbors, SimilarityRegressor

torch.set_num_threads(2)
torch.set_flush_denormal(True)
torch.ones(2**20) * 2  # starts the worker threads
torch.set_flush_denormal(False)
X = np.random.default_rng(0).standard_normal((2000, 20)) * 1e-310
few = KNNRegressor(1).fit([[0.0], [1.0]], np.full((2, 60), 3e-310))
assert not (torch.full((2**20,), 3e-310, dtype=torch.float64) * 1.0).numpy().all(), "torch's own threads flush"


def in_a_new_thread(work):
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


def fit(metric="cosine"):
    return NearestNeighbors(3, metric=metric).fit(X)


def answers():
    found = [fit().kneighbors()[1], fit("euclidean").kneighbors()[1], few.predict(np.zeros((2000, 1)))]
    similar = SimilarityRegressor("linear", jitter=1).fit(X[:400] * 1e308, X[:400, 0] * 1e308)
    return [*found, similar.predict(X[:400] * 1e308)]


here, there = answers(), in_a_new_thread(answers)
torch.set_num_threads(1)
alone = answers()
assert (here[2] == 3e-310).all()
for a, b, c in zip(here[:3], there, alone):
    assert (a == b).all() and (a == c).all()
np.testing.assert_allclose(here[3], alone[3], rtol=1e-9)
"""


def run(code, *args):
    patient = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}  # threads that wait leave the cores to others
    subprocess.run([sys.executable, "-c", code, *args], check=True, timeout=300, env=patient)


@pytest.mark.parametrize("n_threads", ["1", "2"])
def test_a_thread_that_flushes_small_numbers_gives_the_same_bits(n_threads):
    run(SEARCHES, n_threads)


def test_threads_of_torch_that_flush_small_numbers_take_no_part():
    run(WORKERS)
