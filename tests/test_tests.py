"""Test files keep their own rules: no imports between them, no shared random state, no test that ends early."""

import ast
from pathlib import Path

import pytest

FILES = sorted(Path(__file__).parent.glob("*.py"))


def imports_of_tests(tree):
    """The modules with tests that a file imports."""
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    return [name for name in modules if name.rpartition(".")[2].startswith("test_")]


def shared_generators(tree):
    """The lines on which a module keeps a random generator, which would make a test depend on those before it."""
    calls = [node.value for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)]
    return [call.lineno for call in calls if ast.unparse(call.func).endswith("default_rng")]


def early_ends(tree):
    """The tests with a ``return`` above all that they assert."""
    tests = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    return [test.name for test in tests if returns_before_it_asserts(list(own_nodes(test)))]


def returns_before_it_asserts(nodes):
    returns = [node.lineno for node in nodes if isinstance(node, ast.Return)]
    asserts = [node.lineno for node in nodes if isinstance(node, ast.Assert)]
    asserts += [node.lineno for node in nodes if isinstance(node, ast.With) and "pytest.raises" in ast.unparse(node)]
    return bool(returns) and min(returns) < min(asserts, default=float("inf"))


def own_nodes(function):
    """The nodes of a function, without the bodies of functions inside it."""
    for node in ast.iter_child_nodes(function):
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            yield node
            yield from own_nodes(node)


RULES = (imports_of_tests, shared_generators, early_ends)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_of_tests_keeps_the_rule(file, rule):
    assert rule(ast.parse(file.read_text())) == []


@pytest.mark.parametrize(
    ("rule", "source", "found"),
    [
        (imports_of_tests, "from tests.test_filters import by", ["tests.test_filters"]),
        (imports_of_tests, "import tests.test_filters", ["tests.test_filters"]),
        (shared_generators, "\nrng = np.random.default_rng(0)", [2]),
        (early_ends, "def test_a():\n    if late:\n        return\n    assert True", ["test_a"]),
        (early_ends, "def test_a():\n    if late:\n        assert x\n        return\n    assert y", []),
    ],
)
def test_a_broken_rule_is_found(rule, source, found):
    assert rule(ast.parse(source)) == found
