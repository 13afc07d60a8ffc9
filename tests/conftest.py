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


@pytest.fixture
def rng():
    """Random numbers, the same in every run and for every test."""
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def one_thread():
    """One thread for every library, for tests of many small searches: threads that wait for one another on busy cores
    take most of the time there, and change no bit of an answer."""
    with threadpool_limits(1):
        yield
