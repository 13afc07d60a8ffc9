"""Holds the imports: ``reference`` needs NumPy alone, ``accelerated`` never imports ``reference``."""

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

OUTSIDE = {
    "reference": {"torch", "sklearn", "scipy", "tqdm", "pandas", "hypothesis", "pytest", "accelerated", "conformance"},
    "accelerated": {"reference", "conformance", "hypothesis", "pytest", "matplotlib"},
}
PLOTS = {"gamma_selection.py": {"matplotlib"}}  # ``GammaSelection.plot`` imports it when it is called
OUTSIDE["knn_inputs"] = OUTSIDE["reference"] | {"reference"}
PACKAGES = {"knn_inputs", "reference", "accelerated", "conformance"}


def loaded_by(code):
    """The top-level names that a fresh interpreter has loaded after the code."""
    code += "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("package", OUTSIDE)
def test_importing_a_package_loads_nothing_it_should_not(package):
    loaded = loaded_by(f"import {package}")

    assert package in loaded
    assert not loaded & OUTSIDE[package]


def test_reference_loads_numpy_and_the_standard_library_only():
    extra = loaded_by("import reference") - loaded_by("import numpy") - set(sys.stdlib_module_names)

    assert extra == {"reference", "knn_inputs"}


def imported_by(source):
    """The top-level names that a file imports, also inside its functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]


EACH_FIRST = """
import importlib, pkgutil, sys
import accelerated, hypothesis, numpy, pytest, scipy, tqdm  # once
sys.dont_write_bytecode, sys.pycache_prefix = False, {prefix!r}  # each file is compiled once, and imported 100 times
for package in ("knn_inputs", "reference", "conformance"):
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        for known in [name for name in sys.modules if name.partition(".")[0] in ("reference", "conformance")]:
            del sys.modules[known]
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
"""


def test_any_module_can_be_imported_first(tmp_path):
    """Two modules that import each other can be imported in one order only."""
    assert "conformance" in loaded_by(EACH_FIRST.format(prefix=str(tmp_path)))


@pytest.mark.parametrize("package", OUTSIDE)
def test_no_function_imports_what_its_package_should_not(package):
    for file in (Path(__file__).parent.parent / package).rglob("*.py"):
        assert not set(imported_by(file.read_text())) & (OUTSIDE[package] - PLOTS.get(file.name, set())), file


def test_an_import_inside_a_function_is_seen():
    assert set(imported_by("def f():\n    from torch.nn import Linear\n    import sklearn.base")) == {
        "torch",
        "sklearn",
    }


@pytest.mark.parametrize("package", OUTSIDE)
def test_the_check_of_imports_can_fail(package):
    assert "conformance" in loaded_by(f"import {package}; import conformance") & OUTSIDE[package]


@pytest.mark.parametrize(
    ("package", "missing"),
    [
        *(("accelerated", missing) for missing in ("torch", "sklearn", "tqdm")),
        *(("conformance", missing) for missing in ("hypothesis", "sklearn", "tqdm")),
    ],
)
def test_importing_a_package_without_its_dependencies_names_the_extra(package, missing):
    code = f"""
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
import {package}
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    last = run.stderr.splitlines()[-1]
    assert run.returncode == 1
    assert last == f"ImportError: {package} needs {missing}: pip install 'verified-knn[{package}]'"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=Path(__file__).parent.parent, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_has_the_packages_and_needs_numpy_alone(wheel):
    with zipfile.ZipFile(wheel) as archive:
        folders = {name.partition("/")[0] for name in archive.namelist()}
        typed = {name for name in archive.namelist() if name.endswith("py.typed")}
        metadata = next(name for name in archive.namelist() if name.endswith("METADATA"))
        lines = archive.read(metadata).decode().splitlines()

    assert {folder for folder in folders if "-" not in folder} == PACKAGES
    assert typed == {f"{package}/py.typed" for package in PACKAGES}
    required = [line for line in lines if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert required == ["Requires-Dist: numpy>=2.3"]


def test_reference_runs_from_the_wheel_with_numpy_alone(wheel):
    numpy_folder = Path(np.__file__).parent.parent
    others = OUTSIDE["reference"] - {"accelerated", "conformance"}
    code = f"""
import sys
sys.path = [{str(wheel)!r}, *(path for path in sys.path if "site-packages" not in path), {str(numpy_folder)!r}]
sys.modules.update(dict.fromkeys({others!r}))  # importing any of these fails
from reference import KNNClassifier, SimilarityRegressor
assert {str(wheel)!r} in sys.modules["reference"].__file__
print(*KNNClassifier(1).fit([[0], [9]], ["a", "b"]).predict([[8]]))
"""

    run = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)

    assert run.stdout == "b\n", run.stderr
