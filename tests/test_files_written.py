"""Files that are written: other tools read the same rows, no number changes, and a file is complete or as it was."""

import math
import os
import re

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays, from_dtype

from accelerated.files import open_rows, read_neighbors, write_neighbors, write_rows, writing
from accelerated.files.casting import fit_numbers

TYPES = {  # of the formats that have one
    **{".fvecs": "<f4", ".bvecs": "u1", ".ivecs": "<i4"},
    **{".fbin": "<f4", ".u8bin": "u1", ".i8bin": "i1", ".ibin": "<i4"},
}
ENDINGS = (*TYPES, ".npy", ".hdf5", ".h5")
NUMBERS = ("?", "u1", "i1", "<u2", "<i4", ">i4", "<i8", "<u8", "<f2", "<f4", ">f4", "<f8")


def read_with_other_tools(path):
    """The rows of a file, read by NumPy and h5py alone."""
    if path.suffix == ".npy":
        return np.load(path)
    if path.suffix in (".hdf5", ".h5"):
        with h5py.File(path) as file:
            return file["train"][:]
    dtype, content = np.dtype(TYPES[path.suffix]), path.read_bytes()
    if path.suffix.endswith("bin"):
        n, d = np.frombuffer(content, "<u4", 2).tolist()
        return np.frombuffer(content, dtype, offset=8).reshape(n, d)
    d = int(np.frombuffer(content, "<i4", 1)[0])
    rows = np.frombuffer(content, np.uint8).reshape(-1, 4 + d * dtype.itemsize)
    assert (np.ascontiguousarray(rows[:, :4]).view("<i4") == d).all()
    return np.ascontiguousarray(rows[:, 4:]).view(dtype)


def uneven(X):
    """Blocks of several sizes, some of them empty."""
    return (X[i:j] for i, j in [(0, 1), (1, 1), (1, 30), (30, 99), (99, 99), (99, 100)])


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("given", ["an array", "blocks", "a file", "a list", "a DataFrame", "a tensor", "columns"])
def test_other_tools_read_the_rows_that_were_written(ending, given, rng, tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "AT_ONCE", 500)  # so that there are many blocks
    X = rng.integers(0, 100, (100, 9)).astype(TYPES.get(ending, "f8"))
    np.save(tmp_path / "source.npy", X)
    rows = {
        "an array": lambda: X,
        "blocks": lambda: uneven(X),
        "a file": lambda: open_rows(tmp_path / "source.npy"),
        "a list": lambda: X.tolist(),
        "a DataFrame": lambda: pd.DataFrame(X),
        "a tensor": lambda: torch.from_numpy(X),
        "columns": lambda: np.asfortranarray(X),
    }[given]()
    path = tmp_path / f"rows{ending}"
    write_rows(path, rows)

    assert np.array_equal(read_with_other_tools(path), X)
    assert np.array_equal(open_rows(path).read(0, 100), X)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted({"source.npy", path.name})


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("ending", [".npy", ".hdf5"])
def test_a_format_of_all_types_keeps_the_type(ending, dtype, rng, tmp_path):
    X = rng.integers(0, 2, (20, 3)).astype(dtype)
    write_rows(tmp_path / f"rows{ending}", uneven(X) if len(X) == 100 else X)

    read = read_with_other_tools(tmp_path / f"rows{ending}")
    assert (read.dtype, read.tolist()) == (X.dtype, X.tolist())
    write_rows(tmp_path / f"rows{ending}", X, dtype="float32")
    assert read_with_other_tools(tmp_path / f"rows{ending}").dtype == np.float32


def test_a_matrix_in_an_hdf5_file_has_the_name_that_the_path_says(tmp_path):
    write_rows(f"{tmp_path}/rows.hdf5:a/base", [[1, 2]])

    assert open_rows(f"{tmp_path}/rows.hdf5:a/base").read(0, 1).tolist() == [[1, 2]]


def holds(value, dtype):
    """Whether a type holds a number of Python: ints and floats of Python are compared exactly."""
    if dtype.kind in "bui":
        low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        return math.isfinite(value) and value == int(value) and low <= value <= high
    with np.errstate(over="ignore"):
        kept = float(np.array(value).astype(dtype))
    return kept == value or (value != value and kept != kept)


