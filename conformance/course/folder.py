"""A learner's folder: a file for each step, and a note of which contents were solved, so that none is judged twice."""

import hashlib
import json
import re
from pathlib import Path

from conformance.course.steps import STEPS, Step
from conformance.targets.errors import TargetError
from conformance.versions import version_of

SOLVED = ".solved.json"  # may be deleted: it saves time, and an edited file is judged again


class Folder:
    """The folder in which a learner works. Raises TargetError for one in which no course was started."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not any(self.file(step).exists() for step in STEPS):
            raise TargetError(f"there is no course in {path.resolve()}: {_advice(path)}")

    def file(self, step: Step) -> Path:
        return self.path / step.file

    def read(self, step: Step) -> str:
        """The learner's code. Raises TargetError where the file is missing, or holds something other than text."""
        file = self.file(step)
        try:
            return file.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            advice = f"python -m conformance learn reset {step.number} writes it anew"
            raise TargetError(f"{file} is missing: {advice}") from error
        except (UnicodeDecodeError, OSError) as error:
            raise TargetError(f"{file} cannot be read: {error}") from error

    def is_untouched(self, step: Step) -> bool:
        """Whether the file is as it was given."""
        return self.read(step).split() == step.stub.split()

    def reset(self, step: Step) -> Path | None:
        """Writes the stub anew; returns where the learner's code was moved to, or None if it is as it was given."""
        file, kept = self.file(step), None
        if file.exists() and not self.is_untouched(step):
            kept = _free(file)
            file.rename(kept)
        _write(file, step.stub)
        return kept

    def is_solved(self, step: Step) -> bool:
        """Whether this very code was solved before."""
        return self._print_of(step) in self._noted()

    def note(self, step: Step) -> None:
        """Keeps that this very code is solved."""
        noted = [*self._noted(), self._print_of(step)]
        try:
            (self.path / SOLVED).write_text(json.dumps(noted), encoding="utf-8")
        except OSError:  # the folder may be read-only, and then steps are judged each time
            return

    def _noted(self) -> list[str]:
        try:
            noted = json.loads((self.path / SOLVED).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return noted if isinstance(noted, list) else []

    def _print_of(self, step: Step) -> str:
        """A hash of the code, of the files beside it that it names, and of all that judges it."""
        sources = [self.read(step), version_of("verified-knn"), step.solution, repr(step.claims)]
        beside = [file for file in sorted(self.path.glob("*.py")) if file != self.file(step)]
        while named := [file for file in beside if re.search(rf"\b{re.escape(file.stem)}\b", "\n".join(sources))]:
            sources += [file.read_text(encoding="utf-8", errors="replace") for file in named]
            beside = [file for file in beside if file not in named]
        return hashlib.sha256("\0".join(sources).encode()).hexdigest()


def start(path: Path) -> list[Path]:
    """Writes the stubs that are not there yet, and returns their files. Raises TargetError where that is impossible."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        missing = [step for step in STEPS if not (path / step.file).exists()]
        for step in missing:
            _write(path / step.file, step.stub)
    except OSError as error:
        raise TargetError(f"the course cannot be written to {path}: {error.strerror}") from error
    return [path / step.file for step in missing]


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="\n")


def _free(file: Path) -> Path:
    """A name for the learner's code beside the file, at which nothing is."""
    numbers = iter(range(1, 10**6))
    return next(kept for n in numbers if not (kept := file.with_name(f"{file.stem}_before_reset_{n}.txt")).exists())


def _advice(path: Path) -> str:
    """Where the course may be, or how to start one."""
    near = [quoted(file.parent) for file in sorted(path.glob(f"*/{STEPS[0].file}"))] if path.is_dir() else []
    return f"cd {' or cd '.join(near[:3])}" if near else "python -m conformance learn start DIR begins one"


def quoted(path: Path) -> str:
    """The path as it can be pasted into a shell.

    >>> quoted(Path("mine")), quoted(Path("my course"))
    ('mine', '"my course"')
    """
    return f'"{path}"' if " " in str(path) else str(path)
