"""Ground truth from files: exact, the same file after every interrupt, and refused in words for bad files."""

import doctest
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from accelerated.__main__ import main
from accelerated.files import read_neighbors, write_neighbors, write_rows
from accelerated.ground_truth import find_ground_truth, verify
from accelerated.ground_truth import search as search_module
from reference import NearestNeighbors

ROOT = Path(__file__).parent.parent


def write_files(folder, rng):
    """The base, 600 rows on a lattice with many ties, and 30 queries, as files of two formats."""
    base, queries = folder / "base.u8bin", folder / "queries.npy"
    write_rows(base, rng.integers(0, 4, (600, 5)).astype(np.uint8))
    write_rows(queries, rng.integers(0, 4, (30, 5)).astype(np.float32))
    return base, queries


@pytest.fixture
def files(tmp_path, rng):
    return write_files(tmp_path, rng)


def rows_of(path):
    return np.fromfile(path, np.uint8, offset=8).reshape(-1, 5) if path.suffix == ".u8bin" else np.load(path)


def make(files, out, k=12, **settings):
    return find_ground_truth(*files, k, out=out, **settings)


def run(capsys, *words):
    """The exit status, the output and the errors of a command line."""
    try:
        status = main([str(word) for word in words])
    except SystemExit as exit:
        status = exit.code
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine", "chebyshev", "hamming", "minkowski"])
def test_the_neighbours_are_those_of_reference(files, tmp_path, metric, device):
    out = tmp_path / "truth.hdf5"

    make(files, out, metric=metric, shard_rows=170, device=device)

    indices, distances = read_neighbors(out)
    expected = NearestNeighbors(12, metric=metric).fit(rows_of(files[0])).kneighbors(rows_of(files[1]))
    assert np.array_equal(indices, expected[1])
    assert np.array_equal(distances, expected[0])
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(
        ["base.u8bin", "queries.npy", "truth.hdf5", "truth.hdf5.json"]
    )


def test_no_byte_depends_on_the_size_of_shards_their_order_or_the_memory(files, tmp_path, monkeypatch):
    outs = [tmp_path / f"{name}.ibin" for name in ("whole", "single", "some", "small", "backwards")]
    make(files, outs[0])
    make(files, outs[1], k=12, shard_rows=5)  # fewer rows than neighbours
    make(files, outs[2], shard_rows=599)
    make(files, outs[3], memory_limit="64KiB")
    forwards = search_module.blocks_of
    monkeypatch.setattr(search_module, "blocks_of", lambda job, starts, size: forwards(job, starts[::-1], size))
    make(files, outs[4], shard_rows=100)

    assert len({out.read_bytes() for out in outs}) == 1
    assert json.loads(Path(f"{outs[3]}.json").read_text())["shards"] > 1


def test_parts_hold_only_rows_that_may_be_among_the_nearest(tmp_path, rng, monkeypatch):
    """A later shard is told the k-th distances so far; else all parts together would be many times the result."""
    files, widths = (tmp_path / "base.npy", tmp_path / "queries.npy"), []
    np.save(files[0], rng.random((20_000, 16)))
    np.save(files[1], rng.random((200, 16)))
    write = search_module.PartsFolder.write

    def write_and_note(folder, start, part):
        widths.append(part.found.indices.shape[1])
        write(folder, start, part)

    monkeypatch.setattr(search_module.PartsFolder, "write", write_and_note)
    make(files, tmp_path / "small.hdf5", k=50, shard_rows=2000)
    make(files, tmp_path / "whole.hdf5", k=50)

    assert widths[0] == 51 and len(widths) == 11
    assert max(widths[5:10]) < 40
    assert (tmp_path / "small.hdf5").read_bytes() == (tmp_path / "whole.hdf5").read_bytes()


def test_a_sorted_base_whose_nearest_rows_come_last_or_repeat_is_searched_right(tmp_path, rng):
    """The first shards are far from the queries, so their distances exclude nothing in the next ones."""
    files = tmp_path / "base.npy", tmp_path / "queries.npy"
    rows = np.repeat(rng.integers(0, 9, (600, 12)), 5, axis=0) + np.linspace(50, 0, 3000)[:, None].round()
    np.save(files[0], rows.astype(np.float32))
    np.save(files[1], rng.integers(0, 9, (40, 12)).astype(np.float32))

    make(files, tmp_path / "truth.npy", shard_rows=500)

    expected = NearestNeighbors(12).fit(rows).kneighbors(np.load(files[1]))
    assert np.array_equal(read_neighbors(tmp_path / "truth.npy")[0], expected[1])
    assert np.array_equal(read_neighbors(tmp_path / "truth.npy")[1], expected[0])


