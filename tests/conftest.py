"""Fixtures and settings of all tests.

Fixtures import torch themselves: pytest-xdist's main process, which runs no test, would only start later for it.
"""

import sys

import numpy as np
import pytest
from hypothesis import settings

collect_ignore_glob = ["right_answers/*"]  # files as learners write them, which import one another

settings.register_profile("ci", derandomize=True, deadline=None, database=None, max_examples=200)
settings.register_profile("deep", deadline=None, max_examples=5000)  # pytest --hypothesis-profile=deep
settings.load_profile("ci")


@pytest.fixture(autouse=True)
def files_of_learners_are_forgotten(monkeypatch):
    """A step that a test has judged in this process is neither found nor imported by the next test."""
    monkeypatch.setattr(sys, "path", sys.path.copy())
    yield
    for name in [name for name in sys.modules if name.removeprefix("_target_").startswith("step_")]:
        del sys.modules[name]


@pytest.fixture(params=["cpu", "pretended cuda:0", "pretended cuda:1", "cuda:0", "cuda:1"])
def device(request):
    """Where to search: this CPU, the first and the second of two pretended GPUs, and GPUs where there are some."""
    import torch

    from tests.pretended_gpu import PretendedGpu

    pretended, _, name = request.param.rpartition(" ")
    chosen = torch.device(name)
    if pretended:
        with PretendedGpu():
            yield chosen
    elif chosen.type == "cuda" and chosen.index >= torch.cuda.device_count():
        pytest.skip("no such GPU")
    else:
        yield chosen


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Gives every library one thread, here and in the processes that tests start.

    In many small searches most of the time passes while threads wait for one another, above all on busy cores. The
    number of threads changes no bit of an answer: ``test_one_thread_and_two_give_the_same_bits`` sets it itself.
    """
    import torch  # noqa: F401 or its threads would not be among those that are limited
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1), pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.fixture
def two_threads():
    """Two threads of torch, and so two workers; one afterwards, as in all other tests."""
    import torch

    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


@pytest.fixture
def rng():
    """Random numbers, the same in every run and for every test."""
    return np.random.default_rng(0)


@pytest.fixture
def target(tmp_path):
    """A function that writes a file and returns the target for its class."""

    def write(source, name="my_knn.py"):
        (tmp_path / name).write_text(source)
        return f"{tmp_path / name}:KNN"

    return write
