"""Who may import whom: ``reference`` NumPy alone, ``accelerated`` never ``reference``."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

OUTSIDE = {
    "reference": {"torch", "sklearn", "scipy", "tqdm", "pandas", "hypothesis", "pytest", "accelerated", "conformance"},
    "accelerated": {"reference", "conformance", "hypothesis", "pytest", "matplotlib"},
}


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

    assert extra == {"reference"}


def imported_by(source):
    """The top-level names that a file imports, also inside its functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]


@pytest.mark.parametrize("package", OUTSIDE)
def test_no_function_imports_what_its_package_should_not(package):
    for file in (Path(__file__).parent.parent / package).glob("*.py"):
        assert not set(imported_by(file.read_text())) & OUTSIDE[package], file


def test_an_import_inside_a_function_is_seen():
    assert set(imported_by("def f():\n    from torch.nn import Linear\n    import sklearn.base")) == {
        "torch",
        "sklearn",
    }


@pytest.mark.parametrize("package", OUTSIDE)
def test_the_check_of_imports_can_fail(package):
    assert "conformance" in loaded_by(f"import {package}; import conformance") & OUTSIDE[package]