def test_the_json_tells_the_inputs_the_filters_and_the_ties(files, tmp_path):
    out = tmp_path / "truth.npy"

    made = make(files, out, shard_rows=300)

    assert json.loads(Path(f"{out}.json").read_text()) == made
    distances = NearestNeighbors(13).fit(rows_of(files[0])).kneighbors(rows_of(files[1]))[0]
    assert made["ties"]["queries"] == np.flatnonzero(distances[:, 11] == distances[:, 12]).tolist()
    assert 0 < made["ties"]["n_queries"] == len(made["ties"]["queries"]) < 30
    assert sum(made["certified"].values()) == 2 * 30 and made["shards"] == 2
    for name, file in zip(("base", "queries"), files, strict=True):
        [sha256, _] = subprocess.run(["sha256sum", file], capture_output=True, text=True, check=True).stdout.split()
        assert made[name]["sha256"] == sha256
    assert made["versions"]["torch"] == torch.__version__


def test_as_many_neighbours_as_rows_have_none_beyond(files, tmp_path):
    made = make(files, tmp_path / "truth.npy", k=600)

    assert made["ties"] == {"n_queries": 0, "queries": []}
    assert np.array_equal(np.sort(read_neighbors(tmp_path / "truth.npy")[0], 1), np.tile(np.arange(600), (30, 1)))


KILLED = """
import os, signal, sys
from accelerated.ground_truth import parts_folder, search

written = []
write = parts_folder.PartsFolder.write

def write_and_die(folder, start, part):
    if len(written) == 3:
        unfinished = folder.path / f"{start:012d}.npz.abcd.part"  # as a kill amid writing leaves it
        unfinished.write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
    write(folder, start, part)
    written.append(start)

search.PartsFolder.write = write_and_die
search.find_ground_truth(*sys.argv[1:3], 12, out=sys.argv[3], shard_rows=100)
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The files and the parts of a search of six shards, whose process was killed when three of them were finished."""
    folder = tmp_path_factory.mktemp("killed")
    files, out = write_files(folder, np.random.default_rng(0)), folder / "truth.hdf5"
    done = subprocess.run([sys.executable, "-c", KILLED, *map(str, files), str(out)], cwd=ROOT)
    parts = folder / "truth.hdf5.parts"
    assert done.returncode == -signal.SIGKILL
    assert not out.exists() and len(list(parts.glob("*.npz"))) == 3 and len(list(parts.glob("*.part"))) == 1
    make(files, folder / "whole.hdf5")
    return files, parts, (folder / "whole.hdf5").read_bytes()


@pytest.fixture
def resumed(killed, tmp_path):
    """The files of that search, a copy of its parts, where its result is to be, and the bytes of the whole one."""
    files, parts, whole = killed
    return files, shutil.copytree(parts, tmp_path / parts.name), tmp_path / "truth.hdf5", whole


def searched(monkeypatch):
    """A list that takes the first row of each shard that is searched."""
    starts, forwards = [], search_module.search_block

    def search_and_note(job, queries, start, block, *others):
        starts.append(start)
        return forwards(job, queries, start, block, *others)

    monkeypatch.setattr(search_module, "search_block", search_and_note)
    return starts


def interrupted_at(first, error=KeyboardInterrupt):
    """The search of a shard, which raises at the shard that begins with the row ``first``."""
    forwards = search_module.search_block

    def search(job, queries, start, block, *others):
        if start == first:
            raise error
        return forwards(job, queries, start, block, *others)

    return search