EDGES = [2.0**e + s for e in (7, 8, 15, 24, 31, 32, 53, 63, 64) for s in (-1, 0, 1)] + [
    0.5,
    65504.0,
    65520.0,
    1e-46,
    0,
    1,
]


@pytest.mark.parametrize("source", NUMBERS)
@given(data=st.data())
def test_a_number_is_taken_only_if_the_type_holds_it(source, data):
    source, target = np.dtype(source), np.dtype(data.draw(st.sampled_from(NUMBERS)))
    near = [edge for edge in (*EDGES, *(-edge for edge in EDGES)) if holds(edge, source)]
    numbers = st.one_of(st.sampled_from([source.type(edge) for edge in near]), from_dtype(source))
    block = data.draw(arrays(source, (3, 2), elements=numbers))
    fits = np.array([[holds(value, target) for value in row] for row in block.tolist()])

    if fits.all():
        kept = fit_numbers(block, target)
        assert kept.dtype == target
        assert all(
            a == b or a != a != b != b for a, b in zip(kept.ravel().tolist(), block.ravel().tolist(), strict=True)
        )
    else:
        i, j = np.argwhere(~fits)[0]
        with pytest.raises(ValueError, match=f"in row {100 + i}, column {j}, which {target.name} does not hold"):
            fit_numbers(block, target, first=100)


BAD = {  # ending, rows, dtype and the message
    "3e9 into int32": (".ivecs", [[1, 2], [3, 3_000_000_000]], None, "3000000000 in row 1, column 1, which int32 does"),
    "0.5 into uint8": (
        ".u8bin",
        [[1, 0.5]],
        None,
        "0.5 in row 0, column 1, which uint8 does not hold: pass a dtype or",
    ),
    "-1 into uint8": (".bvecs", [[1, -1]], None, "-1 in row 0, column 1, which uint8"),
    "NaN into ints": (".i8bin", [[1, np.nan]], None, "NaN in row 0, column 1, which int8"),
    "infinity into ints": (".i8bin", np.array([[-np.inf, 1]]), None, "-inf in row 0, column 0, which int8"),
    "0.1 into float32": (
        ".fbin",
        [[1, 0.1]],
        None,
        "0.1 in row 0, column 1, which float32 .*: pass dtype='float32' to",
    ),
    "2^24 + 1 into float32": (".fbin", [[2**24 + 1]], None, "16777217 in row 0, column 0, which float32"),
    "1e39 rounded to float32": (".fvecs", [[1e39]], "f4", "1e[+]39 in row 0, column 0, which float32"),
    "1e39 into float32": (".fvecs", [[1e39]], None, "1e[+]39 in row 0, column 0, .* pass a dtype or a format"),
    "blocks of two widths": (
        ".npy",
        iter([np.ones((3, 2)), np.ones((3, 4))]),
        None,
        "2 columns up to row 2, and then 4",
    ),
    "no blocks": (".npy", iter([]), None, "0 rows of 0 columns, but a file needs at least one of each"),
    "no rows": (".fvecs", np.ones((0, 3)), None, "0 rows of"),
    "no columns": (".fbin", np.ones((3, 0)), None, "3 rows of 0 columns"),
    "one dimension": (".npy", [1.0, 2.0], None, r"shape \(2,\) and dtype float64, but must be a matrix"),
    "strings": (".npy", [["a"]], None, "must be a matrix, .* of a numeric dtype"),
    "complex numbers": (".npy", [[1j]], None, "must be a matrix, .* of a numeric dtype"),
    "another dtype": (".fbin", [[1.0]], "f8", r"dtype='float64', but \.fbin files hold float32: leave dtype out"),
    "a dtype of text": (".npy", [[1.0]], "U3", "dtype='str96', but must be of real numbers"),
    "a format that is only read": (".parquet", [[1.0]], None, "an ending that is not known: pass a path that ends in"),
}


