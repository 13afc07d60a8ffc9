"""The folder beside an unfinished ground truth: the search that was begun, and the neighbours in each finished shard.

Each part is written under another name, flushed to the disk and renamed (``saving/archive.py``), and has a checksum. So
after a kill, a power cut or a full disk a part is either whole or known not to be. While a process works on the folder,
it keeps a file in it locked: two that remove each other's unfinished files would lose parts.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from accelerated.ground_truth.shard_search import Part
from accelerated.saving.archive import read_arrays, write_arrays, written_whole
from accelerated.shards import Found
from knn_inputs.parameters import check_int

OURS = re.compile(r"(\d+\.npz|begun\.json)(\.[0-9a-f]+\.part)?|lock|\..*")  # systems keep notes in files with a dot


class PartsFolder:
    """Parts of the neighbours, by the first row of their shard."""

    def __init__(self, out: str):
        self.path = Path(f"{out}.parts")

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Makes the folder, and keeps it from other calls; if it has no part at the end, it is removed.

        Raises BlockingIOError if another call works on it; ValueError if it is a file or holds other files than ours.
        """
        try:
            self.path.mkdir(exist_ok=True)
        except FileExistsError as error:
            raise ValueError(
                f"{str(self.path)!r} is a file, but must be a folder: move it, or pass another out"
            ) from error
        try:
            with _locked(self.path / "lock"):
                self._check_names()
                with self._cleared_without_parts():
                    yield
        finally:
            with suppress(OSError):  # it holds parts, or files of others
                self.path.rmdir()

    def _check_names(self) -> None:
        for entry in sorted(os.scandir(self.path), key=lambda entry: entry.name):
            if not OURS.fullmatch(entry.name) or (entry.is_dir() and not entry.name.startswith(".")):
                problem = f"{str(self.path)!r} holds {entry.name!r}, which is not of a ground truth"
                raise ValueError(f"{problem}: move it elsewhere, or pass another out")

    @contextmanager
    def _cleared_without_parts(self) -> Iterator[None]:
        """Removes the files at the end if no part is among them; if parts are, an error of the system tells of them."""
        try:
            yield
        except OSError as error:
            if self._has_parts() and error.errno is not None:  # of the system, as of a full disk
                error.add_note(f"what is finished is in {str(self.path)!r}, so the same call goes on from there")
            raise
        finally:
            if not self._has_parts():
                self.remove_files()

    def _has_parts(self) -> bool:
        return any(self.path.glob("*.npz"))

    def begun(self) -> dict[str, Any] | None:
        """Returns the description that ``begin`` wrote; None if nothing was begun.

        Raises ValueError if parts are there, but the description is damaged.
        """
        path = self.path / "begun.json"
        try:
            described = json.loads(path.read_text())
            check_int(described["shard_rows"], "shard_rows")
            return described
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            if not self._has_parts():
                return None
            problem = f"{str(path)!r} is damaged, so it is not known of which search the parts beside it are"
            raise ValueError(f"{problem}: remove the folder to begin anew") from error

    def begin(self, described: dict[str, Any]) -> None:
        """Writes a description, and removes parts that have none."""
        self._remove_files("*.npz")
        write_text(self.path / "begun.json", json.dumps(described, indent=1))

    def sweep(self) -> None:
        """Removes files that a process was killed before it had renamed."""
        self._remove_files("*.part")

    def remove_files(self) -> None:
        for pattern in ("*.npz", "*.part", "begun.json"):
            self._remove_files(pattern)

    def _remove_files(self, pattern: str) -> None:
        for path in self.path.glob(pattern):
            path.unlink()

    def write(self, start: int, part: Part) -> None:
        """Writes a part; raises OSError if the disk is full, and then leaves none."""
        certified = np.frombuffer(json.dumps(part.certified).encode(), dtype=np.uint8)
        arrays = {"reduced": part.found.reduced, "indices": part.found.indices, "certified": certified}
        write_arrays(self._path_of(start), arrays)

    def read(self, start: int) -> Part | None:
        """Returns a part; None if it was not written, or is damaged."""
        try:
            arrays = read_arrays(self._path_of(start))
            certified = json.loads(arrays["certified"].tobytes())
            return Part(Found(arrays["reduced"], arrays["indices"]), certified)
        except (FileNotFoundError, ValueError, KeyError):
            return None

    def _path_of(self, start: int) -> str:
        return str(self.path / f"{start:012d}.npz")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keeps a file locked, where the system can; the lock of a process that is killed ends by itself.

    The file is removed at the end. A process that opened it before, and gets the lock after, sees that it is gone.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_ours = path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat())
        except BlockingIOError:
            is_ours = False
        except OSError:  # a file system without locks
            is_ours = True
        if not is_ours:
            raise BlockingIOError(f"another call works in {str(path.parent)!r}: wait for it, or pass another out")
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes a text file as a whole or not at all."""
    with written_whole(str(path)) as unfinished:
        Path(unfinished).write_text(text + "\n")


def flush_names(folder: Path) -> None:
    """Waits until the names of the files in a folder are on the disk, where the system can tell."""
    if os.name != "posix":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
