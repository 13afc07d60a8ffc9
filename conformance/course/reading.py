"""Finds the loops in the code of a step that forbids them."""

import ast

HIDDEN_LOOPS = ("vectorize", "apply_along_axis", "apply_over_axes", "frompyfunc", "map", "starmap")


def nothing(source: str) -> str:
    """Of a step that forbids nothing."""
    return ""


def more_than_one_loop(source: str) -> str:
    """The reason if the code has two loops or more."""
    return _imported(source) or _too_many(_loops(source), 1)


def any_loop(source: str) -> str:
    """The reason if the code has a loop."""
    return _imported(source) or _too_many(_loops(source), 0)


def _imported(source: str) -> str:
    """The reason if the code takes its loops from elsewhere: from another step, or from SciPy.

    >>> _imported("from step_02_all_distances import get_distances")
    'line 1 imports step_02_all_distances, but this step asks for code without it'
    """
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in imports:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        for name in names:
            if name.startswith(("step_", "scipy", "sklearn", "reference", "accelerated", "conformance")):
                return f"line {node.lineno} imports {name}, but this step asks for code without it"
    return ""


def _too_many(loops: list[tuple[int, str]], allowed: int) -> str:
    if len(loops) <= allowed:
        return ""
    told = ", ".join(f"{kind} in line {line}" for line, kind in loops)
    return f"the code has {told}, but this step allows {'one loop' if allowed else 'no loop'}"


def _loops(source: str) -> list[tuple[int, str]]:
    """The loops of the code, with their lines; functions that loop in Python, such as np.vectorize, count too.

    >>> _loops("for x in y:\\n    z = [i for i in x]")
    [(1, 'a loop'), (2, 'a comprehension')]
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.For | ast.While):
            found.append((node.lineno, "a loop"))
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            found += [(node.lineno, "a comprehension")] * len(node.generators)
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            found += [(node.lineno, f"{name}, which loops,")] if name in HIDDEN_LOOPS else []
    return sorted(found)
