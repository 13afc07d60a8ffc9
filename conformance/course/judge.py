"""Judges a step in a process of its own, because a learner's code may never end, or end Python."""

import sys
from pathlib import Path
from typing import Any, NamedTuple

from conformance.course.steps import Step
from conformance.runner.isolation import Stopped, Worker

STARTING = 60.0  # seconds until Python has imported the suite, and torch for the last step
PATIENCE = 8.0  # seconds for a claim; a right solution takes about one where other programs run


class Verdict(NamedTuple):
    """Whether a step is solved, the worker's lines about claims that hold, and its line about the first that fails."""

    step: Step
    solved: bool
    held: list[dict[str, Any]]
    failed: dict[str, Any]

    @property
    def is_open(self) -> bool:
        """Whether something is still to be written, and not wrong."""
        return bool(self.failed.get("open"))


def judge(step: Step, path: Path) -> Verdict:
    """The verdict on the file of a step."""
    held: list[dict[str, Any]] = []
    worker = Worker([sys.executable, "-m", "conformance.course.worker", str(path), str(step.number)])
    try:
        worker.read(STARTING)
        while True:
            line = worker.read(PATIENCE)
            if "solved" in line:
                return Verdict(step, True, held, {})
            if "fails" in line:
                return Verdict(step, False, held, line)
            held.append(line)
    except Stopped as stopped:
        why = ": is there a loop that never ends?" if worker.timed_out else ""
        message = f"{path.name} {stopped}{why}"
        return Verdict(step, False, held, {"fails": "the code comes to an end", "message": message})
    finally:
        worker.close()
