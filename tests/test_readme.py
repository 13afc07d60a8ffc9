"""Runs the README and the pages: their Python, their commands, and the tables that the commands print."""

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from conformance.__main__ import main
from conformance.claims import CLAIMS
from conformance.runner import PROFILES
from conformance.zoo import ZOO

pytestmark = pytest.mark.xdist_group("readme")  # in one process, which makes the fixtures once
ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
DEMO = (ROOT / "docs" / "demo.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "examples" / "README.md", *(ROOT / "docs").glob("*.md")]
WITH_PYTHON = [page for page in PAGES if ">>>" in page.read_text()]
PASTED = re.findall(r"^```sh\n(.+?)^```$", README, flags=re.M | re.S)
COMMANDS = set(re.findall(r"`(python -m conformance[^`]*)`", README + (ROOT / "CHANGELOG.md").read_text()))
SHOWN = re.findall(r"^\$ ([^\n]+)\n(.+?)```$", README, flags=re.M | re.S)


def without_changing_numbers(text):
    """Yields the cells of every line of a page, with # for the numbers that differ from one machine to the next.

    These are the seconds, the answers of a peer among ties or after cancellation, and the last bits of LAPACK.
    """
    for line in text.splitlines():
        cells = re.split(r" *\| *", line.strip("| "))
        if not line.startswith("|"):
            cells = [line]
        elif re.fullmatch(r"0\.\d{4}", cells[1]):
            cells[2:] = map(number, cells[2:])
        elif cells[1] == "scikit-learn":
            cells[3:] = map(number, cells[3:])
        elif "+" in cells[0] or "clusters" in cells[0]:
            cells[1:-1] = map(number, cells[1:-1])
        elif len(cells) == 7:
            cells[-1] = number(cells[-1])
        yield [re.sub("^-+$", "-", cell) for cell in cells]


def number(cell):
    """The cell, with every number in it written as #."""
    return re.sub(r"\d[\d.e+-]*", "#", cell)


def same_page(a, b):
    return list(without_changing_numbers(a)) == list(without_changing_numbers(b))


def test_the_comparison_of_pages_can_fail():
    row = "| digits   | accelerated  | accuracy 0.9800 | 100.0%    | yes       | 0.0e+00            | 0.26    |"

    assert same_page(row, row.replace("0.26", "0.08").replace("digits   ", "digits "))
    assert not same_page(row, row.replace("yes", "no"))
    assert not same_page(row, row.replace("100.0%", "99.9%"))
    assert not same_page("The scores are equal.", "The scores are not equal.")


def run(command):
    """The exit status and the output of a command line of ``conformance``, without a new Python that imports torch."""
    *python, package = shlex.split(command)[:3]
    assert (python, package) == (["python", "-m"], "conformance")
    output = StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(output):
        patch.chdir(ROOT)
        patch.setenv("OMP_NUM_THREADS", "1")  # for the process in which conformance runs a class
        status = main(shlex.split(command)[3:])
    return status, output.getvalue()


@pytest.fixture(scope="module")
def demo():
    """The output of the demo, which the pasted commands print as well."""
    status, output = run("python -m conformance demo")
    assert status == 0
    return output


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.name)
def test_python_blocks_print_the_output_that_is_shown(page):
    parsed = doctest.DocTestParser().get_doctest(page.read_text(), {}, page.name, page.name, 0)
    output = []

    failed, _ = doctest.DocTestRunner().run(parsed, out=output.append)

    assert failed == 0, "".join(output)


def test_the_readme_and_a_page_have_python_blocks():
    examples = [len(doctest.DocTestParser().get_examples(page.read_text())) for page in WITH_PYTHON]

    assert WITH_PYTHON[0].name == "README.md"
    assert sum(examples) > 10


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A copy of the tree with a virtual environment that borrows the packages of this one, so nothing is downloaded."""
    folder = tmp_path_factory.mktemp("clone") / "verified-knn"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", "dist"))
    venv = folder / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    site_packages = next(venv.glob("lib/python*/site-packages"))
    (site_packages / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    write_script(venv / "bin" / "pip", f'exec {venv}/bin/python -m pip "$@"')
    (venv / "installed").touch()  # make has nothing to install
    write_script(folder.parent / "bin" / "python3", f'exec {sys.executable} "$@"')
    return folder


def write_script(path, line):
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def test_the_shell_blocks_work_pasted_in_order(clone):
    """``make`` only prints its commands: the fixture ``demo`` runs the demo, and ``make test`` is this very run."""
    lines = "".join(PASTED).replace("make ", "make --dry-run ")
    one_thread = {"OMP_NUM_THREADS": "1"}
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_REQUIRE_VIRTUALENV": "1"}
    path = f"{clone.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"

    pasted = subprocess.run(
        ["bash", "-e", "-c", lines],
        cwd=clone,
        env={**os.environ, **one_thread, **offline, "PATH": path, "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
    )

    assert pasted.returncode == 0, pasted.stdout + pasted.stderr
    assert len(lines.splitlines()) == 8
    assert "Successfully installed verified-knn" in pasted.stdout
    assert ".venv/bin/python -m conformance demo" in pasted.stdout
    assert ".venv/bin/pytest" in pasted.stdout


@pytest.mark.parametrize("command", sorted(COMMANDS - {"python -m conformance demo"}))
def test_commands_succeed(command, monkeypatch):
    """With few draws: ``test_conformance`` makes many for each package."""
    monkeypatch.setitem(PROFILES, "quick", replace(PROFILES["quick"], draws=3))
    monkeypatch.setitem(PROFILES, "default", replace(PROFILES["default"], draws=3))
    status, output = run(command)

    assert status == 0
    assert output


def test_the_demo_is_mentioned_and_prints_its_page(demo):
    assert "python -m conformance demo" in COMMANDS
    assert same_page(DEMO, demo)


@pytest.mark.parametrize(("command", "shown"), SHOWN)
def test_the_shown_part_of_an_output_is_in_it(command, shown):
    _, output = run(command)

    assert shown in output


def test_one_output_is_shown():
    assert len(SHOWN) == 1


def test_the_numbers_of_claims_and_mutants_are_right():
    counts = [len(CLAIMS), len(ZOO)]

    for page in (README, (ROOT / "CHANGELOG.md").read_text()):
        assert [int(n) for n in re.findall(r"(\d+) (?:claims|wrong implementations)", page)] == counts


def test_the_readme_quotes_the_demo():
    [quoted] = re.findall(r"default finds (.+?) of the true 5 neighbours, `accelerated` (.+?) \(", README)

    [row] = re.findall(r"^\| U\[0,1\)\^16 \+ 1e8, float64 .+", DEMO, flags=re.M)
    _, sklearn, _, accelerated = re.split(r" *\| *", row.strip("| "))
    assert quoted == (sklearn, accelerated)


def test_links_lead_to_files():
    for page in PAGES:
        text = re.sub(r"```.+?```", "", page.read_text(), flags=re.S)
        for link in re.findall(r"\]\(([^)#]+)\)", text):
            assert "//" in link or (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_page_of_pages_lists_them_all():
    listed = re.findall(r"^\| \[[\w.]+\]\((\w+\.md)\)", (ROOT / "docs" / "README.md").read_text(), flags=re.M)

    assert sorted([*listed, "README.md"]) == sorted(page.name for page in (ROOT / "docs").glob("*.md"))


def test_it_is_short():
    assert len(README.splitlines()) < 120
