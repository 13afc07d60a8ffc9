"""CONTRIBUTING's worked example adds one claim and one mutant: done here word for word, in a copy."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SECTION = (ROOT / "CONTRIBUTING.md").read_text().partition("## Add a claim and a mutant")[2].partition("\n## ")[0]
pytestmark = pytest.mark.xdist_group("contributing")  # in one process, which makes the fixtures once
CLAIM, MUTANT = "averages_stay_between_their_targets", "DividesByOneLess"


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The packages and their pages, with each block of code appended to the file that is named above it.

    The profiles draw less there, to save time: the default one 30 cases, among which the mutant is caught, and the
    quick one 5, because the other claims, on which the mutant is tried as well, need not catch it.
    """
    folder = tmp_path_factory.mktemp("copy")
    for name in ("reference", "accelerated", "conformance", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    blocks = re.findall(r"`([\w/]+\.py)`:\n\n```python\n(.*?)```", SECTION, flags=re.S)
    for name, code in blocks:
        with (folder / name).open("a") as file:
            file.write("\n\n" + code)
    assert len(blocks) == 2
    trial = folder / "conformance/runner/trial.py"
    with_few_draws = trial.read_text()
    for draws, fewer in ((100, 30), (20, 5)):
        assert with_few_draws.count(f"Profile(draws={draws},") == 1
        with_few_draws = with_few_draws.replace(f"Profile(draws={draws},", f"Profile(draws={fewer},")
    trial.write_text(with_few_draws)
    return folder


@pytest.fixture(scope="module")
def printed(copy):
    """The output of each command of the section."""
    commands = re.findall(r"^    (\.venv/bin/python .*)$", SECTION, flags=re.M)
    return {command.partition("conformance ")[2]: run(copy, *command.split()[1:]) for command in commands}


def run(folder, *words):
    return subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, check=True).stdout


def test_the_new_claim_is_listed_last_of_its_level(copy):
    averages = run(copy, "-m", "conformance", "--list").partition("\naverages\n")[2].partition("\nvotes\n")[0]

    assert re.findall(r"^  (\w+) ", averages, flags=re.M)[-1] == CLAIM
    assert "Why: A sum that is divided by too small a number leaves that range." in averages


def test_the_new_mutant_is_caught_by_the_new_claim(printed):
    assert re.search(rf"^{MUTANT} +caught by {CLAIM}, ", printed[f"zoo --only {MUTANT} --write"], flags=re.M)


def test_the_new_mutant_has_a_row_a_signature_and_a_pin(copy, printed):
    before = json.loads((ROOT / "conformance/zoo/signatures.json").read_text())
    after = json.loads((copy / "conformance/zoo/signatures.json").read_text())
    pins = json.loads((copy / "conformance/cases/pins.json").read_text())

    assert CLAIM in after.pop(MUTANT)["itself"]
    assert after == before
    assert [pin["claim"] for pin in pins if pin["found_by"] == MUTANT] == [CLAIM]
    assert [pin for pin in pins if pin["found_by"] != MUTANT] == json.loads(
        (ROOT / "conformance/cases/pins.json").read_text()
    )
    assert re.search(
        rf"^\| {MUTANT} +\| Divides by k - 1 .* \| `{CLAIM}` +\|", (copy / "docs/zoo.md").read_text(), re.M
    )


@pytest.mark.parametrize("package", ["reference", "accelerated"])
def test_both_packages_hold_the_new_claim(printed, package):
    assert "1 of 1 claims hold: averages 1/1" in printed[f"{package} --only {CLAIM}"]


def test_the_page_is_short():
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) <= 90
