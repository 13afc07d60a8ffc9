"""The way of a query from ``kneighbors`` to the first subtraction of query and row: few frames, and few files."""

import sys
from pathlib import Path

import numpy as np
import pytest
from torch.overrides import TorchFunctionMode

import accelerated.neighbors
from accelerated import NearestNeighbors

PACKAGE = Path(accelerated.__file__).parent
MOST_FRAMES = {"euclidean": 12, "chebyshev": 8}
PASSED_OVER = ("one_fit.py", "workers.py")
MOST_FILES = 5
SUBTRACTIONS = {"__sub__", "sub", "subtract", "rsub", "__rsub__", "sub_", "__isub__"}
X, Q = np.random.default_rng(0).normal(size=(20, 3)), np.random.default_rng(1).normal(size=(9, 3))  # enough for a block


class FirstSubtraction(TorchFunctionMode):
    """Notes which frames of the package are on the stack when floats are first subtracted, the innermost first."""

    def __init__(self):
        super().__init__()
        self.frames = []  # (file, function)

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if not self.frames and getattr(func, "__name__", "") in SUBTRACTIONS and args[0].is_floating_point():
            self.frames = list(frames_of_the_package(sys._getframe(1)))
        return func(*args, **(kwargs or {}))


def frames_of_the_package(frame):
    """The frames but those that a reader does not need to look up.

    The decorator of ``kneighbors`` stands on the line above it, and workers call the function that is handed to them.
    """
    while frame is not None:
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(PACKAGE) and file.name not in PASSED_OVER:
            yield str(file.relative_to(PACKAGE)), frame.f_code.co_name
        frame = frame.f_back


def journey(metric):
    model = NearestNeighbors(2, metric=metric).fit(X)
    with FirstSubtraction() as first:
        model.kneighbors(Q)
    return first.frames


@pytest.mark.parametrize("metric", MOST_FRAMES)
def test_a_query_meets_a_row_after_few_frames_and_files(metric):
    frames = journey(metric)

    assert frames[0][0] == "distances.py"
    assert frames[-1] == ("neighbors.py", "kneighbors")
    assert len(frames) <= MOST_FRAMES[metric]
    assert len({file for file, _ in frames}) <= MOST_FILES


def test_the_search_takes_no_step_back_up():
    """Once a frame has left a file on the way down, no later frame is in it."""
    files = [file for file, _ in reversed(journey("euclidean"))]

    assert sorted(files, key=files.index) == files


@pytest.mark.parametrize("metric", MOST_FRAMES)
def test_one_hop_more_is_too_many(monkeypatch, metric):
    """Or the test above would hold nothing."""
    before = journey(metric)
    hop = compile("def hop(*args, **options):\n    return search(*args, **options)\n", str(PACKAGE / "hop.py"), "exec")
    names = {"search": accelerated.neighbors.search}
    exec(hop, names)
    monkeypatch.setattr(accelerated.neighbors, "search", names["hop"])

    frames = journey(metric)

    assert len(frames) == len(before) + 1 > MOST_FRAMES[metric]
    assert len({file for file, _ in frames}) > MOST_FILES


def test_the_neighbors_are_those_of_an_untraced_search():
    model = NearestNeighbors(2).fit(X)
    expected = model.kneighbors(Q)
    with FirstSubtraction():
        actual = model.kneighbors(Q)

    np.testing.assert_array_equal(actual, expected)
