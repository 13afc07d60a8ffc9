"""The speed of reading a file in blocks: ``accelerated.files`` beside the tools of each format.

    python -m benchmarks.reading

The file was just written, so its bytes come from the memory of the system and not from the disk. Each tool reads
blocks of the same rows; for Parquet it decodes the whole file once, batch by batch.
"""

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import zarr

from accelerated.files import open_rows, write_rows
from benchmarks.timing import in_turns

SHAPE, BLOCK = (1_000_000, 128), 65_536  # 512 MB of float32, in blocks of 32 MiB
ROUNDS = 5


def write_lists(path: Path, X: np.ndarray) -> None:
    """Writes a Parquet file with one column of lists in one row group, the default of pyarrow."""
    lists = pa.FixedSizeListArray.from_arrays(pa.array(X.ravel()), X.shape[1])
    pyarrow.parquet.write_table(pa.table({"vector": lists}), path)


def write_chunks(path: Path, X: np.ndarray) -> None:
    """Writes a Zarr array whose chunks are a quarter of a block."""
    zarr.create_array(path, data=X, chunks=(BLOCK // 4, X.shape[1]))


def read_bin(path: Path, shape: tuple[int, int]) -> None:
    """Reads blocks of an ``.fbin`` file with NumPy."""
    for start, stop in blocks(shape):
        np.fromfile(path, "<f4", (stop - start) * shape[1], offset=8 + 4 * start * shape[1])


def read_vecs(path: Path, shape: tuple[int, int]) -> None:
    """Reads blocks of an ``.fvecs`` file with NumPy, and leaves out the heads of the rows."""
    width = shape[1] + 1
    for start, stop in blocks(shape):
        block = np.fromfile(path, "<f4", (stop - start) * width, offset=4 * start * width)
        np.ascontiguousarray(block.reshape(-1, width)[:, 1:])


def read_map(path: Path, shape: tuple[int, int]) -> None:
    """Copies blocks of an ``.npy`` file out of a map."""
    mapped = np.load(path, mmap_mode="r")
    for start, stop in blocks(shape):
        np.array(mapped[start:stop], order="C")


def read_dataset(path: Path, shape: tuple[int, int]) -> None:
    """Reads blocks with h5py."""
    with h5py.File(path) as file:
        for start, stop in blocks(shape):
            file["train"][start:stop]


def read_batches(path: Path, shape: tuple[int, int]) -> None:
    """Decodes a Parquet file with pyarrow."""
    for batch in pyarrow.parquet.ParquetFile(path).iter_batches(BLOCK):
        batch.column(0).flatten().to_numpy()


def read_chunks(path: Path, shape: tuple[int, int]) -> None:
    """Reads blocks with zarr."""
    array = zarr.open_array(path, mode="r")
    for start, stop in blocks(shape):
        array[start:stop]


def read_ours(path: Path, shape: tuple[int, int]) -> None:
    """Reads blocks with ``open_rows``."""
    rows = open_rows(path)
    for start, stop in blocks(shape):
        rows.read(start, stop)


def blocks(shape: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yields the first row of each block and the first after it."""
    return ((start, min(start + BLOCK, shape[0])) for start in range(0, shape[0], BLOCK))


Write, Read = Callable[[Path, np.ndarray], None], Callable[[Path, tuple[int, int]], None]
FORMATS: dict[str, tuple[str, Write, str, Read]] = {
    ".npy": (".npy", write_rows, "a NumPy map", read_map),
    ".npy in Fortran order": (".npy", lambda path, X: np.save(path, np.asfortranarray(X)), "a NumPy map", read_map),
    ".fbin": (".fbin", write_rows, "np.fromfile", read_bin),
    ".fvecs": (".fvecs", write_rows, "np.fromfile", read_vecs),
    ".hdf5": (".hdf5", write_rows, "h5py", read_dataset),
    ".parquet": (".parquet", write_lists, "pyarrow", read_batches),
    ".zarr": (".zarr", write_chunks, "zarr", read_chunks),
}


def main(shape: tuple[int, int] = SHAPE, rounds: int = ROUNDS) -> dict[str, dict[str, float]]:
    """Prints the table of ``docs/files.md``, and returns the seconds."""
    X = np.random.default_rng(0).random(shape, dtype=np.float32)
    print("| file | `open_rows` | its own tool |\n|---|---|---|")
    found = {}
    for name, (ending, write, tool, read) in FORMATS.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"rows{ending}")
            write(path, X)
            found[name] = in_turns({"ours": partial(read_ours, path, shape), tool: partial(read, path, shape)}, rounds)
        ours, other = (X.nbytes / seconds / 1e9 for seconds in found[name].values())
        print(f"| {name} | {ours:.1f} GB/s | {other:.1f} GB/s ({tool}) |", flush=True)
    return found


if __name__ == "__main__":
    main()
