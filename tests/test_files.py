"""Files of vectors: each format gives the rows that its own tools wrote, and a file that is not whole is refused."""

import dataclasses
import gc
import os
import pickle
import re
import shutil
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
import scipy.sparse
import zarr

from accelerated import KNNClassifier, NearestNeighbors
from accelerated.files import RowsFile, flat, of_memmap, open_rows, parquet, read_ahead, vecs
from benchmarks import reading

VECS = {".fvecs": "<f4", ".bvecs": "u1", ".ivecs": "<i4"}
BINS = {".fbin": "<f4", ".u8bin": "u1", ".i8bin": "i1", ".ibin": "<i4"}


def write_npy(path, X, version=(1, 0)):
    with open(path, "wb") as file:
        np.lib.format.write_array(file, X, version)


def write_vecs(path, X):
    heads = np.full((len(X), 1), X.shape[1], "<i4").view(np.uint8)
    np.hstack([heads, np.ascontiguousarray(X).view(np.uint8)]).tofile(path)


def write_bin(path, X):
    path.write_bytes(np.array(X.shape, "<u4").tobytes() + X.tobytes())


def write_hdf5(path, X, name="train", **options):
    with h5py.File(path, "a") as file:
        file.create_dataset(name, data=X, **options)


def write_lists(path, X, **others):
    lists = pa.FixedSizeListArray.from_arrays(pa.array(X.ravel()), X.shape[1])
    pyarrow.parquet.write_table(pa.table({**others, "v": lists}), path, row_group_size=40)


def write_frame(path, X):
    index = pd.Index(np.arange(len(X))[::-1], name="number")  # which is no feature
    pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])], index=index).to_parquet(path, row_group_size=40)


FORMATS = {  # ending, dtype, and a function that writes with other tools
    **{f"{ending} files": (ending, dtype, write_vecs) for ending, dtype in VECS.items()},
    **{f"{ending} files": (ending, dtype, write_bin) for ending, dtype in BINS.items()},
    **{f".npy of {dtype}": (".npy", dtype, write_npy) for dtype in ("<f2", "<f4", "<f8", "<u8", "i1", "?", "<f16")},
    **{f".npy of {dtype}": (".npy", dtype, write_npy) for dtype in (">f4", ">i2")},
    ".npy in Fortran order": (".npy", "<f4", lambda path, X: write_npy(path, np.asfortranarray(X))),
    ".npy in Fortran order, big-endian": (".npy", ">f8", lambda path, X: write_npy(path, np.asfortranarray(X))),
    ".npy of version 2": (".npy", "<f4", lambda path, X: write_npy(path, X, (2, 0))),
    ".npy of version 3": (".npy", "<f4", lambda path, X: write_npy(path, X, (3, 0))),
    ".npz of a model": (".npz", "<f4", lambda path, X: NearestNeighbors().fit(X).save(path)),
    ".hdf5": (".hdf5", "<f4", write_hdf5),
    ".h5, big-endian": (".h5", ">f8", write_hdf5),
    ".hdf5 in chunks": (".hdf5", "<f4", lambda path, X: write_hdf5(path, X, "a/b", chunks=(30, 2), compression=4)),
    ".parquet of a DataFrame": (".parquet", "<f4", write_frame),
    ".parquet of lists": (".parquet", "<f8", write_lists),
    ".zarr, version 2": (".zarr", "<f4", lambda path, X: zarr.save_array(path, X, zarr_format=2)),
    ".zarr, version 3": (".zarr", "<f4", lambda path, X: zarr.create_array(path, data=X, chunks=(30, 2))),
}


def draw(rng, dtype, shape=(100, 9)):
    """Random numbers of any type, as they may be in a file."""
    kind = np.dtype(dtype).kind
    numbers = rng.normal(size=shape) if kind == "f" else rng.integers(0, 2 if kind == "b" else 100, shape)
    return numbers.astype(dtype)


