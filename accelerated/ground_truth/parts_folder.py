"""The folder beside an unfinished ground truth: the search that was begun, and the neighbours in each finished shard.

Each part is written under another name, flushed to the disk and renamed (``saving/archive.py``), and has a checksum. So
after a kill, a power cut or a full disk a part is either whole or known not to be.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from accelerated.ground_truth.shard_search import Part
from accelerated.saving.archive import read_arrays, write_arrays, written_whole
from accelerated.shards import Found


class PartsFolder:
    """Parts of the neighbours, by the first row of their shard."""

    def __init__(self, out: str):
        self.path = Path(f"{out}.parts")

    def begun(self) -> dict[str, Any] | None:
        """Returns the description that ``begin`` wrote; None if nothing was begun, or if it cannot be read."""
        try:
            return json.loads((self.path / "begun.json").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def begin(self, described: dict[str, Any]) -> None:
        """Makes the folder with a description, and removes parts that have none."""
        self.path.mkdir(exist_ok=True)
        self._remove_files("*.npz")
        write_text(self.path / "begun.json", json.dumps(described, indent=1))

    def sweep(self) -> None:
        """Removes files that a process was killed before it had renamed."""
        self._remove_files("*.part")

    def remove(self) -> None:
        """Removes the folder; raises OSError if it holds other files than the parts."""
        for pattern in ("*.npz", "*.part", "begun.json"):
            self._remove_files(pattern)
        self.path.rmdir()

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
