"""Runs a target in a process of its own, so that one that hangs, crashes or prints does not disturb the run.

The worker (``python -m conformance.runner.isolation``) writes a line of JSON about the target. Then it reads a line for
each claim to try, and answers it with a line that has the result.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any, NamedTuple

from conformance.cases.pins import pinned
from conformance.claims import BY_NAME
from conformance.runner.trial import SHRINKING, Profile, Result, run_claim
from conformance.targets import Target, load_target
from conformance.targets.errors import TargetError
from conformance.targets.imports import import_lines

OPENING = 60.0  # seconds to import a target and fit it to seven examples
PATIENCE = 3  # claims that may hang or crash before the remaining ones are skipped


class Job(NamedTuple):
    """A target, and the claims to try on it."""

    target: str
    claims: list[str]
    profile: Profile
    seed: int = 0
    device: str | None = None
    task: str = ""
    n_neighbors: str = ""  # the name of the argument for k
    method: str = ""  # the name of the method to ask
    path: tuple[str, ...] = ()  # where the modules are that a pickled target imports
    known_as: str = ""  # where a pickled target can be imported in the program that it is from: module:Class


class Stopped(Exception):
    """The worker has ended, or takes too long; the message says which."""


def run_isolated(job: Job) -> Iterator[dict[str, Any] | Result]:
    """The description of the target (a dict), and then the result of each claim, as soon as it is there.

    Raises TargetError for a target that cannot be tried.
    """
    with Session(job) as session:
        yield session.header
        for name in job.claims:
            yield session.try_claim(name)


class Session:
    """A target in a process of its own, which is started again where it has ended.

    Raises TargetError for a target that cannot be tried.
    """

    def __init__(self, job: Job) -> None:
        self.job, self.lost = job, 0
        self.finish: list[Callable[[], None]] = []  # to be called when it is closed
        self.worker = self._open()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process."""
        self.worker.close()
        for finish in self.finish:
            finish()

    def _open(self) -> "Worker":
        job = json.dumps({**self.job._asdict(), "claims": [], "profile": asdict(self.job.profile)})
        worker = Worker([sys.executable, "-m", "conformance.runner.isolation", job])
        try:
            self.header = worker.read(OPENING)
            if "error" in self.header:
                raise TargetError(self.header["error"])
        except Stopped as stopped:
            worker.close()
            raise TargetError(f"{self.job.target}: to import it and fit it to seven examples {stopped}") from stopped
        except BaseException:
            worker.close()
            raise
        return worker

    def try_claim(self, name: str, avoid: tuple[str, ...] = (), shrinking: float = SHRINKING) -> Result:
        """The result of a claim, tried without questions that have one of the triggers in ``avoid``."""
        if self.lost == PATIENCE:
            return Result(name, "skipped", message=f"{PATIENCE} claims before it hung or crashed")
        try:
            self.worker.write({"claim": name, "avoid": avoid, "shrinking": shrinking})
            return Result(**self.worker.read(self.job.profile.limit))
        except Stopped as stopped:
            if self.worker.timed_out and BY_NAME[name].level == "costs":  # it is slow, and nothing was measured
                self.worker.close()
                self.worker = self._open()
                return Result(name, "skipped", seconds=self.job.profile.limit, message=f"not measured: it {stopped}")
            self.lost += 1
            verdict, seconds = ("hangs", self.job.profile.limit) if self.worker.timed_out else ("crashes", 0.0)
            self.worker.close()
            self.worker = self._open()
            return Result(name, verdict, seconds=seconds, message=str(stopped))


class Worker:
    """A process that tries claims, started by these words, and the lines of JSON that it has written."""

    def __init__(self, words: list[str]) -> None:
        self.errors = tempfile.TemporaryFile(mode="w+", errors="replace")  # noqa: SIM115 closed in close
        self.process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            start_new_session=True,
        )
        self.lines: queue.Queue[str | None] = queue.Queue()
        self.timed_out = False
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout:
            for line in self.process.stdout:
                self.lines.put(line)
        self.lines.put(None)

    def write(self, line: dict[str, Any]) -> None:
        """Hands a line to the worker; raises Stopped if it has ended."""
        assert self.process.stdin is not None
        try:
            print(json.dumps(line), file=self.process.stdin, flush=True)
        except BrokenPipeError:
            self.read(OPENING)  # raises Stopped, with the reason

    def read(self, seconds: float) -> dict[str, Any]:
        """The next line; raises Stopped if it does not come in time, or if the worker has ended."""
        try:
            line = self.lines.get(timeout=min(seconds, threading.TIMEOUT_MAX))
        except queue.Empty:
            self.timed_out = True
            raise Stopped(f"took more than {seconds:.0f} seconds") from None
        if line is None:
            status = self.process.wait()
            self.errors.seek(0)
            last = self.errors.read().strip().rpartition("\n")[2]
            raise Stopped(f"ended the process with status {status}{last and f': {last}'}")
        return json.loads(line)

    def close(self) -> None:
        """Ends the process, and the processes that it has started, which would keep the pipe open."""
        with contextlib.suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, signal.SIGKILL)
            else:  # Windows has no groups of processes
                self.process.kill()
        self.process.wait()
        self.listener.join(timeout=5)
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.errors.close()


def describe(target: Target) -> dict[str, Any]:
    """The description of the target for the report: its classes, and how each takes examples and answers."""
    described = []
    for task, adapter in target.adapters.items():
        names = [f"{what} is {name}" for what, name in adapter.names.items() if what != name]
        found = [str(adapter.form)] if adapter.form else []
        one = [f"{adapter.predictor}(x) one by one"] if adapter.one_by_one else []
        takes = [f"takes {adapter.hand_over.__name__.removeprefix('as_')}", *adapter.habits()]
        described.append(f"{adapter.name}: {task}; {'; '.join([*takes, *names, *found, *one])}")
    return {
        "target": target.name,
        "models": described,
        "imports": import_lines(target),
        "tasks": list(target.adapters),
        "shows_neighbors": target.shows_neighbors,
    }


def work(job: Job, lines: Iterable[str], write: Callable[[dict[str, Any]], None]) -> None:
    """Loads the target and tries the claims that the lines name, in the worker's process."""
    sys.path.extend(folder for folder in job.path if folder not in sys.path)
    try:
        target = load_target(job.target, job.device, job.task, job.n_neighbors, job.method)
    except TargetError as error:
        write({"error": str(error)})
        return
    given = {"device": job.device, "task": job.task, "n_neighbors": job.n_neighbors, "method": job.method}
    header = {**describe(target), "options": {name: value for name, value in given.items() if value}}
    if job.path:
        module, _, name = job.known_as.rpartition(":")
        header["target"], header["imports"] = job.known_as or target.name, [f"from {module} import {name}"] * bool(name)
    write(header)
    for line in lines:
        asked = json.loads(line)
        name, target.avoids = asked["claim"], frozenset(asked["avoid"])
        write(run_claim(target, BY_NAME[name], job.profile, job.seed, pinned(name), asked["shrinking"]).as_json())


def main() -> None:
    job = json.loads(sys.argv[1])
    lines, out = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # output of the target is discarded

    def write(line: dict[str, Any]) -> None:
        print(json.dumps(line, default=str), file=out, flush=True)

    work(Job(**{**job, "profile": Profile(**job["profile"])}), lines, write)


if __name__ == "__main__":
    main()
