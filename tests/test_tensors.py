"""Tensors of any type, layout and origin, and arrays of other libraries: read and answered where they are."""

import numpy as np
import pytest
import torch

import reference
import tests.pretended_gpu
from accelerated import KNNClassifier, KNNRegressor, NearestNeighbors, SimilarityRegressor, select_n_neighbors
from tests.pretended_gpu import OnGpu

X = np.random.default_rng(0).integers(0, 2, (40, 6))
Q = np.random.default_rng(1).integers(0, 2, (7, 6))
Y = X[:, 0] + X[:, 1]
EXPECTED = reference.NearestNeighbors(4).fit(X.astype(float)).kneighbors(Q.astype(float))
TYPES = [
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.bool),
    *(torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16, torch.uint32, torch.uint64),
]


class Exporter:
    """An array of another library, which has nothing but DLPack."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **how):
        return self.array.__dlpack__(**how)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


class Broken(Exporter):
    """One that cannot export what it holds."""

    def __dlpack__(self, **how):
        raise BufferError("read-only")


def read_only(rows):
    rows = rows.astype(float)
    rows.flags.writeable = False
    return rows


class Plain(torch.Tensor):
    """A subclass without a method of its own."""


KINDS = {
    "a subclass": lambda rows: torch.tensor(rows).as_subclass(Plain),
    "a Parameter": lambda rows: torch.nn.Parameter(torch.tensor(rows, dtype=torch.float32)),
    "a Buffer": lambda rows: torch.nn.Buffer(torch.tensor(rows)),
    "flipped": lambda rows: torch.tensor(rows[::-1].copy()).flip(0),
    "every third column": lambda rows: torch.tensor(rows).repeat_interleave(3, 1)[:, ::3],
    "overlapping strides": lambda rows: torch.tensor(np.hstack([rows, rows])).as_strided(rows.shape, (12, 1)),
    "a part of a conjugate": lambda rows: (
        torch.complex(torch.zeros(rows.shape), -torch.tensor(rows).float()).conj().imag
    ),
    "made without grad": torch.no_grad()(lambda rows: torch.tensor(rows, dtype=torch.float64, requires_grad=True)),
    "of the inference mode": torch.inference_mode()(lambda rows: torch.tensor(rows).float()),
}


def assert_same(actual, expected=EXPECTED):
    for a, b in zip(actual, expected, strict=True):
        a = a.detach().cpu() if isinstance(a, torch.Tensor) else a
        np.testing.assert_array_equal(np.asarray(a), b)


@pytest.mark.parametrize("of_rows", TYPES)
def test_rows_and_queries_may_be_of_different_types(of_rows):
    for of_queries in TYPES:
        found = NearestNeighbors(4).fit(torch.tensor(X).to(of_rows)).kneighbors(torch.tensor(Q).to(of_queries))
        assert found[0].dtype == torch.float64
        assert_same(found)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine", "chebyshev"])
def test_short_floats_have_the_bits_of_their_float64_copies(dtype, metric, rng):
    rows = torch.tensor(rng.normal(size=(3000, 9))).to(dtype)
    queries = torch.tensor(rng.normal(size=(80, 9)))
    expected = NearestNeighbors(4, metric=metric).fit(rows.double()).kneighbors(queries)
    by_loops = reference.NearestNeighbors(4, metric=metric).fit(rows.double().numpy()).kneighbors(queries[:8].numpy())

    found = NearestNeighbors(4, metric=metric).fit(rows).kneighbors(queries)

    assert_same(found, expected)
    assert_same([part[:8] for part in found], by_loops)


@pytest.mark.parametrize("kind", KINDS)
def test_views_and_subclasses_are_tensors_like_others(kind):
    make = KINDS[kind]
    for model in (NearestNeighbors(4), reference.NearestNeighbors(4)):
        assert_same(model.fit(make(X)).kneighbors(make(Q)))
    distances, indices = NearestNeighbors(4).fit(X).kneighbors(make(Q))
    assert type(distances) is type(indices) is torch.Tensor


def test_one_row_may_be_expanded_to_many():
    row = torch.tensor(X[:1]).expand(40, -1)
    assert row.stride(0) == 0

    assert_same(NearestNeighbors(4).fit(row).kneighbors(Q), reference.NearestNeighbors(4).fit(row).kneighbors(Q))


def test_queries_of_another_device_than_the_model_are_moved_and_answered_there(device):
    rows, queries = torch.tensor(X, device=device), torch.tensor(Q)
    on_device, on_cpu = KNNClassifier(4).fit(rows, Y), KNNClassifier(4, device="cpu").fit(X, Y)

    for model, asked in ((on_device, queries), (on_cpu, queries.to(device))):
        distances, indices = model.kneighbors(asked)
        assert distances.device == indices.device == model.predict(asked).device == asked.device
        assert_same((distances, indices))
        assert_same([model.predict(asked)], [reference.KNNClassifier(4).fit(X, Y).predict(Q)])


@pytest.fixture
def copied_to_cpu(monkeypatch):
    """The tensors of a pretended GPU that were copied to the CPU."""
    copies, real = [], tests.pretended_gpu.call

    def call(func, args, kwargs):
        result = real(func, args, kwargs)
        is_move = getattr(func, "__name__", "") in ("cpu", "to", "tolist") and isinstance(args[0], OnGpu)
        if is_move and not isinstance(result, OnGpu):
            copies.append(args[0])
        return result

    monkeypatch.setattr(tests.pretended_gpu, "call", call)
    return copies


@pytest.mark.parametrize(
    "metric", ["euclidean", "sqeuclidean", "manhattan", "chebyshev", "cosine", "hamming", "jaccard"]
)
@pytest.mark.parametrize("size", [40, 3000])
def test_neither_queries_nor_answers_pass_through_the_cpu(device, copied_to_cpu, metric, size, rng):
    """Flags and numbers of queries do: they tell which queries are certified."""
    rows = torch.tensor(rng.integers(0, 50, (size, 12)) / 7, device=device)
    queries = torch.tensor(rng.integers(0, 50, (60, 12)) / 7, device=device)
    y = rng.integers(0, 3, (size, 2))
    models = [NearestNeighbors(3, metric=metric).fit(rows), KNNRegressor(3, metric=metric).fit(rows, y)]
    models += [KNNClassifier(3, metric=metric, weights="distance").fit(rows, labels) for labels in (y, y[:, 0])]
    models[0].kneighbors(queries)  # tries the device, once
    copied_to_cpu.clear()
    answers = [*models[0].kneighbors(queries), *(model.predict(queries) for model in models[1:])]
    answers += [models[-1].predict_proba(queries), models[-1].predict(None)]

    assert {answer.device for answer in answers} == {device}
    assert {(copy.dtype, copy.ndim) for copy in copied_to_cpu} <= {(torch.bool, 1), (torch.int64, 1)}


def test_a_copy_to_the_cpu_is_noticed(copied_to_cpu):
    with tests.pretended_gpu.PretendedGpu():
        there = torch.ones(3, device="cuda")
        there + there.to("cuda", torch.float64)
        assert copied_to_cpu == []
        there.cpu(), there.to("cpu"), there.tolist()
        assert len(copied_to_cpu) == 3


@pytest.mark.parametrize("dtype", [">i8", "i2", "f4", "?", "longdouble", "U2", object])
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_labels_to_tensors_are_those_to_arrays(dtype, n_outputs):
    y = (Y if n_outputs == 1 else np.column_stack([Y, X[:, 2]])).astype(dtype)
    model = KNNClassifier(3).fit(X, y)
    expected, actual = model.predict(Q), model.predict(torch.tensor(Q))

    assert isinstance(actual, torch.Tensor) == (np.dtype(dtype).kind in "bif" and dtype != "longdouble")
    np.testing.assert_array_equal(np.asarray(actual), expected)


def test_labels_of_outputs_of_different_types_are_numbers_of_one_type():
    model = KNNClassifier(1).fit(X, X[:, :2])
    model.classes_ = [np.array([0, 1], dtype=np.int8), np.array([0.0, 1.0], dtype=np.float32)]

    assert model.predict(torch.tensor(Q)).dtype == torch.float32
    np.testing.assert_array_equal(model.predict(torch.tensor(Q)), model.predict(Q))


EXPORTED = {
    "an array": (np.asarray, True),
    "an array that is read-only": (read_only, True),
    "an array that runs backwards": (lambda rows: rows[..., ::-1].copy()[..., ::-1], True),
    "a tensor": (torch.tensor, True),
    "a tensor of bool": (lambda rows: torch.tensor(rows).bool(), True),
    "a transposed tensor": (lambda rows: torch.tensor(rows.T.copy()).T, True),
    "a tensor in bfloat16": (lambda rows: torch.tensor(rows).bfloat16(), False),  # which NumPy does not have
}


@pytest.mark.parametrize("kind", EXPORTED)
def test_arrays_of_other_libraries_come_in_by_dlpack_and_numpy_goes_out(kind):
    make, is_known_to_numpy = EXPORTED[kind]
    rows, queries = Exporter(make(X)), Exporter(make(Q))
    for package in (NearestNeighbors, reference.NearestNeighbors)[: 1 + is_known_to_numpy]:
        model = package(4).fit(rows)
        found = model.kneighbors(queries)
        assert type(found[0]) is type(model.kneighbors()[0]) is np.ndarray
        assert_same(found)
        assert model.get_neighbors(Exporter(make(Q)[0])) == reference.NearestNeighbors(4).fit(X).get_neighbors(Q[0])
        assert model.get_distance(Exporter(make(Q)[0]), [0] * 6) == np.sqrt(Q[0].sum())


def test_targets_and_the_other_models_take_them_too():
    rows, y = Exporter(X), Exporter(torch.tensor(Y))
    for model in (KNNClassifier(3), KNNRegressor(3), SimilarityRegressor()):
        expected = type(model)(**model.get_params()).fit(X, Y)
        assert model.fit(rows, y).predict(Exporter(Q)).tobytes() == expected.predict(Q).tobytes()
        assert model.score(rows, y) == expected.score(X, Y)
    chosen = select_n_neighbors(KNNClassifier(), rows, y, [1, 2], cv=2)
    assert (chosen.scores == select_n_neighbors(KNNClassifier(), X, Y, [1, 2], cv=2).scores).all()


def test_a_function_of_two_examples_gets_the_rows_of_an_exporter():
    for package in (NearestNeighbors, reference.NearestNeighbors):
        model = package(4, metric=lambda a, b: float(np.sqrt(((a - b) ** 2).sum()))).fit(Exporter(X))
        assert_same([model.kneighbors(Exporter(Q))[1]], EXPECTED[1:])


def test_an_exporter_that_changes_after_fit_changes_nothing():
    rows = X.astype(float)
    model = NearestNeighbors(4).fit(Exporter(rows))
    rows[:] = 7

    assert_same(model.kneighbors(Q))


def test_an_exporter_on_a_gpu_is_read_and_answered_there(device, monkeypatch):
    """The export of a tensor on a pretended GPU is pretended too."""
    monkeypatch.setattr("accelerated.arrays.from_dlpack", lambda exporter: exporter.array)
    rows, queries = (Exporter(torch.tensor(some, device=device)) for some in (X, Q))
    model = KNNClassifier(4).fit(rows, Y)
    found = [*model.kneighbors(queries), *model.kneighbors()]

    assert model._rows.device == device
    if device.type == "cpu":
        assert {type(part) for part in found} == {np.ndarray}
    else:
        assert {part.device for part in [*found, model.predict(queries)]} == {device}
    assert_same(found[:2])


def test_an_array_that_cannot_be_exported_is_refused_unless_numpy_can_read_it():
    class Readable(Broken):
        def __array__(self, dtype=None, copy=None):
            return self.array.astype(dtype or self.array.dtype)

    for package in (NearestNeighbors, reference.NearestNeighbors):
        with pytest.raises(
            TypeError, match=r"X is a Broken, which NumPy cannot read as an array: BufferError.*read-only"
        ):
            package(4).fit(Broken(X))
        assert_same(package(4).fit(Readable(X)).kneighbors(Readable(Q)))
