"""Who may import whom: ``reference`` NumPy alone, ``accelerated`` never ``reference``."""

import subprocess
import sys

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


@pytest.mark.parametrize("package", OUTSIDE)
def test_the_check_of_imports_can_fail(package):
    assert "conformance" in loaded_by(f"import {package}; import conformance") & OUTSIDE[package]
