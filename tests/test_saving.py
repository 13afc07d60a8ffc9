"""A saved model is loaded with the same bits; a file that was cut or changed is refused, or gives the same bits."""

import itertools
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch

from accelerated import KNNClassifier, KNNRegressor, NearestNeighbors, RadiusNeighborsRegressor
from accelerated.saving import archive
from accelerated.sparse_rows import PARTS, SparseRows
from tests.pretended_gpu import PretendedGpu

METRICS = ("euclidean", "sqeuclidean", "manhattan", "chebyshev", "cosine", "hamming", "jaccard", "minkowski")
LABELS = {
    "strings": np.array(["no", "yes", "other"]),
    "bytes": np.array([b"no", b"yes", b"other"]),
    "truth values": np.array([False, True, True]),
    "small ints": np.array([3, 0, 7], dtype=np.int8),
    "bytes the other way round": np.array([3, 0, 7], dtype=">i4"),
    "whole floats": np.array([3.0, 0.0, 7.0]),
    "days": np.array(["2001-01-01", "2003-01-01", "2002-01-01"], dtype="datetime64[D]"),
    "strings as objects": np.array(["no", "ends in zero\0", "\ud800"], dtype=object),
    "long ints": np.array([2**70, 3, -(2**53) - 1], dtype=object),
}


def saved(model, folder):
    """The model after it was saved and loaded."""
    model.save(folder / "model.npz")
    return type(model).load(folder / "model.npz")


def answers(model, Q):
    """All that a model says about queries, and about its own rows."""
    found = [*model.kneighbors(Q), *model.kneighbors()]
    if isinstance(model, KNNClassifier):
        found.append(model.predict_proba(Q))
    return found if isinstance(model, NearestNeighbors) else [*found, model.predict(Q), model.predict(None)]


