"""The README is run: its Python blocks, its commands, and the tables that they print."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.claims import CLAIMS
from conformance.zoo import ZOO

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
COMMANDS = set(re.findall(r"`(python -m conformance[^`]*)`", README + (ROOT / "CHANGELOG.md").read_text()))
ON_YOUR_OWN = "python -m conformance my_knn.py:MyKNN"
SHOWN = re.findall(r"^\$ (.+)\n((?:.+\n)+?)```$", README, flags=re.M)


def table_rows(text):
    """The rows of the Markdown tables; of the seconds, and of how wrong the peers are, only that a number is there.

    Seconds differ from run to run, and what a peer returns among ties or after cancellation with its version and CPU,
    as do the last bits of what is solved by LAPACK.
    """
    lines = [re.split(r" *\| *", line.strip("| ")) for line in text.splitlines() if line.startswith("|")]
    for cells in lines:
        if re.fullmatch(r"0\.\d{4}", cells[1]):
            cells[2:] = map(number, cells[2:])
        elif cells[1] == "scikit-learn":
            cells[3:] = map(number, cells[3:])
        elif "+" in cells[0] or "clusters" in cells[0]:
            cells[1:-1] = map(number, cells[1:-1])
        elif len(cells) == 7:
            cells[-1] = number(cells[-1])
    return [[re.sub("^-+$", "-", cell) for cell in cells] for cells in lines]


def number(cell):
    """The cell, with every number in it written as #."""
    return re.sub(r"\d[\d.e+-]*", "#", cell)


def test_the_comparison_of_tables_can_fail():
    row = "| digits   | accelerated  | accuracy 0.9800 | 100.0%    | yes       | 0.0e+00            | 0.26    |"

    assert table_rows(row) == table_rows(row.replace("0.26", "0.08").replace("digits   ", "digits "))
    assert table_rows(row) != table_rows(row.replace("yes", "no"))
    assert table_rows(row) != table_rows(row.replace("100.0%", "99.9%"))


@pytest.fixture(scope="module")
def run():
    """The output of a command of the README, each run once."""
    done = {}

    def run_once(command):
        if command not in done:
            words = [sys.executable, *command.split()[1:]]
            done[command] = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        return done[command]

    return run_once


def test_python_blocks_print_what_they_say():
    parsed = doctest.DocTestParser().get_doctest(README, {}, "README.md", "README.md", 0)
    assert len(parsed.examples) > 10
    output = []

    failed, _ = doctest.DocTestRunner().run(parsed, out=output.append)

    assert failed == 0, "".join(output)


@pytest.mark.parametrize("command", sorted(COMMANDS - {ON_YOUR_OWN}))
def test_commands_succeed(run, command):
    assert run(command)


@pytest.mark.parametrize(("command", "shown"), SHOWN)
def test_what_is_shown_of_an_output_is_in_it(command, shown):
    output = subprocess.run(
        [sys.executable, *command.split()[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert shown in output.stdout


def test_an_output_is_shown_and_your_own_is_left_to_you():
    assert len(SHOWN) == 1
    assert ON_YOUR_OWN in COMMANDS


def test_the_numbers_of_claims_and_mutants_are_right():
    assert [int(n) for n in re.findall(r"(\d+) (?:claims|wrong implementations)", README)] == [len(CLAIMS), len(ZOO)]


def test_the_tables_are_those_that_the_demo_prints(run):
    assert table_rows(README) == table_rows(run("python -m conformance demo"))


def test_it_is_short():
    assert len(README.splitlines()) < 120