def assert_reads_the_rows(name, rng, tmp_path):
    ending, dtype, write = FORMATS[name]
    X = draw(rng, dtype)
    write(tmp_path / f"rows{ending}", X)
    rows = pickle.loads(pickle.dumps(open_rows(tmp_path / f"rows{ending}")))

    assert isinstance(rows, RowsFile)
    assert (rows.shape, len(rows), rows.dtype) == (X.shape, 100, np.dtype(dtype).newbyteorder("="))
    for start, stop in [(0, 100), (0, 1), (99, 100), (40, 40), *np.sort(rng.integers(0, 101, (20, 2)), axis=1)]:
        block = rows.read(start, stop)
        assert (block.dtype, block.flags.c_contiguous, block.flags.writeable) == (rows.dtype, True, True)
        assert np.array_equal(block, X[start:stop])
        block[...] = 0  # it is the caller's own
        assert np.array_equal(rows.read(start, stop), X[start:stop])


@pytest.mark.parametrize("name", FORMATS)
def test_rows_are_those_that_other_tools_wrote(name, rng, tmp_path):
    assert_reads_the_rows(name, rng, tmp_path)


@pytest.mark.parametrize("name", FORMATS)
def test_rows_that_are_read_in_many_pieces_are_the_same(name, rng, tmp_path, monkeypatch):
    for module, constant, n_bytes in ((flat, "COLUMNS", 12), (flat, "AT_ONCE", 90), (vecs, "AT_ONCE", 90)):
        monkeypatch.setattr(module, constant, n_bytes)
    monkeypatch.setattr(parquet, "AT_ONCE", 90)

    assert_reads_the_rows(name, rng, tmp_path)


@pytest.mark.parametrize("name", FORMATS)
def test_threads_share_a_file(name, rng, tmp_path):
    ending, dtype, write = FORMATS[name]
    X = draw(rng, dtype)
    write(tmp_path / f"rows{ending}", X)
    rows, ranges = open_rows(tmp_path / f"rows{ending}"), np.sort(rng.integers(0, 101, (60, 2)), axis=1)

    with ThreadPoolExecutor(4) as pool:
        blocks = list(pool.map(lambda ends: rows.read(*ends), ranges))

    assert all(np.array_equal(block, X[start:stop]) for block, (start, stop) in zip(blocks, ranges, strict=True))


@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_beyond_4_gib_are_found(order, tmp_path):
    """The file has holes, so that it takes no space."""
    shape = (2**22 + 3, 520)  # 8.7 GB, and more than 2^31 numbers
    mapped = np.lib.format.open_memmap(tmp_path / "rows.npy", "w+", "<f4", shape, fortran_order=order == "F")
    mapped[-2:] = np.arange(2 * 520).reshape(2, 520)
    del mapped

    assert np.array_equal(open_rows(tmp_path / "rows.npy").read(2**22 + 1, 2**22 + 3).ravel(), np.arange(1040))
    os.truncate(tmp_path / "rows.npy", 2**32)
    with pytest.raises(ValueError, match=r"has 4294967296 bytes, .* are missing"):
        open_rows(tmp_path / "rows.npy")


def test_rows_with_heads_beyond_4_gib_are_found(tmp_path):
    """Only the rows that are read need a head."""
    n, of_row = 2**22 + 3, 4 + 4 * 520
    with open(tmp_path / "rows.fvecs", "wb") as file:
        for i in (0, n - 1):
            file.seek(i * of_row)
            file.write(np.int32(520).tobytes() + np.full(520, i, "<f4").tobytes())

    assert open_rows(tmp_path / "rows.fvecs").read(n - 1, n).tolist() == [[n - 1] * 520]


def test_a_range_outside_of_the_rows_is_refused(rng, tmp_path):
    np.save(tmp_path / "rows.npy", rng.normal(size=(5, 2)))
    rows = open_rows(tmp_path / "rows.npy")

    for start, stop in [(-1, 2), (3, 6), (4, 3)]:
        with pytest.raises(ValueError, match=f"start={start}, stop={stop} is not a range of the 5 rows of path="):
            rows.read(start, stop)


