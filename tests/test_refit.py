"""A fit that fails, or is interrupted at any line, leaves the model as it was."""

import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import accelerated
import reference

ROOT = Path(__file__).parent.parent
OURS = tuple(str(ROOT / folder) for folder in ("reference", "accelerated", "knn_inputs"))
rng = np.random.default_rng
OLD = pd.DataFrame(rng(0).normal(size=(12, 3)), columns=["a", "b", "c"])
NEW = rng(1).normal(size=(300, 2))
Q = pd.DataFrame(rng(2).normal(size=(5, 3)), columns=["a", "b", "c"])
MODELS = {
    "NearestNeighbors": ({"n_neighbors": 2}, {"n_neighbors": 3, "metric": "cosine"}),
    "KNNClassifier": ({"n_neighbors": 2}, {"n_neighbors": 3, "weights": "distance", "p": 3}),
    "KNNRegressor": ({"n_neighbors": 2, "metric": "manhattan"}, {"metric": "minkowski", "p": 1.5}),
    "SimilarityRegressor": ({}, {"similarity": "polynomial", "degree": 2}),
}


class Interrupted(BaseException):
    """Comes between two lines, as KeyboardInterrupt does."""


def interrupt_at(n_lines):
    """A tracer that raises after so many lines of the packages."""
    n_left = n_lines

    def trace(frame, event, arg):
        nonlocal n_left
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        if event == "line":
            n_left -= 1
            if n_left == 0:
                raise Interrupted
        return trace

    return trace


def interrupted(action, n_lines):
    """Whether the action was interrupted after so many lines; False if it ended before."""
    outer = sys.gettrace()
    sys.settrace(interrupt_at(n_lines))
    try:
        action()
    except Interrupted:
        return True
    finally:
        sys.settrace(outer)
    return False


def answers(model, Q):
    return [*model.kneighbors(Q)] if hasattr(model, "kneighbors") else [model.predict(Q)]


def predictions(model, Q):
    return [*answers(model, Q), *([model.predict(Q)] if hasattr(model, "predict") else [])]


def lines_to_try(action):
    """The first 40 lines, the last 40, and some between."""
    low, high = 1, 2
    while interrupted(action, high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if interrupted(action, middle) else (low, middle)
    return sorted({*range(1, 40), *range(max(1, low - 40), low + 1), *np.linspace(1, low, 40).astype(int).tolist()})


@pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
@pytest.mark.parametrize("name", MODELS)
def test_a_fit_interrupted_at_any_line_leaves_the_model_as_it_was(package, name):
    before, after = (getattr(package, name)(**params).get_params() for params in MODELS[name])
    y, new_y = np.arange(12) % 3, np.arange(300) % 3 + 5
    model = getattr(package, name)(**before).fit(OLD, y)
    expected = predictions(model, Q)
    n_tried = 0

    def refit():
        model.set_params(**after).fit(NEW, new_y)

    for n_lines in lines_to_try(lambda: getattr(package, name)(**after).fit(NEW, new_y)):
        was_interrupted = interrupted(refit, n_lines)
        model.set_params(**before)
        if was_interrupted and model.n_features_in_ == 3:
            n_tried += 1
            assert model.feature_names_in_.tolist() == ["a", "b", "c"]
            for a, b in zip(predictions(model, Q), expected, strict=True):
                assert a.tobytes() == b.tobytes(), n_lines
        else:  # the model has been assigned, whole: it answers as one that was fitted on the new examples alone
            alone = getattr(package, name)(**after).fit(NEW, new_y)
            for a, b in zip(predictions(model.set_params(**after), NEW[:5]), predictions(alone, NEW[:5]), strict=True):
                assert a.tobytes() == b.tobytes(), n_lines
            model.set_params(**before).fit(OLD, y)
    assert n_tried > 50


@pytest.mark.parametrize("package", [reference, accelerated], ids=["reference", "accelerated"])
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    "bad", [np.full((12, 3), np.nan), np.ones((12, 2, 1)), OLD.assign(d="x"), [[1], [2, 3]], "None"]
)
def test_a_failed_refit_keeps_the_examples_and_the_names_of_their_features(package, name, bad):
    before, after = (getattr(package, name)(**params).get_params() for params in MODELS[name])
    y = np.arange(12) % 3
    model = getattr(package, name)(**before).fit(OLD, y)
    expected = predictions(model, Q)
    with pytest.raises((ValueError, TypeError)):
        model.set_params(**after).fit(bad, y)
    model.set_params(**before)

    for a, b in zip(predictions(model, Q), expected, strict=True):
        assert a.tobytes() == b.tobytes()
    with pytest.raises(ValueError, match="order"):
        predictions(model, Q[["b", "a", "c"]])


@pytest.mark.parametrize("name", MODELS)
def test_a_query_sees_one_fit_while_another_thread_fits_again(name):
    many, few = NEW[:40], NEW[40:50]
    model = getattr(accelerated, name)(**MODELS[name][0])
    expected = []
    for rows in (many, few):
        model.fit(rows, np.arange(len(rows)) % 3)
        expected.append(tuple(array.tobytes() for array in predictions(model, NEW[:5])))
    is_over = threading.Event()

    def refit():
        while not is_over.is_set():
            for rows in (many, few):
                model.fit(rows, np.arange(len(rows)) % 3)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    thread = threading.Thread(target=refit)
    thread.start()
    try:
        told = [method(NEW[:5]) for _ in range(100) for method in queries_of(model)]
    finally:
        is_over.set()
        thread.join()
        sys.setswitchinterval(interval)

    right = {array for arrays in expected for array in arrays}
    answers = [part for answer in told for part in (answer if isinstance(answer, tuple) else (answer,))]
    assert {np.asarray(part).tobytes() for part in answers} <= right


def queries_of(model):
    return [getattr(model, method) for method in ("kneighbors", "predict") if hasattr(model, method)]