def assert_alike(one, other, Q):
    for a, b in zip(answers(one, Q), answers(other, Q), strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.dtype == b.dtype
        assert a.tolist() == b.tolist()


@pytest.mark.parametrize("model", [NearestNeighbors, KNNClassifier, KNNRegressor])
@pytest.mark.parametrize("metric", [*METRICS, "precomputed"])
def test_a_loaded_model_gives_the_same_bits_for_every_metric(model, metric, rng, tmp_path):
    X = np.abs(rng.normal(size=(300, 6))) * (rng.random((300, 6)) < 0.7)
    Q = X[::7] + 0.1
    if metric == "precomputed":
        X, Q = (np.abs(some[:, None] - X).sum(2) for some in (X, Q))
    fitted = model(3, metric=metric, p=3 if metric == "minkowski" else 2).fit(X, rng.integers(0, 4, 300))
    again = saved(fitted, tmp_path)

    assert_alike(fitted, again, Q)
    assert again.get_params() == fitted.get_params()
    assert set(vars(again)) == set(vars(fitted))


@pytest.mark.parametrize("model", [NearestNeighbors, KNNClassifier, RadiusNeighborsRegressor])
@pytest.mark.parametrize("metric", METRICS)
def test_a_loaded_model_of_sparse_rows_gives_the_same_bits(model, metric, rng, tmp_path):
    X = scipy.sparse.random_array((300, 40), density=0.1, format="csr", rng=rng)
    fitted = model(3, metric=metric, p=3 if metric == "minkowski" else 2).fit(X, rng.integers(0, 4, 300))
    again = saved(fitted, tmp_path)

    assert isinstance(again._rows, SparseRows)
    assert set(vars(again)) == set(vars(fitted))
    if model is RadiusNeighborsRegressor:
        assert again.predict(X).tolist() == fitted.predict(X).tolist()
    else:
        assert_alike(fitted, again, X[:9])
        assert_alike(fitted, again, X[:9].toarray())


def test_sparse_rows_with_sample_weights_come_back(rng, tmp_path):
    frame = pd.get_dummies(pd.DataFrame({"letter": list("abcabdacd")}), sparse=True)
    fitted = KNNClassifier(2, metric="jaccard").fit(frame, list("xyxyyxxyz"), sample_weight=[1, 2, 0, 3, 1, 1, 0, 1, 2])

    assert_alike(fitted, saved(fitted, tmp_path), frame[:5])


def test_sparse_rows_are_mapped_and_none_is_made_dense(tmp_path):
    X = scipy.sparse.random_array((20_000, 50_000), density=0.0005, format="csr", rng=0)  # 8 GB if it were dense
    NearestNeighbors(2, metric="cosine").fit(X).save(tmp_path / "model.npz")
    again = NearestNeighbors.load(tmp_path / "model.npz")

    for part in PARTS[:2]:
        array = getattr(again._rows.matrix, part)
        while isinstance(array, np.ndarray) and not isinstance(array, np.memmap):
            array = array.base
        assert isinstance(array, np.memmap)
    assert (tmp_path / "model.npz").stat().st_size < 13 * X.nnz
    assert again.kneighbors(X[:3])[1][:, 0].tolist() == [0, 1, 2]


SPOILT = {
    "a column out of range": ("indices", lambda part: np.where(np.arange(len(part)) == 5, 99, part)),
    "a negative column": ("indices", lambda part: np.where(np.arange(len(part)) == 5, -1, part)),
    "a row that ends before it starts": ("indptr", lambda part: np.where(np.arange(len(part)) == 5, 0, part)),
    "too few numbers": ("data", lambda part: part[:-1]),
    "columns that do not ascend": ("indices", lambda part: part[::-1].copy()),
    "a missing part": ("indptr", None),
}


@pytest.mark.parametrize("name", SPOILT)
def test_parts_of_sparse_rows_that_do_not_fit_together_are_refused(name, rng, tmp_path):
    """As somebody could write them, with right checksums: a column out of range would crash the process."""
    path, (part, spoil) = str(tmp_path / "model.npz"), SPOILT[name]
    NearestNeighbors(2).fit(scipy.sparse.random_array((30, 12), density=0.3, format="csr", rng=rng)).save(path)
    arrays = archive.read_arrays(path)
    whole = arrays.pop(f"_rows.{part}")
    archive.write_arrays(path, arrays if spoil is None else {**arrays, f"_rows.{part}": spoil(whole)})

    with pytest.raises(ValueError, match=r"so it was cut or changed: load a copy of it, or save the model again"):
        NearestNeighbors.load(path)


def test_a_file_of_the_first_version_which_had_no_sparse_rows_is_loaded(rng, tmp_path):
    path, X = str(tmp_path / "model.npz"), rng.normal(size=(30, 3))
    fitted = NearestNeighbors(2).fit(X)
    fitted.save(path)
    arrays = archive.read_arrays(path)
    text = arrays["model"].tobytes().replace(b'"version": 2', b'"version": 1')
    archive.write_arrays(path, {**arrays, "model": np.frombuffer(text, dtype=np.uint8)})

    assert_alike(fitted, NearestNeighbors.load(path), X[:9])


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64, np.uint8, bool])
def test_rows_of_every_type_come_back(dtype, rng, tmp_path):
    X = (10 * rng.normal(size=(40, 3))).astype(dtype)
    fitted = NearestNeighbors(2).fit(X)

    assert_alike(fitted, saved(fitted, tmp_path), X[:9])


@pytest.mark.parametrize("kind", LABELS)
def test_labels_come_back_with_their_type(kind, rng, tmp_path):
    labels = LABELS[kind]
    fitted = KNNClassifier(2).fit(np.arange(9)[:, None], labels[rng.integers(0, 3, 9)])
    again = saved(fitted, tmp_path)

    assert again.classes_.dtype == fitted.classes_.dtype
    assert [type(label) for label in again.classes_] == [type(label) for label in fitted.classes_]
    assert_alike(fitted, again, [[2.2], [7.5]])


