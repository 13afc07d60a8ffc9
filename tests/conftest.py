import numpy as np
import pytest
import torch
from hypothesis import settings
from threadpoolctl import threadpool_limits

from tests.pretended_gpu import PretendedGpu

settings.register_profile("ci", derandomize=True, deadline=None, database=None, max_examples=200)
settings.register_profile("deep", deadline=None, max_examples=5000)  # pytest --hypothesis-profile=deep
settings.load_profile("ci")

N_GPUS = torch.cuda.device_count()
DEVICES = [
    "cpu",
    "pretended cuda:0",
    "pretended cuda:1",  # not the current one
    pytest.param("cuda:0", marks=pytest.mark.skipif(N_GPUS < 1, reason="no GPU")),
    pytest.param("cuda:1", marks=pytest.mark.skipif(N_GPUS < 2, reason="no second GPU")),
]


@pytest.fixture(params=DEVICES)
def device(request):
    """Where to search: on this CPU, on a GPU where there is one, and on one that is pretended."""
    pretended, _, name = request.param.rpartition(" ")
    if not pretended:
        yield torch.device(name)
        return
    with PretendedGpu():
        yield torch.device(name)


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Gives every library one thread, here and in the processes that tests start.

    In many small searches most of the time passes while threads wait for one another, above all on busy cores. The
    number of threads changes no bit of an answer: ``test_one_thread_and_two_give_the_same_bits`` sets it itself.
    """
    with threadpool_limits(1), pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.fixture
def rng():
    """Random numbers, the same in every run and for every test."""
    return np.random.default_rng(0)
