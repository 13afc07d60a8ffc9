"""Wraps text to the width of the terminal."""

import shutil
import textwrap

WIDEST = 100  # longer lines are hard to read


def wrapped(text: str, indent: str = "") -> list[str]:
    """The lines of a paragraph, with spaces in front of each."""
    width = max(20, min(shutil.get_terminal_size().columns, WIDEST))
    one_line = " ".join(text.split())
    return textwrap.wrap(
        one_line,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