@pytest.mark.parametrize("model", [KNNClassifier, KNNRegressor])
def test_several_outputs_come_back(model, rng, tmp_path):
    fitted = model(3, weights="distance").fit(rng.normal(size=(30, 2)), rng.integers(0, 3, (30, 2)))
    again, Q = saved(fitted, tmp_path), rng.normal(size=(7, 2))

    np.testing.assert_array_equal(again.predict(Q), fitted.predict(Q))
    assert again.predict(Q).shape == (7, 2)


def test_feature_names_come_back_and_are_compared(tmp_path):
    frame = pd.DataFrame({"height": [1.0, 2.0, 4.0], "weight": [5.0, 7.0, 6.0]})
    again = saved(NearestNeighbors(1).fit(frame), tmp_path)

    assert again.feature_names_in_.tolist() == ["height", "weight"]
    assert again.get_neighbors(frame.iloc[1]) == [(1, 0.0)]
    with pytest.raises(ValueError, match="must be in the same order"):
        again.kneighbors(frame[["weight", "height"]])


def test_a_model_of_tensors_answers_in_tensors_on_its_device(device, rng, tmp_path):
    X = torch.from_numpy(rng.normal(size=(400, 20))).to(device)
    fitted = KNNClassifier(3).fit(X, X[:, 0].cpu() > 0)
    again = saved(fitted, tmp_path)

    for one, other in zip(fitted.kneighbors(), again.kneighbors(), strict=True):
        assert one.device == other.device == device
        assert torch.equal(one.cpu(), other.cpu())
    assert torch.equal(fitted.predict(X[:9]).cpu(), again.predict(X[:9]).cpu())


def test_a_model_of_a_gpu_is_loaded_where_there_is_none(rng, tmp_path):
    X = rng.normal(size=(400, 20))
    with PretendedGpu():
        NearestNeighbors(3, device="cuda").fit(torch.tensor(X, device="cuda")).save(tmp_path / "model.npz")
    again = NearestNeighbors.load(tmp_path / "model.npz")

    there = "cuda" if torch.cuda.is_available() else "cpu"
    assert {part.device.type for part in again.kneighbors()} == {there}
    np.testing.assert_array_equal(again.kneighbors(X[:9])[1], NearestNeighbors(3).fit(X).kneighbors(X[:9])[1])


def test_parameters_keep_their_types_and_a_subclass_may_have_its_own(tmp_path):
    class Named(KNNRegressor):
        def __init__(self, n_neighbors=5, *, names=(), scale=None, weights="uniform"):
            super().__init__(n_neighbors, weights=weights)
            self.names, self.scale = names, scale

    fitted = Named(np.int64(1), names=("a", {"b": [1.5, None]}), scale=float("inf")).fit([[0], [9]], [1, 2])
    params = saved(fitted, tmp_path).get_params()

    assert params == {"n_neighbors": 1, "names": ("a", {"b": [1.5, None]}), "scale": np.inf, "weights": "uniform"}
    assert type(params["n_neighbors"]) is np.int64


def test_a_model_is_saved_as_it_was_fitted_with_the_parameters_as_they_are(tmp_path):
    fitted = NearestNeighbors(1).fit([[3, 3], [0, 5]]).set_params(metric="manhattan", n_neighbors=2)
    again = saved(fitted, tmp_path)

    assert again.kneighbors([[0, 0]])[0].tolist() == fitted.kneighbors([[0, 0]])[0].tolist() == [[18**0.5, 5.0]]
    assert again.metric == "manhattan"


def test_large_rows_are_mapped_aligned_and_not_written_back(rng, tmp_path):
    path = tmp_path / "model.npz"
    NearestNeighbors(2).fit(rng.normal(size=(3000, 50))).save(path)
    before = path.read_bytes()
    model = NearestNeighbors.load(path)
    rows = archive.read_arrays(str(path))["_rows"]

    assert isinstance(rows.base, np.memmap)
    assert rows.ctypes.data % archive.ALIGNED == 0 == model._rows.data_ptr() % archive.ALIGNED
    maps = Path("/proc/self/maps")
    if maps.exists():
        spans = [line.split()[0].split("-") for line in maps.read_text().splitlines() if line.endswith(str(path))]
        assert any(int(start, 16) <= model._rows.data_ptr() < int(stop, 16) for start, stop in spans)
    model._rows[0, 0] = 7.0
    assert path.read_bytes() == before


