"""``reference`` stays short enough to be read whole in one sitting."""

import ast
from pathlib import Path
from statistics import median

import pytest

FILES = sorted((Path(__file__).parent.parent / "reference").rglob("*.py"))


def lines_of_code(function, source):
    """The lines of a function without its docstring, blank lines and lines of comment alone."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not body:
        return 1
    lines = source.splitlines()[body[0].lineno - 1 : function.end_lineno]
    return 1 + sum(bool(line.strip()) and not line.strip().startswith("#") for line in lines)


def functions(source):
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_file_has_at_most_150_lines(file):
    assert len(file.read_text().splitlines()) <= 150


def test_half_of_the_functions_have_at_most_ten_lines_of_code():
    sizes = [lines_of_code(node, file.read_text()) for file in FILES for node in functions(file.read_text())]

    assert len(sizes) > 60
    assert median(sizes) <= 10
    assert max(sizes) <= 25


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_every_public_name_says_what_it_does(file):
    tree = ast.parse(file.read_text())
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    scopes = [tree, *(node for node in classes if not node.name.startswith("_"))]
    public = [node for scope in scopes for node in scope.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]

    assert ast.get_docstring(tree)
    assert [node.name for node in public if not node.name.startswith("_") and not ast.get_docstring(node)] == []


def test_lines_of_code_are_counted_without_comments_and_docstrings():
    source = (
        'def f():\n    """Docs.\n\n    More.\n    """\n    # a comment\n\n    x = (\n        1\n    )\n    return x'
    )

    assert lines_of_code(functions(source)[0], source) == 5
