"""Writes tables of results into pages."""

from collections.abc import Sequence


def as_table(header: Sequence[str], lines: Sequence[Sequence[object]], n_left: int = 1) -> str:
    """A table in Markdown; all columns after the first ``n_left`` are aligned to the right."""
    rule = ["---"] * n_left + ["---:"] * (len(header) - n_left)
    return "\n".join("| " + " | ".join(str(entry) for entry in line) + " |" for line in (header, rule, *lines))


def with_table(page: str, first: str, table: str) -> str:
    """The page with a table in place of the one that starts with ``first``."""
    start = page.index(first)
    end = page.index("\n\n", start)
    return page[:start] + table + page[end:]