def test_killed_and_called_again_it_writes_the_same_file_and_repeats_no_finished_shard(resumed, monkeypatch):
    files, folder, out, whole = resumed
    starts = searched(monkeypatch)

    make(files, out)  # the size of shards is that of the parts

    assert starts == [300, 400, 500]
    assert out.read_bytes() == whole
    assert not folder.exists()


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "removed"])
def test_a_damaged_part_is_done_again(resumed, monkeypatch, damage):
    files, folder, out, whole = resumed
    part = folder / "000000000100.npz"
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    damaged = {"cut": content[: len(content) // 2], "changed": content, "empty": b""}
    part.write_bytes(damaged[damage]) if damage in damaged else part.unlink()
    starts = searched(monkeypatch)

    make(files, out)

    assert starts == [100, 300, 400, 500]
    assert out.read_bytes() == whole


def test_a_real_run_of_the_command_line_survives_a_kill_at_any_time(tmp_path, rng):
    """The process is killed from outside, twice, wherever it is when another part has come."""
    base, queries, out = tmp_path / "base.fvecs", tmp_path / "queries.fvecs", tmp_path / "truth.hdf5"
    write_rows(base, rng.random((20_000, 8), dtype=np.float32))
    write_rows(queries, rng.random((300, 8), dtype=np.float32))
    words = [base, queries, "-k", 5, "--out", out, "--shard-rows", 200, "--quiet"]
    command = [sys.executable, "-m", "accelerated", "ground-truth", *map(str, words)]
    folder, n_kept = Path(f"{out}.parts"), 0
    for _ in range(2):
        process = subprocess.Popen(command, cwd=ROOT)
        while len(list(folder.glob("*.npz"))) <= n_kept and process.poll() is None:
            time.sleep(0.001)
        process.kill()
        process.wait()
        n_kept = len(list(folder.glob("*.npz")))
        assert 0 < n_kept < 100

    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)

    find_ground_truth(base, queries, 5, out=tmp_path / "whole.hdf5")
    assert out.read_bytes() == (tmp_path / "whole.hdf5").read_bytes()
    assert not folder.exists()


def test_an_interrupt_keeps_what_is_finished_and_says_so(files, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(search_module, "search_block", interrupted_at(200))
    out = tmp_path / "truth.ibin"

    status, _, errors = run(capsys, "ground-truth", *files, "-k", 3, "--out", out, "--shard-rows", 100, "--quiet")

    assert status == 130 and "the same call goes on" in errors
    assert [part.name for part in sorted(Path(f"{out}.parts").glob("*.npz"))] == [
        "000000000000.npz",
        "000000000100.npz",
    ]


def test_parts_of_another_dataset_of_the_same_file_are_refused(tmp_path, rng, monkeypatch):
    path, out = tmp_path / "all.hdf5", tmp_path / "truth.npy"
    with h5py.File(path, "w") as file:
        for name in ("train", "other", "test"):
            file[name] = rng.random((50, 3))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(search_module, "search_block", interrupted_at(30))
        find_ground_truth(f"{path}:train", f"{path}:test", 3, out=out, shard_rows=30)

    with pytest.raises(ValueError, match="begun with dataset of base='train', but now it is 'other'"):
        find_ground_truth(f"{path}:other", f"{path}:test", 3, out=out)

    assert find_ground_truth(f"{path}:train", f"{path}:test", 3, out=out)["base"]["dataset"] == "train"


def test_a_full_disk_is_one_clear_error_and_keeps_what_is_finished(files, tmp_path, capsys, monkeypatch):
    write, fsync = search_module.PartsFolder.write, os.fsync

    def full(opened):
        raise OSError(28, "No space left on device")

    def write_until_full(folder, start, part):
        monkeypatch.setattr(os, "fsync", full if start else fsync)
        write(folder, start, part)

    monkeypatch.setattr(search_module.PartsFolder, "write", write_until_full)
    out = tmp_path / "truth.ibin"

    status, _, errors = run(capsys, "ground-truth", *files, "-k", 3, "--out", out, "--shard-rows", 100, "--quiet")

    assert (
        status == 2 and "No space left on device: " in errors and "truth.ibin.parts/000000000100.npz'; what" in errors
    )
    assert "so the same call goes on from there" in errors
    assert sorted(part.name for part in Path(f"{out}.parts").iterdir()) == ["000000000000.npz", "begun.json"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": 13}, "begun with k=12, but now it is 13"),
        ({"metric": "manhattan"}, "begun with metric='euclidean', but now it is 'manhattan'"),
        ({"shard_rows": 99}, "begun with shard_rows=100, but now it is 99"),
        (0, "begun with changed_ns of base=[0-9]+, but now it is 1000"),
        (1, "begun with changed_ns of queries=[0-9]+, but now it is 1000"),
    ],
)
def test_parts_of_another_search_are_refused(resumed, change, message):
    files, folder, out, _ = resumed
    if isinstance(change, int):
        times = files[change].stat()
        os.utime(files[change], ns=(1000, 1000))

    with pytest.raises(ValueError, match=message):
        make(files, out, **(change if isinstance(change, dict) else {}))

    assert len(list(folder.glob("*.npz"))) == 3
    if isinstance(change, int):
        os.utime(files[change], ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_folder_with_other_files_is_not_removed(files, tmp_path):
    folder = tmp_path / "truth.hdf5.parts"
    folder.mkdir()
    (folder / "mine.txt").write_text("dear")

    with pytest.raises(
        ValueError, match=r"truth\.hdf5\.parts' holds 'mine\.txt', which is not of a ground truth: move"
    ):
        make(files, tmp_path / "truth.hdf5")

    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("mine.txt", "dear")]
    shutil.move(folder / "mine.txt", tmp_path / "other.hdf5.parts")
    with pytest.raises(ValueError, match=r"other\.hdf5\.parts' is a file, but must be a folder"):
        make(files, tmp_path / "other.hdf5")


@pytest.mark.parametrize(("ending", "beside"), [(".ivecs", ".fvecs"), (".npy", ".distances.npy")])
def test_a_result_that_would_be_written_over_an_input_or_another_file_is_refused(tmp_path, rng, ending, beside):
    base, queries, out = tmp_path / f"sift{beside}", tmp_path / "queries.npy", tmp_path / f"sift{ending}"
    write_rows(base, rng.random((20, 3), dtype=np.float32))
    write_rows(queries, rng.random((5, 3), dtype=np.float32))
    (tmp_path / "link").symlink_to(tmp_path)
    content = base.read_bytes()

    for place in (out, tmp_path / "link" / out.name):
        with pytest.raises(ValueError, match=rf"would be written over base='.*sift{beside}': pass another file"):
            make((base, queries), place, 3)
        with pytest.raises(ValueError, match="would be written over queries="):
            make((queries, base), place, 3)
    with pytest.raises(ValueError, match=r"would write its distances to .*, which is there without it"):
        make((queries, queries), out, 3)
    with pytest.raises(ValueError, match="would be written over base="):
        make((queries, base), tmp_path / "link" / "queries.npy", 3)
    for folder in ("a.npy", "b.hdf5.json"):
        (tmp_path / folder).mkdir()
        with pytest.raises(ValueError, match=f"would be written over the folder '.*{folder}'"):
            make((base, queries), tmp_path / folder.removesuffix(".json"), 3)
    assert base.read_bytes() == content and not list(tmp_path.glob("*.parts"))


def test_of_two_calls_at_once_the_second_is_refused_and_the_first_goes_on(files, tmp_path, monkeypatch):
    out, forwards, refused = tmp_path / "truth.hdf5", search_module.search_block, []

    def search_and_call(job, queries, start, block, *others):
        monkeypatch.setattr(search_module, "search_block", forwards)
        with pytest.raises(BlockingIOError, match=r"another call works in '.*truth\.hdf5\.parts': wait for it"):
            make(files, out)
        refused.append(start)
        return forwards(job, queries, start, block, *others)

    monkeypatch.setattr(search_module, "search_block", search_and_call)

    make(files, out, shard_rows=200)

    assert refused == [0]
    assert out.exists() and not Path(f"{out}.parts").exists()


@pytest.mark.parametrize("text", ["[1]", "{}", "null", '{"shard_rows": 0}', "half"])
def test_a_damaged_description_of_parts_is_refused_and_one_without_parts_is_made_anew(resumed, text):
    files, folder, out, whole = resumed
    (folder / "begun.json").write_text(text)
    with pytest.raises(ValueError, match=r"begun\.json' is damaged, .* remove the folder to begin anew"):
        make(files, out)
    assert len(list(folder.glob("*.npz"))) == 3

    for part in folder.glob("*.npz"):
        part.unlink()
    make(files, out)
    assert out.read_bytes() == whole


@pytest.mark.parametrize("metric", ["euclidean", "jaccard", "canberra"])
def test_too_little_memory_is_told_with_a_number_that_is_enough(files, tmp_path, metric):
    with pytest.raises(ValueError, match="memory_limit=64 is less than the") as raised:
        make(files, tmp_path / "truth.hdf5", memory_limit=64, metric=metric)
    assert not (tmp_path / "truth.hdf5.parts").exists()

    enough = int(re.search("pass memory_limit=([0-9]+)", str(raised.value))[1])
    tiny = tmp_path / "tiny.npy", files[1]
    np.save(tiny[0], rows_of(files[0])[:13])
    make(tiny, tmp_path / "truth.hdf5", memory_limit=enough, metric=metric)


@pytest.mark.parametrize(
    ("scheduler", "error", "message"),
    [
        ("threads", ValueError, "scheduler='threads' is not an address: pass the address of a scheduler of Dask"),
        (4, TypeError, "scheduler=4 is an int, but must be a str"),
    ],
)
def test_a_scheduler_that_is_not_an_address_is_refused(files, tmp_path, scheduler, error, message):
    with pytest.raises(error, match=message):
        make(files, tmp_path / "truth.hdf5", scheduler=scheduler)


def test_a_base_that_changes_meanwhile_is_refused(files, tmp_path, monkeypatch):
    forwards = search_module.search_block

    def changing(job, queries, start, block, *others):
        os.utime(files[0], ns=(1, 1))
        return forwards(job, queries, start, block, *others)

    monkeypatch.setattr(search_module, "search_block", changing)

    with pytest.raises(ValueError, match="was changed while it was read"):
        make(files, tmp_path / "truth.hdf5")

    assert not (tmp_path / "truth.hdf5").exists()


def test_bad_numbers_are_named_with_their_row_in_the_file(files, tmp_path):
    rows = np.zeros((1000, 5), np.float32)
    rows[876, 3] = np.nan
    write_rows(tmp_path / "bad.fvecs", rows)
    rows[876, 3], rows[500, 1] = 0, np.inf
    np.save(tmp_path / "bad.npy", rows)

    with pytest.raises(ValueError, match=r"base='.+bad.fvecs' has NaN in row 876, column 3"):
        make((tmp_path / "bad.fvecs", files[1]), tmp_path / "truth.hdf5", shard_rows=100)
    with pytest.raises(ValueError, match=r"queries='.+bad.npy' has inf in row 500, column 1"):
        make((files[0], tmp_path / "bad.npy"), tmp_path / "other.hdf5", shard_rows=100)
    assert len(list((tmp_path / "truth.hdf5.parts").glob("*.npz"))) == 8  # what was finished is kept


def test_a_file_that_is_cut_meanwhile_is_one_error(files, tmp_path, monkeypatch):
    forwards = search_module.search_block

    def cutting(job, queries, start, block, *others):
        os.truncate(files[0], 2000)
        return forwards(job, queries, start, block, *others)

    monkeypatch.setattr(search_module, "search_block", cutting)

    with pytest.raises(OSError, match=r"was changed since it was opened: it had 3008 bytes, .* and has 2000"):
        make(files, tmp_path / "truth.hdf5", shard_rows=100)


def bad_arguments(files, folder):
    base, queries = files
    return [
        (["ground-truth", folder / "none.fvecs", queries], "none.fvecs"),
        (["ground-truth", base, queries, "-k", 601], "k=601 is more than the 600 rows of base="),
        (["ground-truth", base, queries, "-k", 0], "k=0 is less than 1"),
        (
            ["ground-truth", base, queries, "--metric", "euclid"],
            "metric='euclid' is not one of .*did you mean 'euclidean'",
        ),
        (["ground-truth", base, queries, "--metric", "mahalanobis"], "metric='mahalanobis' is not one of"),
        (["ground-truth", base, queries, "--memory-limit", "2 GBB"], "memory_limit='2 GBB' is not a number of bytes"),
        (["ground-truth", base, queries, "--memory-limit", "64"], "memory_limit"),
        (["ground-truth", base, queries, "--shard-rows", 0], "shard_rows=0 is less than 1"),
        (["ground-truth", base, folder / "wide.npy"], "queries=.* has 6 features, but base=.* has 5"),
        (["verify", folder / "short.npy", base, queries], "found has 2 queries, but .* has 30"),
        (["verify", folder / "short.npy", base, queries, "--sample", -1], "sample=-1 is below 0"),
        (["recall", folder / "short.npy", folder / "wide.npy"], "matrix of ints"),
    ]


def test_bad_arguments_are_one_line_and_status_2(files, tmp_path, capsys):
    np.save(tmp_path / "wide.npy", np.zeros((3, 6)))
    np.save(tmp_path / "short.npy", np.zeros((2, 3), np.int64))
    for words, message in bad_arguments(files, tmp_path):
        more = ["--out", tmp_path / "truth.hdf5", "--quiet"] if words[0] == "ground-truth" else []
        status, output, errors = run(capsys, *words, *more)
        assert (status, output) == (2, "") and len(errors.splitlines()) == 1
        assert pytest.RaisesExc(ValueError, match=message).matches(ValueError(errors)), errors
    for out, message in (("truth.xyz", "ending that is not known"), ("base.ivecs", "No such folder for out: make it")):
        folder = tmp_path if out.endswith("xyz") else tmp_path / "nowhere"
        status, _, errors = run(capsys, "ground-truth", *files, "--out", folder / out)
        assert status == 2 and message in errors
    assert run(capsys, "ground-truth", *files, "--out", files[0])[0] == 2
    assert run(capsys, "fly")[0] == run(capsys)[0] == 2


def test_the_help_is_short(capsys):
    status, output, _ = run(capsys, "--help")

    assert status == 0 and len(output.splitlines()) < 25
    assert all(job in output for job in ("ground-truth", "recall", "verify"))


def test_recall_on_the_command_line_prints_both_kinds_and_what_ties_leave_open(files, tmp_path, capsys):
    out, found = tmp_path / "truth.hdf5", tmp_path / "found.npy"
    made = make(files, out)
    indices, distances = read_neighbors(out)
    tied = made["ties"]["queries"][0]
    answer = indices.copy()
    answer[tied, 11] = np.flatnonzero(
        ((rows_of(files[0]) - rows_of(files[1])[tied]) ** 2).sum(1) == round(distances[tied, 11] ** 2)
    )[-1]  # a row as far as the last one, which the truth does not name
    write_neighbors(found, answer)

    status, output, _ = run(capsys, "recall", found, out)
    _, unknown, _ = run(capsys, "recall", found, shutil.copy(out, tmp_path / "alone.hdf5"))
    _, first, _ = run(capsys, "recall", found, out, "-k", 1)
    write_neighbors(tmp_path / "bare.ivecs", indices)
    _, bare, _ = run(capsys, "recall", found, tmp_path / "bare.ivecs")

    n_tied = made["ties"]["n_queries"]
    assert status == 0
    assert f"{1 - 1 / 360:.6f}" in output.splitlines()[1]
    assert output.splitlines()[-1].startswith(f"for {n_tied} of 30 queries")
    assert output.splitlines()[2].endswith("to 1.000000") and "1.000000" in output.splitlines()[3]
    assert unknown.splitlines()[-1].startswith("for 30 of 30 queries")  # without the JSON any query may be tied
    assert first.splitlines()[0] == "recall of the first 1 rows of 30 queries"
    assert "truth has no distances" in bare


def test_recall_believes_no_description_of_another_truth(files, tmp_path, capsys):
    out, described = tmp_path / "truth.npy", tmp_path / "truth.npy.json"
    make(files, out)
    whole = json.loads(described.read_text())
    assert run(capsys, "recall", out, out)[0] == 0

    for queries, message in (
        ([30], "tied_beyond has 30, but must have numbers of the 30 queries"),
        (["a"], "tied_beyond"),
    ):
        described.write_text(json.dumps({**whole, "ties": {"n_queries": 1, "queries": queries}}))
        status, _, errors = run(capsys, "recall", out, out)
        assert status == 2 and message in errors
    described.write_text(json.dumps(whole))
    indices, distances = read_neighbors(out)
    write_neighbors(out, indices, distances + 1)  # the indices are the same
    status, _, errors = run(capsys, "recall", out, out)

    assert status == 2 and "truth.npy.json' is about another file than" in errors and "remove it" in errors


def test_verify_names_the_wrong_rows_and_counts_ties_in_another_order(files, tmp_path, capsys):
    out, given = tmp_path / "truth.npy", tmp_path / "given.npy"
    make(files, out)
    indices, distances = read_neighbors(out)
    same = np.argwhere(distances[:, 1:] == distances[:, :-1])[0]
    swapped = indices.copy()
    swapped[same[0], [same[1], same[1] + 1]] = indices[same[0], [same[1] + 1, same[1]]]
    write_neighbors(given, swapped)

    status, output, _ = run(capsys, "verify", given, *files, "--sample", 0, "--quiet")

    assert (status, output) == (
        0,
        "right: all 360 rows of 30 queries; 2 tie with the row of a lower index\n",
    )
    wrong = swapped.copy()
    wrong[3, 0] = far = int(np.abs(rows_of(files[0]) - rows_of(files[1])[3]).sum(1).argmax())
    wrong[4, 5], wrong[5, 11] = wrong[4, 4], 600
    write_neighbors(given, wrong)

    status, output, _ = run(capsys, "verify", given, *files, "--sample", 0, "--quiet")

    measured = float(np.sqrt(((rows_of(files[0])[far] - rows_of(files[1])[3].astype(np.float64)) ** 2).sum()))
    should = [
        f"but should be row {indices[place]} at {float(distances[place])!r}" for place in ((3, 0), (4, 5), (5, 11))
    ]
    assert status == 1
    assert output.splitlines() == [
        f"query 3, place 0: row {far} at {measured!r}, {should[0]}",
        f"query 4, place 5: row {wrong[4, 4]} was named before, {should[1]}",
        f"query 5, place 11: row 600 is not in the base, {should[2]}",
        "wrong: 3 of 360 rows, in 3 of 30 queries; 2 tie with the row of a lower index",
    ]


def test_verify_searches_the_sample_that_the_seed_draws(files, tmp_path, device):
    make(files, tmp_path / "truth.npy")
    indices, _ = read_neighbors(tmp_path / "truth.npy")
    indices[:, 0] = (indices[:, 0] + 300) % 600  # every query is wrong

    results = [
        verify(indices, *files, sample=sample, seed=seed, memory_limit="200KiB", device=device)
        for sample, seed in ((7, 0), (7, 0), (7, 1), (None, 0))
    ]

    numbers = [sorted({wrong.query for wrong in result.wrong}) for result in results]
    assert [result.n_queries for result in results] == [7, 7, 7, 30]
    assert numbers[0] == numbers[1] != numbers[2] and len(numbers[0]) == len(numbers[2]) == 7
    assert numbers[3] == list(range(30))


def test_a_power_without_effect_is_a_warning(files, tmp_path):
    with pytest.warns(UserWarning, match="p=3 has no effect"):
        make(files, tmp_path / "truth.npy", metric="cosine", p=3)


@pytest.mark.filterwarnings("ignore")  # of distributed itself
def test_a_dask_cluster_finds_the_same_and_takes_over_what_a_single_machine_began(resumed, capsys):
    from distributed import LocalCluster

    files, folder, out, whole = resumed
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        words = [*files, "-k", 12, "--out", out, "--scheduler", cluster.scheduler_address, "--quiet"]
        status, output, _ = run(capsys, "ground-truth", *words)

    assert status == 0 and "of 30 queries, all exact" in output
    assert out.read_bytes() == whole and not folder.exists()


def test_a_scheduler_without_dask_names_the_extra(files, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)

    status, _, errors = run(capsys, "ground-truth", *files, "--out", tmp_path / "t.npy", "--scheduler", "tcp://h:1")

    assert status == 2 and "pip install 'verified-knn[distributed]'" in errors


def test_a_format_whose_package_is_missing_is_refused_before_the_search(files, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    monkeypatch.setattr(search_module, "search_block", pytest.fail)

    status, _, errors = run(capsys, "ground-truth", *files, "--out", tmp_path / "t.hdf5")

    assert status == 2 and "t.hdf5' needs h5py: pip install 'verified-knn[files]'" in errors


def test_neither_the_package_nor_its_command_line_imports_dask():
    code = "import sys, accelerated.__main__; assert not {'dask', 'distributed', 'h5py'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_the_commands_of_the_page_print_what_it_shows(tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs" / "ground_truth.md").read_text()
    shown = re.findall(r"^\$ python -m accelerated (.+)\n((?:.+\n)+?)```$", page, flags=re.M)
    made = [example.source for example in doctest.DocTestParser().get_examples(page)]
    names = {"tempfile": tempfile}
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for source in made:
        exec(compile(source, "ground_truth.md", "single"), names)
        if "folder" in names and source.startswith("write_neighbors"):
            monkeypatch.chdir(names["folder"].name)
        if "given.ibin" in source:
            break
    capsys.readouterr()

    assert len(shown) == 3
    for command, expected in shown:
        _, output, _ = (
            run(capsys, *command.split(), "--quiet") if "recall" not in command else run(capsys, *command.split())
        )
        assert output == expected
    names["folder"].cleanup()
