"""Markdown tables, and pages that a program writes."""

import sys
from collections.abc import Iterable
from pathlib import Path


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Rows of text as a Markdown table, its columns aligned."""
    lines = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines]
    return "\n".join([text[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *text[1:]])


def print_or_write(text: str, page: Path) -> None:
    """Writes the page where the program was called with ``--write``, or else prints it."""
    if sys.argv[1:] == ["--write"]:
        page.write_text(text, encoding="utf-8")
    else:
        print(text)
