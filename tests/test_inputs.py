"""What ``accelerated`` takes and gives: any container, type, layout and surrounding, always the same answer."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
import torch

from accelerated import KNNClassifier, KNNRegressor, NearestNeighbors
from accelerated.devices import resolve_device
from accelerated.search.memory import resolve_memory_limit
from tests.pretended_gpu import PretendedGpu

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA"))]
X = np.random.default_rng(0).integers(0, 9, (40, 6))
Q = np.random.default_rng(1).integers(0, 9, (7, 6))
EXPECTED = NearestNeighbors(4).fit(X.astype(float)).kneighbors(Q.astype(float))

ARRAYS = {
    "lists": lambda rows: rows.tolist(),
    "tuples": lambda rows: tuple(map(tuple, rows.tolist())),
    "DataFrame": lambda rows: pd.DataFrame(rows).add_prefix("feature "),
    "objects": lambda rows: rows.astype(object),
    **{
        dtype: lambda rows, dtype=dtype: rows.astype(dtype)
        for dtype in ["f2", "f4", "i1", "u1", "u2", "u8", "longdouble"]
    },
    "big-endian": lambda rows: rows.astype(">f8"),
    "columns first": np.asfortranarray,
    "reversed twice": lambda rows: rows[::-1, ::-1].copy()[::-1, ::-1],
    "every other column": lambda rows: np.repeat(rows, 2, axis=1)[:, ::2],
    "read-only": lambda rows: np.frombuffer(rows.astype(float).tobytes()).reshape(rows.shape),
}
TENSORS = {
    **{
        str(dtype): lambda rows, dtype=dtype: torch.tensor(rows, dtype=dtype)
        for dtype in [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int8, torch.uint8, torch.int64]
    },
    "transposed": lambda rows: torch.tensor(rows.T.copy()).T,
    "expanded": lambda rows: torch.tensor(rows)[None].expand(3, -1, -1)[1],
    "requiring grad": lambda rows: torch.tensor(rows, dtype=torch.float32, requires_grad=True),
    "part of a graph": lambda rows: torch.tensor(rows, dtype=torch.float32, requires_grad=True) * 1,
    "made in inference mode": torch.inference_mode()(lambda rows: torch.tensor(rows)),
    "negated view": lambda rows: torch._neg_view(torch.tensor(-rows, dtype=torch.float64)),
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_arrays_of_any_kind_give_the_same_bits(kind):
    make = ARRAYS[kind]

    distances, indices = NearestNeighbors(4).fit(make(X)).kneighbors(make(Q))

    assert (type(distances), distances.dtype, indices.dtype) == (np.ndarray, np.float64, np.int64)
    np.testing.assert_array_equal(distances, EXPECTED[0])
    np.testing.assert_array_equal(indices, EXPECTED[1])


@pytest.mark.parametrize("kind", TENSORS)
@pytest.mark.parametrize("device", DEVICES)
def test_tensors_of_any_kind_give_tensors_of_the_same_bits_on_their_device(kind, device):
    make = TENSORS[kind]

    queries = make(Q).to(device)

    distances, indices = NearestNeighbors(4).fit(make(X).to(device)).kneighbors(queries)

    assert (distances.dtype, indices.dtype) == (torch.float64, torch.int64)
    assert distances.device.type == indices.device.type == device
    assert distances.requires_grad == queries.requires_grad
    np.testing.assert_array_equal(distances.detach().cpu(), EXPECTED[0])
    np.testing.assert_array_equal(indices.cpu(), EXPECTED[1])


@pytest.mark.parametrize("device", DEVICES)
def test_the_kind_of_the_answer_follows_the_query(device):
    tensor = torch.tensor(Q, device=device)
    by_array, by_tensor = NearestNeighbors(4).fit(X), NearestNeighbors(4).fit(torch.tensor(X, device=device))

    assert by_array.kneighbors(tensor)[0].device.type == device
    assert isinstance(by_tensor.kneighbors(Q)[0], np.ndarray)
    assert isinstance(by_array.kneighbors()[0], np.ndarray)
    assert by_tensor.kneighbors()[0].device.type == device
    assert by_tensor.get_neighbors(tensor[0]) == by_array.get_neighbors(Q[0])


def test_predictions_are_tensors_except_for_labels_that_are_no_numbers():
    X_tensor, Q_tensor = torch.tensor(X), torch.tensor(Q)
    y = X[:, 0] % 3
    numbers = KNNClassifier(3).fit(X_tensor, torch.tensor(y))
    names = KNNClassifier(3).fit(X_tensor, np.array(["a", "b", "c"])[y])

    assert numbers.predict(Q_tensor).dtype == torch.int64
    assert numbers.predict_proba(Q_tensor).dtype == torch.float64
    assert names.predict(Q_tensor).dtype == np.dtype("<U1")
    assert names.predict_proba(Q_tensor).dtype == torch.float64
    assert KNNRegressor(3).fit(X_tensor, torch.tensor(y)).predict(Q_tensor).dtype == torch.float64
    assert numbers.score(Q_tensor, torch.tensor(Q[:, 0] % 3)) == numbers.score(Q, Q[:, 0] % 3)
    assert KNNRegressor(3).fit(X, torch.tensor(y)).score(Q_tensor, y[:7]) == KNNRegressor(3).fit(X, y).score(Q, y[:7])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_targets_may_be_tensors_that_require_grad(dtype):
    y = torch.arange(40, dtype=dtype, requires_grad=True)

    expected = KNNRegressor(3).fit(X, np.arange(40.0)).predict(Q)

    np.testing.assert_array_equal(KNNRegressor(3).fit(X, y).predict(Q), expected)


def test_targets_and_examples_may_be_negated_views():
    y = torch._neg_view(-torch.arange(40.0))
    model = KNNRegressor(1).fit(X, y)

    assert model.predict(X[:1]).tolist() == [float(model.get_neighbors(X[0])[0][0])]
    assert model.get_distance(torch._neg_view(torch.tensor([-3.0])), [5.0]) == 2


def test_large_numbers_give_no_warning():
    rows = np.array([[1.7e308] * 2, [-1.7e308] * 2, [1, 2], [2, 1]])

    assert NearestNeighbors(1, metric="cosine").fit(rows).get_neighbors([3, 3]) == [(0, 0.0)]
    assert NearestNeighbors(1).fit(np.float32([[3e38, 3e38], [-3e38, 1]])).get_neighbors([3e38, 3e38])[0][0] == 0


@pytest.mark.parametrize("dtype", [">i8", "longdouble", "f2"])
def test_labels_of_any_numeric_type_answer_a_tensor(dtype):
    model = KNNClassifier(1).fit(X, (X[:, 0] % 3).astype(dtype))

    np.testing.assert_array_equal(np.asarray(model.predict(torch.tensor(X))), X[:, 0] % 3)


@pytest.mark.parametrize("dtype", [torch.uint16, torch.uint32, torch.uint64, torch.bool])
def test_tensors_of_types_that_torch_hardly_supports(dtype):
    rows = torch.tensor(X % 2).to(dtype)

    np.testing.assert_array_equal(
        NearestNeighbors(4).fit(rows).kneighbors(rows)[1], NearestNeighbors(4).fit(X % 2).kneighbors(X % 2)[1]
    )


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (torch.tensor(X * 1j), ValueError, "Complex"),
        (torch.tensor(X, dtype=torch.float64).to_sparse(), TypeError, "sparse"),
        (torch.tensor(X)[0], ValueError, "must have 2 dimensions"),
        (torch.tensor(X)[:0], ValueError, r"\(0, 6\)"),
        (torch.tensor(X)[:, :5], ValueError, "5 features.* 6"),
        (torch.full((3, 6), float("nan")), ValueError, "NaN in row 0, column 0 .and 17 more."),
        (torch.full((3, 6), float("-inf")), ValueError, "-inf in row 0, column 0 .and 17 more."),
        (torch.full((3, 6), -1e151, dtype=torch.float64), ValueError, "1e.151.*1e.150"),
    ],
)
def test_bad_tensors_raise(bad, error, message):
    with pytest.raises(error, match=message):
        NearestNeighbors(4).fit(X).kneighbors(bad)


def test_changing_the_training_data_after_fit_changes_nothing():
    for rows in (X.astype(float), torch.tensor(X, dtype=torch.float64)):
        model = NearestNeighbors(4).fit(rows)
        rows[:] = 0

        np.testing.assert_array_equal(model.kneighbors(Q), EXPECTED)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "jaccard", "precomputed", lambda a, b: abs(a - b).sum()])
def test_inputs_and_model_are_never_written_to(metric):
    rows = np.abs(X[:, :1] - X[:, 0].astype(float)) if metric == "precomputed" else X.astype(float)
    queries = rows[:5] if metric == "precomputed" else Q.astype(float)
    tensors = torch.from_numpy(rows.copy()), torch.from_numpy(queries.copy())
    model = NearestNeighbors(4, metric=metric).fit(tensors[0])
    before = model._rows.clone()
    model.kneighbors(tensors[1])
    model.kneighbors()

    np.testing.assert_array_equal(tensors[0], rows)
    np.testing.assert_array_equal(tensors[1], queries)
    np.testing.assert_array_equal(model._rows, before)


@contextmanager
def default_dtype_float16():
    torch.set_default_dtype(torch.float16)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def deterministic():
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


SURROUNDINGS = {
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "inference mode": torch.inference_mode,
    "no grad": torch.no_grad,
    "default device meta": lambda: torch.device("meta"),  # holds no numbers: a tensor made without a device fails
    "default dtype float16": default_dtype_float16,
    "deterministic": deterministic,
}


@pytest.mark.parametrize("surrounding", SURROUNDINGS)
@pytest.mark.parametrize("metric", ["euclidean", "cosine", "hamming", "jaccard", "chebyshev", "minkowski"])
def test_surroundings_do_not_matter(surrounding, metric):
    def answers():
        p = 3 if metric == "minkowski" else 2
        model = KNNRegressor(4, metric=metric, p=p, weights="distance", device="cpu").fit(X, X[:, 0])
        classifier = KNNClassifier(4, metric=metric, p=p - 0.5 if p == 3 else 2, device="cpu").fit(X, X[:, 0])
        return [*model.kneighbors(Q), *model.kneighbors(), model.predict(Q), classifier.predict(Q)]

    expected = answers()
    with SURROUNDINGS[surrounding]():
        actual = answers()

    for a, b in zip(actual, expected, strict=True):
        assert a.tobytes() == b.tobytes()


def test_a_model_fitted_in_inference_mode_works_outside():
    with torch.inference_mode():
        model = NearestNeighbors(4).fit(torch.tensor(X))

    np.testing.assert_array_equal(model.kneighbors(Q), EXPECTED)


def test_threads_that_share_a_model_get_the_serial_answer():
    model = KNNClassifier(4, weights="distance").fit(X, X[:, 0])
    expected = model.predict_proba(Q)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(model.predict_proba, [Q] * 32))

    assert all(answer.tobytes() == expected.tobytes() for answer in answers)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "precomputed", "minkowski"])
def test_a_pickled_model_gives_the_same_bits(metric):
    rows = np.abs(X[:, :1] - X[:, 0]) if metric == "precomputed" else X
    model = KNNRegressor(3, metric=metric, p=3 if metric == "minkowski" else 2, weights="distance").fit(rows, X[:, 0])

    copy = pickle.loads(pickle.dumps(model))

    assert copy.predict(rows).tobytes() == model.predict(rows).tobytes()


def test_a_model_fitted_on_a_view_does_not_pickle_what_it_is_a_view_of():
    model = NearestNeighbors(1).fit(torch.zeros(100_000, 10)[:5])

    assert len(pickle.dumps(model)) < 10_000


def test_refitting_leaves_nothing_behind():
    model = KNNClassifier(2).fit(X, X[:, 0])

    model.fit(X[:5, :2], ["a", "b", "a", "b", "a"])

    assert model.n_features_in_ == 2
    assert model.classes_.tolist() == ["a", "b"]
    assert model.predict(X[:2, :2]).dtype == np.dtype("<U1")


def test_the_row_of_a_data_frame_is_an_example():
    frame = pd.DataFrame(X, columns=list("abcdef"))
    model = NearestNeighbors(4).fit(frame)

    assert model.get_neighbors(frame.iloc[3])[0] == (3, 0.0)
    assert model.feature_names_in_.tolist() == list("abcdef")


def test_the_device_is_the_one_asked_for_else_that_of_the_tensor():
    assert resolve_device("cpu", X) == torch.device("cpu")
    with PretendedGpu():
        assert resolve_device(None, torch.empty(1, device="cuda:1")) == torch.device("cuda", 1)
    for missing in ["gpu", "cuda:99", "mps", "meta"]:
        with pytest.raises(ValueError, match=f"device='{missing}' cannot be used"):
            NearestNeighbors(device=missing).fit(X)


def test_the_memory_limit_is_in_bytes(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (8 * 2**30, 80 * 2**30))

    assert resolve_memory_limit(None, torch.device("cpu")) == 2**30
    assert resolve_memory_limit(None, torch.device("cuda")) == 2 * 2**30
    assert resolve_memory_limit(5, torch.device("cpu")) == 5


@pytest.mark.parametrize(
    ("text", "n_bytes"),
    [("2GB", 2 * 10**9), ("2 gb", 2 * 10**9), ("512MiB", 2**29), ("1.5kB", 1500), ("4096", 4096), ("3TiB", 3 * 2**40)],
)
def test_the_memory_limit_may_be_written_as_people_write_it(text, n_bytes):
    assert resolve_memory_limit(text, torch.device("cpu")) == n_bytes


@pytest.mark.parametrize(
    ("bad", "error"),
    [("lots", ValueError), ("-1GB", ValueError), ("1e9", ValueError), (1e9, TypeError), (True, TypeError)],
)
def test_a_bad_memory_limit_is_refused_at_fit(bad, error):
    with pytest.raises(error, match=r"memory_limit=.*: pass bytes as an int, .* or a string, such as '2GB'"):
        NearestNeighbors(memory_limit=bad).fit(X)