def test_numpy_reads_the_file_without_pickle(tmp_path):
    NearestNeighbors(1).fit([[0.5], [2.0]]).save(tmp_path / "model.npz")

    with np.load(tmp_path / "model.npz", allow_pickle=False) as arrays:
        assert arrays["_rows"].tolist() == [[0.5], [2.0]]
        assert b'"class": "NearestNeighbors"' in arrays["model"].tobytes()


@pytest.fixture
def whole(rng, tmp_path, monkeypatch):
    """The path of a saved model, whose rows are mapped, the queries and the answers to them."""
    monkeypatch.setattr(archive, "MAPPED", 2000)
    X = rng.normal(size=(60, 5))
    fitted = KNNClassifier(3).fit(
        pd.DataFrame(X, columns=list("abcde")), np.array(["no", "yes"])[rng.integers(0, 2, 60)]
    )
    fitted.save(tmp_path / "model.npz")
    Q = pd.DataFrame(X[:9] + 0.1, columns=list("abcde"))
    return tmp_path / "model.npz", Q, [*map(np.ndarray.tolist, answers(fitted, Q))]


def test_a_file_that_was_cut_anywhere_is_refused(whole):
    path, Q, expected = whole
    content = path.read_bytes()
    assert [*map(np.ndarray.tolist, answers(KNNClassifier.load(path), Q))] == expected
    for length in np.linspace(0, len(content) - 1, 50, dtype=int):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match="is not a file of ``save``, or was cut or changed since"):
            KNNClassifier.load(path)


def test_a_file_with_a_changed_byte_is_refused_or_gives_the_same_answers(whole, rng):
    path, Q, expected = whole
    content = path.read_bytes()
    heads = np.arange(len(content) - 1200, len(content))  # the list of arrays at the end
    n_refused, places = 0, [*rng.integers(0, len(content), 200), *rng.choice(heads, 200), *range(200)]
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1 << int(rng.integers(0, 8))
        path.write_bytes(changed)
        try:
            model = KNNClassifier.load(path)
        except ValueError:
            n_refused += 1
        else:
            assert [*map(np.ndarray.tolist, answers(model, Q))] == expected

    assert n_refused > len(places) / 2


def test_a_changed_number_is_refused_with_advice(whole):
    path, _, _ = whole
    content = path.read_bytes()
    with zipfile.ZipFile(path) as file:
        place = file.getinfo("_rows.npy").header_offset + 1000
    path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])

    message = "the checksum of _rows.npy is another: load a copy of it, or save the model again"
    with pytest.raises(ValueError, match=message):
        KNNClassifier.load(path)


