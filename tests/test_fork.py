"""A model that was used before a fork answers in the children, where torch's other threads do not exist.

Without ``accelerated.forking`` most cases hang. The first two and the DataLoader do not: they show what ``docs/use.md``
says about setting the threads in a child, and that torch's own workers answer.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from accelerated.forking import use_one_thread_after_fork
from tests.forks import CASES

HANGS = 300  # seconds: on two cores that other programs kept busy, all cases together took 89

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.xdist_group("forks"),  # so that one process runs them, once
]


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What the cases printed: a word and an answer a line."""
    path = tmp_path_factory.mktemp("forks") / "printed"
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    command = [sys.executable, "-W", "error", "-m", "tests.forks"]
    with path.open("w") as file:
        run = subprocess.Popen(
            command, cwd=Path(__file__).parent.parent, env=environment, stdout=file, start_new_session=True
        )
        try:
            run.wait(HANGS)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)  # with the children that hang
            run.wait()
            pytest.fail(f"a child hung, after these cases: {path.read_text()}")
    return dict(line.split(" ", 1) for line in path.read_text().splitlines())


@pytest.mark.parametrize("case", [case.__name__ for case in CASES])
def test_a_child_answers_with_the_bits_of_its_parent(printed, case):
    assert printed[case] == printed["parent"]


def test_the_parent_keeps_its_threads(printed):
    before, after = map(int, printed["threads"].split())

    assert after == before > 1


def test_a_system_without_fork_needs_nothing(monkeypatch):
    monkeypatch.delattr(os, "register_at_fork")

    use_one_thread_after_fork()