@pytest.mark.parametrize("name", BAD)
def test_rows_that_cannot_be_written_are_refused_and_an_older_file_stays(name, tmp_path):
    ending, rows, dtype, message = BAD[name]
    path = tmp_path / f"rows{ending}"
    path.write_bytes(b"older")

    with pytest.raises(ValueError, match=message):
        write_rows(path, rows, dtype)
    assert path.read_bytes() == b"older"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_floats_are_rounded_where_their_type_is_given(tmp_path):
    write_rows(tmp_path / "rows.fvecs", [[0.1, np.nan], [np.inf, 1e-50]], np.float32)

    assert np.array_equal(
        open_rows(tmp_path / "rows.fvecs").read(0, 2), np.float32([[0.1, np.nan], [np.inf, 0]]), equal_nan=True
    )


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interrupted_write_leaves_the_older_file(ending, error, rng, tmp_path):
    path = tmp_path / f"rows{ending}"
    write_rows(path, X := rng.integers(0, 9, (5, 3)))

    def blocks():
        yield X
        raise error("stop")

    with pytest.raises(error, match="stop"):
        write_rows(path, blocks())
    assert np.array_equal(read_with_other_tools(path), X)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_folder_that_does_not_exist_is_named(ending, tmp_path):
    with pytest.raises(FileNotFoundError, match=re.escape(f"{tmp_path}/no/rows{ending}'")):
        write_rows(tmp_path / "no" / f"rows{ending}", [[1]])


TRUTHS = (".ibin", ".bin", ".ivecs", ".npy", ".hdf5", ".h5")
EXACT = (".npy", ".hdf5", ".h5")


def draw_neighbors(rng):
    indices = rng.integers(0, 2**31 - 1, (40, 6))
    distances = np.sort(rng.random((40, 6)), axis=1)
    indices[3, 4:], distances[3, 4:] = -1, np.inf
    return indices, distances


@pytest.mark.parametrize("ending", TRUTHS)
@pytest.mark.parametrize("with_distances", [True, False])
def test_neighbours_come_back(ending, with_distances, rng, tmp_path):
    indices, distances = draw_neighbors(rng)
    path = tmp_path / f"truth{ending}"
    write_neighbors(path, indices, distances if with_distances else None)
    found, lengths = read_neighbors(path)

    assert (found.dtype, found.tolist()) == (np.int64, indices.tolist())
    if with_distances:
        exact = distances if ending in EXACT else distances.astype(np.float32)
        assert (lengths.dtype, lengths.tolist()) == (exact.dtype, exact.tolist())
    else:
        assert lengths is None


def test_neighbours_are_those_that_other_tools_wrote_and_read(rng, tmp_path):
    indices, distances = draw_neighbors(rng)
    indices[indices < 0] = 0  # big-ann-benchmarks has no missing neighbours
    rounded = distances.astype("<f4")
    head = np.array([40, 6], "<u4").tobytes()
    as_big_ann = head + indices.astype("<u4").tobytes() + rounded.tobytes()
    (tmp_path / "other.bin").write_bytes(as_big_ann)
    with h5py.File(tmp_path / "other.hdf5", "w") as file:
        file["neighbors"], file["distances"] = indices.astype("i4"), rounded
        file["train"], file["test"] = np.ones((9, 2)), np.ones((40, 2))
    write_neighbors(tmp_path / "ours.bin", indices, distances)
    write_neighbors(tmp_path / "ours.ivecs", indices, distances)
    write_neighbors(tmp_path / "ours.npy", indices, distances)

    for name in ("other.bin", "other.hdf5"):
        found, lengths = read_neighbors(tmp_path / name)
        assert (found.tolist(), lengths.tolist()) == (indices.tolist(), rounded.tolist())
    assert (tmp_path / "ours.bin").read_bytes() == as_big_ann
    assert np.array_equal(read_with_other_tools(tmp_path / "ours.ivecs"), indices)
    assert np.array_equal(read_with_other_tools(tmp_path / "ours.fvecs"), rounded)
    assert np.array_equal(np.load(tmp_path / "ours.distances.npy"), distances)


def test_indices_beyond_int32_are_kept_where_the_format_holds_them(tmp_path):
    for ending in (".ibin", ".npy", ".hdf5"):
        write_neighbors(tmp_path / f"truth{ending}", [[2**32 - 2, -1]])
        assert read_neighbors(tmp_path / f"truth{ending}")[0].tolist() == [[2**32 - 2, -1]]


