"""Makes the stub of a step: its solution with the docstrings, and without the code."""

import ast

TO_WRITE = "raise NotImplementedError"
GIVEN = ("__init__",)  # methods that a learner need not write
GIVEN_IMPORTS = ("numpy", "torch")  # others would tell how to solve the step


def stub_of(source: str) -> str:
    """The source without the bodies of its functions, without its helpers, and without imports that give hints.

    >>> print(stub_of('import heapq\\n\\ndef f(x):\\n    \\"\\"\\"Doubles x.\\"\\"\\"\\n    return 2 * x\\n'))
    def f(x):
        \"\"\"Doubles x.\"\"\"
        raise NotImplementedError
    <BLANKLINE>
    """
    tree, lines = ast.parse(source), source.splitlines()
    kept = [part for node in tree.body if (part := _kept(node, lines))]
    return "\n".join(_spaced(kept)) + "\n"


def _kept(node: ast.stmt, lines: list[str]) -> list[str]:
    """The lines of a statement that the stub has."""
    whole = lines[node.lineno - 1 : node.end_lineno]
    if isinstance(node, ast.Import | ast.ImportFrom):
        module = node.names[0].name if isinstance(node, ast.Import) else node.module
        return whole if module in GIVEN_IMPORTS else []
    if isinstance(node, ast.FunctionDef):
        is_helper = node.name.startswith("_") and node.name not in GIVEN
        return [] if is_helper else _without_body(node, lines)
    if isinstance(node, ast.ClassDef):
        head = lines[node.lineno - 1 : node.body[0].end_lineno]
        methods = [part for one in node.body[1:] if (part := _kept(one, lines))]
        return [*head, *(line for method in methods for line in ("", *method))]
    return whole


def _without_body(node: ast.FunctionDef, lines: list[str]) -> list[str]:
    if node.name in GIVEN:
        return lines[node.lineno - 1 : node.end_lineno]
    docstring = node.body[0]
    return [*lines[node.lineno - 1 : docstring.end_lineno], " " * docstring.col_offset + TO_WRITE]


def _spaced(parts: list[list[str]]) -> list[str]:
    """The parts, with a blank line between them, and two before a function or a class."""
    lines: list[str] = []
    for part in parts:
        blank = 2 if part[0].startswith(("def ", "class ")) else 1
        lines += [""] * (blank if lines else 0) + part
    return lines