def spoilt(ending, write, size=None, **more):
    """A function that writes rows, and then cuts or extends the file."""

    def make(path):
        write(path, np.ones((20, 3), more.get("dtype", "<f4")))
        if size is not None:
            with open(path, "r+b") as file:
                file.truncate(size if size >= 0 else os.path.getsize(path) + size)
        if "append" in more:
            with open(path, "ab") as file:
                file.write(more["append"])

    return ending, make


def saved(model, *args, **kwargs):
    return ".npz", lambda path: model.fit(*args, **kwargs).save(path)


def two_matrices(path):
    write_hdf5(path, np.ones((3, 2)), "train")
    write_hdf5(path, np.ones((3, 2)), "test")


def header_of(text):
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def write_half_header(path, X):
    write_npy(path, X)
    path.write_bytes(path.read_bytes().replace(b")", b" "))


def save_half_header(path):
    NearestNeighbors().fit(ONES).save(path)
    path.write_bytes(path.read_bytes().replace(b"(20, 3)", b"(20, 3 "))


ONES = np.ones((20, 3))
REFUSED = {  # ending, a function that makes the file, and a part of the message
    "a cut .npy": (*spoilt(".npy", write_npy, -5), r"has 363 bytes, .* 20 x 3 numbers of 4 .* make 368, so 5 are miss"),
    "an .npy with more bytes": (*spoilt(".npy", write_npy, append=b"!!"), r"make 368, so 2 are left over"),
    "an .npy with half a header": (*spoilt(".npy", write_npy, 50), r"does not begin as an \.npy file: EOF"),
    "an .npy with a damaged header": (*spoilt(".npy", write_half_header), r"does not begin as an \.npy file"),
    "an .npy of brackets": (
        ".npy",
        lambda path: path.write_bytes(header_of(b"(" * 100)),
        r"does not begin as an \.npy",
    ),
    "an empty .npy": (*spoilt(".npy", write_npy, 0), r"does not begin as an \.npy file: EOF"),
    "text as .npy": (".npy", lambda path: path.write_text("1.0,2.0"), r"does not begin as an \.npy file"),
    "one dimension": (".npy", lambda path: np.save(path, np.ones(3)), r"shape \(3,\), but must hold a matrix"),
    "a scalar": (".npy", lambda path: np.save(path, 3.0), r"shape \(\), but must hold a matrix"),
    "no rows": (".npy", lambda path: np.save(path, np.ones((0, 3))), r"shape \(0, 3\), but must hold at least"),
    "no columns": (".npy", lambda path: np.save(path, np.ones((3, 0))), r"shape \(3, 0\), but must hold at least"),
    "objects": (".npy", lambda path: np.save(path, np.array([[None]]), True), r"holds object, but must hold real"),
    "complex numbers": (".npy", lambda path: np.save(path, ONES + 1j), r"holds complex128, but must hold real"),
    "strings": (".npy", lambda path: np.save(path, ONES.astype(str)), r"holds <U32, but must hold real"),
    "a cut .fvecs": (*spoilt(".fvecs", write_vecs, -5), r"row 0 has 3 numbers of 4 .* no file of 315 consists"),
    "an .fvecs with more bytes": (*spoilt(".fvecs", write_vecs, append=b"!"), r"no file of 321 consists"),
    "an empty .fvecs": (*spoilt(".fvecs", write_vecs, 0), r"has 0 bytes, but the head of a row alone has 4"),
    "a negative width": (*spoilt(".fvecs", lambda path, X: path.write_bytes(b"\xff" * 8)), r"row 0 has -1 numbers"),
    "an absurd width": (*spoilt(".bvecs", lambda path, X: path.write_bytes(b"\x7f" * 8)), r"has 2139062143 numbers"),
    "an .fbin as .fvecs": (*spoilt(".fvecs", write_bin), r"row 0 has 20 numbers .* give it the ending of its format"),
    "a cut .fbin": (*spoilt(".fbin", write_bin, -5), r"has 243 bytes, but a head .* make 248, so 5 are missing"),
    "an .fbin with more bytes": (*spoilt(".fbin", write_bin, append=b"!"), r"make 248, so 1 are left over"),
    "an .fbin with half a head": (*spoilt(".fbin", write_bin, 7), r"has 7 bytes, but its head alone has 8"),
    "an absurd .u8bin": (".u8bin", lambda path: path.write_bytes(b"\xff" * 8), r"4294967295 x 4294967295 numbers"),
    "ground truth as .ibin": (".ibin", lambda path: path.write_bytes(b"\1\0\0\0" * 4), r"`read_neighbors"),
    "a cut .npz": (".npz", lambda path: path.write_bytes(b"PK\3\4 and more"), r"not a file of ``save``, or was cut"),
    "an .npz with a damaged header": (".npz", save_half_header, r"not a file of ``save``, or was cut"),
    "another .npz": (".npz", lambda path: np.savez(path, rows=ONES), r"holds arrays, but no model"),
    "a model for cosine": (*saved(NearestNeighbors(metric="cosine"), ONES), r"rows that fit has changed .*'cosine'"),
    "a model of sparse rows": (*saved(NearestNeighbors(), scipy.sparse.csr_array(ONES)), r"sparse rows, which"),
    "a model with weights": (*saved(KNNClassifier(), ONES, [0] * 20, sample_weight=[2] * 20), r"sample weights"),
    "text as .hdf5": (".hdf5", lambda path: path.write_text("none"), r"cannot be read as HDF5"),
    "a cut .hdf5": (*spoilt(".hdf5", write_hdf5, -5), r"cannot be read as HDF5: .*truncated"),
    "an .hdf5 of two matrices": (".hdf5", two_matrices, r"'test' \(3, 2\), 'train' \(3, 2\): pass dataset='test'"),
    "an .hdf5 without a matrix": (".h5", lambda path: write_hdf5(path, np.ones(4)), r"0 matrices .* 'train' \(4,\)"),
    "text as .parquet": (".parquet", lambda path: path.write_text("none"), r"cannot be read as Parquet"),
    "a cut .parquet": (*spoilt(".parquet", write_lists, -5), r"cannot be read as Parquet"),
    "two kinds of columns": (
        ".parquet",
        lambda path: write_lists(path, ONES, id=range(20)),
        r"column 'v' of fixed_siz",
    ),
    "a folder as .zarr": (".zarr", lambda path: path.mkdir(), r"cannot be read as Zarr"),
    "another ending": (".csv", lambda path: path.touch(), r"not known: pass a path that ends in .*\.fvecs, .*\.npy"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_not_whole_is_refused(name, tmp_path):
    ending, make, message = REFUSED[name]
    path = tmp_path / f"rows{ending}"
    make(path)

    with pytest.raises(ValueError, match=message) as raised:
        open_rows(path)
    assert f"path={str(path)!r}" in str(raised.value)
    assert len(str(raised.value)) < 600


@pytest.mark.parametrize("ending", sorted({ending for ending, _, _ in FORMATS.values()}))
def test_a_path_that_does_not_exist_and_a_folder_are_refused(ending, tmp_path):
    with pytest.raises(FileNotFoundError, match=re.escape(str(tmp_path / f"no{ending}"))):
        open_rows(tmp_path / f"no{ending}")
    if ending != ".zarr":
        (tmp_path / f"rows{ending}").mkdir()
        with pytest.raises(OSError, match=re.escape(str(tmp_path / f"rows{ending}"))):
            open_rows(tmp_path / f"rows{ending}")


def test_a_path_of_another_kind_is_refused():
    with pytest.raises(TypeError, match="path=5 is an int, but must be a str or an os"):
        open_rows(5)


@pytest.mark.parametrize("ending", [".npy", ".fvecs", ".fbin", ".hdf5", ".parquet"])
def test_a_file_that_is_cut_while_it_is_read_raises(ending, rng, tmp_path):
    path, X = tmp_path / f"rows{ending}", draw(rng, "<f4")
    {".npy": write_npy, ".fvecs": write_vecs, ".fbin": write_bin, ".hdf5": write_hdf5, ".parquet": write_lists}[ending](
        path, X
    )
    rows = open_rows(path)
    os.truncate(path, path.stat().st_size // 2)

    with pytest.raises((OSError, ValueError), match=re.escape(str(path))):
        rows.read(10, 90)
    if ending in (".npy", ".fvecs", ".fbin"):
        rows = dataclasses.replace(rows, opened=None)  # as if it were cut after its size was looked at
        with pytest.raises(OSError, match=r"ends at byte \d+, but rows 10 to 89 end at byte \d+: the file was cut"):
            rows.read(10, 90)
        assert np.array_equal(rows.read(0, 40), X[:40])


@pytest.mark.parametrize("ending", [".hdf5", ".parquet", ".zarr"])
def test_a_file_that_was_replaced_is_noticed(ending, rng, tmp_path):
    path = tmp_path / f"rows{ending}"
    write = {".hdf5": write_hdf5, ".parquet": write_lists, ".zarr": lambda path, X: zarr.save_array(path, X)}[ending]
    write(path, draw(rng, "<f4"))
    rows = open_rows(path)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    write(path, draw(rng, "<f4", (200, 1)))

    with pytest.raises(OSError, match=r"was changed since it was opened|its shape and dtype are \(\(200, 1\), dtype"):
        rows.read(10, 50)


OTHERS = {  # a function that writes, and the same numbers in another layout, of as many bytes
    ".npy": (write_npy, lambda path, X: write_npy(path, np.asfortranarray(X))),
    ".fvecs": (write_vecs, lambda path, X: write_vecs(path, np.ones((4, 9), "<f4"))),
    ".fbin": (write_bin, lambda path, X: write_bin(path, X.T.copy())),
    ".hdf5": (write_hdf5, lambda path, X: path.unlink() or write_hdf5(path, X.astype("<i4"))),
    ".zarr": (zarr.save_array, lambda path, X: shutil.rmtree(path) or zarr.save_array(path, X.astype("<i4"))),
}


@pytest.mark.parametrize("ending", OTHERS)
def test_a_file_of_another_layout_in_place_of_the_one_that_was_opened_is_refused(ending, rng, tmp_path):
    path, X = tmp_path / f"rows{ending}", draw(rng, "<f4", (8, 4))
    write, write_another = OTHERS[ending]
    write(path, X)
    rows = pickle.loads(pickle.dumps(open_rows(path)))
    time.sleep(0.02)  # more than a tick of the clock of a file system
    write_another(path, X)

    with pytest.raises(
        OSError, match=r"was changed since it was opened: it had \d+ bytes|dtype are .*int32.*, but were"
    ):
        rows.read(0, 4)


def test_a_file_that_is_replaced_while_its_rows_are_read_is_refused(rng, tmp_path, monkeypatch):
    write_bin(tmp_path / "rows.fbin", draw(rng, "<f4"))
    rows, open_raw = open_rows(tmp_path / "rows.fbin"), flat.open_raw

    def replace_and_open(path):
        write_bin(tmp_path / "rows.fbin", draw(rng, "<f4", (200, 9)))
        return open_raw(path)

    monkeypatch.setattr(flat, "open_raw", replace_and_open)

    with pytest.raises(OSError, match="was changed since it was opened"):
        rows.read(0, 50)


def test_a_row_of_another_width_is_refused_when_it_is_read(rng, tmp_path):
    X = draw(rng, "<f4")
    write_vecs(tmp_path / "rows.fvecs", X)
    with open(tmp_path / "rows.fvecs", "r+b") as file:
        file.seek(70 * 40)
        file.write(np.int32(8).tobytes())
    rows = open_rows(tmp_path / "rows.fvecs")

    assert np.array_equal(rows.read(0, 70), X[:70])
    with pytest.raises(ValueError, match=r"rows\.fvecs' says that row 70 has 8 numbers, but row 0 has 9"):
        rows.read(60, 80)


def test_a_damaged_chunk_is_refused(rng, tmp_path):
    zarr.create_array(tmp_path / "rows.zarr", data=draw(rng, "<f4"), chunks=(30, 9))
    chunk = tmp_path / "rows.zarr" / "c" / "2" / "0"
    chunk.write_bytes(chunk.read_bytes()[:50])
    rows = open_rows(tmp_path / "rows.zarr")

    assert rows.read(0, 60).shape == (60, 9)
    with pytest.raises(OSError, match=r"rows 50 to 69 of path='.*rows\.zarr' cannot be read"):
        rows.read(50, 70)


def test_a_matrix_is_chosen_by_its_name(rng, tmp_path):
    X, Y = draw(rng, "<f4"), draw(rng, "<f4", (5, 9))
    for name, some in (("train", X), ("test", Y)):
        write_hdf5(tmp_path / "both.hdf5", some, name)
        zarr.open_group(tmp_path / "both.zarr").create_array(name, data=some)
    write_lists(tmp_path / "both.parquet", X, id=range(100))

    for ending in (".hdf5", ".zarr"):
        assert np.array_equal(open_rows(f"{tmp_path}/both{ending}:test").read(0, 5), Y)
        assert np.array_equal(open_rows(tmp_path / f"both{ending}", dataset="train").read(0, 100), X)
        with pytest.raises(ValueError, match=r"dataset='tests' is not in .* did you mean 'test'"):
            open_rows(tmp_path / f"both{ending}", "tests")
    assert np.array_equal(open_rows(f"{tmp_path}/both.parquet:v").read(0, 100), X)
    with pytest.raises(ValueError, match="dataset='w' is no column of"):
        open_rows(f"{tmp_path}/both.parquet:w")
    with pytest.raises(ValueError, match="names a dataset, and so does dataset='train'"):
        open_rows(f"{tmp_path}/both.hdf5:test", "train")
    with pytest.raises(TypeError, match="dataset=5 is an int, but must be a str"):
        open_rows(f"{tmp_path}/both.hdf5", 5)
    np.save(tmp_path / "one.npy", X)
    with pytest.raises(ValueError, match=r"dataset='train', but a file \.npy holds one matrix"):
        open_rows(tmp_path / "one.npy", "train")


def test_gaps_in_columns_of_floats_are_nan_and_others_are_refused(tmp_path):
    pd.DataFrame({"a": [1.0, None, 3.0], "b": [4, 5, 6]}).to_parquet(tmp_path / "floats.parquet")
    pyarrow.parquet.write_table(pa.table({"a": [1, 2, 3], "b": pa.array([4, 5, None])}), tmp_path / "ints.parquet")
    lists = pa.array([[1, 2], None, [3, 4]], pa.list_(pa.float32(), 2))
    pyarrow.parquet.write_table(pa.table({"v": lists}), tmp_path / "lists.parquet")

    assert np.array_equal(
        open_rows(tmp_path / "floats.parquet").read(0, 3), [[1, 4], [np.nan, 5], [3, 6]], equal_nan=True
    )
    with pytest.raises(ValueError, match=r"ints\.parquet' has a gap in row 2 of column 'b'"):
        open_rows(tmp_path / "ints.parquet").read(1, 3)
    with pytest.raises(ValueError, match=r"lists\.parquet' has a gap in row 1 of column 'v'"):
        open_rows(tmp_path / "lists.parquet").read(0, 3)


def test_reading_on_decodes_no_rows_of_a_parquet_file_again(rng, tmp_path, monkeypatch):
    begun, iter_batches = [], pyarrow.parquet.ParquetFile.iter_batches

    def count(file, n_at_once, groups, *args, **kwargs):
        begun.extend(groups)
        return iter_batches(file, n_at_once, groups, *args, **kwargs)

    monkeypatch.setattr(pyarrow.parquet.ParquetFile, "iter_batches", count)
    write_lists(tmp_path / "rows.parquet", X := draw(rng, "<f4"))
    rows = open_rows(tmp_path / "rows.parquet")

    blocks = [rows.read(i, min(i + 7, 100)) for i in range(0, 100, 7)]
    assert np.array_equal(np.concatenate(blocks), X)
    assert begun == [0, 1, 2]
    rows.read(50, 60)
    rows.read(55, 60)
    assert begun == [0, 1, 2, 1, 1]
    with monkeypatch.context() as patch:  # as in a child that was forked, which shares the place in the open file
        patch.setattr(os, "getpid", lambda: -1)
        assert np.array_equal(rows.read(60, 70), X[60:70])
    assert begun == [0, 1, 2, 1, 1, 1]


def test_a_model_that_was_updated_has_its_rows_in_their_order(rng, tmp_path):
    X = rng.normal(size=(90, 4))
    model = NearestNeighbors().fit(X[:50])
    model.add(X[50:])
    model.remove([3, 60])
    model.save(tmp_path / "model.npz")

    assert np.array_equal(open_rows(tmp_path / "model.npz").read(0, 88), np.delete(X, [3, 60], axis=0))


@pytest.mark.parametrize("package", ["h5py", "pyarrow", "zarr"])
def test_a_missing_package_is_named_with_the_extra(package, tmp_path, monkeypatch):
    ending = {"h5py": ".hdf5", "pyarrow": ".parquet", "zarr": ".zarr"}[package]
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, "pyarrow.parquet")
    (tmp_path / f"rows{ending}").mkdir() if package == "zarr" else (tmp_path / f"rows{ending}").touch()

    with pytest.raises(ImportError, match=rf"needs {package}: pip install 'verified-knn\[files\]'"):
        open_rows(tmp_path / f"rows{ending}")


def test_importing_the_readers_loads_no_package_of_a_format():
    code = "import accelerated, sys; assert 'accelerated.files' not in sys.modules; import accelerated.files"
    code += "; assert not {'h5py', 'pyarrow.parquet', 'zarr', 'dask'} & {*sys.modules}"  # pandas imports pyarrow

    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("dtype", ["<f4", ">f8", "u1"])
@pytest.mark.parametrize("offset", [0, 8, 4096, 5000, 131_073])
def test_a_memory_map_is_read_from_its_file(dtype, offset, rng, tmp_path):
    mapped = np.memmap(tmp_path / "rows", dtype, "w+", offset, (600, 14))
    mapped[:] = draw(rng, dtype, (600, 14))
    views = [mapped, mapped[10:], mapped[10:500][5:7], mapped[599:], mapped[3:].reshape(-1, 7)]
    views.append(np.memmap(tmp_path / "rows", dtype, "r", offset, (600, 14))[50:])

    for view in views:
        rows = pickle.loads(pickle.dumps(of_memmap(view)))
        assert rows.shape == view.shape
        assert rows.dtype == view.dtype.newbyteorder("=")
        assert np.array_equal(rows.read(0, len(view)), view)
    rows = of_memmap(mapped)
    mapped[7] = 1
    assert rows.read(7, 8).tolist() == [[1] * 14]


def test_other_arrays_have_no_file(rng, tmp_path):
    mapped = np.memmap(tmp_path / "rows", "f4", "w+", 0, (60, 8))
    mapped[:] = rng.normal(size=(60, 8))
    private = np.memmap(tmp_path / "rows", "f4", "c", 0, (60, 8))
    others = [mapped[::2], mapped[:, 1:], mapped.T, mapped[0], mapped[:0], mapped + 1, mapped[[1, 2]], mapped.copy()]

    for array in [*others, private, np.asarray(mapped), np.ones((3, 2)), mapped.view("V4"), [[1.0]]]:
        assert of_memmap(array) is None


@pytest.mark.parametrize("what", ["deleted", "cut", "replaced"])
def test_a_memory_map_whose_file_is_gone_has_no_file(what, rng, tmp_path):
    path = tmp_path / "rows.npy"
    np.save(path, rng.normal(size=(60, 8)))
    mapped = np.load(path, mmap_mode="r")
    path.rename(tmp_path / "old.npy")
    if what != "deleted":
        np.save(path, rng.normal(size=(60, 8)))
    if what == "cut":
        np.save(path, mapped[:50])

    assert of_memmap(mapped) is None


class Numbers(RowsFile):
    """Rows that are made when they are read; it keeps the blocks that are in memory."""

    def __init__(self, bad=None):
        super().__init__("numbers", (100, 3), np.dtype(float))
        object.__setattr__(self, "blocks", weakref.WeakSet())
        object.__setattr__(self, "begun", [])
        object.__setattr__(self, "bad", bad)

    def _read(self, start, stop):
        self.begun.append(start)
        if start == self.bad:
            raise OSError("the disk is broken")
        block = np.repeat(np.arange(start, stop, dtype=float)[:, None], 3, axis=1).view(Kept)
        self.blocks.add(block)
        return block


class Kept(np.ndarray):
    """An array that can be in a WeakSet."""

    __hash__ = object.__hash__


def readers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("verified-knn-reader")]


@pytest.mark.parametrize("n_ahead", [0, 1, 3])
def test_blocks_are_read_ahead_in_order_and_few_are_in_memory(n_ahead):
    source, most, firsts = Numbers(), 0, []
    for block in read_ahead(source, range(0, 100, 7), 7, n_ahead):
        firsts.append(int(block[0, 0]))
        wait_until(lambda: len(source.begun) >= min(15, len(firsts) + n_ahead))
        most = max(most, len(source.blocks))
        assert len(source.begun) <= len(firsts) + n_ahead
    assert firsts == list(range(0, 100, 7))
    assert block.shape == (2, 3)
    assert most <= n_ahead + 1
    assert readers() == []


def wait_until(condition):
    for _ in range(10_000):
        if condition():
            return
        time.sleep(0.001)
    raise AssertionError("it never happened")


def test_an_error_is_raised_at_the_block_that_cannot_be_read():
    source, firsts = Numbers(bad=30), []

    with pytest.raises(OSError, match="the disk is broken"):
        for block in read_ahead(source, range(0, 100, 10), 10, 2):
            firsts.append(int(block[0, 0]))
    assert firsts == [0, 10, 20]
    assert readers() == []


def test_the_reader_ends_when_its_caller_stops():
    source = Numbers()
    for _ in read_ahead(source, range(0, 100, 10), 10, 2):
        break
    gc.collect()
    assert readers() == []
    assert len(source.begun) <= 3
    with pytest.raises(KeyboardInterrupt):
        raise_in_loop(source)
    gc.collect()
    assert readers() == []


def raise_in_loop(source):
    blocks = read_ahead(source, range(0, 100, 10), 10)
    try:
        for _ in blocks:
            raise KeyboardInterrupt
    finally:
        blocks.close()


def test_the_speeds_of_all_formats_are_measured(capsys):
    seconds = reading.main((1000, 8), rounds=1)

    assert list(seconds) == list(reading.FORMATS)
    assert all(taken > 0 for of_one in seconds.values() for taken in of_one.values())
    assert len(capsys.readouterr().out.splitlines()) == len(reading.FORMATS) + 2
