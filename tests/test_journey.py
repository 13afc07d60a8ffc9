"""From a call of ``predict`` to the subtraction of query and example the way is short: few frames, few files."""

import sys
from pathlib import Path

import numpy as np
import pytest

import reference
from reference.base import NeighborsBase
from reference.neighbors import KNeighbors

PACKAGE = Path(reference.__file__).parent
X, y = np.arange(10.0).reshape(5, 2), np.array([0, 1, 0, 1, 1])


def journey(call):
    """The frames of ``reference``, as (file, function), that stand above the deepest call into ``distances.py``."""
    ways = [[]]

    def note(frame, event, argument):
        if event == "call" and frame.f_code.co_filename == str(PACKAGE / "distances.py"):
            ways.append(frames_of(frame))

    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
    return max(ways, key=len)


def frames_of(frame):
    """The frames of the package from the outermost one to this one."""
    frames = []
    while frame is not None:
        if Path(frame.f_code.co_filename).is_relative_to(PACKAGE) or "Hop" in frame.f_code.co_qualname:
            frames.insert(0, (Path(frame.f_code.co_filename).name, frame.f_code.co_name))
        frame = frame.f_back
    return frames


def assert_short(frames):
    assert frames
    assert len(frames) <= 6, frames
    assert len({file for file, _ in frames}) <= 4, frames  # one each to predict, to choose, to measure, and the formula


@pytest.mark.parametrize("model", [reference.KNNRegressor, reference.KNNClassifier])
@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "minkowski"])
def test_predict_is_near_the_subtraction(model, weights, metric):
    fitted = model(2, weights=weights, metric=metric).fit(X, y)

    assert_short(journey(lambda: fitted.predict(X)))


def test_the_journey_of_an_average_is_the_one_that_the_pages_describe():
    fitted = reference.KNNRegressor(2).fit(X, y)

    assert journey(lambda: fitted.predict(X)) == [
        ("regressor.py", "predict"),
        ("neighbors.py", "kneighbors"),
        ("base.py", "measure"),
        ("distances.py", "euclidean"),
        ("distances.py", "sqeuclidean"),
    ]


def test_one_hop_more_is_noticed():
    class Hop(reference.KNNClassifier):
        def measure(self, query):
            return super().measure(query)

    fitted = Hop(2).fit(X, y)

    with pytest.raises(AssertionError):
        assert_short(journey(lambda: fitted.predict(X)))


def test_a_call_that_never_measures_is_noticed():
    with pytest.raises(AssertionError):
        assert_short(journey(lambda: None))


@pytest.mark.parametrize("name", ["base.py", "neighbors.py"])
def test_a_file_of_the_algorithm_imports_two_modules_of_the_package(name):
    source = (PACKAGE / name).read_text()

    imports = [line for line in source.splitlines() if line.startswith(("from reference", "import reference"))]
    assert len(imports) <= 2


def test_the_steps_of_the_algorithm_stand_in_the_order_in_which_they_are_read():
    steps = [[name for name in vars(part) if not name.startswith("_")] for part in (NeighborsBase, KNeighbors)]

    assert steps == [["get_distance", "measure"], ["choose", "get_neighbors", "kneighbors"]]


def test_the_dozen_lines_that_open_the_package_give_its_bits():
    code = [line[4:] for line in reference.__doc__.splitlines() if line.startswith((">>> ", "... "))]
    written: dict = {}
    exec("\n".join(line for line in code if not line.startswith("predict(")), written)
    rng = np.random.default_rng(0)

    for _ in range(200):
        n, d, k = rng.integers(5, 30), rng.integers(1, 20), rng.integers(1, 6)
        rows = rng.choice([rng.normal(size=(n, d)), rng.integers(0, 3, (n, d)).astype(float)])
        targets, query = rng.normal(size=n), rows[0] + rng.integers(0, 2)
        model = reference.KNNRegressor(int(k)).fit(rows, targets)
        distances, indices = model.kneighbors([query])

        assert written["get_neighbors"](rows, query, k).tolist() == indices[0].tolist()
        assert [written["get_distance"](query, rows[i]) for i in indices[0]] == distances[0].tolist()
        assert written["predict"](rows, targets, query, k) == model.predict([query])[0]
