"""``reference`` is short enough to be read in one sitting, no file is long, and the pages are in plain English."""

import ast
import re
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "reference").rglob("*.py"))
OTHERS = sorted(
    file
    for folder in ("accelerated", "conformance", "benchmarks")
    for file in (ROOT / folder).rglob("*.py")
    if file.parent.name != "zoo"  # a list of short classes may be long
)
GENERATED = {"zoo.md", "peers.md", "surprises.md"}
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "SECURITY.md", "examples/README.md")),
    *sorted(page for page in (ROOT / "docs").glob("*.md") if page.name not in GENERATED),
]
RIDDLES = re.compile(
    r"\b(?:what is (?:left|lacking)|what it proves|(?:is|are) (?:no|none)\b(?! longer)|which then|is asked first|"
    r"nobody|whoever|whatever|neighbors?|tiles?|panels?)\b",
    re.IGNORECASE,
)


def relative(file):
    return str(file.relative_to(ROOT))


def lines_of_code(function, source):
    """The lines of a function without its docstring, blank lines and lines of comment alone."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not body:
        return 1
    lines = source.splitlines()[body[0].lineno - 1 : function.end_lineno]
    return 1 + sum(bool(line.strip()) and not line.strip().startswith("#") for line in lines)


def functions(source):
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("file", FILES, ids=relative)
def test_a_file_has_at_most_150_lines(file):
    assert len(file.read_text().splitlines()) <= 150


@pytest.mark.parametrize("file", OTHERS, ids=relative)
def test_a_file_of_the_other_packages_has_at_most_300_lines(file):
    assert len(file.read_text().splitlines()) <= 300


def prose(text):
    """The text of a page without code, tables, links and titles of data."""
    text = re.sub(r"```.*?```|^\|.*$|^ {4}.*$", "", text, flags=re.S | re.M)
    return re.sub(r"`[^`]*`|\]\([^)]*\)", "", text)


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_a_page_has_no_riddles_and_british_spelling(page):
    assert RIDDLES.findall(prose(page.read_text())) == []


def test_the_pages_hardly_ever_say_what():
    words = re.findall(r"\w+", " ".join(prose(page.read_text()) for page in PAGES).lower())

    assert len(words) > 1500
    assert 1000 * words.count("what") / len(words) <= 1


def test_riddles_are_found_in_prose_only():
    text = "What is left is no row, as neighbors go. `what is left`\n\n| is no row |\n"

    assert RIDDLES.findall(prose(text)) == ["What is left", "is no", "neighbors"]


def test_the_readme_is_read_in_a_minute():
    lines = (ROOT / "README.md").read_text().splitlines()

    assert len(lines) <= 100
    assert lines.index("## Three doors") <= 30  # the first screen


def test_half_of_the_functions_have_at_most_ten_lines_of_code():
    sizes = [lines_of_code(node, file.read_text()) for file in FILES for node in functions(file.read_text())]

    assert len(sizes) > 80
    assert median(sizes) <= 10
    assert max(sizes) <= 25


@pytest.mark.parametrize("file", FILES, ids=relative)
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
