"""Checks the questions, and writes the page of them.

python -m conformance.course.questions --write, in a clone of the repository.
"""

import argparse
import sys
from pathlib import Path

from conformance.course.questions import QuestionError, read_groups
from conformance.course.questions.page import make_page

PAGE = Path(__file__).parents[3] / "docs" / "questions.md"


def main(argv: list[str] | None = None) -> int:
    """Checks the questions, writes the page if that is asked for, and returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m conformance.course.questions", description="Checks the questions.")
    parser.add_argument("--write", action="store_true", help="write docs/questions.md")
    arguments = parser.parse_args(argv)
    if arguments.write and not PAGE.parent.is_dir():
        parser.error(f"{PAGE.parent} is not a folder: --write is for a clone of the repository")
    try:
        groups = read_groups()
    except QuestionError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{sum(len(group.questions) for group in groups)} questions in {len(groups)} groups")
    if arguments.write:
        PAGE.write_text(make_page(groups), encoding="utf-8")
        print(f"written to {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
