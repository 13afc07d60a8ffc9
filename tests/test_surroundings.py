"""Odd terminals, folders and files: a report is printed, or one line says what to do, and nothing is lost."""

import json
import os
import subprocess
import sys

import pytest

import conformance
from conformance.runner.causes import Group
from conformance.runner.fix_next import fix_next
from conformance.runner.trial import Result
from tests.command_line import MEDIAN, QUICK, RIGHT

ONE = (*QUICK, "--only", "averages_of_targets")


def start(*words, folder=None, **variables):
    """A run of the command line in another process."""
    code = [sys.executable, "-m", "conformance", *map(str, words)]
    environment = {**os.environ, **variables}
    return subprocess.run(code, capture_output=True, cwd=folder, env=environment, check=False, timeout=100)


def test_letters_that_a_terminal_cannot_show_do_not_end_a_report(target, tmp_path):
    file = tmp_path / "result.json"
    ran = start(target(MEDIAN, "größe.py"), *ONE, "--task", "regressor", "--json", file, PYTHONIOENCODING="ascii")

    assert ran.returncode == 1
    assert b"Fix next: averages_of_targets" in ran.stdout
    assert "größe.py" in json.loads(file.read_text(encoding="utf-8"))["target"]


def test_a_report_needs_no_stream_for_errors(target):
    command = f"{sys.executable} -m conformance {target(RIGHT)} {' '.join(ONE)} 2>&-"
    ran = subprocess.run(command, shell=True, capture_output=True, check=False, timeout=100)

    assert ran.returncode == 0
    assert b"1 of 1 claims hold" in ran.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_file_that_cannot_be_written_is_named_after_the_report(target):
    ran = start(target(RIGHT), *ONE, "--junit", "/dev/full")

    assert ran.returncode == 2
    assert b"1 of 1 claims hold" in ran.stdout
    assert ran.stderr == b"python -m conformance: /dev/full cannot be written: No space left on device\n"


def test_a_file_that_hides_a_package_is_named(tmp_path):
    (tmp_path / "reference.py").write_text("")
    ran = start("list", folder=tmp_path)

    assert ran.returncode == 1
    last = ran.stderr.decode().splitlines()[-1]
    assert last.endswith("hides the package reference of verified-knn: rename it, or start elsewhere")
    assert str(tmp_path / "reference.py") in last


WITH_A_HELPER = """
import sys
sys.path.insert(0, {source!r})
from helper import least
from conformance import check

class KNN:
    def __init__(self, k=3):
        self.k = k

    def fit(self, X):
        self.X = X
        return self

    def kneighbors(self, X):
        return least(self.X, X, self.k)

print([result.verdict for result in check(KNN, only="nearest_on_a_lattice")])
"""


def test_a_process_for_a_model_finds_the_modules_that_the_program_finds(tmp_path):
    source = tmp_path / "src"
    source.mkdir()
    (source / "helper.py").write_text(
        "import numpy as np\n"
        "def least(X, Q, k):\n"
        "    D = np.sqrt(((Q[:, None] - X) ** 2).sum(axis=2))\n"
        "    indices = np.argsort(D, axis=1, kind='stable')[:, :k]\n"
        "    return np.take_along_axis(D, indices, axis=1), indices\n"
    )
    code = [sys.executable, "-c", WITH_A_HELPER.format(source=str(source))]
    ran = subprocess.run(code, capture_output=True, text=True, check=True, cwd=tmp_path, timeout=100)

    assert ran.stdout == "['holds']\n"


def test_a_file_of_a_package_is_named_by_its_module(tmp_path):
    package = tmp_path / "mine"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "knn.py").write_text("from .rules import KNN\n")
    (package / "rules.py").write_text(RIGHT)

    assert start("mine.knn:KNN", *ONE, folder=tmp_path).returncode == 0
    refused = start("mine/knn.py:KNN", *ONE, folder=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.endswith(b"; it belongs to a package: name it mine.knn:Class\n")


WITH_PROCESSES = """
from multiprocessing import get_context

def total(row):
    return sum(row)
""" + RIGHT.replace(
    "return [sum(label for _, label in self.get_neighbors(x)) / self.k for x in X]",
    """rows = [[label for _, label in self.get_neighbors(x)] for x in X]
        with get_context("spawn").Pool(1) as pool:
            return [sum_of_row / self.k for sum_of_row in pool.map(total, rows)]""",
)


def test_a_class_may_start_processes_that_import_its_file(target):
    ran = start(target(WITH_PROCESSES, "spawning.py"), *QUICK, "--only", "averages_of_everything_when_k_is_n")

    assert b"1 of 1 claims hold" in ran.stdout, ran.stderr


@pytest.mark.parametrize("verdict", ["hangs", "crashes"])
def test_no_bug_is_named_where_a_class_hangs_or_crashes(verdict):
    result = Result("nearest_on_a_lattice", verdict, message="took more than 60 seconds")
    header = {"target": "a.py:KNN", "tasks": ["regressor"], "shows_neighbors": False}
    lines = fix_next(Group([result]), [result], header)

    assert not any("bug" in line for line in lines)


def test_a_wrong_profile_and_no_claim_at_all_are_refused(target):
    class Model:
        def __init__(self, k=3):
            self.k = k

        def fit(self, X, y):
            self.y = y
            return self

        def predict(self, X):
            return [sum(map(float, self.y)) / len(self.y)] * len(X)

    with pytest.raises(ValueError, match="profile='nope' must be one of quick, default"):
        conformance.check(Model, profile="nope")
    with pytest.raises(conformance.targets.errors.TargetError, match="no claim can be tried on Model"):
        conformance.check(Model, only=["votes"])
