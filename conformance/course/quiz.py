"""Asks questions in the terminal, one at a time, and asks again those that the learner does not know."""

import io
import random
import sys
from collections import Counter

from conformance.course.questions import Group, Question, read_groups
from conformance.course.questions.page import anchor
from conformance.course.terminal import wrapped

KNOWN, PARTLY, UNKNOWN = "1", "2", "3"
MARKS = {KNOWN: "knew it", PARTLY: "partly", UNKNOWN: "no"}
QUIT = "q"
BETWEEN = 4  # other questions come before one that was not known is asked again


class Ended(Exception):
    """The learner has entered q, or the input has ended."""


def find_group(name: str) -> Group:
    """Returns the group whose name is, or begins with, ``name`` in any letter case. Raises ValueError if none is."""
    groups = read_groups()
    found = [group for group in groups if group.name.lower() == name.strip().lower()]
    found = found or [group for group in groups if group.name.lower().startswith(name.strip().lower())]
    if len(found) != 1:
        problem = "begins several groups" if found else "is not a group"
        raise ValueError(f"{name!r} {problem}; the groups are: {', '.join(group.name for group in groups)}")
    return found[0]


def quiz(groups: list[Group], seed: int | None = None) -> int:
    """Asks all questions of the groups until each is known or the learner ends it, prints a summary, and returns 0."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # letters that the terminal does not explain are an answer too
    waiting = [(group, question) for group in groups for question in group.questions]
    random.Random(seed).shuffle(waiting)
    _say(f"{len(waiting)} questions. Answer aloud or in writing, then press Enter to compare; {QUIT} ends the quiz.")
    first_marks: dict[str, str] = {}
    try:
        while waiting:
            group, question = waiting.pop(0)
            print()
            _say(f"{group.name}, {len(waiting) + 1} to go{', again' if question.slug in first_marks else ''}")
            mark = _ask(question)
            first_marks.setdefault(question.slug, mark)
            if mark != KNOWN:
                waiting.insert(BETWEEN, (group, question))
    except (Ended, KeyboardInterrupt):
        print()
    _summarise(groups, first_marks)
    return 0


def _ask(question: Question) -> str:
    """Asks the question, shows its answer, and returns the learner's mark."""
    _say(question.asks)
    _read("> ")
    _say(question.answer)
    if question.candidates:
        _say(f"Weak: {question.candidates.weak}")
        _say(f"Good: {question.candidates.good}")
        _say(f"Strong: {question.candidates.strong}")
        _say(f"The difference: {question.candidates.difference}")
    _say(f"Next: {question.follow_up}")
    _read("> ")
    _say(question.follow_up_answer)
    keys = ", ".join(f"{key} {meaning}" for key, meaning in MARKS.items())
    while (mark := _read(f"Did you know it? {keys}, {QUIT} to end: ")) not in MARKS:
        _say(f"{mark!r} is not a key: enter {', '.join(MARKS)} or {QUIT}.")
    return mark


def _read(prompt: str) -> str:
    """Returns a line of input. Raises Ended for q and for the end of the input."""
    if sys.stdin is None:  # Python has started without an input
        raise Ended
    try:
        line = input(prompt).strip()
    except EOFError as error:
        raise Ended from error
    if not sys.stdin.isatty():
        print()  # a terminal has already moved to a new line
    if line.lower() == QUIT:
        raise Ended
    return line


def _say(text: str) -> None:
    """Prints a paragraph as wide as the terminal, and an empty line after it."""
    print(*wrapped(text), sep="\n", end="\n\n")


def _summarise(groups: list[Group], first_marks: dict[str, str]) -> None:
    """Prints how many questions of each group were known when first asked, and where to read about the others."""
    if not first_marks:
        _say("No question was marked.")
        return
    weak = []
    print("When first asked:")
    for group in groups:
        counts = Counter(first_marks[question.slug] for question in group.questions if question.slug in first_marks)
        if not counts:
            continue
        marks = [f"{counts[key]} {meaning}" for key, meaning in MARKS.items() if counts[key]]
        print(f"  {group.name}: {', '.join(marks)}")
        if counts.total() > counts[KNOWN]:
            weak.append(group)
    print()
    for group in weak:
        _say(f"Weak: {group.name}. Read {', '.join(group.read)}, and docs/questions.md#{anchor(group.name)}.")
    if not weak:
        _say("You knew every question that was asked.")