def test_a_file_of_another_class_version_or_kind_is_refused(tmp_path):
    path = tmp_path / "model.npz"
    KNNClassifier(1).fit([[0], [1]], ["a", "b"]).save(path)
    with pytest.raises(ValueError, match=r"holds a KNNClassifier, not a KNNRegressor: use KNNClassifier\.load"):
        KNNRegressor.load(path)
    arrays = archive.read_arrays(str(path))
    text = arrays["model"].tobytes().replace(b'"version": 2', b'"version": 3')
    archive.write_arrays(str(path), {**arrays, "model": np.frombuffer(text, dtype=np.uint8)})
    with pytest.raises(
        ValueError, match=r"is of version 3 of the format, not 1 to 2: load it with the verified-knn that"
    ):
        KNNClassifier.load(path)
    np.savez(path, X=np.ones(3))
    with pytest.raises(ValueError, match="holds arrays, but no model"):
        KNNClassifier.load(path)
    np.savez_compressed(path, X=np.ones(2**18))
    with pytest.raises(ValueError, match=r"X\.npy is compressed"):
        KNNClassifier.load(path)
    np.savez(path, model=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        KNNClassifier.load(path)
    path.write_bytes(pickle.dumps(KNNClassifier()))
    with pytest.raises(ValueError, match="is not a file of ``save``"):
        KNNClassifier.load(path)


def test_functions_and_other_objects_are_refused_before_the_file_is_touched(tmp_path):
    def apart(a, b):
        return abs(a - b).sum()

    path = tmp_path / "model.npz"
    path.write_bytes(b"old")
    X, holds_no_code = (
        [[0], [1], [2]],
        "is a function, and a saved file holds no code: pass a name, or pickle the model",
    )
    with pytest.raises(TypeError, match=f"metric=.*apart {holds_no_code}"):
        NearestNeighbors(1, metric=apart).fit(np.array(X)).save(path)
    with pytest.raises(TypeError, match=f"metric=.*apart {holds_no_code}"):
        NearestNeighbors(1, metric=apart).fit(X).save(path)
    with pytest.raises(TypeError, match=f"_chosen.*apart {holds_no_code}"):
        NearestNeighbors(1, metric=apart).fit(np.array(X)).set_params(metric="cosine").save(path)
    with pytest.raises(TypeError, match=f"weights=.*sqrt.* {holds_no_code}"):
        KNNRegressor(1, weights=np.sqrt).fit(X, X).save(path)
    labels = np.array([pd.Timestamp(2001, 1, 1)] * 3, dtype=object)
    with pytest.raises(TypeError, match=r"classes_\[0\]=Timestamp.* is a Timestamp.*: pass numbers or strings"):
        KNNClassifier(1).fit(X, labels).save(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_an_interrupted_save_leaves_the_old_file_whole(error, rng, tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    old = NearestNeighbors(1).fit([[0.0], [3.0]])
    old.save(path)
    calls, write_array = itertools.count(), np.lib.format.write_array

    def write(*args, **options):
        if next(calls):
            raise error
        write_array(*args, **options)

    monkeypatch.setattr(np.lib.format, "write_array", write)
    with pytest.raises((KeyboardInterrupt, OSError)):
        NearestNeighbors(1).fit(rng.normal(size=(9, 2))).save(path)

    assert next(calls) == 2
    assert list(tmp_path.iterdir()) == [path]
    assert_alike(NearestNeighbors.load(path), old, [[1.0]])


def test_a_model_may_be_saved_over_the_file_that_it_is_mapped_to(rng, tmp_path):
    path, X = tmp_path / "model.npz", rng.normal(size=(3000, 50))
    NearestNeighbors(2).fit(X).save(path)
    model = NearestNeighbors.load(path)
    model.save(path)

    assert_alike(model, NearestNeighbors.load(path), X[:9])


def test_the_name_of_the_file_is_taken_as_it_is(tmp_path):
    model = NearestNeighbors(1).fit([[0.0], [3.0]])
    model.save(str(tmp_path / "a model"))

    assert [file.name for file in tmp_path.iterdir()] == ["a model"]
    assert_alike(NearestNeighbors.load(tmp_path / "a model"), model, [[1.0]])
    for wrong in (5, None, b"model.npz"):
        with pytest.raises(TypeError, match=r"path=.* but must be a str or an os\.PathLike"):
            model.save(wrong)
        with pytest.raises(TypeError, match=r"path=.* but must be a str or an os\.PathLike"):
            NearestNeighbors.load(wrong)
    with pytest.raises(FileNotFoundError):
        NearestNeighbors.load(tmp_path / "missing.npz")
    with pytest.raises(FileNotFoundError, match=r"missing/a model'$"):
        model.save(tmp_path / "missing" / "a model")


def test_a_model_that_is_not_fitted_has_no_file(tmp_path):
    with pytest.raises(ValueError, match="not fitted"):
        KNNRegressor().save(tmp_path / "model.npz")
    assert list(tmp_path.iterdir()) == []
