"""The files around the packages: the workflow, the hooks, the forms and the citation say what the project does."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WORKFLOW = ROOT / ".github" / "workflows" / "test.yml"
YAML = [
    WORKFLOW,
    *sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")),
    ROOT / ".pre-commit-config.yaml",
    ROOT / "CITATION.cff",
]


def read(file):
    return yaml.safe_load(file.read_text())


def steps(job):
    return read(WORKFLOW)["jobs"][job]["steps"]


@pytest.mark.parametrize("file", YAML, ids=lambda file: file.name)
def test_a_file_parses(file):
    assert isinstance(read(file), dict)


def test_ci_and_the_workflow_run_the_same_command():
    assert "make test" in [step.get("run") for step in steps("everything")]
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "make test"


def test_the_workflow_tests_the_versions_that_pyproject_names():
    named = [c.rpartition(" ")[2] for c in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d+$", c)]
    script = steps("versions")[-1]["run"]
    pattern = re.search(r"s/(.+?)/", script.replace(r"\(", "(").replace(r"\)", ")"))[1]

    found = re.findall(f"^{pattern}.*$", (ROOT / "pyproject.toml").read_text(), flags=re.M)

    assert found == named
    assert PROJECT["requires-python"] == f">={named[0]}"


def test_the_workflow_may_only_read_and_pins_every_action():
    workflow = read(WORKFLOW)

    assert workflow["permissions"] == {}
    assert all(job["permissions"] == {"contents": "read"} for job in workflow["jobs"].values())
    assert workflow["concurrency"]["cancel-in-progress"]
    for job in workflow["jobs"]:
        for used in filter(None, (step.get("uses") for step in steps(job))):
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", used)


def test_the_hooks_call_the_tools_of_make_test():
    [repository] = read(ROOT / ".pre-commit-config.yaml")["repos"]
    entries = [hook["entry"].replace(".venv", "$(VENV)") for hook in repository["hooks"]]
    makefile = (ROOT / "Makefile").read_text()

    assert repository["repo"] == "local"
    assert len(entries) == 3
    assert all(f"\t{entry}" in makefile for entry in entries)


@pytest.mark.parametrize("form", ["bug", "wrong_verdict"])
def test_every_field_of_a_form_has_a_label_and_a_name_of_its_own(form):
    content = read(ROOT / ".github" / "ISSUE_TEMPLATE" / f"{form}.yml")
    fields = content["body"]

    assert content["name"] and content["description"]
    assert len({field["id"] for field in fields}) == len(fields) >= 4
    assert all(field["attributes"]["label"] for field in fields)


def test_the_citation_agrees_with_pyproject():
    citation = read(ROOT / "CITATION.cff")

    assert citation["cff-version"] == "1.2.0"
    assert [citation[key] for key in ("title", "version", "license")] == [
        PROJECT[key] for key in ("name", "version", "license")
    ]
    assert citation["message"] and citation["authors"]


def test_every_development_tool_has_a_version():
    pinned = {line.partition("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines()}

    for extra in PROJECT["optional-dependencies"].values():
        named = {re.match(r"[\w-]+", requirement)[0].lower() for requirement in extra}
        assert named - {"verified-knn"} <= pinned