WRONG = {  # ending, indices, distances and the message
    "an index beyond uint32": (
        ".ibin",
        [[2**32]],
        None,
        "indices has 4294967296 in row 0, column 0, which uint32 does",
    ),
    "an index beyond int32": (".ivecs", [[0], [2**31]], None, "indices has 2147483648 in row 1, column 0, which int32"),
    "an index below -1": (".npy", [[-2]], None, "indices has -2 to -2, but must have numbers from -1 on"),
    "an index of a float": (".npy", [[1.0]], None, "dtype float64, but must be a matrix of ints"),
    "indices of one query": (".npy", [1, 2], None, r"indices has shape \(2,\)"),
    "another shape": (".npy", [[1, 2]], [[1.0]], r"distances has shape \(1, 1\) .*, but must hold a number for each"),
    "a distance beyond float32": (".bin", [[1]], [[1e39]], r"distances has 1e\+39 in row 0, column 0, which float32"),
    "another ending": (".fbin", [[1]], None, r"not known: pass a path that ends in \.bin, \.h5, \.hdf5, \.ibin"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_neighbours_are_refused_and_older_ones_stay(name, tmp_path):
    ending, indices, distances, message = WRONG[name]
    path = tmp_path / f"truth{ending}"
    path.write_bytes(b"older")

    with pytest.raises(ValueError, match=message):
        write_neighbors(path, indices, distances)
    assert path.read_bytes() == b"older"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_distances_of_other_neighbours_are_never_taken_for_those_of_these(rng, tmp_path):
    indices, distances = draw_neighbors(rng)
    write_neighbors(tmp_path / "truth.npy", indices, distances)
    with pytest.raises(ValueError, match="would be read as the distances: remove it first"):
        write_neighbors(tmp_path / "truth.npy", indices[:, :2])
    write_rows(tmp_path / "truth.npy", indices[:, :2])
    with pytest.raises(ValueError, match=r"truth\.npy': distances has shape \(40, 6\)"):
        read_neighbors(tmp_path / "truth.npy")


@pytest.mark.parametrize("ending", [".ibin", ".bin"])
def test_a_file_of_neighbours_that_is_not_whole_is_refused(ending, rng, tmp_path):
    path = tmp_path / f"truth{ending}"
    write_neighbors(path, *draw_neighbors(rng))
    for size in (7, 100, 8 + 4 * 240 + 1, 8 + 8 * 240 - 1, 8 + 8 * 240 + 1):
        os.truncate(path, size)
        with pytest.raises(ValueError, match=rf"truth\{ending}' has {size} bytes, but"):
            read_neighbors(path)


@pytest.mark.parametrize("name", ["/", "//", "."])
def test_a_dataset_without_a_name_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match=r"names no dataset behind the colon: pass '.*rows\.h5:train'"):
        write_rows(f"{tmp_path}/rows.h5:{name}", [[1, 2]])
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_an_error_with_the_path_that_the_caller_knows(tmp_path, monkeypatch):
    def full(opened):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match=r"No space left on device: '.*/rows\.fbin'"):
        write_rows(tmp_path / "rows.fbin", [[1, 2]])


def test_one_hdf5_file_holds_base_queries_and_truth(tmp_path, rng):
    path, X, Q = tmp_path / "ann.hdf5", rng.random((20, 3)), rng.random((4, 3))
    write_rows(f"{path}:train", X)
    with h5py.File(path, "a") as file:
        file.attrs["distance"] = "euclidean"
    write_rows(f"{path}:test", Q)
    write_neighbors(path, [[1, 2]] * 4, [[0.5, 1.0]] * 4)
    write_rows(f"{path}:train", X[:5])  # in place of the first one

    with h5py.File(path) as file:
        assert sorted(file) == ["distances", "neighbors", "test", "train"]
        assert np.array_equal(file["train"], X[:5]) and np.array_equal(file["test"], Q)
        assert file.attrs["distance"] == "euclidean"
    write_neighbors(path, [[3, 0]] * 4)  # the distances are of other neighbours
    indices, distances = read_neighbors(path)
    assert indices.tolist() == [[3, 0]] * 4 and distances is None


def test_a_damaged_hdf5_file_is_replaced(tmp_path):
    path = tmp_path / "rows.hdf5"
    path.write_bytes(b"not HDF5")
    write_rows(path, [[1.0, 2.0]])

    assert open_rows(path).read(0, 1).tolist() == [[1.0, 2.0]]
