"""The README is run: its Python blocks, its commands, and the tables that they print."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
COMMANDS = sorted(set(re.findall(r"`(python -m conformance[^`]*)`", README + (ROOT / "CHANGELOG.md").read_text())))


def table_rows(text):
    """The rows of the Markdown tables, without the seconds, which differ from run to run."""
    rows = [line.strip("| ").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row][:6] for row in rows if not set("".join(row)) <= {"-"}]


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


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_succeed(run, command):
    assert run(command)


def test_the_tables_are_those_that_the_demo_prints(run):
    assert table_rows(README) == table_rows(run("python -m conformance demo"))


def test_it_is_short():
    assert len(README.splitlines()) < 120
